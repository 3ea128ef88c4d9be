"""From a bridge's file of call records to conferences.

Ask:    the bridge takes the file (good lines stay, bad ones are quarantined); which legs have no conference yet?
Decide: which of them are one conference, by the bookings of their rooms (rules/conferences.py)
Tell:   the bridge assembles them

It works on whatever is unassembled, not on what this file brought: what a crash between two steps left behind is done
by the next import.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from processes.graph import Graph, GraphError
from processes.rules.conferences import Booking, Conference, Leg, assemble
from processes.rules.counts import counted
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run
from processes.wire import instant_from_wire, instant_to_wire

__all__ = ["DOCUMENTS", "PROCESS", "Imported", "Quarantined", "import_call_records"]

PAGE = 1000
"""Unassembled legs asked for at once."""

AROUND = timedelta(days=1)
"""How far around the legs bookings are asked for: more than any window reaches."""

RECEIVE = """
mutation ReceiveCallRecords($bridge: ID!, $format: CallRecordFormat!, $content: String!, $key: ID!) {
  receiveCallRecords(bridge: $bridge, format: $format, content: $content, idempotencyKey: $key) {
    __typename
    ... on ReceivedCallRecords {
      received
      duplicates
      skipped
      quarantined { line reason message text }
      legs { id conference { id } }
    }
    ... on Refused { code message }
  }
}
"""

UNASSEMBLED_LEGS = """
query UnassembledLegs($bridge: ID!, $first: Int!) {
  unassembledLegs(bridge: $bridge, first: $first) { id room joinedAt leftAt }
}
"""

BOOKINGS_OF_ROOMS = """
query BookingsOfRooms($rooms: [ID!]!, $from: DateTime!, $to: DateTime!) {
  bookingsOfRooms(rooms: $rooms, from: $from, to: $to) { ref room startsAt endsAt status }
}
"""

ASSEMBLE = """
mutation AssembleConferences($conferences: [ConferenceInput!]!, $key: ID!) {
  assembleConferences(conferences: $conferences, idempotencyKey: $key) {
    conferences { id legs { id } }
  }
}
"""

RECORD_LATE = """
mutation RecordLateCall($ref: ID!, $key: ID!) {
  recordBookingState(ref: $ref, state: COMPLETED, idempotencyKey: $key) {
    __typename
  }
}
"""

DOCUMENTS = (RECEIVE, UNASSEMBLED_LEGS, BOOKINGS_OF_ROOMS, ASSEMBLE, RECORD_LATE)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A line that was not taken: its number in the file, why, and its text."""

    line: int
    reason: str
    message: str
    text: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file. `conferences` hold its legs, new or known, each once."""

    received: int
    duplicates: int
    quarantined: tuple[Quarantined, ...]
    conferences: tuple[str, ...]
    skipped: int = 0

    @property
    def summary(self) -> str:
        """For people who look at runs: `4 received, 0 duplicates, 0 quarantined, 1 conference`."""
        return (
            f"{self.received} received, {counted(self.duplicates, 'duplicate')}, {len(self.quarantined)} quarantined, "
            f"{counted(len(self.conferences), 'conference')}"
        )

    @property
    def kept(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def recalled(cls, kept: Mapping[str, Any]) -> Imported:
        lines = tuple(Quarantined(**line) for line in kept["quarantined"])
        return cls(kept["received"], kept["duplicates"], lines, tuple(kept["conferences"]), kept.get("skipped", 0))


async def import_call_records(graph: Graph, bridge: str, *, format: str, content: str, run: str) -> Imported | Refusal:
    """Take the file into the graph; refused as a whole `unknown-bridge` or `no-cdr-zone`."""
    receipt = await receive(graph, bridge, format=format, content=content, run=run)
    if isinstance(receipt, Refusal):
        return receipt
    assembled = await assemble_what_is_left(graph, bridge, run=run)
    ours = {leg["id"] for leg in receipt["legs"]}
    return Imported(
        received=receipt["received"],
        duplicates=receipt["duplicates"],
        skipped=receipt["skipped"],
        quarantined=tuple(Quarantined(**line) for line in receipt["quarantined"]),
        conferences=conferences_of(receipt["legs"], [one for one in assembled if holds_any(one, ours)]),
    )


async def receive(graph: Graph, bridge: str, *, format: str, content: str, run: str) -> dict[str, Any] | Refusal:
    data = await graph.execute(
        RECEIVE, {"bridge": bridge, "format": format, "content": content, "key": f"{run}:receive"}
    )
    answer: dict[str, Any] = data["receiveCallRecords"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return answer


def conferences_of(legs: Iterable[Mapping[str, Any]], assembled: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    known = [leg["conference"]["id"] for leg in legs if leg["conference"]]
    return tuple(dict.fromkeys([*known, *(one["id"] for one in assembled)]))


def holds_any(conference: Mapping[str, Any], legs: set[str]) -> bool:
    return any(leg["id"] in legs for leg in conference["legs"] or ())


async def assemble_what_is_left(graph: Graph, bridge: str, *, run: str) -> list[dict[str, Any]]:
    """Page by page, until the bridge has no unassembled leg that was not already tried."""
    assembled: list[dict[str, Any]] = []
    tried: set[str] = set()
    while True:
        legs = await unassembled(graph, bridge)
        if not {leg.id for leg in legs} - tried:
            return assembled
        bookings = await bookings_around(graph, legs)
        groups = assemble(legs, bookings)
        assembled += await tell(graph, bridge, groups, run=run)
        await tell_late(graph, groups, bookings, run=run)
        tried |= {leg.id for leg in legs}


async def unassembled(graph: Graph, bridge: str) -> list[Leg]:
    data = await graph.execute(UNASSEMBLED_LEGS, {"bridge": bridge, "first": PAGE})
    return [leg_in(leg) for leg in data["unassembledLegs"] or ()]


async def grouped(graph: Graph, legs: Sequence[Leg]) -> tuple[Conference, ...]:
    """Ask who booked the rooms of these legs, and let the rule decide."""
    return assemble(legs, await bookings_around(graph, legs))


async def bookings_around(graph: Graph, legs: Sequence[Leg]) -> list[Booking]:
    rooms = sorted({leg.room for leg in legs})
    data = await graph.execute(BOOKINGS_OF_ROOMS, {"rooms": rooms, **span(legs)})
    return [booking_in(booking) for booking in data["bookingsOfRooms"] or ()]


async def tell_late(graph: Graph, groups: Iterable[Conference], bookings: Iterable[Booking], *, run: str) -> None:
    """A booking that was taken for a NO_SHOW, and whose records come now, took place (edge case 12)."""
    missed = {booking.ref for booking in bookings if booking.status == "NO_SHOW"}
    for ref in sorted(missed & {group.booking for group in groups if group.booking}):
        try:
            await graph.execute(RECORD_LATE, {"ref": ref, "key": f"{run}:late-{ref}"})
        except GraphError as error:  # bookings that are only read have their state from their owner
            if "SYSTEM_READ_ONLY" not in error.codes:
                raise


async def tell(graph: Graph, bridge: str, groups: Sequence[Conference], *, run: str) -> list[dict[str, Any]]:
    """The step's key names its input: a repeat that finds other legs left over is another step, not a conflict."""
    conferences = [
        {"bridge": bridge, "room": group.room, "booking": group.booking, "legs": list(group.legs)} for group in groups
    ]
    data = await graph.execute(ASSEMBLE, {"conferences": conferences, "key": f"{run}:assemble-{digest(groups)}"})
    assembled: list[dict[str, Any]] = data["assembleConferences"]["conferences"]
    return assembled


def digest(groups: Sequence[Conference]) -> str:
    return hashlib.sha256(repr(tuple(groups)).encode()).hexdigest()[:16]


# From the wire


def span(legs: Sequence[Leg]) -> dict[str, str]:
    first: datetime = min(leg.joined_at for leg in legs)
    last: datetime = max(leg.left_at for leg in legs)
    return {"from": instant_to_wire(first - AROUND), "to": instant_to_wire(last + AROUND)}


def leg_in(leg: Mapping[str, Any]) -> Leg:
    return Leg(leg["id"], leg["room"], instant_from_wire(leg["joinedAt"]), instant_from_wire(leg["leftAt"]))


def booking_in(booking: Mapping[str, Any]) -> Booking:
    return Booking(
        ref=booking["ref"],
        room=booking["room"],
        starts_at=instant_from_wire(booking["startsAt"]),
        ends_at=instant_from_wire(booking["endsAt"]),
        status=booking["status"],
    )


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `import-call-records`: its subject is the bridge, its input the format and the content."""
    imported = await import_call_records(run, subject, format=input["format"], content=input["content"], run=run.id)
    return imported if isinstance(imported, Refusal) else Done(imported.summary, imported.kept)


PROCESS = Process("import-call-records", carry_out)
