"""What billing names and others know: legs, bookings, and the rate version that a price came from."""

from __future__ import annotations

from typing import Self

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from resolvers.access import Scope, asks

__all__ = ["Booking", "Contract", "Leg", "RateVersion"]


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)], requires_scopes=asks(Scope.CALLS_READ))
class Leg:
    """A leg of the bridge: the call record that was charged."""

    id: strawberry.ID


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("ref"), resolvable=False)], requires_scopes=asks(Scope.BOOKINGS_READ)
)
class Booking:
    """A booking of reservations."""

    ref: strawberry.ID


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("number"), resolvable=False)], requires_scopes=asks(Scope.CONTRACTS_READ)
)
class Contract:
    """A contract of sales."""

    number: strawberry.ID


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("contract { number } version"), resolvable=False)], requires_scopes=asks(Scope.RATES_READ)
)
class RateVersion:
    """The version of a contract's rates that was in force at the conference's start."""

    contract: Contract
    version: int

    @classmethod
    def of(cls, contract: str, version: int) -> Self:
        return cls(contract=Contract(number=strawberry.ID(contract)), version=version)
