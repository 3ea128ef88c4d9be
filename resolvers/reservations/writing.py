"""What reservations is told, by processes alone: a booking is made or changed, and what became of its room and call."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import strawberry

from processes.rules import bookings as rules
from processes.rules.instants import local_day
from processes.rules.refusal import Refusal
from resolvers.access import Scope, asks
from resolvers.errors import BadInput
from resolvers.refused import Refused
from resolvers.reservations.entities import Booking, BookingStatus, Info
from resolvers.reservations.rules import decided
from resolvers.texts import storable
from sources.idempotency import Call, input_hash
from sources.records import refusal as records
from sources.records.reservations import Booking as BookingRecord
from sources.records.reservations import Order
from sources.reservations.booking import Edit

__all__ = ["Mutation"]

MOST_PARTICIPANTS = 10_000


@strawberry.input
class CreateBookingInput:
    """What was ordered. `localStart` and `localEnd` are what clocks in `timeZone` show: 2026-11-24T17:30."""

    client: strawberry.ID
    account: strawberry.ID | None = None
    title: str
    organiser: str
    local_start: str
    local_end: str
    time_zone: str
    expected_participants: int

    def record(self) -> Order | Refusal:
        times = rules.times_of(self.local_start, self.local_end, zone=self.time_zone)
        if isinstance(times, Refusal):
            return times
        return Order(
            client=storable("input.client", self.client),
            account=None if self.account is None else storable("input.account", self.account),
            title=storable("input.title", self.title),
            organiser=storable("input.organiser", self.organiser),
            local_start=self.local_start,
            local_end=self.local_end,
            time_zone=self.time_zone,
            starts_at=times.start,
            ends_at=times.end,
            expected_participants=participants(self.expected_participants),
        )


@strawberry.input
class ChangeBookingInput:
    """What changes; what is null stays as it is."""

    account: strawberry.ID | None = None
    title: str | None = None
    organiser: str | None = None
    local_start: str | None = None
    local_end: str | None = None
    time_zone: str | None = None
    expected_participants: int | None = None

    def facts(self) -> dict[str, Any]:
        given = {name: value for name, value in asdict(self).items() if value is not None}
        for name, value in given.items():
            if name == "expected_participants":
                participants(value)
            else:
                storable(f"input.{name}", value)
        return given


def participants(number: int) -> int:
    if not 1 <= number <= MOST_PARTICIPANTS:
        raise BadInput(f"input.expectedParticipants: {number} is not between 1 and {MOST_PARTICIPANTS}")
    return number


@strawberry.federation.type(requires_scopes=asks(Scope.BOOKINGS_WRITE))
class BookingRecorded:
    """The booking as it is now."""

    booking: Booking


BookingRecordOutcome = Annotated[BookingRecorded | Refused, strawberry.union("BookingRecordOutcome")]


@dataclass(frozen=True, slots=True)
class Told:
    """One call of one of these mutations."""

    info: Info
    mutation: str
    ref: str
    key: str

    async def edit(self, decide: Edit, *facts: object) -> BookingRecorded | Refused:
        context = self.info.context
        ref, key = storable("ref", self.ref), storable("idempotencyKey", self.key)
        call = Call(self.mutation, context.caller, key, input_hash([ref, *facts]))
        return outcome(await context.source.edit(ref, decide, call=call))


def outcome(found: BookingRecord | records.Refusal) -> BookingRecorded | Refused:
    if isinstance(found, records.Refusal):
        return Refused(code=found.code, message=found.message)
    return BookingRecorded(booking=Booking.of(found))


async def create_booking(info: Info, input: CreateBookingInput, idempotency_key: strawberry.ID) -> BookingRecordOutcome:
    order = input.record()
    if isinstance(order, Refusal):
        return Refused(code=order.code, message=order.message)
    context = info.context
    key = storable("idempotencyKey", idempotency_key)
    year = local_day(context.now).year
    return outcome(await context.source.create(order, year=year, caller=context.caller, key=key))


async def change_booking(
    info: Info, ref: strawberry.ID, revision: int, input: ChangeBookingInput, idempotency_key: strawberry.ID
) -> BookingRecordOutcome:
    facts = input.facts()
    decide = decided(partial(rules.changed, revision=revision), facts)
    return await Told(info, "changeBooking", ref, idempotency_key).edit(decide, revision, facts)


async def record_cancellation(
    info: Info, ref: strawberry.ID, revision: int, at: datetime, idempotency_key: strawberry.ID
) -> BookingRecordOutcome:
    decide = decided(partial(rules.cancelled, revision=revision, at=at))
    return await Told(info, "recordCancellation", ref, idempotency_key).edit(decide, revision)


async def record_room(
    info: Info,
    ref: strawberry.ID,
    revision: int,
    bridge: strawberry.ID,
    room: strawberry.ID,
    idempotency_key: strawberry.ID,
) -> BookingRecordOutcome:
    place = storable("bridge", bridge), storable("room", room)
    decide = decided(partial(rules.provisioned, revision=revision, bridge=place[0], room=place[1]))
    return await Told(info, "recordRoom", ref, idempotency_key).edit(decide, revision, *place)


async def record_room_closed(
    info: Info, ref: strawberry.ID, revision: int, idempotency_key: strawberry.ID
) -> BookingRecordOutcome:
    decide = decided(partial(rules.closed, revision=revision))
    return await Told(info, "recordRoomClosed", ref, idempotency_key).edit(decide, revision)


async def record_booking_state(
    info: Info,
    ref: strawberry.ID,
    state: BookingStatus,
    idempotency_key: strawberry.ID,
    revision: int | None = None,
) -> BookingRecordOutcome:
    if state.value not in rules.SEEN:
        raise BadInput(f"state: {state.value} is not seen of a call; give one of {', '.join(rules.SEEN)}")
    decide = decided(partial(rules.in_state, state=state.value, revision=revision))
    return await Told(info, "recordBookingState", ref, idempotency_key).edit(decide, state.value, revision)


_WRITING = asks(Scope.BOOKINGS_WRITE)


@strawberry.type
class Mutation:
    create_booking: BookingRecordOutcome = strawberry.federation.mutation(
        resolver=create_booking,
        requires_scopes=_WRITING,
        description="A confirmed booking with the next reference, a room of that name and a new PIN. Refused "
        "`ends-before-start`, `too-long`, `unknown-zone`, `not-a-local-time`, and what clocks show twice or never: "
        "`ambiguous-time`, `no-such-time`.",
    )
    change_booking: BookingRecordOutcome = strawberry.federation.mutation(
        resolver=change_booking,
        requires_scopes=_WRITING,
        description="The next revision of a booking whose `revision` is this one, else refused `stale-revision`. The "
        "PIN stays. Also refused `in-call`, `not-open`, `unknown-booking`, and as createBooking refuses times.",
    )
    record_cancellation: BookingRecordOutcome = strawberry.federation.mutation(
        resolver=record_cancellation,
        requires_scopes=_WRITING,
        description="The booking is cancelled, as was asked for `at`. Refused `stale-revision`, `in-call`, `not-open`, "
        "`unknown-booking`.",
    )
    record_room: BookingRecordOutcome = strawberry.federation.mutation(
        resolver=record_room,
        requires_scopes=_WRITING,
        description="Its room is on this bridge, as this revision wants it: PROVISIONED. Refused `stale-revision`, "
        "`not-open`, `unknown-booking`.",
    )
    record_room_closed: BookingRecordOutcome = strawberry.federation.mutation(
        resolver=record_room_closed,
        requires_scopes=_WRITING,
        description="Its room is no more. Refused `stale-revision`, `still-open`, `unknown-booking`.",
    )
    record_booking_state: BookingRecordOutcome = strawberry.federation.mutation(
        resolver=record_booking_state,
        requires_scopes=_WRITING,
        description="What was seen of its call: IN_CALL, COMPLETED, NO_SHOW or FAILED; with a `revision`, of that one "
        "alone. Refused `stale-revision`, `not-possible`, `unknown-booking`.",
    )
