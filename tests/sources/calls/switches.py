"""A switch in memory that does as a test says, and Janus' events as a test needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sources.bridge.switches.switch import Present, RoomOrder
from sources.errors import BridgeDown

__all__ = ["ROOM", "START", "Clock", "FakeSwitch", "at", "event"]

START = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
ROOM = "bk-2026-000123"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass
class Clock:
    """Time as a test sets it, in seconds from START."""

    seconds: float = 0

    def __call__(self) -> datetime:
        return at(self.seconds)


@dataclass
class FakeSwitch:
    """`inside` is who is in each room; `is_down` makes every question fail."""

    inside: dict[str, list[Present]] = field(default_factory=lambda: {ROOM: []})
    started_at: datetime = START
    is_down: bool = False
    kicked: list[tuple[str, str]] = field(default_factory=list)
    asked: int = 0

    def comes(self, *names: str, room: str = ROOM, is_alive: bool | None = None) -> None:
        self.inside[room] += [Present(name, name.title(), is_alive) for name in names]

    def goes(self, *names: str, room: str = ROOM) -> None:
        self.inside[room] = [each for each in self.inside[room] if each.id not in names]

    async def create_room(self, room: RoomOrder) -> None:
        raise NotImplementedError

    async def destroy_room(self, room: str, *, only_empty: bool) -> bool:
        raise NotImplementedError

    async def rooms(self) -> list[str]:
        self.answer()
        return list(self.inside)

    async def participants(self, room: str) -> list[Present]:
        self.answer()
        return list(self.inside[room])

    async def kick(self, room: str, participant: str) -> None:
        self.answer()
        self.kicked.append((room, participant))

    async def epoch(self) -> datetime | None:
        self.answer()
        return self.started_at

    async def close(self) -> None:
        raise NotImplementedError

    def answer(self) -> None:
        self.asked += 1
        if self.is_down:
            raise BridgeDown("bridge-1", "it is down")


def event(what: str, seconds: float, who: str | None = None, *, room: str = ROOM, **more: Any) -> dict[str, Any]:
    """As Janus posts it: of the plugin, or of the switch itself (`started`, `shutdown`, `timeout`)."""
    stamp = {"emitter": "bridge-1", "timestamp": (at(seconds) - EPOCH) // timedelta(microseconds=1), **more}
    if what in ("started", "shutdown"):
        return {**stamp, "type": 256, "subtype": 1, "event": {"status": what}}
    if what == "timeout":
        return {**stamp, "type": 1, "event": {"name": what}}
    data: dict[str, Any] = {"event": what, "room": room}
    if who is not None:
        data |= {"id": who, "display": who.title()}
    return {**stamp, "type": 64, "event": {"plugin": "janus.plugin.audiobridge", "data": data}}
