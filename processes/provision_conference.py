"""From a booking to its room on a bridge: made, changed when the booking is, closed when it is cancelled.

Ask:    the booking as it is now, and the bridges
Decide: on which bridge (rules/rooms.py): where the room is already, else any; close to the start, whichever answers
Tell:   the bridge has the room made, with the booking's PIN; reservations notes where it is, of which revision

Until 15 minutes before the start a bridge that is down is waited for. Then an operator is alarmed, and another bridge
has the room, with the same PIN (edge case 9). While it goes on the booking may be moved or cancelled: the revision says
so when the room is noted, and the run looks again (edge case 11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from processes.graph import GraphError
from processes.rules.bookings import LAST_MOMENT
from processes.rules.refusal import Refusal
from processes.rules.rooms import Bridge, bridge_to_ask, is_urgent
from processes.run import Done, Process, Run
from processes.stepping import TRANSIENT
from processes.wire import instant_from_wire

__all__ = ["CLOSE", "DOCUMENTS", "PROCESS", "RECORD_CLOSED", "RECORD_STATE", "Closing"]

BOOKING = """
query BookingToProvision($ref: ID!) {
  booking(ref: $ref) { ref title status revision room pin bridge provisionedRevision startsAt endsAt }
  bridges { id state }
}
"""

PROVISION = """
mutation ProvisionRoom(
  $bridge: ID!, $booking: ID!, $room: ID!, $pin: String!, $revision: Int!, $title: String, $key: ID!
) {
  provisionRoom(
    bridge: $bridge, booking: $booking, room: $room, pin: $pin, revision: $revision, title: $title, idempotencyKey: $key
  ) {
    __typename
    ... on RoomProvisioned { room { bridge room } }
    ... on Refused { code message }
  }
}
"""

CLOSE = """
mutation CloseRoom($booking: ID!, $revision: Int!, $key: ID!) {
  closeRoom(booking: $booking, revision: $revision, onlyEmpty: true, idempotencyKey: $key) {
    __typename
    ... on Refused { code message }
  }
}
"""

RECORD_ROOM = """
mutation RecordRoom($ref: ID!, $revision: Int!, $bridge: ID!, $room: ID!, $key: ID!) {
  recordRoom(ref: $ref, revision: $revision, bridge: $bridge, room: $room, idempotencyKey: $key) {
    __typename
    ... on Refused { code message }
  }
}
"""

RECORD_CLOSED = """
mutation RecordRoomClosed($ref: ID!, $revision: Int!, $key: ID!) {
  recordRoomClosed(ref: $ref, revision: $revision, idempotencyKey: $key) {
    __typename
    ... on Refused { code message }
  }
}
"""

RECORD_STATE = """
mutation RecordBookingState($ref: ID!, $state: BookingStatus!, $revision: Int!, $key: ID!) {
  recordBookingState(ref: $ref, state: $state, revision: $revision, idempotencyKey: $key) {
    __typename
    ... on Refused { code message }
  }
}
"""

DOCUMENTS = (BOOKING, PROVISION, CLOSE, RECORD_ROOM, RECORD_CLOSED, RECORD_STATE)

LONGEST_WAIT = timedelta(minutes=30)
"""For a bridge that is down; then the booking is looked at again, as it may have been moved."""
PAUSE = timedelta(minutes=1)
OFTEN = 10
"""A revision that the bridge takes for an old one again and again is no matter of waiting."""

PASSING = frozenset({"in-call", "room-taken"})
"""Refusals of a bridge that go away when people leave."""


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking as its room needs it."""

    ref: str
    title: str
    status: str
    revision: int
    room: str
    pin: str | None = field(repr=False)
    bridge: str | None
    provisioned_revision: int | None
    starts_at: datetime
    ends_at: datetime


