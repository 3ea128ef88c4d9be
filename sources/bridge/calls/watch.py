"""A live bridge is watched: its spool is read, its rooms are polled, and calls that are over are found.

    async with BridgeWatch(database, "bridge-1", switch=switch, spool=folder, rules=rules):
        ...                                   # until the block is left; `spojka work` watches each configured bridge so

Each loop goes on by itself: without the spool polls tell the legs, to the second; without the switch its events do. A
database that is down is waited for; nothing is lost meanwhile, as the spool keeps it. Several may watch one bridge: one
of them polls at a time, and what is read twice counts once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from sources.bridge.calls.events import observed
from sources.bridge.calls.recording import (
    ENDED,
    Polled,
    Seen,
    known_rooms,
    may_poll,
    open_rooms,
    record_events,
    record_poll,
    record_rules,
    spool_place,
)
from sources.bridge.calls.settling import CallRules, Findings, settle
from sources.bridge.spooling.reading import read_spool, remove_read
from sources.bridge.switches.switch import Switch
from sources.database import Database
from sources.errors import SourceError

__all__ = ["BridgeWatch", "WatchTimes"]

_log = logging.getLogger("spojka")

Step = Callable[[], Awaitable[None]]

AT_ONCE = 8
"""How many rooms are asked about at the same time."""


@dataclass(frozen=True, slots=True)
class WatchTimes:
    """How often the spool is looked at and the switch is polled, and how long a leg may be silent (edge case 13)."""

    reading: timedelta = timedelta(milliseconds=50)
    polling: timedelta = timedelta(seconds=1)
    silence: timedelta = timedelta(seconds=60)
    pause: timedelta = timedelta(seconds=1)
    """After what went wrong."""

    again: timedelta = timedelta(seconds=5)
    """How often rooms are looked at of which nothing new was told."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class BridgeWatch:
    """Watches `bridge`, by its `switch`, its `spool` or both. `on_ended` is told of each call that is over, by its id.

    `on_ended` may come again for a call, and never if this process ends before: `endedCalls` has them all.
    """

    database: Database
    bridge: str
    switch: Switch | None = None
    spool: Path | None = None
    rules: CallRules = field(default_factory=CallRules)
    times: WatchTimes = field(default_factory=WatchTimes)
    clock: Callable[[], datetime] = utc_now
    on_ended: Callable[[str], Awaitable[None]] | None = None
    _name: str = field(default_factory=lambda: uuid.uuid4().hex)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _due: dict[str, datetime] = field(default_factory=dict)
    _poll_now: asyncio.Event = field(default_factory=asyncio.Event)
    _troubles: dict[str, str] = field(default_factory=dict)
    _looks_at: datetime | None = None

    async def __aenter__(self) -> Self:
        self._begin("settling", self._look_when_due, first=self._look_at_all)
        if self.spool is not None:
            self._begin("reading", self.read)
        if self.switch is not None:
            self._begin("polling", self._poll_in_turn)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def read(self) -> None:
        """Takes what is new in the spool, to its end."""
        assert self.spool is not None
        place = await self.database.read(partial(spool_place, bridge=self.bridge))
        while True:
            deliveries, after = await asyncio.to_thread(read_spool, self.spool, place)
            if after == place:
                break
            what = observed(self.bridge, deliveries)
            rooms = await self.database.write(
                partial(
                    record_events,
                    bridge=self.bridge,
                    observations=what.observations,
                    unread=what.unread,
                    read=(place, after),
                    now=self.clock(),
                )
            )
            if rooms is None:  # somebody else has read it; from where they are now, next time
                return
            if after.file > place.file:
                await asyncio.to_thread(remove_read, self.spool, after)
            place = after
            await self._look_at(rooms)
        await asyncio.sleep(self.times.reading.total_seconds())

    async def poll(self) -> bool:
        """One poll of every room; False when it is somebody else's turn. BridgeDown: then nothing follows from it."""
        assert self.switch is not None
        now = self.clock()
        lasts = max(3 * self.times.polling, timedelta(seconds=10))
        if not await self.database.write(
            partial(may_poll, bridge=self.bridge, poller=self._name, now=now, lasts=lasts)
        ):
            return False
        epoch = await self.switch.epoch()
        seen = await self._everybody()
        what: Polled = await self.database.write(
            partial(
                record_poll,
                bridge=self.bridge,
                seen=seen,
                epoch=epoch,
                silence=self.times.silence,
                now=max(now, self.clock()),
            )
        )
        await self._look_at(what.changed)
        for room, participant in what.silent:
            _log.warning("%s: %s in room %s is silent for too long and is put out", self.bridge, participant, room)
            with contextlib.suppress(SourceError):  # it is tried again at the next poll
                await self.switch.kick(room, participant)
        return True

    async def _everybody(self) -> list[Seen]:
        assert self.switch is not None
        switch = self.switch
        turns = asyncio.Semaphore(AT_ONCE)

        async def inside(room: str) -> list[Seen]:
            async with turns:
                found = await switch.participants(room)
            return [Seen(room, each.id, each.display, each.is_alive) for each in found]

        rooms = await asyncio.gather(*map(inside, await switch.rooms()))
        return [each for room in rooms for each in room]

    async def _poll_in_turn(self) -> None:
        """A second after the last poll began; at once when events tell that a room has become empty."""
        begun = asyncio.get_running_loop().time()
        self._poll_now.clear()
        await self.poll()
        left = begun + self.times.polling.total_seconds() - asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._poll_now.wait(), max(left, 0))

    async def _look_at_all(self) -> None:
        await self.database.write(
            partial(
                record_rules,
                bridge=self.bridge,
                service=self.rules.service,
                is_simulated=self.rules.is_simulated,
            )
        )
        await self._look_at(await self.database.read(partial(known_rooms, bridge=self.bridge)))

    async def _look_when_due(self) -> None:
        """A room is due by its own time, and now and then all that are open.

        What was written down about a room and not looked at, as the database went away in between or whoever wrote it
        died, is told by nothing else.
        """
        now = self.clock()
        rooms = {room for room, due in self._due.items() if due <= now}
        if self._looks_at is None or self._looks_at <= now:
            rooms |= await self.database.read(partial(open_rooms, bridge=self.bridge))
            self._looks_at = now + self.times.again
        await self._look_at(sorted(rooms))
        await asyncio.sleep(self.times.reading.total_seconds())

    async def _look_at(self, rooms: Iterable[str]) -> None:
        for room in rooms:
            self._due.pop(room, None)
            found, call = await self.database.write(partial(self._settle, room=room))
            if found.looks_again_at is not None:
                self._due[room] = found.looks_again_at
                self._poll_now.set()
            if found.state == ENDED and self.on_ended is not None:
                await self.on_ended(call)

    def _settle(self, connection: Connection, room: str) -> tuple[Findings, str]:
        return settle(connection, self.bridge, room, rules=self.rules, now=self.clock())

    def _begin(self, what: str, step: Step, *, first: Step | None = None) -> None:
        self._tasks.append(asyncio.create_task(self._go_on(what, step, first), name=f"{self.bridge} {what}"))

    async def _go_on(self, what: str, step: Step, first: Step | None) -> None:
        """`first` until it is done, then `step` for ever; what goes wrong is said once, waited for, and tried again."""
        while True:
            try:
                if first is not None:
                    await first()
                    first = None
                await step()
                self._is_well(what)
            except (SourceError, OSError) as error:
                self._is_ill(what, error)
                await asyncio.sleep(self.times.pause.total_seconds())
            except Exception as error:
                # Nobody else would see it: the bridge would be deaf until somebody starts this again.
                if self._is_ill(what, error):
                    _log.exception("%s of bridge %s fails", what, self.bridge)
                await asyncio.sleep(self.times.pause.total_seconds())

    def _is_ill(self, what: str, error: Exception) -> bool:
        """Said once; whether it is new."""
        if self._troubles.get(what) == str(error):
            return False
        self._troubles[what] = str(error)
        _log.warning("%s of bridge %s waits: %s", what, self.bridge, error)
        return True

    def _is_well(self, what: str) -> None:
        if self._troubles.pop(what, None) is not None:
            _log.info("%s of bridge %s goes on", what, self.bridge)
