"""The states of a booking, and what may become of it (domain.md section 1; edge cases 9, 11 and 12).

    DRAFT -> CONFIRMED -> PROVISIONED -> IN_CALL -> COMPLETED
                 |            |   ^
                 |            v   | moved: CONFIRMED again until its room is told
                 +---- NO_SHOW, CANCELLED, FAILED

FAILED: no room could be made; moving it makes it CONFIRMED anew.
CONFIRMED may become IN_CALL or COMPLETED at once: some bridges are nobody's to provision, and their files tell of the
call. NO_SHOW and FAILED still become COMPLETED when call records come late: what took place took place.

A booking's revision rises with every change and with its cancellation, and the highest wins. Its room is known by the
revision that it was made for: `provisioned_revision`, None while there is no room. So what is left to do can be seen:

    CONFIRMED                                      its room is to be made, or told that it has changed
    CANCELLED with a provisioned_revision          its room is to be closed
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from processes.rules.instants import instant_of
from processes.rules.refusal import Refusal

__all__ = [
    "LAST_MOMENT",
    "LONGEST",
    "NO_SHOW_AFTER",
    "SEEN",
    "Booking",
    "Ended",
    "Times",
    "Verdict",
    "cancelled",
    "changed",
    "closed",
    "end_of",
    "in_state",
    "misfit",
    "over",
    "provisioned",
    "times_of",
]

LONGEST = timedelta(hours=24)
NO_SHOW_AFTER = timedelta(hours=2)
"""After the booked end: who has left no call record by then did not come (edge case 12)."""
LAST_MOMENT = timedelta(minutes=15)
"""Before the start: a bridge that is down until then is given up for another one (edge case 9)."""

FOLLOWING: dict[str, frozenset[str]] = {
    "DRAFT": frozenset(),
    "CONFIRMED": frozenset({"IN_CALL", "COMPLETED", "NO_SHOW", "FAILED"}),
    "PROVISIONED": frozenset({"IN_CALL", "COMPLETED", "NO_SHOW", "FAILED"}),
    "IN_CALL": frozenset({"COMPLETED"}),
    "COMPLETED": frozenset({"IN_CALL"}),
    "NO_SHOW": frozenset({"IN_CALL", "COMPLETED"}),
    "FAILED": frozenset({"IN_CALL", "COMPLETED"}),
    "CANCELLED": frozenset(),
}
"""What a booking may become by what is seen of its call. COMPLETED is IN_CALL again when somebody comes back."""

SEEN = ("IN_CALL", "COMPLETED", "NO_SHOW", "FAILED")
"""The states that are seen rather than decided."""

CHANGEABLE = frozenset({"DRAFT", "CONFIRMED", "PROVISIONED", "FAILED"})
NEEDS_ITS_ROOM = frozenset({"DRAFT", "CONFIRMED", "PROVISIONED", "IN_CALL"})
AWAITING_A_ROOM = frozenset({"CONFIRMED", "PROVISIONED", "FAILED"})


@dataclass(frozen=True, slots=True)
class Booking:
    """What the rules need of a booking. `room` is what `bridge` calls its room; no bridge: it has been on none."""

    ref: str
    status: str
    revision: int
    room: str
    bridge: str | None = None
    provisioned_revision: int | None = None
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """[start, end) as instants."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A booking whose time is over. `by_hand`: no bridge has a switch, so its room was nobody's to make but a person's.

    `took_place`: call records tell of it.
    """

    status: str
    took_place: bool
    had_a_room: bool
    by_hand: bool


Verdict = Booking | Refusal


def times_of(local_start: str, local_end: str, *, zone: str) -> Times | Refusal:
    """What clocks in the zone say, as instants; refused what they say twice or never, and what `misfit` refuses."""
    start, end = instant_of(local_start, zone=zone), instant_of(local_end, zone=zone)
    if isinstance(start, Refusal):
        return start
    if isinstance(end, Refusal):
        return end
    times = Times(start, end)
    return misfit(times) or times


def misfit(times: Times) -> Refusal | None:
    """Why these are no times of a conference: refused `ends-before-start`, `too-long`."""
    if times.end <= times.start:
        return Refusal("ends-before-start", f"the end {utc(times.end)} is not after the start {utc(times.start)}")
    if times.end - times.start > LONGEST:
        hours = LONGEST // timedelta(hours=1)
        return Refusal("too-long", f"{times.end - times.start} is longer than {hours} hours: book several conferences")
    return None


def over(times: Times, *, now: datetime) -> Refusal | None:
    """Refused `in-the-past` when nothing of it is left. One that has begun can be booked: people call at once."""
    if times.end > now:
        return None
    return Refusal("in-the-past", f"it would end at {utc(times.end)}, and that is over: choose a time to come")


def changed(booking: Booking, *, revision: int) -> Verdict:
    """Another revision, whose room is yet to be told. Refused `stale-revision`, `in-call`, `not-open`."""
    return stale(booking, revision) or shut(booking, "changed") or confirmed(booking)


def cancelled(booking: Booking, *, revision: int, at: datetime) -> Verdict:
    """The same for good. Cancelled already, it stays so. Refused `stale-revision`, `in-call`, `not-open`.

    `at` is when that was asked for; of one that had FAILED it is not noted, as nobody kept a room for it.
    """
    if booking.status == "CANCELLED":
        return booking
    return (
        stale(booking, revision)
        or shut(booking, "cancelled")
        or replace(
            booking,
            status="CANCELLED",
            revision=booking.revision + 1,
            cancelled_at=None if booking.status == "FAILED" else at,
        )
    )


def provisioned(booking: Booking, *, revision: int, bridge: str, room: str) -> Verdict:
    """Its room is on the bridge, as `revision` wants it. Refused `stale-revision`, `not-open`.

    That a call has begun meanwhile is no reason not to note where it is.
    """
    if why := stale(booking, revision):
        return why
    status = "PROVISIONED" if booking.status in AWAITING_A_ROOM else booking.status
    if status not in ("PROVISIONED", "IN_CALL"):
        return Refusal("not-open", f"booking {booking.ref} is {booking.status}: it needs no room")
    return replace(booking, status=status, bridge=bridge, room=room, provisioned_revision=revision)


def closed(booking: Booking, *, revision: int) -> Verdict:
    """Its room is no more. Refused `stale-revision`, and `still-open` while the booking wants one."""
    if why := stale(booking, revision):
        return why
    if booking.status in NEEDS_ITS_ROOM:
        return Refusal("still-open", f"booking {booking.ref} is {booking.status}: it needs its room")
    return replace(booking, provisioned_revision=None)


def in_state(booking: Booking, *, state: str, revision: int | None = None) -> Verdict:
    """What was seen of its call. In that state already, nothing changes. Refused `stale-revision`, `not-possible`.

    With a `revision` it is said of that one alone: who finds that nobody came must not mean a booking that was moved.
    """
    if revision is not None and (why := stale(booking, revision)):
        return why
    if booking.status == state:
        return booking
    if state not in FOLLOWING[booking.status]:
        return Refusal("not-possible", f"booking {booking.ref} is {booking.status}: it can't become {state}")
    return replace(booking, status=state)


def end_of(ended: Ended) -> str | None:
    """What it becomes two hours after its end, None for what it is: COMPLETED, NO_SHOW, or FAILED without any room."""
    if ended.status in ("DRAFT", "CANCELLED", "COMPLETED"):
        return None
    if ended.took_place:
        return "COMPLETED"
    if ended.status in ("NO_SHOW", "FAILED"):
        return None
    if ended.status == "IN_CALL":  # somebody was seen; what became of them is in no record
        return "COMPLETED"
    return "NO_SHOW" if ended.had_a_room or ended.by_hand else "FAILED"


def stale(booking: Booking, revision: int) -> Refusal | None:
    if revision == booking.revision:
        return None
    return Refusal(
        "stale-revision",
        f"booking {booking.ref} has revision {booking.revision}, not {revision}: look at it again, then decide",
    )


def shut(booking: Booking, what: str) -> Refusal | None:
    if booking.status == "IN_CALL":
        return Refusal("in-call", f"booking {booking.ref} is in call: it can't be {what} until everybody has left")
    if booking.status not in CHANGEABLE:
        return Refusal("not-open", f"booking {booking.ref} is {booking.status}: it can't be {what} any more")
    return None


def confirmed(booking: Booking) -> Booking:
    status = booking.status if booking.status == "DRAFT" else "CONFIRMED"
    return replace(booking, status=status, revision=booking.revision + 1)


def utc(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}Z"
