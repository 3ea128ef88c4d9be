"""The simulator itself: rooms as they were ordered, calls as they are played, and the bridge's spool told of them.

Rooms and calls are in a file, written anew before anything is answered. So it is one and the same simulator when it is
started again: it tells once more what is due of calls that go on (an event is one however often it is told) and plays
them to their end. Its life has no end, and its epoch no second.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sources.bridge.switches.simulator.scripts import CallScript, Part
from sources.bridge.switches.switch import RoomOrder

__all__ = ["NoSuchRoom", "Occupied", "Simulator"]

_log = logging.getLogger("spojka")

KEPT = 200
"""Calls that are over are known for so many more, so that one that is ordered twice is played once."""

LONGEST_NAP = 3600.0
PAUSE = 1.0
"""Seconds after the spool could not be written."""


class Occupied(Exception):
    """Somebody is inside the room."""


class NoSuchRoom(Exception):
    """There is no such room on this simulator."""


class Keeps(Protocol):
    """Where events are kept for whoever reads them."""

    async def keep(self, body: bytes) -> None: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


class Simulator:
    """`file` is where it keeps its state, `spool` where it tells of calls; `play` does the telling, until cancelled.

    Raises OSError where the file can't be read or written.
    """

    def __init__(self, file: Path, spool: Keeps, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._file = file
        self._spool = spool
        self._clock = clock
        self._told: dict[str, int] = {}
        self._wake = asyncio.Event()
        kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        self.epoch = datetime.fromisoformat(kept["epoch"]) if kept else clock()
        self._rooms = {name: RoomOrder(**order) for name, order in kept.get("rooms", {}).items()}
        self._calls = {each["id"]: CallScript.from_json(each) for each in kept.get("calls", [])}
        self._over = set(kept.get("over", []))
        self._write()

    def rooms(self) -> list[str]:
        return sorted(self._rooms)

    def participants(self, room: str) -> list[tuple[str, str]]:
        """(id, display) of who can be seen there now."""
        now = self._clock()
        return sorted(each for call in self._live(room) if call.can_be_seen for each in call.inside(now))

    def create_room(self, order: RoomOrder) -> None:
        """As Switch says it; raises Occupied."""
        known = self._rooms.get(order.room)
        if known is not None and replace(known, revision=order.revision) != order and self._is_inside(order.room):
            raise Occupied
        self._rooms[order.room] = order
        self._write()

    def destroy_room(self, room: str, *, only_empty: bool) -> bool:
        if only_empty and self._is_inside(room):
            return False
        self._cut(room, None, "left")
        self._rooms.pop(room, None)
        self._write()
        return True

    def kick(self, room: str, participant: str) -> None:
        self._cut(room, participant, "kicked")
        self._write()

    def simulate(self, id: str, room: str, *, speed: int, parts: tuple[Part, ...]) -> CallScript:
        """The call, which is played from now on; one that was ordered before goes on as it was.

        Raises NoSuchRoom.
        """
        if id in self._calls:
            return self._calls[id]
        if room not in self._rooms:
            raise NoSuchRoom
        call = CallScript.ordered(id, room, now=self._clock(), speed=speed, parts=parts)
        self._calls[id] = call
        self._write()
        return call

    async def play(self) -> None:
        """Tells what happens when it is due. What can't be kept is told again until it can."""
        while True:
            self._wake.clear()
            try:
                next_due = await self._tell_what_is_due()
            except OSError as error:
                _log.warning("a simulated event can't be kept, and is told again: %s", error)
                await asyncio.sleep(PAUSE)
                continue
            nap = LONGEST_NAP if next_due is None else (next_due - self._clock()).total_seconds()
            try:
                await asyncio.wait_for(self._wake.wait(), max(0.0, min(nap, LONGEST_NAP)))
            except TimeoutError:
                continue

    async def _tell_what_is_due(self) -> datetime | None:
        """When the next event is due; None where none is to come."""
        now = self._clock()
        nexts = []
        for call in [each for each in self._calls.values() if each.id not in self._over]:
            story = call.story()
            due = [event for event in story if event.due <= now]
            fresh = due[self._told.get(call.id, 0) :]
            if fresh:
                await self._spool.keep(json.dumps([event.event(call.room) for event in fresh]).encode())
                self._told[call.id] = len(due)
            if len(due) == len(story):
                self._over.add(call.id)
                self._told.pop(call.id, None)
                self._write()
            else:
                nexts.append(story[len(due)].due)
        return min(nexts, default=None)

    def _live(self, room: str) -> list[CallScript]:
        return [call for call in self._calls.values() if call.room == room and call.id not in self._over]

    def _is_inside(self, room: str) -> bool:
        now = self._clock()
        return any(call.inside(now) for call in self._live(room))

    def _cut(self, room: str, participant: str | None, how: str) -> None:
        now = self._clock()
        for call in self._live(room):
            self._calls[call.id] = call.cut(participant, how, now)

    def _write(self) -> None:
        """For good: written beside, synchronised, and put in its place. Then whoever plays looks again."""
        for id in [each for each in self._calls if each in self._over][:-KEPT]:
            del self._calls[id]
        self._over &= self._calls.keys()
        state: Mapping[str, Any] = {
            "epoch": self.epoch.isoformat(),
            "rooms": {name: asdict(order) for name, order in self._rooms.items()},
            "calls": [call.as_json() for call in self._calls.values()],
            "over": sorted(self._over),
        }
        beside = self._file.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(state, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._file)
        self._wake.set()
