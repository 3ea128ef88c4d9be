"""Whom billing billed: the client who owned the account at the time, not the one who has it now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import strawberry

from processes.rules.rates import valid_within
from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.grouping import grouped
from resolvers.links.entities import BillingAccount, Client, Info
from resolvers.nodes import Key, Node
from sources.links import Links
from sources.records.links import AccountLink

__all__ = ["BillingPeriod", "Invoice"]

_WHO_OWNED = asks(Scope.BILLING_READ, Scope.ACCOUNTS_READ, Scope.LINKS_READ, Scope.CLIENTS_READ)
_CLIENT = (
    "The one client whose account it was from `chargesFrom` to the period's end. Null where it was several clients', "
    "one after the other (let it change hands between two periods), or nobody's."
)


class ClientUnknown(Exception):
    """Billing did not say which account is billed, or for which time: unknown, which is not the same as none."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"links can't say whose {what} is: its account, or the time it is for, is not known now; try again"
        )
        self.extensions = {"code": "REQUIREMENT_MISSING"}


@dataclass(frozen=True, slots=True)
class Billed:
    """What is billed: the account, and the time [since, until)."""

    account: str
    since: datetime
    until: datetime


@strawberry.federation.type(keys=["account { number } from"], requires_scopes=asks(Scope.BILLING_READ))
class BillingPeriod(Entity):
    """[from, to) of an account."""

    account: BillingAccount
    since: datetime = strawberry.federation.field(name="from")
    until: datetime | None = strawberry.federation.field(name="to", external=True, default=None)
    charges_from: datetime | None = strawberry.federation.field(external=True, default=None)
    billed: strawberry.Private[Billed | None] = None

    @batched(
        requires=["to chargesFrom"],
        requires_scopes=_WHO_OWNED,
        description=_CLIENT,
    )
    @staticmethod
    async def client(parents: strawberry.Parent[list[BillingPeriod]], info: Info) -> list[Client | Exception | None]:
        what = [f"the period of {period.account.number} from {period.since.isoformat()}" for period in parents]
        return await clients_billed(info.context.source, [period.billed for period in parents], what)

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls.named(key) for key in keys]

    @classmethod
    def named(cls, key: Representation) -> Self:
        account = BillingAccount(number=strawberry.ID(str(key["account"]["number"])))
        billed = billed_in(key, since=key.get("chargesFrom"), until=key.get("to"))
        return cls(account=account, since=datetime.fromisoformat(key["from"]), billed=billed)


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.BILLING_READ))
class Invoice(Node, Entity):
    """An invoice of billing, with the client that it is for."""

    id: strawberry.ID
    account: BillingAccount | None = strawberry.federation.field(external=True, default=None)
    period: BillingPeriod | None = strawberry.federation.field(external=True, default=None)
    charges_from: datetime | None = strawberry.federation.field(external=True, default=None)
    billed: strawberry.Private[Billed | None] = None

    def node_key(self) -> Key:
        return (self.id,)

    @batched(
        requires=["account { number } chargesFrom period { to }"],
        requires_scopes=_WHO_OWNED,
        description=_CLIENT,
    )
    @staticmethod
    async def client(parents: strawberry.Parent[list[Invoice]], info: Info) -> list[Client | Exception | None]:
        what = [f"invoice {invoice.id}" for invoice in parents]
        return await clients_billed(info.context.source, [invoice.billed for invoice in parents], what)

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls.named(key) for key in keys]

    @classmethod
    def named(cls, key: Representation) -> Self:
        until = (key.get("period") or {}).get("to")
        return cls(id=strawberry.ID(str(key["id"])), billed=billed_in(key, since=key.get("chargesFrom"), until=until))


def billed_in(key: Representation, *, since: str | None, until: str | None) -> Billed | None:
    account = key.get("account")
    if account is None or since is None or until is None:
        return None
    return Billed(str(account["number"]), datetime.fromisoformat(since), datetime.fromisoformat(until))


async def clients_billed(
    source: Links, billed: Sequence[Billed | None], what: Sequence[str]
) -> list[Client | Exception | None]:
    """The one owner of each account in all of the time; ClientUnknown, naming `what` it is, where it isn't known."""
    links = grouped(await source.of_accounts({each.account for each in billed if each}), lambda link: link.account)
    return [
        only_owner(links.get(each.account, []), each) if each else ClientUnknown(name)
        for each, name in zip(billed, what, strict=True)
    ]


def only_owner(links: Iterable[AccountLink], billed: Billed) -> Client | None:
    owners = {link.client for link in valid_within(links, billed.since, billed.until)}
    return Client(id=strawberry.ID(owners.pop())) if len(owners) == 1 else None
