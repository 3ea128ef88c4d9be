"""Values of a database that exists, and what they are to a source: each conversion goes both ways, losing nothing.

`read` takes what the driver gives (never None) and raises ValueError, saying why, for what can't be meant.
`write` takes a source's value for a comparison; it raises Unfit for a value that can't be in the column at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sources.keys import is_storable
from sources.mapping.clocks import instant_of, shown_at
from sources.mapping.formats import DayFormat, TimeFormat
from sources.mapping.settings import Scalar

__all__ = [
    "UNKNOWN_CODE",
    "Coded",
    "Conversion",
    "Days",
    "Decimals",
    "Flags",
    "Moments",
    "NumberedTexts",
    "Texts",
    "Told",
    "Unfit",
    "UuidTexts",
    "WallClocks",
    "Wholes",
]

LIMIT = 2**63
LARGEST = 60
ENOUGH = Context(prec=200)  # the usual context would round what has more than 28 digits
UNKNOWN_CODE = "unknown code: "
"""What the statement puts before a code that the mapping doesn't name."""


class Unfit(Exception):
    """No row can have this value."""


class Conversion(Protocol):
    def read(self, raw: Any) -> Any: ...
    def write(self, value: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Texts:
    """Text as it is; where it is padded with blanks to a `width`, these are not part of it."""

    width: int | None = None
    choices: tuple[str, ...] = ()

    def read(self, raw: Any) -> str:
        if not isinstance(raw, str | int) or isinstance(raw, bool):
            raise ValueError(f"it is no text but a {type(raw).__name__}")  # noqa: TRY004 - all that is read is refused alike
        text = str(raw) if self.width is None else str(raw).rstrip(" ")
        if self.choices and text not in self.choices:
            raise ValueError(f"it is none of {', '.join(self.choices)}: name its codes")
        return text

    def write(self, value: Any) -> str:
        text = str(value)
        if not is_storable(text):
            raise Unfit
        # A longer one would be cut by the database, and found as another.
        if self.width is not None and (text.endswith(" ") or len(text) > self.width > 0):
            raise Unfit
        return text


@dataclass(frozen=True, slots=True)
class NumberedTexts:
    """A whole number as a text of a pattern: with "CL-00000", 417 is CL-00417; with "0" it is 417."""

    pattern: str = "0"

    @property
    def prefix(self) -> str:
        return self.pattern.rstrip("0")

    @property
    def width(self) -> int:
        return len(self.pattern) - len(self.prefix)

    def read(self, raw: Any) -> str:
        return f"{self.prefix}{whole(raw):0{self.width}}"

    def write(self, value: Any) -> int:
        text = str(value)
        if not text:
            return -LIMIT  # the empty text comes before every other one, so its number does too
        digits = text.removeprefix(self.prefix)
        if not re.fullmatch(r"-?\d{1,19}", digits, re.ASCII) or abs(int(digits)) >= LIMIT:
            raise Unfit
        if self.read(int(digits)) != text:  # 0417 is not 417
            raise Unfit
        return int(digits)


@dataclass(frozen=True, slots=True)
class UuidTexts:
    def read(self, raw: Any) -> str:
        return str(raw if isinstance(raw, UUID) else UUID(raw))

    def write(self, value: Any) -> str:
        if not value:
            return str(UUID(int=0))  # the empty text comes before every other one
        try:
            found = str(UUID(str(value)))
        except ValueError:
            raise Unfit from None
        if found != value:
            raise Unfit
        return found


@dataclass(frozen=True, slots=True)
class Wholes:
    """A whole number of `unit`."""

    unit: Decimal = Decimal(1)

    def read(self, raw: Any) -> int:
        return whole(product(decimal(raw), self.unit))

    def write(self, value: Any) -> int | Decimal:
        return times(Decimal(value), self.unit)


@dataclass(frozen=True, slots=True)
class Decimals:
    """A decimal with `places`, never rounded: a value with more is refused."""

    places: int
    unit: Decimal = Decimal(1)

    def read(self, raw: Any) -> Decimal:
        value = product(decimal(raw), self.unit)
        rounded = ENOUGH.quantize(value, Decimal(1).scaleb(-self.places))
        if rounded != value:
            raise ValueError(f"it has more than {self.places} decimal places")
        return rounded

    def write(self, value: Any) -> int | Decimal:
        return times(Decimal(value), self.unit)


@dataclass(frozen=True, slots=True)
class Flags:
    def read(self, raw: Any) -> bool:
        if raw not in (0, 1):
            raise ValueError("it is neither true nor false")
        return bool(raw)

    def write(self, value: Any) -> bool:
        return bool(value)


@dataclass(frozen=True, slots=True)
class Coded:
    """What codes mean; the statement has put the meaning in the code's place already."""

    meanings: tuple[Scalar, ...]
    codes: tuple[str, ...]

    def read(self, raw: Any) -> Scalar:
        for meaning in self.meanings:
            if meaning == raw:
                return meaning
        code = repr(raw.removeprefix(UNKNOWN_CODE)) if isinstance(raw, str) else "a code"
        raise ValueError(f"{code} is none of the codes {', '.join(self.codes)}: add it to them")

    def write(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, slots=True)
class Told:
    """The same for meanings that are no texts, where they are read: the statement gives the place of each, as text."""

    meanings: tuple[Scalar, ...]
    codes: tuple[str, ...]

    def read(self, raw: Any) -> Scalar:
        if raw.startswith(UNKNOWN_CODE):
            return Coded((), self.codes).read(raw)
        return self.meanings[int(raw)]

    def write(self, value: Any) -> Any:
        return value


@dataclass(frozen=True, slots=True)
class Days:
    """A day: a date, a time that is a midnight, or text or a number of `format`."""

    format: DayFormat | None = None
    as_time: bool = False
    as_number: bool = False

    def read(self, raw: Any) -> date:
        match raw:
            case datetime():
                if raw.time() != time():
                    raise ValueError("it has a time of day")
                return raw.date()
            case date():
                return raw
            case str() | int() if self.format is not None:
                return self.format.read(str(raw))
            case _:
                raise ValueError(f"it is no day but a {type(raw).__name__}")

    def write(self, value: Any) -> Any:
        if self.format is not None:
            return int(self.format.write(value)) if self.as_number else self.format.write(value)
        return datetime.combine(value, time()) if self.as_time else value


@dataclass(frozen=True, slots=True)
class Moments:
    """An instant: an aware time, a time on the clocks of `zone`, or either in text or a number of `format`."""

    zone: ZoneInfo | None = None
    ambiguous: str | None = None
    format: TimeFormat | None = None
    as_number: bool = False

    def read(self, raw: Any) -> datetime:
        moment = time_in(raw, self.format)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        if self.zone is None:
            return moment.replace(tzinfo=UTC)
        return instant_of(moment, self.zone, self.ambiguous)

    def write(self, value: Any) -> Any:
        moment = self.shown(value)
        if self.format is not None and self.format.beyond(moment):
            raise Unfit
        return self.written(moment)

    def bound(self, value: Any, *, up: bool) -> Any:
        """The last time that the column can hold up to `value`, or the first from it on."""
        moment = self.shown(value)
        if self.format is None:
            return self.written(moment)
        beyond = self.format.beyond(moment)
        return self.written(moment - beyond + (self.format.tick if up and beyond else timedelta()))

    def shown(self, value: Any) -> datetime:
        """`value` as the column's clock shows it; where that has no zone and no format, in UTC."""
        instant: datetime = value.astimezone(UTC)
        if self.zone is not None:
            return shown_at(instant, self.zone, self.ambiguous)
        return instant if self.format is None else instant.replace(tzinfo=None)

    def written(self, moment: datetime) -> Any:
        if self.format is None:
            return moment
        return int(self.format.write(moment)) if self.as_number else self.format.write(moment)


@dataclass(frozen=True, slots=True)
class WallClocks:
    """What a clock on the wall shows, as text: 2026-11-24T17:30 (with seconds where there are any), or a day.

    Of an instant it is the clock of `zone`.
    """

    zone: ZoneInfo | None = None
    format: TimeFormat | None = None
    as_number: bool = False
    days: bool = False

    def read(self, raw: Any) -> str:
        if self.days:
            return Days().read(raw).isoformat()
        moment = time_in(raw, self.format)
        if self.zone is not None:
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            moment = aware.astimezone(self.zone)
        elif moment.tzinfo is not None:
            raise ValueError("it is an instant, and nothing says on whose clock: see `zone`")
        wall = moment.replace(tzinfo=None, fold=0)
        return wall.isoformat(timespec="auto" if wall.second or wall.microsecond else "minutes")

    def write(self, value: Any) -> Any:
        try:
            if self.days:
                return date.fromisoformat(value)
            wall = datetime.fromisoformat(value)
            if wall.tzinfo is not None:
                raise Unfit
            instant = instant_of(wall, self.zone, "first") if self.zone else wall
        except ValueError:
            raise Unfit from None
        if self.format is None:
            return instant
        written = self.format.write(instant.replace(tzinfo=None))
        return int(written) if self.as_number else written


def time_in(raw: Any, format_: TimeFormat | None) -> datetime:
    match raw:
        case datetime():
            return raw
        case str() | int() if format_ is not None and not isinstance(raw, bool):
            return format_.read(str(raw))
        case _:
            raise ValueError(f"it is no time but a {type(raw).__name__}")


def whole(raw: Any) -> int:
    value = decimal(raw)
    if value != int(value):
        raise ValueError("it is no whole number")
    return int(value)


def decimal(raw: Any) -> Decimal:
    """A number as the shortest decimal that it is: a float too, whose digits are those that were once written."""
    match raw:
        case bool():
            raise ValueError("it is no number")
        case int() | Decimal():
            value = Decimal(raw)
        case float():
            value = Decimal(repr(raw))
        case str() if re.fullmatch(r"[+-]?\d{1,60}(\.\d{1,60})?", raw, re.ASCII):
            value = Decimal(raw)
        case _:
            raise ValueError(f"it is no number but a {type(raw).__name__}")
    if not value.is_finite() or value.adjusted() > LARGEST:
        raise ValueError("it is no number that can be counted with")
    return value


def product(value: Decimal, unit: Decimal) -> Decimal:
    return ENOUGH.multiply(value, unit)


def times(value: Decimal, unit: Decimal) -> int | Decimal:
    """How many units `value` is; a whole number where it is one. Unfit where no decimal says it."""
    number = ENOUGH.divide(value, unit)
    if ENOUGH.multiply(number, unit) != value:
        raise Unfit
    return int(number) if number == int(number) else number
