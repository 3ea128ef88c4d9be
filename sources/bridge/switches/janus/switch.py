"""The adapter: what a Switch does, said to Janus AudioBridge.

A room's description carries a mark, `[spojka BK-2026-000123 r2 5d41402abc4b2a76]`: the booking, its revision, and a
fingerprint of the settings, keyed by the admin key, so that nobody reads a PIN out of it. A room whose fingerprint is
the order's is as ordered; the secret that steers a room is made of the admin key and its name.

Destroying an empty room must not throw out who comes in meanwhile, and Janus has no such request. So the door is shut
first (`allowed`: enable, with nobody on the list), then looked inside, then destroyed or opened again.

Janus doesn't tell when it was started. A private room that nobody can enter is made at the first look and lost with all
others at a restart; the instant at which it was made, in its description, is the epoch.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sources.bridge.switches.janus.admin import (
    NO_SUCH_ROOM,
    NO_SUCH_USER,
    ROOM_EXISTS,
    UNAUTHORIZED,
    AdminApi,
    JanusRefused,
)
from sources.bridge.switches.janus.listening import GLANCES, GLANCES_APART, Ears, can_be_heard, is_heard
from sources.bridge.switches.switch import Present, RoomOrder
from sources.errors import BridgeRefused, RoomInUse, SourceError

__all__ = ["EPOCH_ROOM", "JanusSettings", "JanusSwitch"]

EPOCH_ROOM = "spojka-epoch"
MARK = re.compile(r"\[spojka (?P<booking>\S+) r(?P<revision>\d+) (?P<fingerprint>[0-9a-f]{16})\]$")
ATTEMPTS = 3
LONGEST_TITLE = 200
# What every room is made with. A change of it makes rooms anew, as their fingerprint is another then.
USUAL = {"is_private": True, "sampling_rate": 16000, "allow_rtp_participants": True, "permanent": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class JanusSettings:
    """Where the admin API is, and what it asks for.

    A look finds a leg silent when nothing was heard for `silent_after`. How long it may be silent is not decided here.
    """

    admin_url: str
    admin_secret: str = field(repr=False)
    admin_key: str = field(repr=False)
    silent_after: timedelta = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Handle:
    """Where the admin API has a participant's leg."""

    session: int
    id: int


def utc_now() -> datetime:
    return datetime.now(UTC)


