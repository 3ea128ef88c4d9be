"""From a booking to its room, on bridges that fail and bookings that change meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from processes.provision_conference import carry_out
from processes.rules.refusal import Refusal
from processes.run import Done
from tests.processes.fakes import FakeGraph, FakeRun, unavailable
from tests.processes.rooms import PIN, START, World

RUN = "provision-conference:BK-1:1"
STEPS = ["BookingToProvision", "ProvisionRoom", "RecordRoom"]


def a_run(graph: FakeGraph, *, minutes_before: float = 60, id: str = RUN) -> FakeRun:
    return FakeRun(graph, id=id, time=START - timedelta(minutes=minutes_before))


async def test_booking_gets_its_room() -> None:
    """With its PIN, under its own name; reservations knows where it is."""
    world = World()
    graph = world.graph()
    assert await carry_out(a_run(graph), "BK-1", {}) == Done("a/bk-1")
    assert world.rooms == {"a": {"room": "bk-1", "pin": PIN, "revision": 1}}
    assert (world.booking.status, world.booking.bridge, world.booking.provisioned_revision) == ("PROVISIONED", "a", 1)
    assert graph.operations == STEPS
    assert await carry_out(a_run(graph, id="provision-conference:BK-1:2"), "BK-1", {}) == Done("there already")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("lost", ["before", "after"])
async def test_crash_at_any_step_leaves_one_room(step: str, lost: str) -> None:
    """The run that is resumed asks again under the same keys, and comes to the same end."""
    world = World()
    graph = world.graph()
    faults = graph.fails_before if lost == "before" else graph.fails_after
    faults[step] = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        await carry_out(a_run(graph), "BK-1", {})
    found = await carry_out(a_run(graph), "BK-1", {})
    assert found in (Done("a/bk-1"), Done("there already"))
    assert world.rooms == {"a": {"room": "bk-1", "pin": PIN, "revision": 1}}
    assert world.booking.status == "PROVISIONED"


@pytest.mark.parametrize("step", STEPS)
async def test_system_that_is_down_is_waited_for(step: str) -> None:
    """A retry, never a refusal."""
    world = World()
    graph = world.graph()
    graph.fails_before[step] = unavailable("reservations")
    assert await carry_out(a_run(graph), "BK-1", {}) == Done("a/bk-1")


async def test_edge_case_9_bridge_down_when_booking() -> None:
    """Retried until 15 minutes before the start; then an alarm, and the other bridge with the same PIN."""
    world = World(down={"a"})
    run = a_run(world.graph(), minutes_before=180)
    assert await carry_out(run, "BK-1", {}) == Done("b/bk-1")
    assert run.time == START - timedelta(minutes=15)
    assert [code for code, _ in run.alarms] == ["bridge-down-a"]
    assert "bridge a makes no room for booking BK-1" in run.alarms[0][1]
    assert world.rooms == {"b": {"room": "bk-1", "pin": PIN, "revision": 1}}
    assert world.booking.bridge == "b"


async def test_bridge_that_comes_back_in_time_gets_the_room() -> None:
    """No alarm, no other bridge."""
    world = World(down={"a"})
    run = a_run(world.graph(), minutes_before=180)

    def mended(name: str, world: World) -> None:
        if name == "ProvisionRoom" and run.time >= START - timedelta(minutes=100):
            world.down.clear()

    world.before = mended
    assert await carry_out(run, "BK-1", {}) == Done("a/bk-1")
    assert run.alarms == []


async def test_all_bridges_down_are_asked_again_until_the_end() -> None:
    """Each alarms once; every minute another is asked; when the time is over there is nothing to do."""
    world = World(down={"a", "b"})
    run = a_run(world.graph(), minutes_before=10)
    found = await carry_out(run, "BK-1", {})
    assert isinstance(found, Refusal)
    assert found.code == "over"
    assert [code for code, _ in run.alarms] == ["bridge-down-a", "bridge-down-b"]
    assert 60 <= len(run.waited) <= 75
    assert world.booking.status == "CONFIRMED"


async def test_edge_case_9_bridge_that_has_the_room_is_down_after_a_move() -> None:
    """In good time its own bridge is waited for; then another has it, and the PIN is the same."""
    world = World(down={"a"})
    world.become("CONFIRMED", revision=2, bridge="a", provisioned_revision=1)
    assert await carry_out(a_run(world.graph(), minutes_before=20), "BK-1", {}) == Done("b/bk-1")
    assert world.rooms == {"b": {"room": "bk-1", "pin": PIN, "revision": 2}}


async def test_edge_case_11_booking_moved_while_its_room_is_made() -> None:
    """The room is told again: the highest revision wins, in the same room."""
    world = World()
    moved: list[str] = []

    def move(name: str, world: World) -> None:
        if name == "RecordRoom" and not moved:
            moved.append(name)
            world.move()

    world.before = move
    graph = world.graph()
    assert await carry_out(a_run(graph), "BK-1", {}) == Done("a/bk-1")
    assert graph.operations == [*STEPS, *STEPS]
    assert world.rooms == {"a": {"room": "bk-1", "pin": PIN, "revision": 2}}
    assert world.booking.provisioned_revision == 2


@pytest.mark.parametrize("step", ["ProvisionRoom", "RecordRoom"])
async def test_edge_case_11_booking_cancelled_while_its_room_is_made(step: str) -> None:
    """I10: a cancelled booking has no room, whenever it was cancelled."""
    world = World()
    world.before = lambda name, world: world.cancel() if name == step and world.booking.status != "CANCELLED" else None
    assert await carry_out(a_run(world.graph()), "BK-1", {}) == Done("cancelled")
    assert world.rooms == {}
    assert (world.booking.status, world.booking.provisioned_revision) == ("CANCELLED", None)


async def test_edge_case_11_room_of_a_cancelled_booking_is_closed_when_it_is_empty() -> None:
    """Whoever is inside is waited for."""
    world = World(rooms={"a": {}}, inside=True)
    world.become("CANCELLED", revision=2, bridge="a", provisioned_revision=1)
    run = a_run(world.graph())

    def leave(name: str, world: World) -> None:
        world.inside = len(run.waited) < 3

    world.before = leave
    assert await carry_out(run, "BK-1", {}) == Done("cancelled")
    assert [why for _, why in run.waited] == ["somebody is inside"] * 3
    assert world.rooms == {}
    assert world.booking.provisioned_revision is None


async def test_room_that_must_be_made_anew_waits_for_those_inside() -> None:
    """A new key each time, or the refusal would be answered for ever."""
    world = World(inside=True)
    run = a_run(world.graph())
    world.before = lambda name, world: setattr(world, "inside", len(run.waited) < 2)
    assert await carry_out(run, "BK-1", {}) == Done("a/bk-1")
    assert len(run.waited) == 2


async def test_bridge_that_knows_a_later_revision_is_a_persons_matter() -> None:
    """A reservations database that was restored: the booking is FAILED, with an alarm."""
    world = World(closed_at=7)
    run = a_run(world.graph())
    found = await carry_out(run, "BK-1", {})
    assert isinstance(found, Refusal)
    assert found.code == "stale-revision"
    assert [code for code, _ in run.alarms] == ["stale-revision"]
    assert world.booking.status == "FAILED"


async def test_without_a_bridge_that_has_a_switch_the_room_is_made_by_hand() -> None:
    """The booking stays as it is: files of call records will tell what became of it."""
    world = World(bridges=())
    found = await carry_out(a_run(world.graph()), "BK-1", {})
    assert isinstance(found, Refusal)
    assert found.code == "no-bridge"
    assert world.booking.status == "CONFIRMED"


@pytest.mark.parametrize(
    ("status", "code"), [("DRAFT", "not-open"), ("COMPLETED", "not-open"), ("NO_SHOW", "not-open")]
)
async def test_booking_that_needs_no_room(status: str, code: str) -> None:
    """Nothing is told to anybody."""
    world = World()
    world.become(status)
    graph = world.graph()
    found = await carry_out(a_run(graph), "BK-1", {})
    assert isinstance(found, Refusal)
    assert found.code == "not-open"
    assert graph.operations == ["BookingToProvision"]
