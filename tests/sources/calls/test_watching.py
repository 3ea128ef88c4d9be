"""A bridge is watched: what spool and polls tell becomes published legs, each minute once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from sources.bridge import METADATA, Bridges
from sources.bridge.calls.publishing import Calls
from sources.bridge.calls.settling import CallRules
from sources.bridge.calls.watch import BridgeWatch
from sources.bridge.spooling.spool import Spool, line_of
from sources.database import Database
from sources.errors import BridgeDown, SystemUnavailable
from sources.records.bridge import Bridge, Leg
from sources.records.calls import EndedCall, PublishedCall
from sources.records.refusal import Refusal
from tests.conftest import MakeDatabase
from tests.sources.calls.switches import EPOCH, ROOM, START, Clock, FakeSwitch, at, event

CALL = f"bridge-1:{ROOM}:1"
OWN = f"bridge-1:20261124T163000Z:{ROOM}"


@dataclass
class Watched:
    """A watched bridge whose time stands still until a test moves it."""

    database: Database
    spool: Spool
    switch: FakeSwitch = field(default_factory=FakeSwitch)
    clock: Clock = field(default_factory=Clock)
    rules: CallRules = field(default_factory=CallRules)
    ended: list[str] = field(default_factory=list)
    published_times: int = 0

    def __post_init__(self) -> None:
        self.watch = self.another()
        self.calls = Calls(self.database)

    def another(self) -> BridgeWatch:
        return BridgeWatch(
            self.database,
            "bridge-1",
            switch=self.switch,
            spool=self.spool.folder,
            rules=self.rules,
            clock=self.clock,
            on_ended=self.note,
        )

    async def note(self, call: str) -> None:
        self.ended.append(call)

    async def posts(self, seconds: float, *events: Any) -> None:
        """The switch posts at that time, and the spool is read."""
        self.clock.seconds = seconds
        self.spool.append([line_of(orjson.dumps(events), self.stamp)])
        await self.watch.read()

    def stamp(self, count: int) -> int:
        return (self.clock() - EPOCH) // timedelta(microseconds=1)

    async def poll(self, *seconds: float) -> None:
        for each in seconds:
            self.clock.seconds = each
            await self.watch.poll()

    async def time_passes(self, seconds: float) -> None:
        self.clock.seconds = seconds
        await self.watch._look_when_due()

    async def publish(self, call: str = CALL) -> PublishedCall | Refusal:
        await self.watch._look_at_all()
        self.published_times += 1
        return await self.calls.publish(call, caller="tests", key=f"{self.published_times}", now=self.clock())

    async def published(self, call: str = CALL) -> PublishedCall:
        found = await self.publish(call)
        assert isinstance(found, PublishedCall), found
        return found

    async def legs(self) -> list[tuple[str, float, float, str | None]]:
        found: list[Leg] = await Bridges(self.database).unassembled_legs("bridge-1", limit=100)
        return [
            (leg.id.removeprefix(f"{OWN}:"), since(leg.joined_at), since(leg.left_at), leg.end_reason) for leg in found
        ]


def since(instant: datetime) -> float:
    return (instant - START).total_seconds()


MakeWatched = Callable[..., Watched]


@pytest.fixture
def watched(database: MakeDatabase, tmp_path: Path) -> MakeWatched:
    fill = partial(Bridges.fill, bridges=[Bridge("bridge-1", None)], conferences=(), legs=())

    def make(**more: Any) -> Watched:
        return Watched(database("bridge", METADATA, fill), Spool(tmp_path / "spool"), **more)

    return make


async def test_call_ends_at_once_when_spool_and_polls_agree(watched: MakeWatched) -> None:
    """Nothing is waited for."""
    one = watched()
    one.switch.comes("alice", "bob")
    await one.posts(0, event("started", 0), event("joined", 1, "alice"), event("joined", 2, "bob"))
    await one.poll(2.5, 3.5)
    assert await one.calls.ended(limit=10) == []
    one.switch.goes("alice", "bob")
    await one.posts(60, event("left", 60, "alice"), event("left", 60.5, "bob"))
    assert await one.calls.ended(limit=10) == []
    await one.poll(61)
    assert await one.calls.ended(limit=10) == [EndedCall(CALL, "bridge-1", ROOM, at(60.5))]
    assert one.ended == [CALL]


async def test_call_whose_last_look_was_lost_ends_all_the_same(
    watched: MakeWatched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database went away when the last event was written down and its room not yet looked at."""
    one = watched()

    async def down(rooms: Any) -> None:
        raise SystemUnavailable("bridge")

    await one.posts(0, event("started", 0), event("joined", 1, "alice"))
    await one.time_passes(1)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(BridgeWatch, "_look_at", lambda self, rooms: down(rooms))
        with pytest.raises(SystemUnavailable):
            await one.posts(31, event("left", 31, "alice"))
    await one.watch.read()
    assert one.ended == []
    for seconds in (37, 50, 60):
        await one.time_passes(seconds)
    assert one.ended == [CALL]