class JanusSwitch:
    """A Switch on one Janus; `bridge` is its name here."""

    def __init__(self, bridge: str, settings: JanusSettings, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.bridge = bridge
        self._key = settings.admin_key
        self._clock = clock
        self._api = AdminApi(bridge, settings.admin_url, secret=settings.admin_secret)
        self._handles: dict[tuple[str, str], Handle] = {}
        self._ears = Ears(settings.silent_after)

    async def create_room(self, room: RoomOrder) -> None:
        if room.room == EPOCH_ROOM:
            raise BridgeRefused(self.bridge, f"the name {EPOCH_ROOM} is Spojka's own")
        for _ in range(ATTEMPTS):
            if await self._made(room.room, self._description(room), pin=room.pin):
                return
            there = await self._description_of(room.room)
            if there is None:  # it was destroyed meanwhile
                continue
            if fingerprint_in(there) == self._fingerprint(room):
                if await self._renewed(room, there):
                    return
            elif not await self.destroy_room(room.room, only_empty=True):
                raise RoomInUse(self.bridge, room.room)
        raise BridgeRefused(self.bridge, f"room {room.room} is made and unmade by somebody else too")

    async def destroy_room(self, room: str, *, only_empty: bool) -> bool:
        try:
            if only_empty and not await self._shut_empty(room):
                return False
            await self._steer("destroy", room)
        except JanusRefused as refused:
            if refused.number != NO_SUCH_ROOM:
                raise
        return True

    async def rooms(self) -> list[str]:
        return sorted(name for each in await self._list() if (name := str(each["room"])) != EPOCH_ROOM)

    async def participants(self, room: str) -> list[Present]:
        there = await self._present(room)
        ids = [str(each["id"]) for each in there]
        self._ears.keep(room, ids)
        if any((room, id) not in self._handles for id in ids):
            await self._find_handles()
        alive = await asyncio.gather(*(self._is_alive(room, id) for id in ids))
        found = [
            Present(id, each.get("display"), is_alive) for id, each, is_alive in zip(ids, there, alive, strict=True)
        ]
        return sorted(found, key=lambda each: each.id)

    async def kick(self, room: str, participant: str) -> None:
        try:
            await self._steer("kick", room, id=participant)
        except JanusRefused as refused:
            if refused.number not in (NO_SUCH_ROOM, NO_SUCH_USER):
                raise

    async def epoch(self) -> datetime | None:
        for _ in range(ATTEMPTS):
            told = await self._description_of(EPOCH_ROOM)
            if told is not None:
                return instant_in(told)
            at = self._clock().isoformat()
            if await self._made(EPOCH_ROOM, f"epoch {at}", pin=secrets.token_hex(16), allow_rtp_participants=False):
                return datetime.fromisoformat(at)
        return None

    async def close(self) -> None:
        await self._api.close()

    async def _made(self, room: str, description: str, *, pin: str, **other: object) -> bool:
        """Whether it was made now; False where there is one already."""
        settings = {**USUAL, "description": description, "pin": pin, "secret": self._secret(room), **other}
        try:
            await self._api.ask_plugin("create", room=room, admin_key=self._key, **settings)
        except JanusRefused as refused:
            if refused.number == ROOM_EXISTS:
                return False
            raise
        return True

    async def _renewed(self, room: RoomOrder, there: str) -> bool:
        """A room that is as ordered has an open door, and the order's revision in its mark. False where it is gone."""
        try:
            await self._steer("allowed", room.room, action="disable")
            if there != self._description(room):
                await self._steer("edit", room.room, new_description=self._description(room))
        except JanusRefused as refused:
            if refused.number == NO_SUCH_ROOM:
                return False
            raise
        return True

    async def _shut_empty(self, room: str) -> bool:
        """Whether nobody is inside: then nobody can come in any more."""
        await self._steer("edit", room)  # whether it is ours at all
        if await self._present(room):
            return False
        is_empty = False
        try:
            await self._steer("allowed", room, action="enable", allowed=[])
            is_empty = not await self._present(room)
        finally:
            if not is_empty:
                await self._open(room)
        return is_empty

    async def _open(self, room: str) -> None:
        """As well as can be: where it fails, the next look at the room opens it (`_renewed`)."""
        with suppress(SourceError):
            await self._steer("allowed", room, action="disable")

    async def _steer(self, request: str, room: str, **more: object) -> None:
        try:
            await self._api.ask_plugin(request, room=room, secret=self._secret(room), **more)
        except JanusRefused as refused:
            if refused.number != UNAUTHORIZED:
                raise
            raise BridgeRefused(
                self.bridge, f"room {room} was not made by this Spojka, or the admin_key was changed since"
            ) from refused

    async def _list(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._api.ask_plugin("list", admin_key=self._key))["list"]
        return found

    async def _description_of(self, room: str) -> str | None:
        return next((str(each.get("description", "")) for each in await self._list() if each["room"] == room), None)

    async def _present(self, room: str) -> list[dict[str, Any]]:
        try:
            answer = await self._api.ask_plugin("listparticipants", room=room)
        except JanusRefused as refused:
            if refused.number == NO_SUCH_ROOM:
                return []
            raise
        found: list[dict[str, Any]] = answer["participants"]
        return found

    async def _is_alive(self, room: str, participant: str) -> bool | None:
        heard = await self._heard(room, participant)
        return self._ears.told((room, participant), heard=heard, at=asyncio.get_running_loop().time())

    async def _heard(self, room: str, participant: str) -> bool | None:
        """Whether media comes in now; None where it can't be told."""
        for _ in range(GLANCES):
            handle = self._handles.get((room, participant))
            leg = await self._leg(handle) if handle else None
            if leg is None or place_of(leg) != (room, participant):
                self._handles.pop((room, participant), None)
                return None
            if is_heard(leg):
                return True
            # A browser's leg may pause its media, and Janus itself sees when it is gone.
            if not can_be_heard(leg) or "plain-rtp" not in leg:
                return None
            await asyncio.sleep(GLANCES_APART)
        return False

    async def _find_handles(self) -> None:
        """Where each participant's leg is: Janus lists legs by session only, so all of them are looked at."""
        sessions: list[int] = (await self._api.ask("list_sessions"))["sessions"]
        listed = await asyncio.gather(*map(self._handles_of, sessions))
        known = set(self._handles.values())
        handles = [handle for some in listed for handle in some]
        self._handles = {place: handle for place, handle in self._handles.items() if handle in set(handles)}
        fresh = [handle for handle in handles if handle not in known]
        for handle, leg in zip(fresh, await asyncio.gather(*map(self._leg, fresh)), strict=True):
            if leg is not None and (place := place_of(leg)) is not None:
                self._handles[place] = handle

    async def _handles_of(self, session: int) -> list[Handle]:
        with suppress(JanusRefused):  # it has ended meanwhile
            answer = await self._api.ask("list_handles", path=f"/{session}")
            return [Handle(session, id) for id in answer["handles"]]
        return []

    async def _leg(self, handle: Handle) -> dict[str, Any] | None:
        """What the AudioBridge shows of a handle; None when it is gone, or another plugin's."""
        with suppress(JanusRefused):
            answer = await self._api.ask("handle_info", path=f"/{handle.session}/{handle.id}")
            shown = answer["info"].get("plugin_specific")
            return shown if isinstance(shown, dict) else None
        return None

    def _description(self, room: RoomOrder) -> str:
        return f"{room.title[:LONGEST_TITLE]} [spojka {room.booking} r{room.revision} {self._fingerprint(room)}]"

    def _fingerprint(self, room: RoomOrder) -> str:
        """Of all that a room is, but for the revision: a later one that changes nothing of it leaves it as it is."""
        return self._keyed("settings", json.dumps([room.room, room.pin, room.title, room.booking, USUAL]))[:16]

    def _secret(self, room: str) -> str:
        return self._keyed("secret", room)

    def _keyed(self, purpose: str, text: str) -> str:
        return hmac.new(self._key.encode(), f"spojka {purpose}: {text}".encode(), "sha256").hexdigest()


def place_of(leg: dict[str, Any]) -> tuple[str, str] | None:
    """The room and the participant of a leg; None where it is in no room."""
    return (str(leg["room"]), str(leg["id"])) if leg.get("room") is not None and leg.get("id") is not None else None


def fingerprint_in(description: str) -> str | None:
    found = MARK.search(description)
    return found["fingerprint"] if found else None


def instant_in(description: str) -> datetime | None:
    try:
        return datetime.fromisoformat(description.removeprefix("epoch "))
    except ValueError:
        return None
