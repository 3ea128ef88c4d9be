"""Rooms of bookings on the switches: one booking revision has at most one room (domain.md, I10), whatever fails."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from sources.bridge import METADATA, Bridges
from sources.bridge.registering import register
from sources.bridge.rooms import Rooms
from sources.bridge.rooms.keeping import HOLDING, Place, hold_for_opening
from sources.bridge.switches.switch import RoomOrder
from sources.errors import BridgeDown, KeyReused, RoomBusy
from sources.idempotency import Call, input_hash
from sources.records.bridge import Bridge
from sources.records.refusal import Refusal
from sources.records.rooms import Room, SwitchState
from tests.calls import START
from tests.conftest import MakeDatabase
from tests.switches import MemorySwitch

BOOKING, PIN = "BK-2026-000123", "246813"
LIVE = (Bridge("bridge-1", "UTC", "janus"), Bridge("bridge-2", "UTC", "janus"), Bridge("pbx-praha", "UTC"))


class Company:
    """Two bridges with a switch, one of files."""

    def __init__(self, database: MakeDatabase) -> None:
        self.first, self.second = MemorySwitch("bridge-1"), MemorySwitch("bridge-2")
        self.switches = {"bridge-1": self.first, "bridge-2": self.second}
        fill = partial(Bridges.fill, bridges=LIVE, conferences=(), legs=())
        self.database = database("bridge", METADATA, fill)
        self.rooms = Rooms(self.database, self.switches)

    async def open(
        self,
        revision: int = 1,
        *,
        booking: str = BOOKING,
        room: str | None = None,
        pin: str = PIN,
        bridge: str | None = None,
        key: str | None = None,
        after: timedelta = timedelta(),
    ) -> Room | Refusal:
        order = RoomOrder(room or booking, pin, "Porada", booking, revision)
        call = Call("provisionRoom", "tests", key or f"{booking}:{revision}", input_hash([booking, revision, room]))
        return await self.rooms.open(order, bridge=bridge, call=call, now=START + after)

    async def close(
        self, revision: int = 1, *, booking: str = BOOKING, only_empty: bool = True
    ) -> list[Room] | Refusal:
        call = Call("closeRoom", "tests", f"{booking}:{revision}", input_hash([booking, revision, only_empty]))
        return await self.rooms.close(booking, revision=revision, only_empty=only_empty, call=call, now=START)

    async def states(self) -> dict[tuple[str, str], str]:
        found = await self.rooms.of_bookings([BOOKING])
        return {(each.bridge, each.room): each.state for each in found}


@pytest.fixture
def company(database: MakeDatabase) -> Company:
    return Company(database)


def code(outcome: object) -> str | None:
    return outcome.code if isinstance(outcome, Refusal) else None


async def test_room_is_made_and_known(company: Company) -> None:
    """On the first bridge that has a switch, as of its revision; asked again it stays as it is."""
    made = await company.open()
    assert made == Room(BOOKING, "bridge-1", BOOKING, 1, "OPEN", START, None)
    assert await company.open(after=timedelta(minutes=1)) == made
    assert (company.first.made, company.second.orders) == (1, {})
    assert company.first.orders[BOOKING].pin == PIN


async def test_later_revision_wins(company: Company) -> None:
    """The room is made as the later one has it; an earlier one that comes late is refused and changes nothing."""
    await company.open(2)
    assert code(await company.open(1, pin="111111")) == "stale-revision"
    assert company.first.orders[BOOKING].pin == PIN
    later = await company.open(3, pin="333333")
    assert isinstance(later, Room)
    assert (later.revision, company.first.orders[BOOKING].pin) == (3, "333333")


async def test_key_of_another_input_is_refused(company: Company) -> None:
    """Same key and input: looked at anew, with the same answer. Another input: KeyReused, and nothing is done."""
    assert await company.open(1, key="k") == await company.open(1, key="k")
    with pytest.raises(KeyReused):
        await company.open(2, key="k")
    assert company.first.orders[BOOKING].revision == 1


async def test_room_that_a_restart_lost_is_made_again(company: Company) -> None:
    """The same call with the same key is true to the switch, not to what was written down."""
    made = await company.open(key="k")
    company.first.restart(START)
    assert await company.open(key="k") == made
    assert company.first.orders[BOOKING].pin == PIN


async def test_room_in_use_is_not_changed(company: Company) -> None:
    """Refused `in-call`; when they have left, the same call makes it."""
    await company.open(1)
    company.first.inside[BOOKING] = ["alice"]
    assert code(await company.open(2, pin="333333")) == "in-call"
    assert company.first.orders[BOOKING].pin == PIN
    assert await company.states() == {("bridge-1", BOOKING): "OPEN"}
    company.first.inside[BOOKING] = []
    assert isinstance(await company.open(2, pin="333333"), Room)
    assert company.first.orders[BOOKING].pin == "333333"


async def test_moved_booking_leaves_no_room_behind(company: Company) -> None:
    """To another name, and to another bridge: one room is there, the others are closed."""
    await company.open(1)
    await company.open(2, room="8002")
    assert list(company.first.orders) == ["8002"]
    await company.open(3, room="8002", bridge="bridge-2")
    assert (company.first.orders, list(company.second.orders)) == ({}, ["8002"])
    assert await company.states() == {
        ("bridge-1", BOOKING): "CLOSED",
        ("bridge-1", "8002"): "CLOSED",
        ("bridge-2", "8002"): "OPEN",
    }


async def test_booking_stays_where_its_room_is(company: Company) -> None:
    """Without a bridge named: the one where it was moved to, not the first."""
    await company.open(1, bridge="bridge-2")
    again = await company.open(2)
    assert isinstance(again, Room)
    assert again.bridge == "bridge-2"


async def test_room_in_use_is_not_left_for_another_bridge(company: Company) -> None:
    """People inside are not cut off, nor would those who come later find them elsewhere."""
    await company.open(1)
    company.first.inside[BOOKING] = ["alice"]
    assert code(await company.open(1, bridge="bridge-2", key="other")) == "in-call"
    assert company.second.orders == {}


async def test_bridge_that_is_down_is_left_for_the_other(company: Company) -> None:
    """Domain.md, 4.9: same PIN on the other bridge; what is left on the first is removed when it answers again."""
    await company.open(1)
    company.first.is_down = True
    with pytest.raises(BridgeDown):
        await company.open(1)
    moved = await company.open(1, bridge="bridge-2", key="other")
    assert isinstance(moved, Room)
    assert await company.states() == {("bridge-1", BOOKING): "LOST", ("bridge-2", BOOKING): "OPEN"}
    company.first.is_down = False
    assert list(company.first.orders) == [BOOKING]
    await company.open(1, booking="BK-2026-000124")
    assert list(company.first.orders) == ["BK-2026-000124"]
    assert await company.states() == {("bridge-1", BOOKING): "CLOSED", ("bridge-2", BOOKING): "OPEN"}


async def test_room_whose_making_broke_off_is_pending_until_it_is_made(company: Company) -> None:
    """The switch was asked and didn't answer: it isn't known what became of it, and the next call finds out."""
    company.first.is_down = True
    with pytest.raises(BridgeDown):
        await company.open(1)
    assert await company.states() == {("bridge-1", BOOKING): "PENDING"}
    company.first.is_down = False
    await company.open(1)
    assert await company.states() == {("bridge-1", BOOKING): "OPEN"}


async def test_cancelled_booking_has_no_room(company: Company) -> None:
    """Only a later revision makes one again; a call that was on its way is refused, even if none was made before."""
    await company.open(1)
    closed = await company.close(2)
    assert closed == [Room(BOOKING, "bridge-1", BOOKING, 1, "CLOSED", START, START)]
    assert company.first.orders == {}
    assert code(await company.open(1)) == "stale-revision"
    assert code(await company.open(2)) == "room-closed"
    assert await company.close(2) == closed
    assert isinstance(await company.open(3), Room)
    assert await company.states() == {("bridge-1", BOOKING): "OPEN"}

    assert await company.close(2, booking="BK-2026-000124") == []
    assert code(await company.open(1, booking="BK-2026-000124")) == "stale-revision"


async def test_room_in_use_is_closed_only_when_told_so(company: Company) -> None:
    """Domain.md, 4.11: if already in call, refused; and with an older revision in any case."""
    await company.open(2)
    company.first.inside[BOOKING] = ["alice"]
    assert code(await company.close(1, only_empty=False)) == "stale-revision"
    assert code(await company.close(2)) == "in-call"
    assert isinstance(await company.open(2), Room)
    assert isinstance(await company.close(3, only_empty=False), list)
    assert company.first.orders == {}


async def test_closing_waits_for_a_switch_that_is_down(company: Company) -> None:
    """BridgeDown, and the room is as open as before: whoever closes it comes again."""
    await company.open(1)
    company.first.is_down = True
    with pytest.raises(BridgeDown):
        await company.close(2)
    company.first.is_down = False
    assert await company.states() == {("bridge-1", BOOKING): "OPEN"}
    await company.close(2)
    assert company.first.orders == {}


async def test_room_of_another_booking_is_not_taken(company: Company) -> None:
    """Rooms may have names of their own (digits): a name is one booking's at a time, and free when it is closed."""
    await company.open(1, room="8001")
    assert code(await company.open(1, booking="BK-2026-000124", room="8001")) == "room-taken"
    assert company.first.orders["8001"].booking == BOOKING
    await company.close(1)
    assert isinstance(await company.open(1, booking="BK-2026-000124", room="8001"), Room)


