"""A switch in memory that keeps to what the protocol says, and fails when a test wants it to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sources.bridge.switches.simulator import CallScript, Part
from sources.bridge.switches.switch import Present, RoomOrder
from sources.errors import BridgeDown, RoomInUse

__all__ = ["MemorySimulator", "MemorySwitch"]


@dataclass
class MemorySwitch:
    """`orders` are its rooms as they were ordered, `inside` who is in them. `made` counts how often a room was made."""

    bridge: str = "bridge-1"
    orders: dict[str, RoomOrder] = field(default_factory=dict)
    inside: dict[str, list[str]] = field(default_factory=dict)
    is_down: bool = False
    made: int = 0
    started_at: datetime = datetime(2026, 11, 24, 6, tzinfo=UTC)

    async def create_room(self, room: RoomOrder) -> None:
        await self._answer()
        known = self.orders.get(room.room)
        if known is None or replace(known, revision=room.revision) != room:
            if self.inside.get(room.room):
                raise RoomInUse(self.bridge, room.room)
            self.made += 1
        self.orders[room.room] = room

    async def destroy_room(self, room: str, *, only_empty: bool) -> bool:
        await self._answer()
        if only_empty and self.inside.get(room):
            return False
        self.orders.pop(room, None)
        self.inside.pop(room, None)
        return True

    async def rooms(self) -> list[str]:
        await self._answer()
        return sorted(self.orders)

    async def participants(self, room: str) -> list[Present]:
        await self._answer()
        return [Present(each, each, is_alive=True) for each in self.inside.get(room, [])]

    async def kick(self, room: str, participant: str) -> None:
        await self._answer()
        self.inside[room] = [each for each in self.inside.get(room, []) if each != participant]

    async def epoch(self) -> datetime | None:
        await self._answer()
        return self.started_at

    async def close(self) -> None:
        pass

    def restart(self, at: datetime) -> None:
        """It has lost everything."""
        self.orders, self.inside, self.started_at = {}, {}, at

    async def _answer(self) -> None:
        await asyncio.sleep(0)
        if self.is_down:
            raise BridgeDown(self.bridge, "it is down")


@dataclass
class MemorySimulator(MemorySwitch):
    """One that simulates calls in any room, and tells nobody of them."""

    bridge: str = "simulator"

    async def simulate(self, id: str, room: str, *, speed: int, parts: tuple[Part, ...]) -> CallScript:
        await self._answer()
        return CallScript.ordered(id, room, now=self.started_at, speed=speed, parts=parts)