@dataclass(slots=True)
class Progress:
    """`attempts` distinguish the keys: a refusal that goes away must not be answered again by its key."""

    attempts: int = 0
    alarmed: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)  # bridges that made no room, the last one last


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `provision-conference`: its subject is the booking."""
    progress = Progress()
    while True:
        asked = await ask(run, subject)
        if isinstance(asked, Refusal):
            return asked
        booking, bridges = asked
        if booking.status == "CANCELLED":
            return await Closing(run, booking.ref, booking.revision).close("cancelled")
        if booking.status not in ("CONFIRMED", "FAILED"):
            return nothing_to_do(booking)
        now = await run.now()
        if booking.ends_at <= now:
            return Refusal(
                "over", f"booking {booking.ref} was until {booking.ends_at:%Y-%m-%d %H:%M}Z: it needs no room"
            )
        outcome = await attempt(run, booking, bridges, progress, now=now)
        if outcome is not None:
            return outcome


def nothing_to_do(booking: Booking) -> Done | Refusal:
    if booking.provisioned_revision == booking.revision:
        return Done("there already")
    return Refusal("not-open", f"booking {booking.ref} is {booking.status}: it needs no room")


async def ask(run: Run, ref: str) -> tuple[Booking, tuple[Bridge, ...]] | Refusal:
    data = await run.execute(BOOKING, {"ref": ref})
    if data["booking"] is None:
        return Refusal("unknown-booking", f"there is no booking {ref}: check its reference")
    return booking_in(data["booking"]), tuple(Bridge(each["id"], each["state"]) for each in data["bridges"] or ())


async def attempt(
    run: Run, booking: Booking, bridges: Sequence[Bridge], progress: Progress, *, now: datetime
) -> Done | Refusal | None:
    """How the run ends, or None: look again."""
    if booking.pin is None:
        return await give_up(
            run, booking, progress, Refusal("no-pin", f"booking {booking.ref} has no PIN: cancel it and book anew")
        )
    urgent = is_urgent(booking.starts_at, now)
    chosen = bridge_to_ask(bridges, booking.bridge, failed=progress.failed if urgent else ())
    if chosen is None:
        # No fault of the booking's: its room may be made by hand on a bridge that only sends files.
        return Refusal("no-bridge", "no bridge with a switch is configured: enter one under [bridges]")
    try:
        made = await provision(run, booking, chosen, progress, until=deadline(booking, now, urgent=urgent))
    except GraphError as error:
        if not TRANSIENT.intersection(error.codes) and "BRIDGE_REFUSED" not in error.codes:
            raise
        progress.failed = [*(each for each in progress.failed if each != chosen), chosen]
        if urgent or is_urgent(booking.starts_at, await run.now()):
            told = f"bridge {chosen} makes no room for booking {booking.ref}: {error}"
            await alarm(run, progress, f"bridge-down-{chosen}", told)
        if all_failed(bridges, progress) or "BRIDGE_REFUSED" in error.codes:
            await run.wait(await run.now() + PAUSE, f"bridge {chosen} makes no room: {error}")
        return None
    if isinstance(made, Refusal):
        return await refused(run, booking, progress, made)
    bridge, room = made
    variables = {
        "ref": booking.ref,
        "revision": booking.revision,
        "bridge": bridge,
        "room": room,
        "key": f"{run.id}:room-{progress.attempts}",
    }
    recorded = (await run.execute(RECORD_ROOM, variables))["recordRoom"]
    return None if recorded["__typename"] == "Refused" else Done(f"{bridge}/{room}")


def deadline(booking: Booking, now: datetime, *, urgent: bool) -> datetime:
    """Until when a bridge that is down is waited for: not at all when it is urgent."""
    return now if urgent else min(now + LONGEST_WAIT, booking.starts_at - LAST_MOMENT)


def all_failed(bridges: Sequence[Bridge], progress: Progress) -> bool:
    return all(bridge.id in progress.failed for bridge in bridges if bridge.has_switch)


async def provision(
    run: Run, booking: Booking, bridge: str, progress: Progress, *, until: datetime
) -> tuple[str, str] | Refusal:
    """(bridge, room), or the bridge's refusal."""
    progress.attempts += 1
    variables = {
        "bridge": bridge,
        "booking": booking.ref,
        "room": booking.room,
        "pin": booking.pin,
        "revision": booking.revision,
        "title": booking.title,
        "key": f"{run.id}:provision-{progress.attempts}",
    }
    answer = (await run.execute(PROVISION, variables, until=until))["provisionRoom"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return answer["room"]["bridge"], answer["room"]["room"]


async def refused(run: Run, booking: Booking, progress: Progress, why: Refusal) -> Refusal | None:
    """A refusal that goes away is waited for; where somebody was quicker, the booking is looked at again."""
    if why.code in PASSING:
        await run.wait(await run.now() + PAUSE, why.message)
        return None
    if why.code == "stale-revision" and progress.attempts < OFTEN:
        return None
    return await give_up(run, booking, progress, why)


async def give_up(run: Run, booking: Booking, progress: Progress, why: Refusal) -> Refusal:
    """A person has to look: nobody else asks for a booking that FAILED until it is moved, or its run done again."""
    await alarm(run, progress, why.code, why.message)
    variables = {
        "ref": booking.ref,
        "state": "FAILED",
        "revision": booking.revision,
        "key": f"{run.id}:failed-{booking.revision}",
    }
    await run.execute(RECORD_STATE, variables)
    return why


async def alarm(run: Run, progress: Progress, code: str, message: str) -> None:
    """Each once in a run."""
    if code not in progress.alarmed:
        progress.alarmed.add(code)
        await run.alarm(code, message)


@dataclass(slots=True)
class Closing:
    """A booking's room is closed once it is empty, and reservations notes that it is."""

    run: Run
    ref: str
    revision: int
    attempts: int = 0
    is_alarmed: bool = False

    async def close(self, outcome: str) -> Done | Refusal:
        return await self.until_empty() or await self.note() or Done(outcome)

    async def until_empty(self) -> Refusal | None:
        """None once no bridge has the room; who is still inside is waited for."""
        while (why := await self.try_to_close()) is not None:
            if why.code != "in-call":
                return why
            await self.run.wait(await self.run.now() + PAUSE, why.message)
        return None

    async def note(self) -> Refusal | None:
        variables = {"ref": self.ref, "revision": self.revision, "key": f"{self.run.id}:closed-{self.revision}"}
        recorded = (await self.run.execute(RECORD_CLOSED, variables))["recordRoomClosed"]
        return Refusal(recorded["code"], recorded["message"]) if recorded["__typename"] == "Refused" else None

    async def try_to_close(self) -> Refusal | None:
        """None when no bridge has a room of the booking any more. A bridge that is down is waited for.

        Whoever is billed for the call waits with it, so that a person is told when it takes long.
        """
        self.attempts += 1
        key = f"{self.run.id}:close-{self.attempts}"
        variables = {"booking": self.ref, "revision": self.revision, "key": key}
        try:
            answer = await self.closed_by(variables)
        except GraphError as error:
            if self.is_alarmed or not TRANSIENT.intersection(error.codes):
                raise
            self.is_alarmed = True
            await self.run.alarm("bridge-down", f"the room of booking {self.ref} can't be closed: {error}")
            answer = await self.closed_by(variables)
        return Refusal(answer["code"], answer["message"]) if answer["__typename"] == "Refused" else None

    async def closed_by(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Once an alarm was raised, the bridge is waited for without end."""
        until = None if self.is_alarmed else await self.run.now() + LONGEST_WAIT
        found: dict[str, Any] = (await self.run.execute(CLOSE, variables, until=until))["closeRoom"]
        return found


def booking_in(found: Mapping[str, Any]) -> Booking:
    return Booking(
        ref=found["ref"],
        title=found["title"],
        status=found["status"],
        revision=found["revision"],
        room=found["room"],
        pin=found["pin"],
        bridge=found["bridge"],
        provisioned_revision=found["provisionedRevision"],
        starts_at=instant_from_wire(found["startsAt"]),
        ends_at=instant_from_wire(found["endsAt"]),
    )


PROCESS = Process("provision-conference", carry_out)
