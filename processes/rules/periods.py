"""Billing periods: which stretch of time an instant is billed in (domain.md section 2 rule 9, invariant I7).

A period is [first local midnight of the cycle day, the next such midnight). Cycle days 29 to 31 mean the last day of a
shorter month. Days are counted on the local calendar and turned into UTC instants at the end, so a month with a clock
change is an hour longer or shorter: October 2026 is 2026-09-30T22:00Z .. 2026-10-31T23:00Z, 31 days and 1 hour.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from processes.rules.instants import HOUSE_ZONE, local_day, local_instant

__all__ = ["Period", "next_period", "period_containing", "periods_between", "previous_period"]


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end) as UTC instants; `first_day` and `end_day` (exclusive) are the same bounds as local dates."""

    first_day: date
    end_day: date
    start: datetime
    end: datetime


def period_containing(cycle_day: int, instant: datetime, *, zone: str = HOUSE_ZONE) -> Period:
    """The period of an account with this cycle day (1..31) that holds `instant`."""
    day = local_day(instant, zone=zone)
    start = cycle_start(cycle_day, day.year, day.month)
    if day < start:
        start = cycle_start(cycle_day, *month_after(day.year, day.month, -1))
    return period_from(cycle_day, start, zone)


def next_period(cycle_day: int, period: Period, *, zone: str = HOUSE_ZONE) -> Period:
    """The period that begins where `period` ends."""
    return period_containing(cycle_day, period.end, zone=zone)


def previous_period(cycle_day: int, period: Period, *, zone: str = HOUSE_ZONE) -> Period:
    """The period that ends where `period` begins."""
    year, month = month_after(period.first_day.year, period.first_day.month, -1)
    return period_from(cycle_day, cycle_start(cycle_day, year, month), zone)


def periods_between(cycle_day: int, first: datetime, last: datetime, *, zone: str = HOUSE_ZONE) -> Iterator[Period]:
    """Every period from the one that holds `first` to the one that holds `last`, in order, without gap or overlap."""
    period = period_containing(cycle_day, first, zone=zone)
    while period.start <= last:
        yield period
        period = next_period(cycle_day, period, zone=zone)


def period_from(cycle_day: int, first_day: date, zone: str) -> Period:
    end_day = cycle_start(cycle_day, *month_after(first_day.year, first_day.month, 1))
    return Period(first_day, end_day, local_instant(first_day, zone=zone), local_instant(end_day, zone=zone))


def cycle_start(cycle_day: int, year: int, month: int) -> date:
    """The cycle day in that month: 31 in February 2027 is the 28th."""
    if not 1 <= cycle_day <= 31:
        raise ValueError(f"cycle day {cycle_day} is no day of a month: use 1 to 31")
    return date(year, month, min(cycle_day, monthrange(year, month)[1]))


def month_after(year: int, month: int, months: int) -> tuple[int, int]:
    count = year * 12 + (month - 1) + months
    return count // 12, count % 12 + 1
