"""From a file of call records to conferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from processes.graph import GraphError
from processes.import_call_records import Imported, Quarantined, import_call_records
from processes.rules.refusal import Refusal
from processes.wire import instant_to_wire
from tests.processes.fakes import FakeGraph, unavailable
from tests.processes.rules.cases import local

RUN = "import-call-records:pbx-praha:1"
FORMAT = "ASTERISK_CSV"
BAD_LINE: dict[str, Any] = {
    "line": 3,
    "reason": "clock",
    "message": "it leaves before it joins: check the bridge's clock",
    "text": "x",
}


def a_booking(ref: str, starts: str, ends: str, *, room: str = "20260123", status: str = "COMPLETED") -> dict[str, Any]:
    return {
        "ref": ref,
        "room": room,
        "startsAt": instant_to_wire(local(starts)),
        "endsAt": instant_to_wire(local(ends)),
        "status": status,
    }


@dataclass
class Company:
    """A bridge that reads a file of lines `id room joined left`, and the bookings of its rooms."""

    refuses: str | None = None
    page: int = 1000
    bookings: list[dict[str, Any]] = field(
        default_factory=lambda: [a_booking("BK-2026-000123", "17:30:00", "18:30:00")]
    )
    legs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def graph(self) -> FakeGraph:
        return FakeGraph(
            {
                "ReceiveCallRecords": self.receive,
                "UnassembledLegs": self.unassembled,
                "BookingsOfRooms": lambda variables: {"bookingsOfRooms": self.bookings},
                "AssembleConferences": self.assemble,
                "RecordLateCall": lambda variables: {"recordBookingState": {"__typename": "BookingRecorded"}},
            }
        )

    def receive(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        if self.refuses:
            return {"receiveCallRecords": {"__typename": "Refused", "code": self.refuses, "message": "say the zone"}}
        lines = [line.split() for line in variables["content"].splitlines()]
        fresh = [line for line in lines if line[0] not in self.legs]
        for id, room, joined, left in fresh:
            times = {"joinedAt": instant_to_wire(local(joined)), "leftAt": instant_to_wire(local(left))}
            self.legs[id] = {"id": id, "room": room, **times, "conference": None}
        return {
            "receiveCallRecords": {
                "__typename": "ReceivedCallRecords",
                "received": len(fresh),
                "duplicates": len(lines) - len(fresh),
                "skipped": 2,
                "quarantined": [BAD_LINE],
                "legs": [{"id": id, "conference": self.legs[id]["conference"]} for id, *_ in lines],
            }
        }

    def unassembled(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        left = [leg for leg in self.legs.values() if leg["conference"] is None]
        return {"unassembledLegs": sorted(left, key=lambda leg: str(leg["joinedAt"]))[: self.page]}

    def assemble(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        for group in variables["conferences"]:
            id = f"CF-{group['booking'] or group['legs'][0]}"
            for leg in group["legs"]:
                self.legs[leg]["conference"] = {"id": id}
        ids = dict.fromkeys(self.legs[group["legs"][0]]["conference"]["id"] for group in variables["conferences"])
        return {"assembleConferences": {"conferences": [{"id": id, "legs": self.legs_of(id)} for id in ids]}}

    def legs_of(self, conference: str) -> list[dict[str, Any]]:
        return [{"id": leg["id"]} for leg in self.legs.values() if leg["conference"] == {"id": conference}]


FILE = """\
alice 20260123 17:30:00 18:20:25
bob 20260123 17:35:10 17:35:41
stray 999 03:00:00 03:10:00
"""


async def bring(graph: FakeGraph, content: str = FILE, *, run: str = RUN) -> Imported:
    found = await import_call_records(graph, "pbx-praha", format=FORMAT, content=content, run=run)
    assert isinstance(found, Imported)
    return found


async def test_a_file_becomes_conferences() -> None:
    """Booked legs by their booking, the others by overlap; bad lines are told with line and reason."""
    found = await bring(Company().graph())
    assert found == Imported(
        received=3,
        duplicates=0,
        skipped=2,
        quarantined=(Quarantined(**BAD_LINE),),
        conferences=("CF-BK-2026-000123", "CF-stray"),
    )
    assert found.summary == "3 received, 0 duplicates, 1 quarantined, 2 conferences"


async def test_the_bridge_is_told_rooms_bookings_and_legs() -> None:
    """Once, with a key of the run; bookings are asked for a day around the legs."""
    graph = Company().graph()
    await bring(graph)
    assert graph.variables("ReceiveCallRecords")["key"] == f"{RUN}:receive"
    told = graph.variables("AssembleConferences")
    assert told["key"].startswith(f"{RUN}:assemble-")
    assert told["conferences"] == [
        {"bridge": "pbx-praha", "room": "20260123", "booking": "BK-2026-000123", "legs": ["alice", "bob"]},
        {"bridge": "pbx-praha", "room": "999", "booking": None, "legs": ["stray"]},
    ]
    assert graph.variables("BookingsOfRooms") == {
        "rooms": ["20260123", "999"],
        "from": "2026-11-23T02:00:00Z",
        "to": "2026-11-25T17:20:25Z",
    }


async def test_a_repeated_file_reports_the_same_conferences() -> None:
    """Nothing is assembled again, nothing is lost from the answer."""
    company = Company()
    first = await bring(company.graph())
    graph = company.graph()
    again = await bring(graph, run="run 2")
    assert (again.received, again.duplicates, again.conferences) == (0, 3, first.conferences)
    assert "AssembleConferences" not in graph.operations


async def test_a_later_leg_joins_its_booked_conference() -> None:
    """The conference is there already; the answer names it once."""
    company = Company()
    await bring(company.graph())
    found = await bring(company.graph(), "carol 20260123 17:58:30 18:05:02\nalice 20260123 17:30:00 18:20:25", run="2")
    assert found.conferences == ("CF-BK-2026-000123",)
    assert len(company.legs_of("CF-BK-2026-000123")) == 3


async def test_many_legs_are_assembled_page_by_page() -> None:
    """Until the bridge has none left."""
    company = Company(page=1)
    graph = company.graph()
    found = await bring(graph)
    assert graph.operations.count("AssembleConferences") == 3
    assert set(found.conferences) == {"CF-BK-2026-000123", "CF-stray"}


async def test_a_bridge_that_keeps_a_leg_unassembled_does_not_hold_the_import() -> None:
    """Each leg is tried once per run."""
    company = Company()
    graph = company.graph()
    graph.answers = {
        **graph.answers,
        "AssembleConferences": lambda variables: {"assembleConferences": {"conferences": []}},
    }
    found = await bring(graph)
    assert found.conferences == ()
    assert graph.operations.count("AssembleConferences") == 1


async def test_an_empty_file_still_assembles_what_was_left() -> None:
    """An import heals what a crash left, and reports only its own."""
    company = Company()
    graph = company.graph()
    graph.fails_before["AssembleConferences"] = unavailable("bridge")
    with pytest.raises(GraphError):
        await bring(graph)
    found = await bring(graph, "", run="run 2")
    assert (found.received, found.conferences) == (0, ())
    assert all(leg["conference"] for leg in company.legs.values())


@pytest.mark.parametrize("code", ["unknown-bridge", "no-cdr-zone"])
async def test_a_file_is_refused_as_a_whole(code: str) -> None:
    """Nothing more is asked."""
    graph = Company(refuses=code).graph()
    found = await import_call_records(graph, "pbx-old", format=FORMAT, content=FILE, run=RUN)
    assert found == Refusal(code, "say the zone")
    assert graph.operations == ["ReceiveCallRecords"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["ReceiveCallRecords", "UnassembledLegs", "BookingsOfRooms", "AssembleConferences"])
async def test_a_crash_between_steps_is_healed_by_a_repeat(step: str, when: str) -> None:
    """Whichever answer was lost, with its effect or without: the same run again ends with the same conferences."""
    company = Company()
    graph = company.graph()
    (graph.fails_before if when == "before" else graph.fails_after)[step] = unavailable("bridge")
    with pytest.raises(GraphError):
        await bring(graph)
    await bring(graph)
    again = await bring(graph, run="run 2")
    assert again.conferences == ("CF-BK-2026-000123", "CF-stray")


def test_an_answer_can_be_kept_and_recalled() -> None:
    """The run's answer is a JSON value."""
    found = Imported(1, 2, (Quarantined(3, "clock", "message", "text"),), ("CF-1",))
    assert Imported.recalled(found.kept) == found


@pytest.mark.parametrize(("status", "told"), [("NO_SHOW", ["BK-2026-000123"]), ("COMPLETED", []), ("IN_CALL", [])])
@pytest.mark.parametrize("is_only_read", [False, True])
async def test_edge_case_12_records_that_come_late_take_a_no_show_back(
    status: str, told: list[str], is_only_read: bool
) -> None:
    """What took place took place; whose bookings are another program's says so there."""
    company = Company(bookings=[a_booking("BK-2026-000123", "17:30:00", "18:30:00", status=status)])
    graph = company.graph()
    if is_only_read and told:
        error = {"message": "reservations is only read here", "extensions": {"code": "SYSTEM_READ_ONLY"}}
        graph.fails_after["RecordLateCall"] = GraphError([error])
    content = "alice 20260123 17:30:00 18:00:00"
    found = await import_call_records(graph, "pbx-praha", format=FORMAT, content=content, run=RUN)
    assert isinstance(found, Imported)
    assert [variables["ref"] for name, variables in graph.asked if name == "RecordLateCall"] == told
