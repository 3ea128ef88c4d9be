"""Calls on a real Janus while everything else fails: booked, provisioned, called, killed, called again.

Untidy     keeps what Janus posts as `spojka bridge-events` does, but twice, late, in another order, or not at once
Calls      the calls of a run: bookings, callers who come, go, are put out and come again, a bridge that dies
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from socket import create_server
from typing import Any

import orjson

from gateway.commands.receiving import spool_of
from gateway.company import Company
from sources.bridge.spooling.receiver import receiving
from sources.bridge.spooling.spool import Spool, Spooler
from sources.demo import cast
from sources.errors import SourceError
from sources.records.reservations import Booking
from sources.reservations import Reservations
from tests.janus.callers import Caller, Controller, controlling
from tests.janus.server import PROGRAM, Janus, running_janus
from tests.postgresql import free_port

__all__ = ["JANUS", "Calls", "Untidy", "bridge_section", "has_janus", "hearing"]

JANUS = "bridge-1"
SECONDS = 200.0
"""Who dies while it makes a room holds its order for a minute (sources/bridge/rooms/keeping.py)."""
AHEAD = timedelta(minutes=20)
"""A booking is ahead so far: its bridge is waited for, and whoever comes early is of it all the same."""


def has_janus() -> bool:
    """Where services are required, one that is missing is a failure later."""
    return PROGRAM.exists() or os.environ.get("REQUIRE_SERVICES") == "1"


def bridge_section(janus: Janus, folder: Path) -> str:
    """Of the settings file; the two secrets are in files beside it."""
    (folder / "janus.secret").write_text(janus.admin_secret)
    (folder / "janus.key").write_text(janus.admin_key)
    return (
        f'[bridges.{JANUS}]\nkind = "janus"\nadmin_url = "{janus.admin_url}"\n'
        f'admin_secret_file = "{folder}/janus.secret"\nadmin_key_file = "{folder}/janus.key"\n'
    )


@dataclass
class Untidy:
    """A spooler; `come` are the participants of whose coming Janus has told, whenever it is kept."""

    rng: random.Random
    spooler: Spooler | None = None
    come: set[str] = field(default_factory=set)
    late: set[asyncio.Task[None]] = field(default_factory=set)

    async def keep(self, body: bytes) -> None:
        assert self.spooler is not None
        if self.rng.random() < 0.1:
            raise OSError(28, "No space left on device")  # not acknowledged: Janus sends it again
        events = orjson.loads(body)
        self.come |= {found for each in events if (found := who_came(each)) is not None}
        self.rng.shuffle(events)
        now, later = [], []
        for each in events:
            (later if self.rng.random() < 0.15 else now).append(each)
        if now:
            await self.spooler.keep(orjson.dumps(now))
        if now and self.rng.random() < 0.15:
            later += now
        if later:
            task = asyncio.create_task(self._keep_later(orjson.dumps(later), self.rng.choice([0.3, 2.0, 7.0])))
            self.late.add(task)

    async def close(self) -> None:
        await asyncio.gather(*self.late)
        if self.spooler is not None:
            await self.spooler.close()

    async def _keep_later(self, body: bytes, seconds: float) -> None:
        assert self.spooler is not None
        await asyncio.sleep(seconds)
        await self.spooler.keep(body)


def who_came(event: Any) -> str | None:
    data = event.get("event", {}).get("data", {}) if event.get("type") == 64 else {}
    return data.get("id") if data.get("event") == "joined" else None


async def hearing(stack: AsyncExitStack, rng: random.Random, folder: Path) -> tuple[Janus, Untidy]:
    """Until the stack is left. Events are kept in the spool of the data directory `folder`."""
    port = free_port()
    untidy = Untidy(rng, Spooler(Spool(spool_of(folder, JANUS))))
    await stack.enter_async_context(receiving(create_server(("127.0.0.1", port)), untidy, secret=None))
    running = running_janus(events_to=f"http://127.0.0.1:{port}/janus-events")
    janus = await asyncio.to_thread(running.__enter__)
    stack.callback(running.__exit__, None, None, None)
    return janus, untidy


@dataclass
class Calls:
    """`told` are the participants who were in a room; `cancelled` and `kept` the bookings that end so."""

    company: Company
    janus: Janus
    untidy: Untidy
    rng: random.Random
    insisted: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Any]]
    is_killed: bool
    told: set[str] = field(default_factory=set)
    kept: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    async def play(self) -> None:
        """One conference from its booking to its last caller, and a booking that is cancelled at once."""
        await asyncio.gather(self.called(), self.cancelled_at_once())

    async def called(self) -> None:
        payer = self.rng.choice([(cast.MAIN.client, None), (cast.AMBIGUOUS_ACCOUNT.client, cast.PER_CALL[0])])
        ref = await self.booked("live", *payer)
        self.kept.append(ref)
        if self.rng.random() < 0.3:
            changes = {"changes": {"title": "Another title"}, "revision": None}
            await self.asked("move-conference", ref, changes, key="move")
        booking = await self.provisioned(ref)
        async with AsyncExitStack() as stack:
            controller = await stack.enter_async_context(controlling(self.janus))
            inside = [await self.comes(controller, booking, f"{name}-1") for name in ("alice", "bob", "carol")]
            await asyncio.sleep(self.rng.uniform(0.3, 2))
            await inside.pop().leave()
            inside.append(await self.comes(controller, booking, "carol-2"))
            await asyncio.sleep(self.rng.uniform(0.1, 1.5))
            if self.is_killed:
                await self.dies()
            else:
                await self.go(inside)
        if self.is_killed:
            again = await self.provisioned(ref, since=booking)
            async with controlling(self.janus) as controller:
                inside = [await self.comes(controller, again, f"{name}-3") for name in ("alice", "bob")]
                await asyncio.sleep(self.rng.uniform(0.3, 1.5))
                await self.go(inside)

    async def cancelled_at_once(self) -> None:
        ref = await self.booked("called off", cast.MAIN.client, None)
        self.cancelled.append(ref)
        if self.rng.random() < 0.5:
            await asyncio.sleep(self.rng.uniform(0, 2))
        await self.asked("cancel-conference", ref, {"revision": None}, key="cancel")

    async def booked(self, title: str, client: str, account: str | None) -> str:
        """By two who ask with one key at the same time."""
        starts = datetime.now(UTC) + AHEAD
        order = {
            "account": account,
            "title": title,
            "organiser": "Alice",
            "localStart": f"{starts:%Y-%m-%dT%H:%M}",
            "localEnd": f"{starts + timedelta(hours=1):%Y-%m-%dT%H:%M}",
            "timeZone": "Etc/UTC",
            "expectedParticipants": 3,
        }
        ask = partial(self.asked, "book-conference", client, order, key=title)
        first, second = await asyncio.gather(ask(), ask())
        assert first == second, (first, second)
        return str(first["booking"])

    async def asked(self, process: str, subject: str, input: dict[str, Any], *, key: str) -> Any:
        ask = partial(self.company.runner.answer, process, subject, input, key=key, caller="people")
        return await self.insisted(ask)

    async def provisioned(self, ref: str, *, since: Booking | None = None) -> Booking:
        """When its room is on the switch; its PIN is what it was."""
        source = Reservations(self.company.databases["reservations"])
        switch = self.company.switches[JANUS]
        async with asyncio.timeout(SECONDS):
            while True:
                [booking] = await self.insisted(partial(source.bookings, [ref]))
                if booking.provisioned_revision == booking.revision and booking.room in await rooms_on(switch):
                    assert since is None or since.pin == booking.pin
                    return booking
                await asyncio.sleep(0.1)

    async def comes(self, controller: Controller, booking: Booking, id: str) -> Caller:
        assert booking.pin is not None
        caller = await controller.join(booking.room, pin=booking.pin, id=id, display=id)
        self.told.add(id)
        return caller

    async def go(self, inside: list[Caller]) -> None:
        """One is put out, the others leave."""
        self.rng.shuffle(inside)
        [booking] = await self.insisted(
            partial(Reservations(self.company.databases["reservations"]).bookings, [self.kept[0]])
        )
        kicked = inside.pop()
        await self.company.switches[JANUS].kick(booking.room, kicked.id)
        await kicked.told("kicked")
        for caller in inside:
            await caller.leave()

    async def dies(self) -> None:
        """kill -9, when Janus has told who came: what it tells nobody, nobody can bill."""
        async with asyncio.timeout(SECONDS):
            while not self.told <= self.untidy.come:  # noqa: ASYNC110 - Janus tells the receiver
                await asyncio.sleep(0.05)
        self.janus.kill()
        await asyncio.sleep(self.rng.uniform(0.1, 1.5))
        await asyncio.to_thread(self.janus.start)

    async def rooms_left(self) -> list[str]:
        return await rooms_on(self.company.switches[JANUS])

    @property
    def conferences(self) -> tuple[str, ...]:
        return tuple(ref.replace("BK-", "CF-") for ref in self.kept)


async def rooms_on(switch: Any) -> list[str]:
    try:
        found: list[str] = await switch.rooms()
    except SourceError:
        return []
    return found
