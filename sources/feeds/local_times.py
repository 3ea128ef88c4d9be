"""Local times of a file, made instants without guessing.

A zone's clock runs through one hour twice in autumn and leaves one out in spring. A stamp in either is refused: which
instant it means, only the switch knows.
"""

from datetime import UTC, datetime, tzinfo

__all__ = ["TimeRefused", "instant"]

LENGTH = len("2026-11-24 16:30:00")


class TimeRefused(ValueError):
    """A time that can't be used, with the `reason` code of the quarantine."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def instant(field: str, stamp: str, zone: tzinfo) -> datetime:
    """The instant of `2026-11-24 17:30:00` in `zone`, in UTC. TimeRefused when it is none, two, or no time at all."""
    local = local_time(field, stamp.strip())
    first, second = both_readings(field, local, zone)
    if first == second:
        return first
    # In the gap the first reading has the offset before the change, so it comes out later than the second.
    reason, has = ("nonexistent-time", "leaves out") if first > second else ("ambiguous-time", "has twice")
    raise TimeRefused(reason, f"{field} is {stamp}, in the hour that {zone} {has}; log in UTC (usegmtime=yes)")


def both_readings(field: str, local: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    try:
        return (
            local.replace(tzinfo=zone, fold=0).astimezone(UTC),
            local.replace(tzinfo=zone, fold=1).astimezone(UTC),
        )
    except OverflowError:
        raise TimeRefused("malformed", f"{field} is {local}, outside of time") from None


def local_time(field: str, stamp: str) -> datetime:
    try:
        local = datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        local = None
    if local is None or len(stamp) != LENGTH:  # strptime also takes 2026-1-2 3:4:5
        raise TimeRefused("malformed", f"{field} is {stamp!r}, not a time like 2026-11-24 16:30:00")
    return local
