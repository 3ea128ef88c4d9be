"""Instants, local days and validities: the few questions about time that every rule asks the same way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = ["HOUSE_ZONE", "epoch_seconds", "is_valid_on", "local_day", "local_instant"]

HOUSE_ZONE = "Europe/Prague"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECONDS_A_DAY = 86_400


def epoch_seconds(instant: datetime) -> int:
    """Whole UTC seconds since 1970, floored. Refuses a naive time: it names no instant.

    The difference is taken against a UTC value on purpose. Two aware times of *one* zone are subtracted naively by
    Python, which loses the hour of a clock change.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no zone, so it names no instant: pass an aware time")
    since = instant - EPOCH
    return since.days * SECONDS_A_DAY + since.seconds


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_day(instant: datetime, *, zone: str = HOUSE_ZONE) -> date:
    """The calendar day that clocks in `zone` show at `instant`."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no zone, so it names no instant: pass an aware time")
    return instant.astimezone(zone_named(zone)).date()


def local_instant(day: date, *, hour: int = 0, zone: str = HOUSE_ZONE) -> datetime:
    """The UTC instant of `hour` o'clock, local, on `day`: 2026-11-24 18:00 in Prague is 17:00Z."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone_named(zone)).astimezone(UTC)


def is_valid_on(day: date, valid_from: date | None, valid_to: date | None) -> bool:
    """Is `day` in [valid_from, valid_to)? An absent bound is open."""
    return (valid_from is None or valid_from <= day) and (valid_to is None or day < valid_to)


def days_between(first: date, end: date) -> int:
    return (end - first) // timedelta(days=1)
