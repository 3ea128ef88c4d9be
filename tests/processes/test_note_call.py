"""A booking with somebody in its room is IN_CALL, and COMPLETED where the call was over first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from processes.note_call import carry_out
from processes.rules.refusal import Refusal
from processes.run import Done
from processes.watches import not_in_call
from tests.processes.fakes import FakeRun
from tests.processes.rooms import World

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
CALLED = [
    {"booking": {"ref": status, "status": status, "startsAt": "2026-11-24T10:00:00Z"}}
    for status in ("PROVISIONED", "IN_CALL", "COMPLETED", None)
]


def a_world(call_state: str | None, status: str = "PROVISIONED") -> World:
    world = World(call_state=call_state)
    world.become(status, bridge="a", provisioned_revision=1)
    return world


@pytest.mark.parametrize("status", ["CONFIRMED", "PROVISIONED", "COMPLETED", "NO_SHOW", "FAILED"])
async def test_booking_in_call_is_in_call(status: str) -> None:
    """Also where somebody came back after its call, or much too late."""
    world = a_world("GOING_ON", status)
    assert await carry_out(FakeRun(world.graph()), "BK-1", {}) == Done("IN_CALL")
    assert world.booking.status == "IN_CALL"


@pytest.mark.parametrize("call_state", [None, "ENDED"])
async def test_call_that_is_over_is_not_noted(call_state: str | None) -> None:
    """Its end is collect-call's to tell."""
    world = a_world(call_state)
    assert await carry_out(FakeRun(world.graph()), "BK-1", {}) == Done("over already")
    assert world.booking.status == "PROVISIONED"


async def test_call_that_was_over_meanwhile_leaves_no_booking_in_call() -> None:
    """It was collected before IN_CALL was noted, so nobody would note its end."""
    world = a_world("GOING_ON")

    def end(name: str, world: World) -> None:
        if name == "RecordBookingState" and world.call_state:
            world.call_state = None
            world.become("COMPLETED")

    world.before = end
    assert await carry_out(FakeRun(world.graph()), "BK-1", {}) == Done("COMPLETED")
    assert world.booking.status == "COMPLETED"


async def test_cancelled_booking_stays_cancelled() -> None:
    """Whoever is in its room."""
    world = a_world("GOING_ON", "CANCELLED")
    found = await carry_out(FakeRun(world.graph()), "BK-1", {})
    assert isinstance(found, Refusal)
    assert found.code == "not-possible"


def test_watch_asks_for_those_that_are_not_noted_yet() -> None:
    """The booking of a call may have been forgotten by reservations: nothing can be said of it."""
    assert [due.subject for due in not_in_call({"liveCalls": CALLED}, NOW)] == ["PROVISIONED", "COMPLETED"]
    assert list(not_in_call({"liveCalls": None}, NOW)) == []


def test_who_comes_more_than_half_an_hour_early_is_not_at_the_conference() -> None:
    """Somebody tries the PIN days before: the booking can still be moved and cancelled."""
    assert list(not_in_call({"liveCalls": CALLED}, NOW - timedelta(seconds=1))) == []
