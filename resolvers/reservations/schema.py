"""What can be asked of reservations, and told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.federation import Schema

from processes.rules.bookings import NO_SHOW_AFTER
from resolvers.access import Scope, asks
from resolvers.errors import BadInput, limited
from resolvers.reservations.entities import Booking, Client, Info
from resolvers.reservations.writing import Mutation
from resolvers.scalars import configuration

__all__ = ["make_schema", "schema"]


MOST_TO_SETTLE = 1_000


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


async def bookings_to_provision(info: Info, before: datetime, first: int = 100) -> list[Booking] | None:
    limit = limited("first", first)
    found = await info.context.source.to_provision(before=before, now=info.context.now, limit=limit)
    return [Booking.of(booking) for booking in found]


async def bookings_to_settle(info: Info, at: datetime, first: int = 100) -> list[Booking] | None:
    found = await info.context.source.to_settle(
        ended=at - NO_SHOW_AFTER, limit=limited("first", first, largest=MOST_TO_SETTLE)
    )
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
    bookings_to_provision: list[Booking] | None = strawberry.federation.field(
        resolver=bookings_to_provision,
        requires_scopes=asks(Scope.BOOKINGS_WRITE),
        description="Bookings that start before then and whose room is yet to be made or changed, and cancelled ones "
        "that still have one; the next first. None where reservations is only read.",
    )
    bookings_to_settle: list[Booking] | None = strawberry.federation.field(
        resolver=bookings_to_settle,
        requires_scopes=asks(Scope.BOOKINGS_WRITE),
        description="Bookings that ended two hours before `at` and whose end nobody has noted, or whose room is still "
        "there; the oldest first. None where reservations is only read.",
    )


def make_schema() -> Schema:
    return Schema(
        query=Query, mutation=Mutation, types=[Client, Booking], federation_version="2.9", config=configuration()
    )


schema = make_schema()
