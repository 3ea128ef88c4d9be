"""Conferences on a switch, with their call records in files, given twice: a backlog to be charged.

Everything is drawn from a seed: how many conferences, whose, which legs, in which pieces and orders they come.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gateway.config import Settings
from sources.database import Database
from sources.demo import cast
from sources.records.reservations import Booking
from sources.reservations import Reservations
from tests.company import open_at_evening
from tests.world import a_booking

__all__ = ["BRIDGE", "Scene", "a_scene", "fill", "record", "room"]

BRIDGE = "pbx-praha"
CONFERENCES = 6
FIRST = datetime(2026, 11, 24, 8, tzinfo=UTC)
NO_CONTRACT = 4
"""Of the conferences the one whose client has no contract in force; the room of the last one nobody has booked."""


@dataclass(frozen=True)
class Scene:
    """`pieces` are files of call records in the order in which they come, many of them more than once."""

    pieces: tuple[str, ...]
    legs: frozenset[str]
    conferences: tuple[str, ...]


def room(number: int) -> str:
    return f"77{number:04}"


def bookings() -> list[Booking]:
    """Those of all conferences but the last."""
    made = []
    for number in range(CONFERENCES - 1):
        starts = FIRST + timedelta(hours=number)
        figure = cast.NO_CONTRACT if number == NO_CONTRACT else cast.MAIN
        made.append(
            replace(
                a_booking(),
                ref=f"BK-2026-9{number:05}",
                client=figure.client,
                account=figure.accounts[0],
                room=room(number),
                starts_at=starts,
                ends_at=starts + timedelta(minutes=50),
                status="COMPLETED",
            )
        )
    return made


def fill(settings: Settings) -> None:
    """The demo company with the scene's bookings."""
    asyncio.run(open_at_evening(settings).close())
    reservations = Database("reservations", settings.url_of("reservations"))
    with reservations.engines.write.begin() as connection:
        Reservations.fill(connection, bookings=bookings())
    asyncio.run(reservations.close())


def a_scene(rng: random.Random) -> Scene:
    """Records are `Master.csv` lines of an Asterisk whose clock is UTC."""
    records: list[tuple[str, str]] = []
    for number in range(CONFERENCES):
        for nth in range(rng.randint(1, 4)):
            joined = FIRST + timedelta(hours=number, seconds=rng.randint(0, 600))
            left = joined + timedelta(seconds=rng.choice([31, 60, 392, rng.randint(1, 2400)]))
            records.append(record(number, nth, joined, left))
    lines = [line for _, line in records]
    pieces = []
    for _ in range(2):
        rng.shuffle(lines)
        size = rng.randint(3, 8)
        pieces += ["".join(lines[at : at + size]) for at in range(0, len(lines), size)]
    rng.shuffle(pieces)
    booked = tuple(f"CF-2026-9{number:05}" for number in range(CONFERENCES - 1))
    return Scene(tuple(pieces), frozenset(f"{BRIDGE}:{unique}" for unique, _ in records), booked)


def record(number: int, nth: int, joined: datetime, left: datetime) -> tuple[str, str]:
    """(unique id of the switch, line)."""
    unique = f"1795{number:03}{nth:03}.{number}{nth}"
    seconds = int((left - joined).total_seconds())
    times = f'"{joined:%Y-%m-%d %H:%M:%S}","{joined:%Y-%m-%d %H:%M:%S}","{left:%Y-%m-%d %H:%M:%S}",{seconds},{seconds}'
    caller = f"42060{number:03}{nth:04}"
    return unique, (
        f'"acct","{caller}","8001","conf","""Guest {nth}"" <{caller}>","PJSIP/trunk-{number}{nth}","","ConfBridge",'
        f'"{room(number)},default_bridge",{times},"ANSWERED","DOCUMENTATION","{unique}",""\n'
    )
