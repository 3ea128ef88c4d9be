"""What became of a booking whose time is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from processes.rules.refusal import Refusal
from processes.run import Done
from processes.settle_booking import carry_out
from tests.processes.fakes import FakeGraph, FakeRun, unavailable
from tests.processes.rooms import START, World, bridge_down

STEPS = ["BookingToSettle", "CloseRoom", "RecordBookingState", "RecordRoomClosed"]


def a_world(status: str = "PROVISIONED", *, conference: str | None = None, inside: bool = False) -> World:
    world = World(rooms={"a": {}}, conference=conference, inside=inside)
    world.become(status, bridge="a", provisioned_revision=1)
    return world


def a_run(graph: FakeGraph, *, hours: float = 3) -> FakeRun:
    """`hours` after the start; the booking lasts one."""
    return FakeRun(graph, id="settle-booking:BK-1:1", time=START + timedelta(hours=hours))


async def test_edge_case_12_nobody_came() -> None:
    """No call record two hours after the end: NO_SHOW, and the room is gone."""
    world = a_world()
    run = a_run(world.graph())
    assert await carry_out(run, "BK-1", {}) == Done("NO_SHOW")
    assert (world.booking.status, world.booking.provisioned_revision, world.rooms) == ("NO_SHOW", None, {})
    assert run.started == [("charge-fee", "BK-1", {})]


async def test_whoever_left_records_came() -> None:
    """COMPLETED at once."""
    world = a_world(conference="CF-1")
    run = a_run(world.graph())
    assert await carry_out(run, "BK-1", {}) == Done("COMPLETED")
    assert (world.booking.status, world.rooms, run.waited) == ("COMPLETED", {}, [])


async def test_it_is_not_settled_before_two_hours_have_gone() -> None:
    """Nothing is told to anybody."""
    graph = a_world().graph()
    found = await carry_out(a_run(graph, hours=2.99), "BK-1", {})
    assert found == Refusal("not-over", "booking BK-1 is settled from 2026-11-24 19:30Z on")
    assert graph.operations == ["BookingToSettle"]


@pytest.mark.parametrize("step", STEPS)
async def test_edge_case_12_system_that_is_down_is_never_a_no_show(step: str) -> None:
    """It is waited for; here it comes back with the record of a call."""
    world = a_world()
    graph = world.graph()
    graph.fails_before[step] = bridge_down("a") if step == "CloseRoom" else unavailable("reservations")

    def record(name: str, world: World) -> None:
        if not graph.fails_before and step in STEPS[:2]:
            world.conference = "CF-1"

    world.before = record
    assert await carry_out(a_run(graph), "BK-1", {}) == Done("COMPLETED" if step in STEPS[:2] else "NO_SHOW")


async def test_edge_case_12_who_still_talks_has_come() -> None:
    """A room with people in it is not closed; their records are waited for."""
    world = a_world(inside=True)
    run = a_run(world.graph())

    def leave(name: str, world: World) -> None:
        world.inside = len(run.waited) < 5
        if len(run.waited) == 6:  # the time for records has gone by
            world.conference = "CF-1"

    world.before = leave
    assert await carry_out(run, "BK-1", {}) == Done("COMPLETED")
    assert world.booking.status == "COMPLETED"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("lost", ["before", "after"])
async def test_crash_at_any_step_ends_the_same(step: str, lost: str) -> None:
    """And the room is closed once."""
    world = a_world()
    graph = world.graph()
    faults = graph.fails_before if lost == "before" else graph.fails_after
    faults[step] = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        await carry_out(a_run(graph), "BK-1", {})
    again = a_run(graph)
    assert await carry_out(again, "BK-1", {}) == Done("NO_SHOW")
    assert again.started == [("charge-fee", "BK-1", {})]
    assert (world.booking.status, world.booking.provisioned_revision, world.rooms) == ("NO_SHOW", None, {})


async def test_booking_that_never_had_a_room_is_failed() -> None:
    """Nobody could come; unless rooms are made by hand, where no file tells of a call."""
    world = World()
    assert await carry_out(a_run(world.graph()), "BK-1", {}) == Done("FAILED")
    by_hand = World(bridges=())
    assert await carry_out(a_run(by_hand.graph()), "BK-1", {}) == Done("NO_SHOW")


async def test_booking_that_was_moved_meanwhile_is_not_settled() -> None:
    """It has another time now."""
    world = World()
    world.before = lambda name, world: world.move() if name == "RecordBookingState" else None
    found = await carry_out(a_run(world.graph()), "BK-1", {})
    assert isinstance(found, Refusal)
    assert found.code == "stale-revision"
    assert world.booking.status == "CONFIRMED"


async def test_edge_case_12_call_that_is_not_collected_is_no_no_show() -> None:
    """The bridge has it, and nobody has published it yet: it is waited for, and after an hour somebody is told."""
    world = a_world()
    world.call_state = "ENDED"
    run = a_run(world.graph())

    def collect(name: str, world: World) -> None:
        if len(run.waited) == 8:
            world.conference, world.call_state = "CF-1", None

    world.before = collect
    assert await carry_out(run, "BK-1", {}) == Done("COMPLETED")
    assert [code for code, _ in run.alarms] == ["call-not-collected"]


async def test_bridge_that_does_not_come_back_is_an_alarm() -> None:
    """Half an hour, and somebody is told, once; it is waited for all the same."""
    world = a_world()
    world.down = {"a"}
    run = a_run(world.graph())
    asked = 0

    def come_back(name: str, world: World) -> None:
        nonlocal asked
        asked += name == "CloseRoom"
        world.down = {"a"} if asked < 4 else set()

    world.before = come_back
    assert await carry_out(run, "BK-1", {}) == Done("NO_SHOW")
    assert [code for code, _ in run.alarms] == ["bridge-down"]
    assert run.time >= START + timedelta(hours=3, minutes=30)
