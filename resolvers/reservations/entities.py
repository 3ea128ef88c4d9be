"""The entities of reservations: bookings, and clients as those who book."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.context import Context
from resolvers.errors import limited
from resolvers.grouping import by_key, grouped
from sources.records import reservations as records
from sources.reservations import Reservations

__all__ = ["Booking", "BookingStatus", "Client", "Info"]

Info = strawberry.Info[Context[Reservations], None]

LATEST = 100


@strawberry.enum
class BookingStatus(Enum):
    DRAFT = "DRAFT"
    CONFIRMED = "CONFIRMED"
    PROVISIONED = "PROVISIONED"
    IN_CALL = "IN_CALL"
    COMPLETED = "COMPLETED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("number"), resolvable=False)], requires_scopes=asks(Scope.ACCOUNTS_READ)
)
class BillingAccount:
    """An account of billing, as a booking names it."""

    number: strawberry.ID


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CLIENTS_READ))
class Client(Entity):
    """A client of sales, known here by its id alone."""

    id: strawberry.ID

    @batched(description="The `last` bookings by start, in ascending order; future ones are the latest.")
    @staticmethod
    async def bookings(
        parents: strawberry.Parent[list[Client]], info: Info, last: int | None = LATEST
    ) -> list[list[Booking] | None]:
        limit = LATEST if last is None else limited("last", last)
        found = await info.context.source.last_of_clients([client.id for client in parents], last=limit)
        bookings = grouped(found, lambda booking: booking.client)
        return [[Booking.of(booking) for booking in bookings.get(client.id, [])] for client in parents]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls(id=strawberry.ID(str(key["id"]))) for key in keys]


@strawberry.federation.type(keys=["ref"], requires_scopes=asks(Scope.BOOKINGS_READ))
class Booking(Entity):
    """A conference as it was ordered. `account` is the one it names; null leaves it to the client's only one."""

    ref: strawberry.ID
    title: str | None
    organiser: str | None
    room: strawberry.ID | None
    starts_at: datetime | None
    ends_at: datetime | None
    local_start: str | None = strawberry.field(description="What was agreed, on the clocks of `timeZone`.")
    local_end: str | None
    time_zone: str | None
    expected_participants: int | None
    status: BookingStatus | None
    revision: int | None
    client: Client | None
    account: BillingAccount | None
    pin: str | None = strawberry.federation.field(
        requires_scopes=asks(Scope.PINS_READ), description="Digits that open the room: a secret."
    )
    bridge: strawberry.ID | None = strawberry.field(description="Where its room is, or was last.")
    provisioned_revision: int | None = strawberry.field(
        description="The revision that its room was made for; null while there is no room."
    )
    cancelled_at: datetime | None = strawberry.field(
        description="When somebody asked for it to be cancelled; null of one that had FAILED before."
    )

    @classmethod
    def of(cls, record: records.Booking) -> Self:
        return cls(
            ref=strawberry.ID(record.ref),
            title=record.title,
            organiser=record.organiser,
            room=strawberry.ID(record.room),
            starts_at=record.starts_at,
            ends_at=record.ends_at,
            local_start=record.local_start,
            local_end=record.local_end,
            time_zone=record.time_zone,
            expected_participants=record.expected_participants,
            status=BookingStatus(record.status),
            revision=record.revision,
            client=Client(id=strawberry.ID(record.client)),
            account=BillingAccount(number=strawberry.ID(record.account)) if record.account else None,
            pin=record.pin,
            bridge=strawberry.ID(record.bridge) if record.bridge else None,
            provisioned_revision=record.provisioned_revision,
            cancelled_at=record.cancelled_at,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        refs = [str(key["ref"]) for key in keys]
        found = by_key(await info.context.source.bookings(refs), lambda booking: booking.ref)
        return [cls.of(found[ref]) if ref in found else None for ref in refs]