async def test_of_two_bookings_that_want_one_room_at_once_one_gets_it(company: Company) -> None:
    """The other is refused `room-taken`."""
    bookings = [f"BK-2026-00020{n}" for n in range(4)]
    outcomes = await asyncio.gather(*(company.open(1, booking=each, room="8001") for each in bookings))
    assert sorted(map(str, map(code, outcomes))) == ["None", "room-taken", "room-taken", "room-taken"]


async def test_room_that_is_being_taken_is_taken(company: Company) -> None:
    """Another booking's transaction has the room and is not through: who comes meanwhile waits, and is refused."""
    began, may_end = threading.Event(), threading.Event()

    def slowly(connection: Connection) -> object:
        place = Place(BOOKING, "bridge-1", "8001", 1)
        outcome = hold_for_opening(connection, place, "somebody", START)
        began.set()
        may_end.wait(10)
        return outcome

    first = asyncio.create_task(company.database.write(slowly))
    await asyncio.to_thread(began.wait, 10)
    second = asyncio.create_task(company.open(1, booking="BK-2026-000124", room="8001"))
    await asyncio.sleep(0.3)
    may_end.set()
    assert await first == []
    assert code(await asyncio.wait_for(second, 10)) == "room-taken"
    assert company.first.orders == {}
    assert (await company.rooms.of_bookings(["BK-2026-000124"])) == []


