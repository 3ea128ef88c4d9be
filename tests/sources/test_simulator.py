"""The simulator: calls as scripts, rooms and events of its own, and that it goes on where it was ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sources.bridge import Bridges
from sources.bridge.calls.events import observed
from sources.bridge.calls.folding import fold
from sources.bridge.calls.settling import CallRules
from sources.bridge.calls.watch import BridgeWatch
from sources.bridge.simulating import simulate
from sources.bridge.spooling.reading import Delivery
from sources.bridge.spooling.spool import Spool, Spooler
from sources.bridge.switches.simulator import CallScript, Part
from sources.bridge.switches.simulator.simulator import NoSuchRoom, Occupied, Simulator
from sources.bridge.switches.switch import Present, RoomOrder
from sources.bridge.tables import METADATA
from sources.database import Database
from sources.errors import KeyReused
from sources.records.bridge import Bridge
from sources.records.calls import PublishedCall
from sources.records.refusal import Refusal
from tests.switches import MemorySimulator, MemorySwitch

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
ORDER = RoomOrder(room="8001", pin="2468", title="Porada", booking="BK-1", revision=1)
ALICE, BOB = Part("Alice", 0, 1200), Part("Bob", 60, 300, "kicked")


def a_call(speed: int = 1, *parts: Part) -> CallScript:
    return CallScript.ordered("c", "8001", now=NOW, speed=speed, parts=parts or (ALICE, BOB))


def seconds(call: CallScript) -> list[tuple[str, float, float]]:
    """(what, when it is told, of which time), in seconds from NOW."""
    return [(e.what, (e.due - NOW).total_seconds(), (e.at - NOW).total_seconds()) for e in call.story()]


@pytest.mark.parametrize(
    ("speed", "told"),
    [
        (1, [("joined", 0, 0), ("joined", 60, 60), ("kicked", 360, 360), ("left", 1200, 1200)]),
        (60, [("joined", 0, -1180), ("joined", 1, -1120), ("kicked", 6, -820), ("left", 20, 20)]),
    ],
)
def test_call_is_told_of_times_that_have_come(speed: int, told: list[tuple[str, float, float]]) -> None:
    """At any speed it lasts as long as was ordered and is over by both clocks at once; nothing is of a time to come."""
    assert seconds(a_call(speed)) == told
    assert a_call(speed).over_at == NOW + timedelta(seconds=1200 / speed)


def test_cut_call_ends_for_who_is_inside_and_begins_for_nobody() -> None:
    """What was told before stays as it was told, also when the call is played fast."""
    call = a_call(60, ALICE, BOB, Part("Carol", 900, 60))
    cut = call.cut(None, "left", NOW + timedelta(seconds=10))
    assert seconds(cut)[:3] == seconds(call)[:3]
    assert seconds(cut)[3:] == [("left", 10, -580)]
    assert CallScript.from_json(json.loads(json.dumps(cut.as_json()))) == cut


@dataclass
class Kept:
    """What was told, in order; an OSError as long as it is full."""

    events: list[Any] = field(default_factory=list)
    is_full: bool = False

    async def keep(self, body: bytes) -> None:
        if self.is_full:
            raise OSError("no space left")
        self.events += json.loads(body)


@dataclass
class Hands:
    """A clock that is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def whats(kept: Kept) -> list[str]:
    return [each["event"]["data"]["event"] for each in kept.events]


async def play(simulator: Simulator) -> None:
    """What is due, told."""
    task = asyncio.create_task(simulator.play())
    await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_simulator_goes_on_where_it_was_ended(tmp_path: Path) -> None:
    """Its rooms are there, the call is told to its end, and what is told twice is one and the same event."""
    clock, first, second = Hands(), Kept(), Kept()
    file = tmp_path / "state.json"
    simulator = Simulator(file, first, clock=clock)
    simulator.create_room(ORDER)
    simulator.simulate("c", "8001", speed=1, parts=(ALICE, BOB))
    await play(simulator)
    clock.now += timedelta(seconds=1300)
    again = Simulator(file, second, clock=clock)
    assert (again.rooms(), again.epoch) == (["8001"], simulator.epoch)
    await play(again)
    assert whats(first) == ["joined"]
    assert whats(second) == ["joined", "joined", "kicked", "left"]
    assert second.events[0] == first.events[0]
    await play(Simulator(file, third := Kept(), clock=clock))
    assert third.events == []


