"""What a real Janus does to whoever bills its calls, trap by trap, from the RTP leg to the call record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from sources.bridge import METADATA, Bridges
from sources.bridge.calls.settling import CallRules
from sources.bridge.calls.watch import BridgeWatch, WatchTimes
from sources.bridge.spooling.receiver import receiving
from sources.bridge.spooling.spool import Spool, Spooler
from sources.bridge.switches.janus import JanusSettings, JanusSwitch
from sources.bridge.switches.switch import RoomOrder
from sources.database import Database
from sources.records.bridge import Bridge, Leg
from sources.records.calls import PublishedCall
from tests.janus.callers import Controller, claiming, controlling
from tests.janus.server import Janus, StartJanus
from tests.postgresql import free_port

pytestmark = pytest.mark.service

ROOM = "bk-2026-000123"
ORDER = RoomOrder(ROOM, "246813", "Porada", "BK-2026-000123", 1)
TIMES = WatchTimes(polling=timedelta(milliseconds=200), silence=timedelta(seconds=2), pause=timedelta(milliseconds=100))
HEARD_AGAIN = timedelta(seconds=1)
SECONDS = 20


class UnreliableSpool(Spool):
    """A disk that is full as long as a test says so."""

    is_full = False

    def append(self, lines: Any) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        super().append(lines)


@dataclass
class Live:
    """A Janus whose calls are watched, from its events and by polls."""

    janus: Janus
    port: int
    folder: Path
    database: Database
    switch: JanusSwitch
    receiver: AsyncExitStack = field(default_factory=AsyncExitStack)
    spool: UnreliableSpool | None = None

    async def receive(self) -> None:
        self.spool = UnreliableSpool(self.folder)
        listener = create_server(("127.0.0.1", self.port), reuse_port=False)
        await self.receiver.enter_async_context(receiving(listener, Spooler(self.spool), secret=None))

    async def stop_receiving(self) -> None:
        await self.receiver.aclose()

    async def room(self) -> None:
        await self.switch.create_room(ORDER)

    async def inside(self, count: int) -> None:
        """Waits until polls have seen so many in the room, and then for another poll."""
        await until(lambda: self._count(count))
        await asyncio.sleep(0.3)

    async def _count(self, count: int) -> bool:
        return len(await self.switch.participants(ROOM)) == count

    async def published(self, number: int = 1) -> tuple[PublishedCall, dict[str, Leg]]:
        """The room's call, when it is over, and its legs by participant."""
        source = Bridges(self.database)
        await until(lambda: self._is_over(f"bridge-1:{ROOM}:{number}"))
        call = await source.calls.publish(
            f"bridge-1:{ROOM}:{number}", caller="tests", key=str(number), now=datetime.now(UTC)
        )
        assert isinstance(call, PublishedCall), call
        legs = await source.legs(call.legs)
        return call, {leg.id.split(f":{ROOM}:")[1]: leg for leg in legs}

    async def _is_over(self, call: str) -> bool:
        return call in [each.id for each in await Bridges(self.database).calls.ended(limit=10)]


async def until(is_so: Callable[[], Any]) -> None:
    end = time.monotonic() + SECONDS
    while not await is_so():
        assert time.monotonic() < end, "it never came to it"
        await asyncio.sleep(0.05)


Watching = Callable[..., Any]


@pytest.fixture
def live(start_janus: StartJanus, tmp_path: Path) -> Watching:
    @asynccontextmanager
    async def watching(*, grace: float = 1, hears: bool = True, **settings: Any) -> AsyncIterator[Live]:
        port = free_port()
        database = Database("bridge", f"sqlite:///{tmp_path}/bridge.sqlite")
        fill = partial(Bridges.fill, bridges=[Bridge("bridge-1", None)], conferences=(), legs=())
        assert database.create(METADATA, fill)
        async with AsyncExitStack() as stack:
            one: Live | None = None
            # Janus tells of its own start as soon as it runs: somebody has to listen before.
            spool = tmp_path / "spool"
            switch_of = partial(JanusSwitch, "bridge-1")
            one = Live(None, port, spool, database, None)  # type: ignore[arg-type]
            if hears:
                await one.receive()
            stack.push_async_callback(one.stop_receiving)
            start = partial(start_janus, events_to=f"http://127.0.0.1:{port}/janus-events", **settings)
            one.janus = await asyncio.to_thread(start)
            one.switch = switch_of(
                JanusSettings(
                    admin_url=one.janus.admin_url,
                    admin_secret=one.janus.admin_secret,
                    admin_key=one.janus.admin_key,
                    silent_after=HEARD_AGAIN,
                )
            )
            stack.push_async_callback(one.switch.close)
            stack.push_async_callback(database.close)
            rules = CallRules(grace=timedelta(seconds=grace))
            watch = BridgeWatch(database, "bridge-1", switch=one.switch, spool=spool, rules=rules, times=TIMES)
            await stack.enter_async_context(watch)
            await one.room()
            yield one

    return watching


async def come(controller: Controller, *names: str) -> list[Any]:
    return [await controller.join(ROOM, pin=ORDER.pin, id=f"p-{name}", display=name) for name in names]


def reasons(legs: dict[str, Leg]) -> dict[str, str | None]:
    return {name: leg.end_reason for name, leg in legs.items()}


async def test_destroyed_room_ends_all_its_legs_at_that_moment(live: Watching) -> None:
    """Edge case 15: Janus tells of the room, and of nobody's leaving."""
    async with live() as one, controlling(one.janus) as controller:
        await come(controller, "alice", "bob")
        await one.inside(2)
        await one.switch.destroy_room(ROOM, only_empty=False)
        call, legs = await one.published()
        assert reasons(legs) == {"p-alice": "room-destroyed", "p-bob": "room-destroyed"}
        assert len({leg.left_at for leg in legs.values()}) == 1
        assert call.held == ()


