"""Peak and off-peak: how many seconds of a stretch lie in working hours (domain.md section 2 rule 4).

Peak is Monday to Friday 08:00 to 18:00 local, public holidays excepted. Everything is counted in whole UTC seconds; the
zone is asked once per local day for the two true instants of its boundaries, so clock changes cost and lose nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from processes.rules.instants import EPOCH, SECONDS_A_DAY, epoch_seconds, local_instant

__all__ = ["OFF_PEAK", "PEAK", "Calendar", "band_at", "peak_seconds", "switches"]

PEAK = "peak"
OFF_PEAK = "off-peak"

PEAK_BEGINS = 8
PEAK_ENDS = 18
SATURDAY = 5
FIRST_DAY = EPOCH.date().toordinal()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Whose clocks, and which of their days are public holidays. It belongs to the contract."""

    zone: str
    holidays: frozenset[date] = frozenset()


def band_at(second: int, calendar: Calendar) -> str:
    """The band of the second that begins at `second`: 18:00:00 is off-peak, 17:59:59 peak."""
    return PEAK if peak_seconds(second, second + 1, calendar) else OFF_PEAK


def peak_seconds(begin: int, end: int, calendar: Calendar) -> int:
    """How many of the UTC seconds [begin, end) are peak."""
    return sum(max(0, min(end, closes) - max(begin, opens)) for opens, closes in peak_hours(begin, end, calendar))


def switches(begin: int, end: int, calendar: Calendar) -> list[int]:
    """The UTC seconds within (begin, end) at which the band changes, in order."""
    return sorted(at for hours in peak_hours(begin, end, calendar) for at in hours if begin < at < end)


def peak_hours(begin: int, end: int, calendar: Calendar) -> Iterator[tuple[int, int]]:
    """Peak hours [opens, closes) of every day that can touch [begin, end).

    A local day begins at most 14 hours from the UTC day of its number, so one day more on each side is enough.
    """
    for day in range(begin // SECONDS_A_DAY - 1, end // SECONDS_A_DAY + 2):
        hours = working_hours(calendar.zone, day)
        if hours and date.fromordinal(FIRST_DAY + day) not in calendar.holidays:
            yield hours


@lru_cache(maxsize=8192)
def working_hours(zone: str, day_number: int) -> tuple[int, int] | None:
    """The UTC seconds of 08:00 and 18:00 local on the day `day_number` days after 1970-01-01; None at a weekend."""
    day = date.fromordinal(FIRST_DAY + day_number)
    if day.weekday() >= SATURDAY:
        return None
    return (
        epoch_seconds(local_instant(day, hour=PEAK_BEGINS, zone=zone)),
        epoch_seconds(local_instant(day, hour=PEAK_ENDS, zone=zone)),
    )