async def test_event_that_is_not_kept_is_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk delays it, and loses nothing."""
    monkeypatch.setattr("sources.bridge.switches.simulator.simulator.PAUSE", 0.001)
    kept = Kept(is_full=True)
    simulator = Simulator(tmp_path / "state.json", kept, clock=Hands())
    simulator.create_room(ORDER)
    simulator.simulate("c", "8001", speed=1, parts=(ALICE,))
    await play(simulator)
    assert kept.events == []
    kept.is_full = False
    await play(simulator)
    assert whats(kept) == ["joined"]


async def test_rooms_keep_to_the_protocol(tmp_path: Path) -> None:
    """A room with somebody inside is neither made anew nor removed when empty; a kick is told; a call needs a room."""
    clock, kept = Hands(), Kept()
    simulator = Simulator(tmp_path / "state.json", kept, clock=clock)
    with pytest.raises(NoSuchRoom):
        simulator.simulate("c", "8001", speed=1, parts=(ALICE,))
    simulator.create_room(ORDER)
    call = simulator.simulate("c", "8001", speed=1, parts=(ALICE, BOB))
    assert simulator.simulate("c", "8001", speed=1, parts=(ALICE,)) == call
    assert simulator.participants("8001") == [("c-1", "Alice")]
    simulator.create_room(RoomOrder("8001", "2468", "Porada", "BK-1", 2))
    with pytest.raises(Occupied):
        simulator.create_room(RoomOrder("8001", "1357", "Porada", "BK-1", 3))
    assert not simulator.destroy_room("8001", only_empty=True)
    clock.now += timedelta(seconds=10)
    simulator.kick("8001", "c-1")
    await play(simulator)
    assert simulator.participants("8001") == []
    assert whats(kept) == ["joined", "kicked"]
    assert simulator.destroy_room("8001", only_empty=True)
    assert simulator.rooms() == []


def test_fast_call_folds_into_legs_as_ordered() -> None:
    """The events alone tell it: no poll sees a call whose times are not the clock's."""
    call = a_call(600)
    told = [each.event(call.room) for each in call.story()]
    what = observed("simulator", [Delivery(NOW, told)])
    legs = fold(what.observations, trusts_clock=True)
    ends = [((leg.left_at - leg.joined_at).total_seconds(), leg.end_reason, leg.is_agreed) for leg in legs]
    assert ends == [(1200, "left", True), (300, "kicked", True)]
    assert [leg.problem for leg in legs] == [None, None]


# The simulator, watched


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database("bridge", f"sqlite:///{tmp_path}/bridge.sqlite")
    fill = partial(Bridges.fill, bridges=[Bridge("simulator", None, "simulator")], conferences=(), legs=())
    assert database.create(METADATA, fill)
    yield database
    asyncio.run(database.close())


@dataclass
class Direct:
    """A Switch on a simulator in this process."""

    simulator: Simulator

    async def rooms(self) -> list[str]:
        return self.simulator.rooms()

    async def participants(self, room: str) -> list[Present]:
        return [Present(id, display, None) for id, display in self.simulator.participants(room)]

    async def epoch(self) -> datetime:
        return self.simulator.epoch


@pytest.mark.parametrize(("speed", "stays"), [(1, 1), (600, 600)])
async def test_simulated_call_is_published_and_says_what_it_is(
    database: Database, tmp_path: Path, speed: int, stays: int
) -> None:
    """Polled and told, a leg is one leg, of the seconds that were ordered, and its end reason names the simulator."""
    spool = tmp_path / "spool"
    spooler = Spooler(Spool(spool))
    simulator = Simulator(tmp_path / "state.json", spooler)
    simulator.create_room(ORDER)
    watch = BridgeWatch(
        database,
        "simulator",
        switch=Direct(simulator),  # type: ignore[arg-type]
        spool=spool,
        rules=CallRules(is_simulated=True),
    )
    playing = asyncio.create_task(simulator.play())
    source = Bridges(database)
    try:
        async with watch:
            simulator.simulate("c", "8001", speed=speed, parts=(Part("Alice", 0, stays), Part("Bob", 0, stays)))
            await until(lambda: source.calls.ended(limit=1))
    finally:
        playing.cancel()
        await spooler.close()
    call = await source.calls.publish("simulator:8001:1", caller="t", key="1", now=datetime.now(UTC))
    assert isinstance(call, PublishedCall)
    assert (call.seconds, call.held) == (2 * stays, ())
    legs = await source.legs(call.legs)
    assert {leg.end_reason for leg in legs} == {"simulated-left"}


async def until(is_so: Callable[[], Any]) -> None:
    for _ in range(400):
        if await is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to it")


@pytest.mark.parametrize(
    ("switches", "asked", "code"),
    [
        ({}, {"room": "8001"}, "not-simulated"),
        ({"bridge-1": MemorySwitch()}, {"room": "8001"}, "not-simulated"),
        ({"bridge-1": MemorySwitch()}, {"booking": "BK-1"}, "not-simulated"),
        ({"simulator": MemorySimulator()}, {"booking": "BK-1"}, "no-room"),
    ],
)
async def test_only_a_simulator_simulates(
    database: Database, switches: dict[str, MemorySwitch], asked: dict[str, str], code: str
) -> None:
    """A real bridge never has a call that nobody made."""
    found = await ordered(database, switches, **asked)
    assert isinstance(found, Refusal)
    assert found.code == code


async def test_simulated_call_is_ordered_once(database: Database) -> None:
    """The same key with another call is refused, as everywhere."""
    switches: dict[str, MemorySwitch] = {"simulator": MemorySimulator()}
    assert await ordered(database, switches, room="8001") == await ordered(database, switches, room="8001")
    with pytest.raises(KeyReused):
        await ordered(database, switches, room="8002")


async def ordered(
    database: Database, switches: dict[str, MemorySwitch], *, booking: str | None = None, room: str | None = None
) -> Any:
    rooms = Bridges(database, switches).rooms
    return await simulate(
        database, rooms, booking=booking, room=room, parts=[ALICE], speed=1, caller="eva", key="a-key"
    )