async def test_one_request_at_a_time_works_on_a_room(company: Company) -> None:
    """Others are told to come again (SYSTEM_BUSY); afterwards the room is of the latest revision."""
    outcomes = await asyncio.gather(*(company.open(n, pin=f"{n}") for n in range(1, 6)), return_exceptions=True)
    kinds = {type(each) for each in outcomes}
    assert kinds <= {Room, RoomBusy, Refusal}
    assert Room in kinds
    for n in range(1, 6):
        await company.open(n, pin=f"{n}")
    assert company.first.orders[BOOKING].pin == "5"
    assert await company.states() == {("bridge-1", BOOKING): "OPEN"}


async def test_request_that_died_holds_a_room_for_a_minute(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while the switch worked: others wait so long, then go on. If it lives after all, it is too late."""
    asked, may_go_on = asyncio.Event(), asyncio.Event()
    create_room = company.first.create_room

    async def slow(order: RoomOrder) -> None:
        asked.set()
        await may_go_on.wait()
        await create_room(order)

    monkeypatch.setattr(company.first, "create_room", slow)
    frozen = asyncio.create_task(company.open(1))
    await asked.wait()
    monkeypatch.undo()
    with pytest.raises(RoomBusy):
        await company.open(1, after=HOLDING / 2)
    made = await company.open(1, after=HOLDING + timedelta(seconds=1))
    assert isinstance(made, Room)
    may_go_on.set()
    with pytest.raises(RoomBusy):
        await frozen
    assert await company.states() == {("bridge-1", BOOKING): "OPEN"}


async def test_bridge_without_a_switch_has_no_rooms(company: Company) -> None:
    """Of pbx-praha only files come; and where no bridge has a switch, there is none to take."""
    assert code(await company.open(bridge="pbx-praha")) == "unknown-bridge"
    company.switches.clear()
    assert code(await company.open()) == "no-bridge"


async def test_states_of_the_switches(company: Company) -> None:
    """UP and DOWN since it was first seen so; a bridge of files has neither."""
    await company.open(1)
    company.second.is_down = True
    later = START + timedelta(minutes=1)
    assert await company.rooms.states(LIVE, now=later) == [
        SwitchState("bridge-1", "janus", is_up=True, since=START, rooms=1),
        SwitchState("bridge-2", "janus", is_up=False, since=later, rooms=None),
        SwitchState("pbx-praha", "files", is_up=None, since=None, rooms=None),
    ]
    company.second.is_down = False
    latest = START + timedelta(minutes=2)
    _, second, _ = await company.rooms.states(LIVE, now=latest)
    assert second == SwitchState("bridge-2", "janus", is_up=True, since=latest, rooms=0)


async def test_configured_bridge_has_its_row(company: Company) -> None:
    """Entered, and changed with the settings; others stay as they are, and a second time changes nothing."""
    configured = [Bridge("bridge-9", None, "janus", "toll-free"), Bridge("pbx-praha", "Europe/Prague")]
    for _ in range(2):
        register(company.database, configured)
        assert await Bridges(company.database).bridges() == [
            *LIVE[:2],
            configured[0],
            Bridge("pbx-praha", "Europe/Prague", "files", "dial-in"),
        ]
