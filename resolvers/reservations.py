"""The subgraph of reservations: bookings."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Self

import strawberry
from strawberry.federation import Schema
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.context import Context
from resolvers.errors import BadInput, limited
from resolvers.grouping import by_key, grouped
from resolvers.scalars import configuration
from sources.records import reservations as records
from sources.reservations import Reservations

__all__ = ["make_schema", "schema"]

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
    time_zone: str | None
    expected_participants: int | None
    status: BookingStatus | None
    revision: int | None
    client: Client | None
    account: BillingAccount | None

    @classmethod
    def of(cls, record: records.Booking) -> Self:
        return cls(
            ref=strawberry.ID(record.ref),
            title=record.title,
            organiser=record.organiser,
            room=strawberry.ID(record.room),
            starts_at=record.starts_at,
            ends_at=record.ends_at,
            time_zone=record.time_zone,
            expected_participants=record.expected_participants,
            status=BookingStatus(record.status),
            revision=record.revision,
            client=Client(id=strawberry.ID(record.client)),
            account=BillingAccount(number=strawberry.ID(record.account)) if record.account else None,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        refs = [str(key["ref"]) for key in keys]
        found = by_key(await info.context.source.bookings(refs), lambda booking: booking.ref)
        return [cls.of(found[ref]) if ref in found else None for ref in refs]


async def booking(info: Info, ref: strawberry.ID) -> Booking | None:
    found = await info.context.source.bookings([ref])
    return Booking.of(found[0]) if found else None


async def bookings_of_rooms(
    info: Info,
    rooms: list[strawberry.ID],
    since: Annotated[datetime, strawberry.argument(name="from")],
    until: Annotated[datetime, strawberry.argument(name="to")],
) -> list[Booking] | None:
    if until <= since:
        raise BadInput("to: it must be later than `from`")
    found = await info.context.source.of_rooms(rooms, since=since, until=until)
    return [Booking.of(booking) for booking in found]


@strawberry.type
class Query:
    booking: Booking | None = strawberry.federation.field(
        resolver=booking, requires_scopes=asks(Scope.BOOKINGS_READ), description="The booking with this reference."
    )
    bookings_of_rooms: list[Booking] | None = strawberry.federation.field(
        resolver=bookings_of_rooms,
        requires_scopes=asks(Scope.BOOKINGS_READ, Scope.CLIENTS_ALL),
        description="The bookings of these rooms that overlap [from, to), in order of their start.",
    )


def make_schema() -> Schema:
    return Schema(query=Query, types=[Client, Booking], federation_version="2.9", config=configuration())


schema = make_schema()