async def test_kick_rejoin_and_leave_are_a_leg_each(live: Watching) -> None:
    """A kick is told twice, the second time without a session; a rejoin is a leg of its own, also under the same id."""
    async with live() as one, controlling(one.janus) as controller:
        alice, bob, carol = await come(controller, "alice", "bob", "carol")
        await one.inside(3)
        await asyncio.sleep(0.5)
        await one.switch.kick(ROOM, "p-alice")
        await alice.told("kicked")
        await bob.leave()
        await one.inside(1)
        (again,) = await come(controller, "bob")
        (later,) = await come(controller, "alice-2")
        await one.inside(3)
        await asyncio.gather(carol.leave(), again.leave(), later.detach())
        _, legs = await one.published()
        assert reasons(legs) == {
            "p-alice": "kicked",
            "p-bob": "left",
            "p-bob:2": "left",
            "p-carol": "left",
            "p-alice-2": "left",
        }
        assert legs["p-bob"].left_at < legs["p-bob:2"].joined_at


async def test_silent_leg_is_put_out_and_billed_to_where_it_was_heard(live: Watching) -> None:
    """Edge case 13: the phone vanished; for Janus it would be in the room for ever."""
    async with live() as one, controlling(one.janus) as controller:
        alice, bob = await come(controller, "alice", "bob")
        await one.inside(2)
        alice.go_silent()
        silent_at = datetime.now(UTC)
        await one.inside(1)
        await bob.leave()
        _, legs = await one.published()
        assert reasons(legs) == {"p-alice": "media-timeout", "p-bob": "left"}
        assert legs["p-alice"].left_at - silent_at < HEARD_AGAIN + timedelta(seconds=1)


@pytest.mark.parametrize(("how", "reason"), [("kill", "bridge-lost"), ("stop", "bridge-shutdown")])
async def test_bridge_that_dies_ends_its_legs(live: Watching, how: str, reason: str) -> None:
    """Edge case 10: killed, at the last time they were seen; stopped, when it said so. Its next life has other legs."""
    async with live() as one:
        async with controlling(one.janus) as controller:
            await come(controller, "alice")
            await one.inside(1)
            await asyncio.to_thread(getattr(one.janus, how))
            died_at = datetime.now(UTC)
            await asyncio.sleep(1)
            await asyncio.to_thread(one.janus.start)
            _, legs = await one.published()
            assert reasons(legs) == {"p-alice": reason}
            assert timedelta(0) <= died_at - legs["p-alice"].left_at < timedelta(seconds=1)
        async with controlling(one.janus) as controller:
            await one.room()
            (alice,) = await come(controller, "alice")
            await one.inside(1)
            await alice.leave()
            _, again = await one.published(2)
            assert reasons(again) == {"p-alice": "left"}
            assert again["p-alice"].id != legs["p-alice"].id


@pytest.mark.parametrize("what", ["receiver", "disk"])
async def test_event_that_nobody_could_take_comes_again(live: Watching, what: str) -> None:
    """The receiver is down, or its disk is full: no answer, so Janus sends it later, with the time at which it was."""
    async with live(grace=30) as one, controlling(one.janus) as controller:
        (alice,) = await come(controller, "alice")
        await one.inside(1)
        if what == "disk":
            one.spool.is_full = True
        else:
            await one.stop_receiving()
        await alice.leave()
        left_at = datetime.now(UTC)
        await asyncio.sleep(1.5)
        if what == "disk":
            one.spool.is_full = False
        else:
            await one.receive()
        call, legs = await one.published()
        assert reasons(legs) == {"p-alice": "left"}
        assert abs(legs["p-alice"].left_at - left_at) < timedelta(milliseconds=100)
        assert call.held == ()


async def test_call_goes_on_under_another_controller(live: Watching) -> None:
    """Its session is claimed: one leg, whoever steers it."""
    async with live() as one, controlling(one.janus) as first:
        (alice,) = await come(first, "alice")
        await one.inside(1)
        first.abandon()
        async with claiming(one.janus, first.session) as other:
            await other.adopt(alice).leave()
            _, legs = await one.published()
            assert reasons(legs) == {"p-alice": "left"}


async def test_legs_of_a_dead_controller_end_when_the_bridge_puts_them_out(live: Watching) -> None:
    """With a session_timeout Janus drops what nobody steers."""
    async with live(session_timeout=1) as one, controlling(one.janus) as controller:
        (alice,) = await come(controller, "alice")
        await one.inside(1)
        controller.abandon()
        _, legs = await one.published()
        alice.hang_up()
        assert reasons(legs) == {"p-alice": "controller-timeout"}


async def test_polls_alone_tell_a_call_of_which_no_event_came(live: Watching) -> None:
    """Every event is lost: the same leg, off by the polls' interval."""
    async with live(hears=False) as one, controlling(one.janus) as controller:
        (alice,) = await come(controller, "alice")
        joined_at = datetime.now(UTC)
        await one.inside(1)
        await asyncio.sleep(1)
        await alice.leave()
        left_at = datetime.now(UTC)
        _, legs = await one.published()
        assert reasons(legs) == {"p-alice": "left"}
        assert abs(legs["p-alice"].joined_at - joined_at) < timedelta(milliseconds=400)
        assert abs(legs["p-alice"].left_at - left_at) < timedelta(milliseconds=600)