async def test_published_call_is_call_records_for_good(watched: MakeWatched) -> None:
    """Its legs, the sum of their seconds, and a position; published twice it is the same."""
    one = watched()
    await one.posts(0, event("started", 0), event("joined", 1, "alice"), event("left", 31.9, "alice"))
    await one.posts(40, event("joined", 2, "bob"), event("left", 40, "bob"))
    call = await one.published()
    assert (call.position, call.seconds, call.held) == (1, 30 + 38, ())
    assert await one.legs() == [("alice", 1, 31.9, "left"), ("bob", 2, 40, "left")]
    assert await one.published() == call
    assert await one.calls.published(after=0, limit=10) == [call]
    assert await one.calls.published(after=1, limit=10) == []
    assert await one.calls.ended(limit=10) == []


async def test_what_is_not_over_is_not_published(watched: MakeWatched) -> None:
    """Refused by name, also a call that nobody knows."""
    one = watched()
    await one.posts(0, event("joined", 1, "alice"))
    for call, code in [(CALL, "not-ended"), (f"bridge-1:{ROOM}:2", "unknown-call"), ("nonsense", "unknown-call")]:
        refused = await one.publish(call)
        assert isinstance(refused, Refusal)
        assert refused.code == code


async def test_next_call_in_a_room_is_another_one(watched: MakeWatched) -> None:
    """With the next number and a higher position."""
    one = watched()
    await one.posts(0, event("joined", 1, "alice"), event("left", 31, "alice"))
    first = await one.published()
    await one.posts(50, event("joined", 40, "bob"), event("left", 50, "bob"))
    second = await one.published(f"bridge-1:{ROOM}:2")
    assert second.position == first.position + 1
    assert len(second.legs) == 1


@pytest.mark.parametrize(("back_at", "legs_of_first"), [(36, 2), (42, 1)])
async def test_room_that_is_empty_for_a_moment_is_one_call(
    watched: MakeWatched, back_at: float, legs_of_first: int
) -> None:
    """All hang up and call again: within the pause the call goes on, after it there is another one."""
    one = watched(rules=CallRules(pause=timedelta(seconds=10)))
    await one.posts(31, event("joined", 1, "alice"), event("left", 31, "alice"))
    await one.time_passes(40.9)
    assert await one.calls.ended(limit=10) == []
    if back_at > 41:
        await one.time_passes(41)
        await one.published()
    await one.posts(back_at, event("joined", back_at, "alice-again"))
    await one.time_passes(60)
    assert await one.calls.ended(limit=10) == []
    await one.posts(90, event("left", 90, "alice-again"))
    await one.time_passes(100)
    call = await one.published(CALL if legs_of_first == 2 else f"bridge-1:{ROOM}:2")
    assert len(call.legs) == legs_of_first


