"""How days and times are written where a database has no type for them; each format sorts as time does.

The names are what `format` may be in the settings file. Text is read strictly: what is written otherwise is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

__all__ = ["DAY_FORMATS", "DEFAULT_DAY", "DEFAULT_TIME", "TIME_FORMATS", "DayFormat", "TimeFormat"]

EPOCH = datetime(1970, 1, 1)
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
        return datetime.strptime(written, self.strftime).date()

    def write(self, day: date) -> str:
        # strftime("%Y") doesn't pad years below 1000 everywhere.
        return f"{day.year:04}{day.strftime(self.strftime.removeprefix('%Y'))}"


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A time in text, perhaps with a fraction of its second; or a number of `tick` since 1970.

    `utc`: it says its instant itself; the others are read from the clocks of a zone.
    """

    name: str
    shape: str = ""
    strftime: str = ""
    digits: bool = False
    utc: bool = False
    tick: timedelta | None = None

    def read(self, written: str) -> datetime:
        """Naive; in UTC where `utc`. ValueError for what isn't written so."""
        if self.tick is not None:
            return EPOCH + whole(written) * self.tick
        found = re.fullmatch(rf"({self.shape})(?:\.(\d{{1,6}}))?{'Z' if self.utc else ''}", written, re.ASCII)
        if not found:
            raise ValueError(f"it is not written {self.name}")
        text, fraction = found.groups()
        return datetime.strptime(text, self.strftime).replace(microsecond=int((fraction or "0").ljust(6, "0")))

    def write(self, moment: datetime) -> str:
        """A naive time, in UTC where `utc`, as it is written. ValueError between two ticks."""
        if self.tick is not None:
            ticks, rest = divmod(moment - EPOCH, self.tick)
            if rest:
                raise ValueError(f"{moment} is between two numbers of {self.name}")
            return str(ticks)
        text = f"{moment.year:04}{moment.strftime(self.strftime.removeprefix('%Y'))}"
        fraction = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
        return f"{text}{fraction}{'Z' if self.utc else ''}"


def whole(written: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", written, re.ASCII):
        raise ValueError("it is not a number of seconds since 1970")
    return int(written)


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
        TimeFormat(DEFAULT_TIME, r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "%Y-%m-%d %H:%M:%S"),
        TimeFormat("YYYY-MM-DDThh:mm:ss", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "%Y-%m-%dT%H:%M:%S"),
        TimeFormat("YYYYMMDDhhmmss", r"\d{14}", "%Y%m%d%H%M%S", digits=True),
        TimeFormat("YYYY-MM-DDThh:mm:ssZ", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "%Y-%m-%dT%H:%M:%S", utc=True),
        TimeFormat("epoch", digits=True, utc=True, tick=timedelta(seconds=1)),
        TimeFormat("epoch-ms", digits=True, utc=True, tick=timedelta(milliseconds=1)),
    )
}
