"""Conferences booked, moved and cancelled by people: each starts a process and answers with what came of it."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from processes.rules.instants import HOUSE_ZONE
from processes.rules.refusal import Refusal
from resolvers.access import Scope, asks
from resolvers.errors import BadInput
from resolvers.processes.entities import Booking
from resolvers.processes.starting import Info
from resolvers.refused import Refused
from resolvers.texts import storable

__all__ = ["Ordering"]

MOST_PARTICIPANTS = 10_000


@strawberry.input
class BookConferenceInput:
    """What is ordered. `localStart` and `localEnd` are what clocks in `timeZone` show: 2026-11-24T17:30.

    `account` is needed for a client with several.
    """

    client: strawberry.ID
    account: strawberry.ID | None = None
    title: str
    organiser: str
    local_start: str
    local_end: str
    time_zone: str = HOUSE_ZONE
    expected_participants: int = 2

    def order(self) -> dict[str, Any]:
        return {
            "account": None if self.account is None else storable("input.account", self.account),
            "title": storable("input.title", self.title),
            "organiser": storable("input.organiser", self.organiser),
            "localStart": storable("input.localStart", self.local_start),
            "localEnd": storable("input.localEnd", self.local_end),
            "timeZone": storable("input.timeZone", self.time_zone),
            "expectedParticipants": participants(self.expected_participants),
        }


@strawberry.input
class MoveBookingInput:
    """What changes; what is null stays as it is. Both local times are on the clocks of `timeZone`."""

    local_start: str | None = None
    local_end: str | None = None
    time_zone: str | None = None
    title: str | None = None
    organiser: str | None = None
    account: strawberry.ID | None = None
    expected_participants: int | None = None

    def changes(self) -> dict[str, Any]:
        texts = {
            "localStart": self.local_start,
            "localEnd": self.local_end,
            "timeZone": self.time_zone,
            "title": self.title,
            "organiser": self.organiser,
            "account": self.account,
        }
        given: dict[str, Any] = {
            name: storable(f"input.{name}", text) for name, text in texts.items() if text is not None
        }
        if self.expected_participants is not None:
            given["expectedParticipants"] = participants(self.expected_participants)
        if not given:
            raise BadInput("input: nothing in it changes; give what does")
        return given


def participants(number: int) -> int:
    if not 1 <= number <= MOST_PARTICIPANTS:
        raise BadInput(f"input.expectedParticipants: {number} is not between 1 and {MOST_PARTICIPANTS}")
    return number


@strawberry.federation.type(requires_scopes=asks(Scope.BOOKINGS_BOOK))
class ConferenceBooked:
    """The booking, confirmed; its room is being made."""

    booking: Booking


@strawberry.federation.type(requires_scopes=asks(Scope.BOOKINGS_BOOK))
class BookingMoved:
    """The booking in its new revision; its room is being told."""

    booking: Booking


@strawberry.federation.type(requires_scopes=asks(Scope.BOOKINGS_BOOK))
class BookingCancelled:
    """The booking, cancelled; its room is being closed."""

    booking: Booking


BookingOutcome = Annotated[ConferenceBooked | Refused, strawberry.union("BookingOutcome")]
MovingOutcome = Annotated[BookingMoved | Refused, strawberry.union("MovingOutcome")]
CancellingOutcome = Annotated[BookingCancelled | Refused, strawberry.union("CancellingOutcome")]


async def book_conference(info: Info, input: BookConferenceInput, idempotency_key: strawberry.ID) -> BookingOutcome:
    context = info.context
    outcome = await context.runner.book_conference(
        storable("input.client", input.client),
        input.order(),
        seen=context.seen,
        idempotency_key=storable("idempotencyKey", idempotency_key),
        caller=context.caller,
    )
    return refused(outcome) if isinstance(outcome, Refusal) else ConferenceBooked(booking=booking_of(outcome))


async def move_booking(
    info: Info,
    ref: strawberry.ID,
    input: MoveBookingInput,
    idempotency_key: strawberry.ID,
    revision: int | None = None,
) -> MovingOutcome:
    context = info.context
    outcome = await context.runner.move_conference(
        storable("ref", ref),
        input.changes(),
        revision=revision,
        seen=context.seen,
        idempotency_key=storable("idempotencyKey", idempotency_key),
        caller=context.caller,
    )
    return refused(outcome) if isinstance(outcome, Refusal) else BookingMoved(booking=booking_of(outcome))


async def cancel_booking(
    info: Info, ref: strawberry.ID, idempotency_key: strawberry.ID, revision: int | None = None
) -> CancellingOutcome:
    context = info.context
    outcome = await context.runner.cancel_conference(
        storable("ref", ref),
        revision=revision,
        seen=context.seen,
        idempotency_key=storable("idempotencyKey", idempotency_key),
        caller=context.caller,
    )
    return refused(outcome) if isinstance(outcome, Refusal) else BookingCancelled(booking=booking_of(outcome))


def refused(refusal: Refusal) -> Refused:
    return Refused(code=refusal.code, message=refusal.message)


def booking_of(ref: str) -> Booking:
    return Booking(ref=strawberry.ID(ref))


@strawberry.type
class Ordering:
    book_conference: BookingOutcome = strawberry.federation.mutation(
        resolver=book_conference,
        requires_scopes=asks(Scope.BOOKINGS_BOOK),
        description="Book a conference for a client whose bookings you see; its room is made by itself. Refused "
        "`ambiguous-account`, `no-account`, `foreign-account`, `unknown-client`, `not-yours`, `ends-before-start`, "
        "`too-long`, `in-the-past`, `unknown-zone`, `not-a-local-time`, `ambiguous-time`, `no-such-time`.",
    )
    move_booking: MovingOutcome = strawberry.federation.mutation(
        resolver=move_booking,
        requires_scopes=asks(Scope.BOOKINGS_BOOK),
        description="Change a booking; room and PIN stay. With `revision`, only that one: refused `stale-revision` "
        "when somebody changed it meanwhile. Also refused `in-call`, `not-open`, `unknown-booking`, `not-yours`, "
        "and as bookConference refuses times.",
    )
    cancel_booking: CancellingOutcome = strawberry.federation.mutation(
        resolver=cancel_booking,
        requires_scopes=asks(Scope.BOOKINGS_BOOK),
        description="Cancel a booking; its room is closed by itself. Refused `in-call`, `stale-revision`, `not-open`, "
        "`unknown-booking`, `not-yours`.",
    )