async def test_room_that_is_gone_is_not_waited_for(watched: MakeWatched) -> None:
    """Nobody can come back into it."""
    one = watched(rules=CallRules(pause=timedelta(seconds=10)))
    await one.posts(31, event("joined", 1, "alice"), event("destroyed", 31, None))
    assert [call.id for call in await one.calls.ended(limit=10)] == [CALL]


async def test_same_event_in_two_deliveries_is_one(watched: MakeWatched) -> None:
    """Edge case 5: Janus sends again what was stored and not acknowledged."""
    one = watched()
    events = [event("started", 0), event("joined", 1, "alice"), event("left", 31, "alice")]
    await one.posts(31, *events)
    await one.posts(35, *events, events[1])
    assert (await one.published()).seconds == 30
    await one.posts(45, *events)
    assert await one.calls.ended(limit=10) == []
    assert await one.calls.quarantined("bridge-1", limit=10) == []


async def test_lost_events_are_told_by_polls_after_the_grace_time(watched: MakeWatched) -> None:
    """Within a poll's interval; the grace time is for events that are only late."""
    one = watched()
    one.switch.comes("alice")
    await one.poll(1, 2, 3, 4)
    one.switch.goes("alice")
    await one.poll(5)
    await one.time_passes(9.9)
    assert await one.calls.ended(limit=10) == []
    await one.time_passes(10)
    await one.published()
    assert [each[1:] for each in await one.legs()] == [(1, 4, "left")]


async def test_late_event_for_a_published_leg_is_the_same_leg_in_quarantine(watched: MakeWatched) -> None:
    """Edge case 25: the record stands, what differs is kept, no minute is there twice, whatever the leg is called."""
    one = watched()
    one.switch.comes("alice")
    await one.poll(1, 2, 3)
    one.switch.goes("alice")
    await one.poll(4)
    await one.time_passes(9)
    await one.published()
    late = [event("started", 0), event("joined", 0.5, "alice"), event("left", 3.5, "alice")]
    await one.posts(20, *late)
    await one.time_passes(60)
    assert await one.calls.ended(limit=10) == []
    (kept,) = await one.calls.quarantined("bridge-1", limit=10)
    assert kept.reason == "changed-duplicate"
    assert kept.id.endswith(":alice")
    assert len(await one.legs()) == 1


async def test_nothing_follows_from_a_poll_without_answer(watched: MakeWatched) -> None:
    """A switch that can't be asked has not lost its calls."""
    one = watched()
    one.switch.comes("alice")
    await one.posts(1, event("joined", 0.5, "alice"))
    await one.poll(1, 2)
    one.switch.is_down = True
    with pytest.raises(BridgeDown):
        await one.poll(3)
    await one.time_passes(100)
    assert await one.calls.ended(limit=10) == []
    one.switch.is_down = False
    await one.poll(101)
    one.switch.goes("alice")
    await one.posts(110, event("left", 109.5, "alice"))
    await one.poll(110)
    await one.published()
    assert [each[1:] for each in await one.legs()] == [(0.5, 109.5, "left")]


@pytest.mark.parametrize("is_told", [True, False])
async def test_killed_switch_ends_its_legs_where_they_were_last_seen(watched: MakeWatched, is_told: bool) -> None:
    """Edge case 10, whether the event of its new start comes or polls find it out."""
    one = watched()
    one.switch.comes("alice")
    await one.posts(1, event("started", 0), event("joined", 0.5, "alice"))
    await one.poll(1, 2, 3)
    one.switch.is_down = True
    with pytest.raises(BridgeDown):
        await one.poll(4)
    one.switch.is_down, one.switch.inside, one.switch.started_at = False, {}, at(20)
    if is_told:
        await one.posts(20.5, event("started", 19.9))
    await one.poll(21)
    await one.time_passes(27)
    await one.published()
    assert await one.legs() == [("alice", 0.5, 3, "bridge-lost")]


