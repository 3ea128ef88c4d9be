"""How days and times are written where a database has no type for them; each format sorts as time does.

The names are what `format` may be in the settings file. Text is read strictly: what is written otherwise is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

__all__ = ["DAY_FORMATS", "DEFAULT_DAY", "DEFAULT_TIME", "TIME_FORMATS", "DayFormat", "TimeFormat"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
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
        if not re.fullmatch(self.shape, written):
            raise ValueError(f"it is not written {self.name}")
        return datetime.strptime(written, self.strftime).date()

    def write(self, day: date) -> str:
        # strftime("%Y") doesn't pad years below 1000 everywhere.
        return f"{day.year:04}{day.strftime(self.strftime.removeprefix('%Y'))}"


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """A time of day and day in text (`strftime`), or a number of `tick` since 1970 in UTC.

    Text may go on with a fraction of a second and, where `zoned`, with Z or an offset.
    """

    name: str
    shape: str = ""
    strftime: str = ""
    digits: bool = False
    tick: timedelta | None = None

    def read(self, written: str) -> datetime:
        """Naive, or aware where it says its zone. ValueError for what isn't written so."""
        if self.tick is not None:
            return EPOCH + int(written) * self.tick
        found = re.fullmatch(rf"({self.shape})(\.\d{{1,6}})?(Z|[+-]\d\d:?\d\d)?", written)
        if not found:
            raise ValueError(f"it is not written {self.name}")
        text, fraction, offset = found.groups()
        moment = datetime.strptime(text, self.strftime)
        if fraction:
            moment = moment.replace(microsecond=int(fraction[1:].ljust(6, "0")))
        return moment if offset is None else datetime.strptime(f"{moment.isoformat()}{offset}", iso_of(moment))

    def write(self, moment: datetime) -> str:
        """`moment` is in UTC for a number, else on the clocks of the column's zone. ValueError between two ticks."""
        if self.tick is not None:
            ticks, rest = divmod(moment - EPOCH, self.tick)
            if rest:
                raise ValueError(f"{moment} is between two {self.name}")
            return str(ticks)
        text = f"{moment.year:04}{moment.strftime(self.strftime.removeprefix('%Y'))}"
        return f"{text}.{moment.microsecond:06}".rstrip("0") if moment.microsecond else text


def iso_of(moment: datetime) -> str:
    return "%Y-%m-%dT%H:%M:%S.%f%z" if moment.microsecond else "%Y-%m-%dT%H:%M:%S%z"


DAY_FORMATS = {
    each.name: each
    for each in (
        DayFormat(DEFAULT_DAY, r"\d{4}-\d\d-\d\d", "%Y-%m-%d", digits=False),
        DayFormat("YYYYMMDD", r"\d{8}", "%Y%m%d", digits=True),
    )
}
TIME_FORMATS = {
    each.name: each
    for each in (
        TimeFormat(DEFAULT_TIME, r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "%Y-%m-%d %H:%M:%S"),
        TimeFormat("YYYY-MM-DDThh:mm:ss", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "%Y-%m-%dT%H:%M:%S"),
        TimeFormat("YYYYMMDDhhmmss", r"\d{14}", "%Y%m%d%H%M%S", digits=True),
        TimeFormat("epoch", tick=timedelta(seconds=1)),
        TimeFormat("epoch-ms", tick=timedelta(milliseconds=1)),
    )
}
