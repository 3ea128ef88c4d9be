"""Rooms: a booking's room is made on a switch, and closed; and how the switches are.

    hold the order -> remove the rooms that the booking has elsewhere -> make it -> write it down, give the order back

Each step may be the last: the next call for the booking finds what is there and goes on. A room that is known is looked
at on the switch all the same, since a switch that was started again has lost its rooms.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from sources.bridge.rooms.keeping import (
    Place,
    closed,
    gone,
    hold_for_closing,
    hold_for_opening,
    hold_for_sweeping,
    let_go,
    lost,
    lost_on,
    open_on,
    opened,
    rooms_of,
)
from sources.bridge.switches.switch import RoomOrder, Switch
from sources.bridge.tables import KEYS
from sources.database import Database
from sources.errors import BridgeDown, RoomInUse, SourceError
from sources.idempotency import Call, claim
from sources.records.bridge import Bridge
from sources.records.refusal import Refusal
from sources.records.rooms import Room, SwitchState

__all__ = ["Rooms"]

log = logging.getLogger(__name__)
T = TypeVar("T")

WORKING = 40  # seconds that a switch may take for all that a call asks of it; an order is held for longer
ATTEMPTS = 5
MOST_SWEPT = 20


class Rooms:
    """The rooms of bookings on `switches`, by their bridges' ids; without a name the first one is taken."""

    def __init__(self, database: Database, switches: Mapping[str, Switch]) -> None:
        self.database = database
        self.switches = switches
        self._seen: dict[str, tuple[bool, datetime]] = {}

    async def of_bookings(self, refs: Collection[str]) -> list[Room]:
        """Every room that these bookings have or had."""
        return await self.database.read(lambda connection: rooms_of(connection, refs))

    async def open(self, order: RoomOrder, *, bridge: str | None, call: Call, now: datetime) -> Room | Refusal:
        """The room is on its switch as ordered, and nowhere else.

        Refused `stale-revision`, `room-closed`, `room-taken`, `in-call` (the room would have to be made anew, and
        somebody is inside), `no-bridge`, `unknown-bridge`. Raises BridgeDown, BridgeRefused, RoomBusy, KeyReused.
        """
        chosen = await self._chosen(bridge, order.booking)
        if isinstance(chosen, Refusal):
            return chosen
        await self._sweep(chosen, now)
        holder = uuid.uuid4().hex
        place = Place(order.booking, chosen, order.room, order.revision)
        others = await self._write(call, partial(hold_for_opening, place=place, holder=holder, now=now))
        if isinstance(others, Refusal):
            return others
        try:
            async with self._working(chosen, now):
                unanswered = await self._removed(others)
                await self.switches[chosen].create_room(order)
        except RoomInUse as error:
            await self._let_go(order.booking, holder)
            return in_call(order.booking, error)
        except BaseException:
            await self._let_go(order.booking, holder)
            raise

        def settle(connection: Connection) -> Room:
            for each in others:
                if each in unanswered:
                    lost(connection, each)
                else:
                    gone(connection, each, now=now)
            return opened(connection, place, holder, now)

        return await self.database.write(settle)

    async def close(
        self, booking: str, *, revision: int, only_empty: bool, call: Call, now: datetime
    ) -> list[Room] | Refusal:
        """No switch has a room of the booking any more; all that it had. A revision that is as old makes none again.

        Refused `stale-revision`, and with `only_empty` `in-call`. Raises what `open` raises.
        """
        holder = uuid.uuid4().hex
        holding = partial(hold_for_closing, booking=booking, revision=revision, holder=holder, now=now)
        rooms = await self._write(call, holding)
        if isinstance(rooms, Refusal):
            return rooms
        try:
            for each in rooms:
                await self._destroy(each, only_empty=only_empty, now=now)
        except RoomInUse as error:
            await self._let_go(booking, holder)
            return in_call(booking, error)
        except BaseException:
            await self._let_go(booking, holder)
            raise
        settle = partial(closed, booking=booking, revision=revision, holder=holder, now=now, rooms=rooms)
        await self.database.write(settle)
        return await self.of_bookings([booking])

    async def to_restore(self, *, limit: int) -> list[Room]:
        """Rooms that are written down as OPEN and that their switches, which answer, don't have any more."""
        found: list[Room] = []
        for bridge, switch in self.switches.items():
            wanted = await self.database.read(partial(open_on, bridge=bridge))
            with suppress(SourceError):  # what it has is known when it answers again
                there = set(await switch.rooms()) if wanted else set()
                found += [room for room in wanted if room.room not in there]
        return found[:limit]

    async def states(self, bridges: Sequence[Bridge], *, now: datetime) -> list[SwitchState]:
        """How each bridge's switch is at this moment, in order of the bridges."""
        return list(await asyncio.gather(*(self._state(bridge, now) for bridge in bridges)))

    async def _state(self, bridge: Bridge, now: datetime) -> SwitchState:
        switch = self.switches.get(bridge.id)
        if switch is None:
            return SwitchState(bridge.id, bridge.kind, is_up=None, since=None, rooms=None)
        rooms = None
        with suppress(SourceError):
            async with self._working(bridge.id, now):
                rooms = len(await switch.rooms())
        is_up, since = self._seen[bridge.id]
        return SwitchState(bridge.id, bridge.kind, is_up=is_up, since=since, rooms=rooms)

    async def _chosen(self, bridge: str | None, booking: str) -> str | Refusal:
        """The bridge that is named, else where the booking has its room, else the first."""
        if bridge is not None:
            known = bridge in self.switches
            return bridge if known else Refusal("unknown-bridge", f"bridge {bridge} has no switch: configure it")
        if not self.switches:
            return Refusal("no-bridge", "no bridge with a switch is configured: enter one under [bridges]")
        had = await self.of_bookings([booking])
        places = (each.bridge for each in had if each.state in ("OPEN", "PENDING") and each.bridge in self.switches)
        return next(places, next(iter(self.switches)))

    async def _removed(self, others: Sequence[Room]) -> list[Room]:
        """Those of a booking's other rooms whose switches don't answer: they may still be there. Raises RoomInUse."""
        unanswered = []
        for each in others:
            try:
                switch = self.switches.get(each.bridge)
                if switch is None:
                    unanswered.append(each)
                elif not await switch.destroy_room(each.room, only_empty=True):
                    raise RoomInUse(each.bridge, each.room)
            except BridgeDown:
                unanswered.append(each)
        return unanswered

    async def _destroy(self, room: Room, *, only_empty: bool, now: datetime) -> None:
        """Raises RoomInUse. The room of a bridge that is configured no more is nobody's to destroy."""
        switch = self.switches.get(room.bridge)
        if switch is None:
            log.warning("bridge %s is not configured: room %s there is taken for closed", room.bridge, room.room)
            return
        async with self._working(room.bridge, now):
            if not await switch.destroy_room(room.room, only_empty=only_empty):
                raise RoomInUse(room.bridge, room.room)

    async def _sweep(self, bridge: str, now: datetime) -> None:
        """What was to be gone from the switch when it didn't answer is removed, as far as it lets itself be."""
        left = await self.database.read(lambda connection: lost_on(connection, bridge, limit=MOST_SWEPT))
        for each in left:
            holder = uuid.uuid4().hex
            if not await self.database.write(partial(hold_for_sweeping, room=each, holder=holder, now=now)):
                continue
            try:
                is_gone = await self.switches[bridge].destroy_room(each.room, only_empty=True)
            except SourceError as error:
                log.info("room %s is still to be removed: %s", each.room, error)
                return
            else:
                if is_gone:
                    await self.database.write(partial(gone, room=each, now=now))
            finally:
                await self._let_go(each.booking, holder)

    def _working(self, bridge: str, now: datetime) -> Watching:
        return Watching(bridge, now, self._seen)

    async def _write(self, call: Call, work: Callable[[Connection], T]) -> T:
        """`work` in a transaction with the call's key. Of two that take one room, one looks again and sees it."""

        def claimed(connection: Connection) -> T:
            claim(connection, KEYS, call)
            return work(connection)

        for _ in range(ATTEMPTS - 1):
            with suppress(IntegrityError):
                return await self.database.write(claimed)
        return await self.database.write(claimed)

    async def _let_go(self, booking: str, holder: str) -> None:
        """As well as can be; it ends by itself (HOLDING)."""
        with suppress(SourceError):
            await self.database.write(partial(let_go, booking=booking, holder=holder))


class Watching:
    """A piece of work with a switch: it ends in time, and whether the switch answered is noted."""

    def __init__(self, bridge: str, now: datetime, seen: dict[str, tuple[bool, datetime]]) -> None:
        self.bridge = bridge
        self.now = now
        self.seen = seen
        self.timeout = asyncio.timeout(WORKING)

    async def __aenter__(self) -> None:
        await self.timeout.__aenter__()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            await self.timeout.__aexit__(kind, error, None)
        except TimeoutError:
            self.note(is_up=False)
            raise BridgeDown(self.bridge, f"it took longer than {WORKING} s") from None
        if error is None or isinstance(error, SourceError):
            self.note(is_up=not isinstance(error, BridgeDown))

    def note(self, *, is_up: bool) -> None:
        if self.seen.get(self.bridge, (None, self.now))[0] is not is_up:
            self.seen[self.bridge] = (is_up, self.now)


def in_call(booking: str, error: RoomInUse) -> Refusal:
    return Refusal(
        "in-call", f"somebody is in room {error.room} of {booking} on bridge {error.bridge}: wait, or end it"
    )