async def test_silent_leg_ends_where_it_was_last_heard_and_is_put_out(watched: MakeWatched) -> None:
    """Edge case 13: the phone vanished; a leg that speaks again in time goes on."""
    one = watched()
    one.switch.comes("alice", "bob", is_alive=True)
    await one.posts(1, event("joined", 0.5, "alice"), event("joined", 0.6, "bob"))
    await one.poll(1, 2, 3)
    one.switch.inside[ROOM].clear()
    one.switch.comes("alice", "bob", is_alive=False)
    await one.poll(*range(4, 40))
    one.switch.goes("bob")
    one.switch.comes("bob", is_alive=True)
    await one.poll(*range(40, 62))
    assert one.switch.kicked == []
    await one.poll(63)
    assert one.switch.kicked == [(ROOM, "alice")]
    one.switch.goes("alice", "bob")
    await one.posts(64, event("kicked", 63.1, "alice"), event("left", 63.2, "alice"), event("left", 64, "bob"))
    await one.poll(65)
    await one.published()
    assert [each[1:] for each in await one.legs()] == [(0.5, 3, "media-timeout"), (0.6, 64, "left")]


async def test_call_with_a_wrong_clock_is_held(watched: MakeWatched) -> None:
    """Edge case 8: counted in the call's seconds, in quarantine with its reason, and no call record."""
    one = watched()
    await one.posts(600, event("joined", 1, "alice"), event("left", 31, "alice"))
    call = await one.published()
    assert [(each.code, each.seconds) for each in call.held] == [("clock", 30)]
    assert (call.legs, call.seconds) == ((), 30)
    assert await one.legs() == []
    assert [each.reason for each in await one.calls.quarantined("bridge-1", limit=10)] == ["clock"]


async def test_simulated_call_says_so(watched: MakeWatched) -> None:
    """Its clock is make-believe, and each record tells what it is."""
    one = watched(rules=CallRules(is_simulated=True))
    await one.posts(6000, event("joined", 1, "alice"), event("left", 31, "alice"))
    assert (await one.published()).held == ()
    assert [each[3] for each in await one.legs()] == ["simulated-left"]


async def test_what_is_no_event_is_kept(watched: MakeWatched) -> None:
    """Nothing that a switch says is lost, and what is good beside it counts."""
    one = watched()
    bad = {**event("joined", 1, "alice"), "timestamp": "yesterday"}
    one.spool.append([b'{"received":1,"malformed":"no json"}\n'])
    await one.posts(31, 17, bad, event("joined", 1, "x" * 101), event("joined", 1, "bob"), event("left", 31, "bob"))
    assert len((await one.published()).legs) == 1
    reasons = [each.reason for each in await one.calls.quarantined("bridge-1", limit=10)]
    assert reasons == ["malformed"] * 4


async def test_two_watches_count_once(watched: MakeWatched) -> None:
    """One polls at a time, and another when that one is not heard of; what both read is one."""
    one = watched()
    other = one.another()
    one.switch.comes("alice")
    await one.posts(1, event("joined", 0.5, "alice"))
    await other.read()
    await one.poll(1)
    asked = one.switch.asked
    assert await other.poll() is False
    assert one.switch.asked == asked
    one.clock.seconds = 12
    assert await other.poll() is True
    assert await one.watch.poll() is False
    one.switch.goes("alice")
    one.clock.seconds = 13
    await other.poll()
    await one.posts(13, event("left", 12.5, "alice"))
    assert (await one.published()).seconds == 12


async def test_watch_goes_on_where_it_was_stopped(watched: MakeWatched) -> None:
    """A call that ends while nobody watches: its end is in the spool, and what polls saw before is kept."""
    one = watched()
    one.switch.comes("alice")
    await one.posts(1, event("joined", 0.5, "alice"))
    await one.poll(1, 2)
    one.watch = one.another()
    one.switch.goes("alice")
    await one.posts(50, event("left", 30, "alice"))
    await one.poll(50)
    await one.published()
    assert [each[1:] for each in await one.legs()] == [(0.5, 30, "left")]
