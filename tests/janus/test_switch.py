"""The Janus adapter on a real Janus: each thing a Switch does, and each way in which it can't."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sources.bridge.switches.janus import AdminApi, JanusSettings, JanusSwitch
from sources.bridge.switches.switch import Present, RoomOrder
from sources.errors import BridgeDown, BridgeRefused, RoomInUse
from tests.janus.callers import Controller, JanusRefused, controlling
from tests.janus.server import Janus
from tests.postgresql import free_port

pytestmark = pytest.mark.service

PIN = "246813"
ORDER = RoomOrder("BK-2026-000123", PIN, "Porada vedení", "BK-2026-000123", 1)
MakeSwitch = Callable[..., JanusSwitch]


@pytest.fixture
async def switch_of(janus: Janus) -> AsyncIterator[MakeSwitch]:
    made: list[JanusSwitch] = []

    def make(**other: Any) -> JanusSwitch:
        usual = {"admin_url": janus.admin_url, "admin_secret": janus.admin_secret, "admin_key": janus.admin_key}
        made.append(JanusSwitch("bridge-1", JanusSettings(**{**usual, **other})))
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
def switch(switch_of: MakeSwitch) -> JanusSwitch:
    return switch_of()


@pytest.fixture
async def controller(janus: Janus) -> AsyncIterator[Controller]:
    async with controlling(janus) as controller:
        yield controller


def changed(**what: Any) -> RoomOrder:
    known = {name: getattr(ORDER, name) for name in ("room", "pin", "title", "booking", "revision")}
    return RoomOrder(**{**known, **what})


async def descriptions(controller: Controller) -> list[str]:
    listed = await controller.asks({"request": "list", "admin_key": controller.janus.admin_key})
    return [each["description"] for each in listed["list"] if each["room"] == ORDER.room]


class TestRooms:
    async def test_room_is_there_as_ordered(self, switch: JanusSwitch, controller: Controller) -> None:
        """Callers come in with its PIN and no other; its name is the booking's; the public list doesn't have it."""
        await switch.create_room(ORDER)
        assert await switch.rooms() == [ORDER.room]
        assert (await controller.asks({"request": "list"}))["list"] == []
        with pytest.raises(JanusRefused):
            await controller.join(ORDER.room, pin="000000", id="p-1")
        await controller.join(ORDER.room, pin=PIN, id="p-1")

    async def test_room_that_is_as_ordered_stays_with_the_people_in_it(
        self, switch: JanusSwitch, controller: Controller
    ) -> None:
        """Creating is idempotent; a later revision that changes nothing of the room only shows in its mark."""
        await switch.create_room(ORDER)
        alice = await controller.join(ORDER.room, pin=PIN, id="p-1")
        await switch.create_room(ORDER)
        await switch.create_room(changed(revision=2))
        assert [each.id for each in await switch.participants(ORDER.room)] == ["p-1"]
        await alice.hears()
        (description,) = await descriptions(controller)
        assert description.startswith("Porada vedení [spojka BK-2026-000123 r2 ")

    @pytest.mark.parametrize("other", [changed(pin="135790"), changed(title="Jiná porada", revision=2)])
    async def test_empty_room_of_other_settings_is_made_anew(
        self, switch: JanusSwitch, controller: Controller, other: RoomOrder
    ) -> None:
        """The order's settings hold afterwards, whatever the room was."""
        await switch.create_room(ORDER)
        await switch.create_room(other)
        await controller.join(ORDER.room, pin=other.pin, id="p-1")
        (description,) = await descriptions(controller)
        assert description.startswith(f"{other.title} [spojka BK-2026-000123 r{other.revision} ")

    async def test_room_in_use_is_not_made_anew(self, switch: JanusSwitch, controller: Controller) -> None:
        """RoomInUse, and whoever is inside stays there; the old PIN still lets people in."""
        await switch.create_room(ORDER)
        await controller.join(ORDER.room, pin=PIN, id="p-1")
        with pytest.raises(RoomInUse):
            await switch.create_room(changed(pin="135790"))
        await controller.join(ORDER.room, pin=PIN, id="p-2")
        assert [each.id for each in await switch.participants(ORDER.room)] == ["p-1", "p-2"]

    async def test_strangers_room_is_left_alone(self, switch: JanusSwitch, controller: Controller) -> None:
        """A room that somebody else made under this name is neither taken for ours nor destroyed; it is seen."""
        made = {"request": "create", "room": ORDER.room, "secret": "theirs", "description": "theirs"}
        await controller.asks({**made, "admin_key": controller.janus.admin_key})
        for doing in (
            switch.create_room(ORDER),
            switch.destroy_room(ORDER.room, only_empty=True),
            switch.destroy_room(ORDER.room, only_empty=False),
            switch.kick(ORDER.room, "p-1"),
        ):
            with pytest.raises(BridgeRefused, match="not made by this Spojka"):
                await doing
        assert await descriptions(controller) == ["theirs"]
        assert await switch.rooms() == [ORDER.room]

    async def test_empty_room_is_destroyed(self, switch: JanusSwitch) -> None:
        """It is gone; what is gone can be destroyed again."""
        await switch.create_room(ORDER)
        assert await switch.destroy_room(ORDER.room, only_empty=True)
        assert await switch.rooms() == []
        assert await switch.destroy_room(ORDER.room, only_empty=True)
        assert await switch.destroy_room(ORDER.room, only_empty=False)

    async def test_room_in_use_is_destroyed_only_when_told_so(
        self, switch: JanusSwitch, controller: Controller
    ) -> None:
        """With only_empty it stays open for others too; without, whoever is inside is told that it is destroyed."""
        await switch.create_room(ORDER)
        alice = await controller.join(ORDER.room, pin=PIN, id="p-1")
        assert not await switch.destroy_room(ORDER.room, only_empty=True)
        await controller.join(ORDER.room, pin=PIN, id="p-2")
        assert await switch.destroy_room(ORDER.room, only_empty=False)
        await alice.told("destroyed")
        assert await switch.rooms() == []

    async def test_who_comes_in_while_a_room_is_being_destroyed_is_not_thrown_out(
        self, switch: JanusSwitch, controller: Controller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody enters after the first look and before the door is shut: the room stays, and opens again."""
        await switch.create_room(ORDER)
        ask = AdminApi.ask_plugin

        async def entering(api: AdminApi, what: str, /, **more: object) -> dict[str, Any]:
            if more.get("action") == "enable":
                await controller.join(ORDER.room, pin=PIN, id="p-1")
            return await ask(api, what, **more)

        monkeypatch.setattr(AdminApi, "ask_plugin", entering)
        assert not await switch.destroy_room(ORDER.room, only_empty=True)
        await controller.join(ORDER.room, pin=PIN, id="p-2")
        assert [each.id for each in await switch.participants(ORDER.room)] == ["p-1", "p-2"]

    async def test_door_left_shut_by_a_crash_is_opened_again(
        self, switch: JanusSwitch, controller: Controller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever shut the door died before it opened it: looking at the room again opens it."""
        await switch.create_room(ORDER)
        ask = AdminApi.ask_plugin

        async def dying(api: AdminApi, what: str, /, **more: object) -> dict[str, Any]:
            answer = await ask(api, what, **more)
            if more.get("action") == "enable":
                monkeypatch.setattr(AdminApi, "ask_plugin", dead)
            return answer

        async def dead(*_: object, **__: object) -> dict[str, Any]:
            raise BridgeDown("bridge-1", "this process is dead")

        monkeypatch.setattr(AdminApi, "ask_plugin", dying)
        with pytest.raises(BridgeDown):
            await switch.destroy_room(ORDER.room, only_empty=True)
        monkeypatch.setattr(AdminApi, "ask_plugin", ask)
        with pytest.raises(JanusRefused) as refused:
            await controller.join(ORDER.room, pin=PIN, id="p-1")
        assert refused.value.code == 489
        await switch.create_room(ORDER)
        await controller.join(ORDER.room, pin=PIN, id="p-1")

    async def test_two_replicas_make_one_room(self, switch_of: MakeSwitch, controller: Controller) -> None:
        """Ten orders of the same room at once, from two replicas: one room, as ordered, and no error."""
        replicas = [switch_of(), switch_of()]
        await asyncio.gather(*(replica.create_room(ORDER) for replica in replicas for _ in range(5)))
        assert len(await descriptions(controller)) == 1
        await controller.join(ORDER.room, pin=PIN, id="p-1")


class TestPeople:
    async def test_kicked_participant_is_out(self, switch: JanusSwitch, controller: Controller) -> None:
        """Only they; nothing happens when they, or the room, aren't there."""
        await switch.create_room(ORDER)
        alice = await controller.join(ORDER.room, pin=PIN, id="p-1", display="Alice")
        await controller.join(ORDER.room, pin=PIN, id="p-2", display="Bob")
        await alice.hears(30)
        await switch.kick(ORDER.room, "p-1")
        await alice.told("kicked")
        await switch.kick(ORDER.room, "p-9")
        await switch.kick("8001", "p-1")
        await asyncio.sleep(1)  # Janus says at once that somebody is out, and takes a moment to do it
        assert [(each.id, each.display) for each in await switch.participants(ORDER.room)] == [("p-2", "Bob")]

    async def test_who_speaks_is_alive_and_who_vanished_is_not(
        self, switch_of: MakeSwitch, controller: Controller
    ) -> None:
        """A silent leg stays in the room for Janus; some seconds later it isn't alive here, and it may come back.

        Whoever had a pause has fewer packets waiting at Janus than one who never had, and is heard all the same.
        """
        switch = switch_of(silent_after=timedelta(seconds=1))
        await switch.create_room(ORDER)
        paused, vanished, muted = [await controller.join(ORDER.room, pin=PIN, id=f"p-{n}") for n in range(3)]
        await vanished.hears(30)
        assert [each.is_alive for each in await switch.participants(ORDER.room)] == [True, True, True]
        await controller.message(muted.handle, {"request": "configure", "muted": True})
        paused.go_silent()
        vanished.go_silent()
        await asyncio.sleep(0.3)
        assert [each.is_alive for each in await switch.participants(ORDER.room)] == [None, None, None]
        paused.speak()
        await asyncio.sleep(0.2)
        for _ in range(12):
            looked = await switch.participants(ORDER.room)
            await asyncio.sleep(0.1)
        assert looked == [
            Present("p-0", "Somebody", is_alive=True),
            Present("p-1", "Somebody", is_alive=False),
            Present("p-2", "Somebody", is_alive=None),
        ]
        vanished.speak()
        await asyncio.sleep(0.2)
        looked = await switch.participants(ORDER.room)
        assert looked[1].is_alive

    async def test_liveness_is_found_over_several_sessions(self, switch: JanusSwitch, controller: Controller) -> None:
        """Each trunk has a session of its own, and a participant may rejoin under the same id."""
        await switch.create_room(ORDER)
        async with controlling(controller.janus) as other:
            alice = await controller.join(ORDER.room, pin=PIN, id="p-1")
            bob = await other.join(ORDER.room, pin=PIN, id="p-2")
            await bob.hears(30)
            assert [each.is_alive for each in await switch.participants(ORDER.room)] == [True, True]
            await alice.detach()
            again = await other.join(ORDER.room, pin=PIN, id="p-1")
            await again.hears(30)
            await switch.participants(ORDER.room)  # the first look finds the old handle gone
            assert [each.is_alive for each in await switch.participants(ORDER.room)] == [True, True]

    async def test_nobody_is_in_a_room_that_is_not_there(self, switch: JanusSwitch) -> None:
        assert await switch.participants("8001") == []

    async def test_full_room_is_looked_at_quickly(self, switch: JanusSwitch, controller: Controller) -> None:
        """Twelve callers: polling every second is free (parts.md), so a look takes far less than one."""
        await switch.create_room(ORDER)
        callers = [await controller.join(ORDER.room, pin=PIN, id=f"p-{n:02}") for n in range(12)]
        await callers[-1].hears(30)
        await switch.participants(ORDER.room)
        began = time.perf_counter()
        looked = await switch.participants(ORDER.room)
        assert time.perf_counter() - began < 0.5
        assert [each.is_alive for each in looked] == [True] * 12


class TestLife:
    async def test_epoch_is_one_until_the_switch_is_started_again(self, switch_of: MakeSwitch, janus: Janus) -> None:
        """Two replicas see the same one, though they look at once; after kill -9 it is another, and rooms are gone."""
        replicas = [switch_of(), switch_of()]
        before = datetime.now(UTC)
        first, second = await asyncio.gather(*(each.epoch() for each in replicas))
        assert first == second == await replicas[0].epoch()
        assert first is not None
        assert before <= first <= datetime.now(UTC)
        await replicas[0].create_room(ORDER)
        janus.kill()
        janus.start()
        assert await replicas[0].rooms() == []
        again = await replicas[1].epoch()
        assert again is not None
        assert again > first

    async def test_room_comes_back_after_a_restart(self, switch: JanusSwitch, janus: Janus) -> None:
        """Provisioning again is all it takes: same name, same PIN."""
        await switch.create_room(ORDER)
        janus.kill()
        janus.start()
        await switch.create_room(ORDER)
        async with controlling(janus) as controller:
            await controller.join(ORDER.room, pin=PIN, id="p-1")


EVERYTHING: dict[str, Callable[[JanusSwitch], Any]] = {
    "create_room": lambda switch: switch.create_room(ORDER),
    "destroy_room": lambda switch: switch.destroy_room(ORDER.room, only_empty=True),
    "rooms": lambda switch: switch.rooms(),
    "participants": lambda switch: switch.participants(ORDER.room),
    "kick": lambda switch: switch.kick(ORDER.room, "p-1"),
    "epoch": lambda switch: switch.epoch(),
}


class TestFaults:
    async def test_dead_switch_is_down_whatever_is_asked(self, switch: JanusSwitch, janus: Janus) -> None:
        """BridgeDown of each method, and once it is started again all is well."""
        await switch.create_room(ORDER)
        janus.kill()
        for name, do in EVERYTHING.items():
            with pytest.raises(BridgeDown, match="nothing takes a connection") as down:
                await do(switch)
            assert down.value.extensions == {"code": "BRIDGE_DOWN", "bridge": "bridge-1"}, name
        janus.start()
        await switch.create_room(ORDER)

    async def test_frozen_switch_is_down_within_seconds(self, janus: Janus) -> None:
        """It takes the connection and never answers: nobody waits longer than the timeout."""
        api = AdminApi("bridge-1", janus.admin_url, secret=janus.admin_secret, timeout=timedelta(seconds=0.3))
        janus.freeze()
        with pytest.raises(BridgeDown, match=r"it took longer than 0\.3 s"):
            await api.ask("list_sessions")
        janus.thaw()
        await api.close()

    @pytest.mark.parametrize(
        ("settings", "why"),
        [
            ({"admin_secret": "wrong"}, "403 UNAUTHORIZED (admin_secret or admin_key is not this Janus')"),
            ({"admin_key": "wrong"}, "489 UNAUTHORIZED (admin_secret or admin_key is not this Janus')"),
        ],
    )
    async def test_wrong_secret_is_told_by_the_name_of_the_error(
        self, switch_of: MakeSwitch, settings: dict[str, str], why: str
    ) -> None:
        """BridgeRefused with Janus' number and its name, never with the secret."""
        switch = switch_of(**settings)
        with pytest.raises(BridgeRefused) as refused:
            await switch.create_room(ORDER)
        assert why in refused.value.why
        assert refused.value.code == "BRIDGE_REFUSED"

    async def test_what_is_no_janus_is_down(self, switch_of: MakeSwitch, janus: Janus) -> None:
        """An address where something else answers, with an error or with what isn't JSON."""
        with pytest.raises(BridgeDown, match="HTTP status 404"):
            await switch_of(admin_url=janus.admin_url.replace("/admin", "/elsewhere")).rooms()
        with pytest.raises(BridgeDown, match="nothing takes a connection"):
            await switch_of(admin_url=f"http://127.0.0.1:{free_port()}/admin").rooms()

    async def test_no_secret_is_in_an_error_or_a_log(
        self, switch_of: MakeSwitch, janus: Janus, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither the admin's secrets nor the PIN nor the room's secret, whatever goes wrong; nor in a repr."""
        caplog.set_level("DEBUG")
        switch = switch_of()
        await switch.create_room(ORDER)
        secret = switch._secret(ORDER.room)
        told = [repr(ORDER), repr(JanusSettings(admin_url="", admin_secret="wrong-secret", admin_key="wrong-key"))]  # noqa: S106
        for wrong in ({"admin_secret": "wrong-secret"}, {"admin_key": "wrong-key"}):
            other = switch_of(**wrong)
            for do in EVERYTHING.values():
                try:
                    await do(other)
                except BridgeRefused as refused:
                    told += [str(refused), repr(refused.extensions), repr(refused.__cause__)]
        janus.kill()
        with pytest.raises(BridgeDown) as down:
            await switch.create_room(ORDER)
        told += [str(down.value), repr(down.value.__cause__), repr(down.value.__context__), caplog.text]
        for hidden in (janus.admin_secret, janus.admin_key, PIN, secret, "wrong-secret", "wrong-key"):
            assert [each for each in told if hidden in each] == []
