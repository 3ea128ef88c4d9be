"""Instants, local days and validities: the few questions about time that every rule asks the same way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from processes.rules.refusal import Refusal

__all__ = ["HOUSE_ZONE", "epoch_seconds", "instant_at", "instant_of", "is_valid_on", "local_day", "local_instant"]

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


def instant_at(second: int) -> datetime:
    """The UTC instant of a second since 1970."""
    return EPOCH + timedelta(seconds=second)


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


def instant_of(local: str, *, zone: str) -> datetime | Refusal:
    """The UTC instant of a clock's `2026-11-24T17:30` in `zone`; what a clock shows twice or never is refused.

    Refused `unknown-zone`, `not-a-local-time`, `ambiguous-time` (2026-10-25T02:30 in Prague: 00:30Z or 01:30Z) and
    `no-such-time` (2027-03-28T02:30 in Prague: the clocks go from 2 to 3). Seconds are not booked.
    """
    try:
        tzinfo = zone_named(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: it is a folder of zones, like Europe
        return Refusal("unknown-zone", f"{zone!r} is no time zone: take a name like {HOUSE_ZONE}")
    try:
        clock = datetime.strptime(local, "%Y-%m-%dT%H:%M")
    except ValueError:
        return Refusal("not-a-local-time", f"{local!r} is no local time: write it like 2026-11-24T17:30")
    first, second = (clock.replace(tzinfo=tzinfo, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if first > second:  # fold 0 takes the offset from before the gap, the smaller one
        return Refusal("no-such-time", f"there is no {local} in {zone}, as clocks go forward then: take another time")
    return Refusal(
        "ambiguous-time",
        f"{local} is twice in {zone}, as clocks go back then ({first:%H:%M}Z and {second:%H:%M}Z): "
        "take another time, or write it in the zone UTC",
    )


def is_valid_on(day: date, valid_from: date | None, valid_to: date | None) -> bool:
    """Is `day` in [valid_from, valid_to)? An absent bound is open."""
    return (valid_from is None or valid_from <= day) and (valid_to is None or day < valid_to)


def days_between(first: date, end: date) -> int:
    return (end - first) // timedelta(days=1)
