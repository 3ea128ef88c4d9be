"""Local times and instants: what a zone's clock shows, and when it does.

A clock runs through one hour twice in autumn and leaves one out in spring. A time in either names no instant and is
refused (domain.md 4.24), unless the mapping says which of the two it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["instant_of", "shown_at"]

TICK = timedelta(microseconds=1)


def instant_of(local: datetime, zone: ZoneInfo, ambiguous: str | None = None) -> datetime:
    """The instant, in UTC, at which `zone`'s clock shows `local`. ValueError where that is none, or not known.

    `ambiguous` tells which one it is where there are two: "first" or "second".
    """
    try:
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError:
        raise ValueError("it is outside of time") from None
    if first > second:  # in the gap the first reading has the offset before the change, so it comes out later
        raise ValueError(f"it is in an hour that {zone.key} leaves out")
    if first < second and ambiguous is None:
        raise ValueError(f"it is in an hour that {zone.key} has twice, and nothing says which one: see `ambiguous`")
    return second if ambiguous == "second" else first


def shown_at(instant: datetime, zone: ZoneInfo, ambiguous: str | None = None) -> datetime:
    """What `zone`'s clock shows at `instant`, for comparing with local times as `instant_of` reads them.

    Where times of the doubled hour mean the first pass, no time means an instant of the second one: such an instant
    comes just after all of them (and just before them, the other way round).
    """
    shown = instant.astimezone(zone)
    local = shown.replace(tzinfo=None, fold=0)
    twice = shown.replace(fold=0).utcoffset() != shown.replace(fold=1).utcoffset()
    if not twice or ambiguous is None:
        return local
    offsets = [offset for fold in (0, 1) if (offset := shown.replace(fold=fold).utcoffset()) is not None]
    length = offsets[0] - offsets[1]
    if ambiguous == "first" and shown.fold == 1:
        return change_in(shown, zone) + length - TICK
    if ambiguous == "second" and shown.fold == 0:
        return change_in(shown, zone) - TICK
    return local


def change_in(shown: datetime, zone: ZoneInfo) -> datetime:
    """The first local time of the doubled hour that `shown` is in."""
    low, high = timedelta(), timedelta(hours=25)  # the longest that any zone ever had is a day
    local = shown.replace(tzinfo=None, fold=0)
    while high - low > TICK:
        middle = (low + high) / 2
        if is_twice(local - middle, zone):
            low = middle
        else:
            high = middle
    return local - low


def is_twice(local: datetime, zone: ZoneInfo) -> bool:
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second
