"""The adapter: what a Switch does, asked of the simulator; and what only a simulator can do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from sources.bridge.switches.simulator.scripts import CallScript, Part
from sources.bridge.switches.simulator.seam import Place, found_at
from sources.bridge.switches.switch import Present, RoomOrder
from sources.errors import BridgeDown, BridgeRefused, RoomInUse
from sources.records.refusal import Refusal

__all__ = ["Simulates", "SimulatorSettings", "SimulatorSwitch"]

ANSWERING = timedelta(seconds=5)
NOT_RUNNING = "the simulator doesn't run: `spojka serve` starts it, or `spojka bridge-simulator`"


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """`place` is the file in which the simulator says where it is."""

    place: Path


@runtime_checkable
class Simulates(Protocol):
    """What only a simulator can do besides."""

    async def simulate(self, id: str, room: str, *, speed: int, parts: tuple[Part, ...]) -> CallScript | Refusal:
        """A call in the room, from now on; the same again for one that was ordered before by this `id`.

        Refused `no-room`. Raises BridgeDown.
        """
        ...


class SimulatorSwitch:
    """A Switch on a simulator, and the way to have a call simulated; `bridge` is its name here."""

    def __init__(self, bridge: str, settings: SimulatorSettings) -> None:
        self.bridge = bridge
        self._file = settings.place
        self._client = client()

    async def create_room(self, room: RoomOrder) -> None:
        answer = await self._ask("create", asdict(room))
        if "refused" in answer:
            raise RoomInUse(self.bridge, room.room)

    async def destroy_room(self, room: str, *, only_empty: bool) -> bool:
        return bool((await self._ask("destroy", {"room": room, "only_empty": only_empty}))["is_gone"])

    async def rooms(self) -> list[str]:
        return list((await self._ask("rooms", {}))["rooms"])

    async def participants(self, room: str) -> list[Present]:
        """Nothing is ever heard of them, so that silence can't be told."""
        found = (await self._ask("participants", {"room": room}))["participants"]
        return [Present(id, display, None) for id, display in found]

    async def kick(self, room: str, participant: str) -> None:
        await self._ask("kick", {"room": room, "participant": participant})

    async def epoch(self) -> datetime | None:
        return datetime.fromisoformat((await self._ask("epoch", {}))["epoch"])

    async def close(self) -> None:
        await self._client.close()

    async def simulate(self, id: str, room: str, *, speed: int, parts: tuple[Part, ...]) -> CallScript | Refusal:
        asked = {"id": id, "room": room, "speed": speed, "parts": [part_as_json(part) for part in parts]}
        answer = await self._ask("simulate", asked)
        if "refused" in answer:
            return Refusal("no-room", f"bridge {self.bridge} has no room {room}: book a conference, and wait for it")
        return CallScript.from_json(answer["call"])

    async def _ask(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        place = found_at(self._file)
        if place is None:
            raise BridgeDown(self.bridge, NOT_RUNNING)
        try:
            status, content = await self._post(place, what, body)
        except PyreqwestError:
            raise BridgeDown(self.bridge, NOT_RUNNING) from None
        if status == 422:
            raise BridgeRefused(self.bridge, f"the simulator doesn't understand `{what}`: it is of another version")
        if status != 200:
            raise BridgeDown(self.bridge, f"the simulator answers `{what}` with HTTP status {status}")
        answer: dict[str, Any] = json.loads(content)
        return answer

    async def _post(self, place: Place, what: str, body: dict[str, Any]) -> tuple[int, bytes]:
        request = self._client.post(f"{place.url}/{what}").body_bytes(json.dumps(body).encode())
        request = request.header("authorization", f"Bearer {place.secret}")
        response = await request.timeout(ANSWERING).build().send()
        return response.status, (await response.bytes()).to_bytes()


def part_as_json(part: Part) -> list[object]:
    return [part.display, part.joins_after, part.stays_for, part.how]


def client() -> Client:
    """Redirects are refused, and proxies of the environment not asked: it is on this machine."""
    builder = ClientBuilder().default_headers({"content-type": "application/json"}).user_agent("spojka")
    builder = builder.follow_redirects(False).referer(False).no_proxy()
    return builder.max_connections(8).connect_timeout(timedelta(seconds=2)).build()
