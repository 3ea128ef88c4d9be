"""What a run of the campaign is about: conferences on a switch, with their call records in files, given twice.

Everything is drawn from a seed: which legs there are, in which pieces and orders they come, and when.

    0 to 2   of a client who is billed by periods
    3        of an account that gets an invoice for each call
    4        of a client without a contract in force: held
    5        in a room that nobody has booked
    6, 7     of an account whose last period is over, and is closed while their records come
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from processes.rules.periods import Period, period_containing
from sources.demo import cast
from sources.records.reservations import Booking
from tests.processes.backlog_scene import record, room
from tests.world import a_booking

__all__ = ["BRIDGE", "CLOSING", "CONFERENCES", "Scene", "Times", "a_scene", "bookings", "first_records", "times"]

BRIDGE = "pbx-praha"
CONFERENCES = 8
BY_CALL, NO_CONTRACT, NOT_BOOKED, IN_ENDED_PERIOD = 3, 4, 5, (6, 7)
CLOSING = ("CL-90001", "7790001", "SM-2024-9001")
"""Client, account and contract of the period that is over."""


@dataclass(frozen=True, slots=True)
class Times:
    """`first` is when the first conference began: yesterday. `ended` is the period that is over, its grace time too."""

    first: datetime
    ended: Period
    cycle_day: int

    def start(self, conference: int) -> datetime:
        hours = timedelta(hours=conference)
        return (self.ended.end - timedelta(days=2) if conference in IN_ENDED_PERIOD else self.first) + hours


def times(now: datetime) -> Times:
    yesterday = now.date() - timedelta(days=1)
    over = now - timedelta(days=4)
    day = min(over.day, 28)
    current = period_containing(day, over)
    ended = period_containing(day, current.start - timedelta(hours=12))
    return Times(datetime.combine(yesterday, time(8), UTC), ended, day)


@dataclass(frozen=True)
class Scene:
    """`pieces` are files of call records in the order in which they come, many of them more than once.

    Each comes after a delay, in seconds. `conferences` are those that somebody booked.
    """

    pieces: tuple[str, ...]
    delays: tuple[float, ...]
    legs: frozenset[str]
    conferences: tuple[str, ...]
    held: str
    has_live_calls: bool


def ref(number: int) -> str:
    return f"BK-2026-9{number:05}"


def conference(number: int) -> str:
    return ref(number).replace("BK-", "CF-")


def owner(number: int) -> tuple[str, str]:
    """Client and account."""
    if number in IN_ENDED_PERIOD:
        return CLOSING[0], CLOSING[1]
    if number == BY_CALL:
        return cast.AMBIGUOUS_ACCOUNT.client, cast.PER_CALL[0]
    figure = cast.NO_CONTRACT if number == NO_CONTRACT else cast.MAIN
    return figure.client, figure.accounts[0]


def bookings(when: Times) -> list[Booking]:
    """Those of all conferences but one."""
    made = []
    for number in range(CONFERENCES):
        if number == NOT_BOOKED:
            continue
        client, account = owner(number)
        starts = when.start(number)
        made.append(
            replace(
                a_booking(),
                ref=ref(number),
                client=client,
                account=account,
                room=room(number),
                starts_at=starts,
                ends_at=starts + timedelta(minutes=50),
                status="COMPLETED",
            )
        )
    return made


def a_scene(rng: random.Random, when: Times, *, live: bool) -> Scene:
    """Records are `Master.csv` lines of an Asterisk whose clock is UTC."""
    records: list[tuple[str, str]] = []
    for number in range(CONFERENCES):
        for nth in range(rng.randint(1, 4)):
            joined = when.start(number) + timedelta(seconds=rng.randint(0, 600))
            left = joined + timedelta(seconds=rng.choice([31, 60, 392, rng.randint(1, 2400)]))
            records.append(record(number, nth, joined, left))
    lines = [line for _, line in records]
    pieces = []
    for _ in range(2):
        rng.shuffle(lines)
        size = rng.randint(4, 10)
        pieces += ["".join(lines[at : at + size]) for at in range(0, len(lines), size)]
    rng.shuffle(pieces)
    return Scene(
        pieces=tuple(pieces),
        delays=tuple(rng.choice([0.0, 0.0, rng.uniform(0, 3)]) for _ in pieces),
        legs=frozenset(f"{BRIDGE}:{unique}" for unique, _ in [*records, *first_legs(when)]),
        conferences=tuple(conference(number) for number in range(CONFERENCES) if number != NOT_BOOKED),
        held=conference(NO_CONTRACT),
        has_live_calls=live,
    )


def first_legs(when: Times) -> Sequence[tuple[str, str]]:
    start = when.start(IN_ENDED_PERIOD[0])
    return [record(IN_ENDED_PERIOD[0], 9, start, start + timedelta(minutes=12))]


def first_records(when: Times) -> tuple[str, str]:
    """(call records, conference) of what is charged before a run begins: so the ended period has a draft."""
    return "".join(line for _, line in first_legs(when)), conference(IN_ENDED_PERIOD[0])
