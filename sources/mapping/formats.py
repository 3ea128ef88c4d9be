"""How days and times are written where a database has no type for them; each format sorts as time does.

The names are what `format` may be in the settings file. Text is read strictly: what is written otherwise is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

__all__ = ["DAY_FORMATS", "DEFAULT_DAY", "DEFAULT_TIME", "TIME_FORMATS", "DayFormat", "TimeFormat"]

EPOCH = datetime(1970, 1, 1)
SECOND, MILLISECOND, MICROSECOND = timedelta(seconds=1), timedelta(milliseconds=1), timedelta(microseconds=1)
DAY_LETTERS = len("2026-11-24")
DEFAULT_DAY = "YYYY-MM-DD"
DEFAULT_TIME = "YYYY-MM-DD hh:mm:ss"


@dataclass(frozen=True, slots=True)
class DayFormat:
    """A day in text, or in a number whose digits are that text."""

    name: str
    shape: str
    strftime: str
    digits: bool

    def read(self, written: str) -> date:
        """ValueError for what isn't written so."""
        if not re.fullmatch(self.shape, written, re.ASCII):
            raise ValueError(f"it is not written {self.name}")
        return date.fromisoformat(written[:DAY_LETTERS])  # much quicker than strptime, and shapes are all ISO's

    def write(self, day: date) -> str:
        # strftime("%Y") doesn't pad years below 1000 everywhere.
        return f"{day.year:04}{day.strftime(self.strftime.removeprefix('%Y'))}"


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A time in text to the `tick`, or a number of ticks since 1970 (`counts`).

    `utc`: it says its instant itself; the others are read from the clocks of a zone.
    """

    name: str
    tick: timedelta
    shape: str = ""
    strftime: str = ""
    digits: bool = False
    utc: bool = False
    counts: bool = False

    def read(self, written: str) -> datetime:
        """Naive; in UTC where `utc`. ValueError for what isn't written so."""
        if self.counts:
            return EPOCH + whole(written) * self.tick
        if not re.fullmatch(self.shape, written, re.ASCII):
            raise ValueError(f"it is not written {self.name}")
        if self.digits:
            return datetime.strptime(written, self.strftime)
        return datetime.fromisoformat(written).replace(tzinfo=None)

    def write(self, moment: datetime) -> str:
        """A naive time, in UTC where `utc`, as it is written; what is below a tick is cut off."""
        if self.counts:
            return str((moment - EPOCH) // self.tick)
        text = moment.strftime(self.strftime.removeprefix("%Y"))
        if self.tick == MILLISECOND:
            text = text.replace(f".{moment.microsecond:06}", f".{moment.microsecond // 1000:03}")
        return f"{moment.year:04}{text}"

    def beyond(self, moment: datetime) -> timedelta:
        """How far it is beyond a tick."""
        return (moment - EPOCH) % self.tick


def whole(written: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", written, re.ASCII):
        raise ValueError("it is no number of seconds since 1970")
    return int(written)


def written_times() -> Iterator[TimeFormat]:
    """2026-11-24 16:30:00 and its like: with a T between, with a fraction, with a Z behind."""
    for between in (" ", "T"):
        for letters, tick in (("", SECOND), (".fff", MILLISECOND), (".ffffff", MICROSECOND)):
            for behind in ("", "Z"):
                fraction = rf"\.\d{{{len(letters) - 1}}}" if letters else ""
                yield TimeFormat(
                    f"YYYY-MM-DD{between}hh:mm:ss{letters}{behind}",
                    tick,
                    rf"\d{{4}}-\d\d-\d\d{between}(?!24)\d\d:\d\d:\d\d{fraction}{behind}",  # 24:00 would sort elsewhere
                    f"%Y-%m-%d{between}%H:%M:%S{'.%f' if letters else ''}{behind}",
                    utc=bool(behind),
                )


DAY_FORMATS = {
    each.name: each
    for each in (
        DayFormat(DEFAULT_DAY, r"\d{4}-\d\d-\d\d", "%Y-%m-%d", digits=False),
        DayFormat(DEFAULT_TIME, r"\d{4}-\d\d-\d\d 00:00:00", "%Y-%m-%d 00:00:00", digits=False),
        DayFormat("YYYYMMDD", r"\d{8}", "%Y%m%d", digits=True),
    )
}
TIME_FORMATS = {
    each.name: each
    for each in (
        *written_times(),
        TimeFormat("YYYYMMDDhhmmss", SECOND, r"\d{14}", "%Y%m%d%H%M%S", digits=True),
        TimeFormat("epoch", SECOND, digits=True, utc=True, counts=True),
        TimeFormat("epoch-ms", MILLISECOND, digits=True, utc=True, counts=True),
    )
}
