"""A call that is over becomes call records in conferences, each to be invoiced; what is held is work for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from processes.collect_call import collect_call
from processes.graph import GraphError
from processes.invoice_call import BY_ITSELF
from processes.rules.refusal import Refusal
from processes.run import Done
from tests.processes.fakes import FakeGraph, FakeRun, unavailable

CALL = "bridge-1:bk-2026-000123:1"


def leg(name: str, *, conference: str | None = None, seconds: int = 60) -> dict[str, Any]:
    return {
        "id": f"bridge-1:0:bk-2026-000123:{name}",
        "room": "bk-2026-000123",
        "joinedAt": "2026-11-24T16:30:00Z",
        "leftAt": "2026-11-24T16:31:00Z",
        "seconds": seconds,
        "conference": conference and {"id": conference},
    }


HELD = {"id": "bridge-1:0:bk-2026-000123:eve", "seconds": 7, "code": "clock", "message": "its clock is off"}
BOOKING = {
    "ref": "BK-2026-000123",
    "room": "bk-2026-000123",
    "startsAt": "2026-11-24T16:30:00Z",
    "endsAt": "2026-11-24T17:30:00Z",
    "status": "PROVISIONED",
}


def a_run(
    *legs: dict[str, Any],
    held: list[dict[str, Any]] | None = None,
    seconds: int | None = None,
    status: str = "PROVISIONED",
    call_state: str | None = None,
) -> FakeRun:
    """A run over a bridge that publishes these legs, and gives each booking its conference."""
    told = sum(each["seconds"] for each in [*legs, *(held or [])])

    def publish(_: Mapping[str, Any]) -> dict[str, Any]:
        call = {"bridge": "bridge-1", "seconds": told if seconds is None else seconds, "legs": list(legs)}
        return {"publishCall": {"__typename": "PublishedCall", **call, "held": held or []}}

    def assemble(variables: Mapping[str, Any]) -> dict[str, Any]:
        made = [{"id": f"CF-of-{group['booking']}", "legs": []} for group in variables["conferences"]]
        return {"assembleConferences": {"conferences": made}}

    state = {"ref": "BK-2026-000123", "status": status, "revision": 2, "callState": call_state}
    graph = FakeGraph(
        {
            "PublishCall": publish,
            "BookingsOfRooms": lambda _: {"bookingsOfRooms": [BOOKING]},
            "AssembleConferences": assemble,
            "BookingsOfCall": lambda _: {"conferences": [{"booking": state}]},
            "RecordBookingState": lambda _: {"recordBookingState": {"__typename": "BookingRecorded"}},
            "RecordHeldLegs": lambda _: {"recordRatingExceptions": {"__typename": "RatingExceptionsRecorded"}},
        }
    )
    return FakeRun(graph, id=f"collect-call:{CALL}:1")


async def test_call_becomes_its_bookings_conference_and_is_invoiced() -> None:
    """By the window of its room's booking."""
    run = a_run(leg("alice"), leg("bob"))
    done = await collect_call(run, CALL, {})
    assert done == Done("CF-of-BK-2026-000123", {"conferences": ["CF-of-BK-2026-000123"]})
    assert run.started == [("invoice-call", "CF-of-BK-2026-000123", BY_ITSELF)]
    assert run.alarms == []
    (group,) = run.graph.variables("AssembleConferences")["conferences"]
    assert len(group["legs"]) == 2


async def test_legs_that_an_earlier_run_assembled_are_not_assembled_again() -> None:
    """A crash between two steps, and a new run."""
    run = a_run(leg("alice", conference="CF-1"))
    await collect_call(run, CALL, {})
    assert "AssembleConferences" not in run.graph.operations
    assert run.started == [("invoice-call", "CF-1", BY_ITSELF)]


@pytest.mark.parametrize(
    ("status", "call_state", "becomes"),
    [
        ("IN_CALL", None, "COMPLETED"),
        ("NO_SHOW", None, "COMPLETED"),  # edge case 12: the records came late
        ("PROVISIONED", "ENDED", "COMPLETED"),
        ("IN_CALL", "GOING_ON", None),  # somebody came back
        ("COMPLETED", None, None),
        ("CANCELLED", None, None),
    ],
)
async def test_booking_is_told_that_its_call_is_over(status: str, call_state: str | None, becomes: str | None) -> None:
    """Of the revision that was seen, after the invoice was set going."""
    run = a_run(leg("alice"), status=status, call_state=call_state)
    await collect_call(run, CALL, {})
    told = [variables for name, variables in run.graph.asked if name == "RecordBookingState"]
    assert [(each["state"], each["revision"]) for each in told] == ([(becomes, 2)] if becomes else [])


async def test_bookings_that_are_only_read_keep_no_invoice_back() -> None:
    """Another program says what became of them."""
    run = a_run(leg("alice"))
    error = {"message": "reservations is only read here", "extensions": {"code": "SYSTEM_READ_ONLY"}}
    run.graph.fails_before["RecordBookingState"] = GraphError([error])
    assert isinstance(await collect_call(run, CALL, {}), Done)
    assert run.started == [("invoice-call", "CF-of-BK-2026-000123", BY_ITSELF)]


async def test_what_the_bridge_refuses_is_the_runs_refusal() -> None:
    """Somebody is inside again: there is nothing to do yet."""
    refused = {"__typename": "Refused", "code": "not-ended", "message": "wait"}
    run = FakeRun(FakeGraph({"PublishCall": lambda _: {"publishCall": refused}}))
    assert await collect_call(run, CALL, {}) == Refusal("not-ended", "wait")
    assert run.started == []


async def test_held_leg_is_an_exception_of_the_conference() -> None:
    """Edge case 8: neither billed nor forgotten; I9: its seconds are accounted for."""
    run = a_run(leg("alice"), held=[HELD])
    await collect_call(run, CALL, {})
    noted = run.graph.variables("RecordHeldLegs")
    assert noted["conference"] == "CF-of-BK-2026-000123"
    assert noted["legs"] == [{"leg": HELD["id"], "durationSeconds": 7}]
    assert noted["code"] == "clock"
    assert run.alarms == []


async def test_call_of_which_all_is_held_alarms_and_is_work_for_a_person() -> None:
    """There is no conference that somebody would look at: the exception is of the call."""
    run = a_run(held=[HELD])
    assert await collect_call(run, CALL, {}) == Done("1 held leg", {"conferences": []})
    assert [code for code, _ in run.alarms] == ["clock"]
    assert run.graph.variables("RecordHeldLegs")["conference"] == CALL
    assert run.started == []


@pytest.mark.parametrize(("seconds", "alarms"), [(60, []), (61, ["totals-differ"]), (59, ["totals-differ"])])
async def test_seconds_that_dont_add_up_alarm(seconds: int, alarms: list[str]) -> None:
    """I9: what the bridge told is what became call records and what is held."""
    run = a_run(leg("alice"), seconds=seconds)
    await collect_call(run, CALL, {})
    assert [code for code, _ in run.alarms] == alarms


@pytest.mark.parametrize("step", ["PublishCall", "BookingsOfRooms", "AssembleConferences"])
@pytest.mark.parametrize("when", ["fails_before", "fails_after"])
async def test_system_that_is_down_is_waited_for(step: str, when: str) -> None:
    """A retry, never a business exception, and each step has its effect once."""
    run = a_run(leg("alice"))
    getattr(run.graph, when)[step] = unavailable("bridge")
    assert isinstance(await collect_call(run, CALL, {}), Done)
    assert run.started == [("invoice-call", "CF-of-BK-2026-000123", BY_ITSELF)]
