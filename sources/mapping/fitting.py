"""Does a column hold what a source needs, and what is to be done with its values? One rule for each kind of need.

A rule answers with a Fit, or says in words why there is none. Options of the mapping that a rule doesn't use are
refused afterwards: whoever wrote `unit` for a text meant another column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from sqlalchemy import types as sql
from sqlalchemy.dialects import mysql

from sources.mapping.conversions import (
    Coded,
    Conversion,
    Days,
    Decimals,
    Flags,
    Moments,
    NumberedTexts,
    Texts,
    UuidTexts,
    WallClocks,
    Wholes,
)
from sources.mapping.formats import DAY_FORMATS, DEFAULT_DAY, DEFAULT_TIME, TIME_FORMATS
from sources.mapping.found import FoundColumn, Kind
from sources.mapping.requirements import ColumnNeed, Holds
from sources.mapping.settings import ColumnMapping, Scalar

__all__ = ["Fit", "bind_type", "fit_of", "physical_value", "what_is_missing"]

TEXTS = (Kind.TEXT, Kind.PADDED, Kind.NAMED)
NUMBERS = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.ANYTHING)
ZERO_OR_ONE: dict[str, Scalar] = {"0": False, "1": True}


@dataclass(frozen=True, slots=True)
class Fit:
    """`codes` are put into their meanings' places by the statement, before `conversion` sees them."""

    conversion: Conversion
    uses: tuple[str, ...] = ()
    codes: tuple[tuple[Scalar, Scalar], ...] = ()


def what_is_missing(need: ColumnNeed, column: FoundColumn, mapping: ColumnMapping) -> str | None:
    """Why `column`, mapped so, can't be what is needed; None when it can."""
    fit = fit_of(need, column, mapping)
    return fit if isinstance(fit, str) else None


def fit_of(need: ColumnNeed, column: FoundColumn, mapping: ColumnMapping) -> Fit | str:
    """What is to be done with the values of `column`, or why nothing helps."""
    fit = RULES[need.holds](need, column, mapping) if mapping.codes is None else coded(need, column, mapping.codes)
    if isinstance(fit, str):
        return fit
    given = (name for name in ("unit", "zone", "ambiguous", "format", "pattern") if getattr(mapping, name) is not None)
    if unused := [name for name in given if name not in fit.uses]:
        return f"{unused[0]} says nothing about {described(column)} for {need.holds.value}: leave it out"
    if problem := problem_of_none(column, mapping.none):
        return problem
    return fit


def described(column: FoundColumn) -> str:
    return f"{column.name} ({column.type_text})"


def no_fit(need: ColumnNeed, column: FoundColumn, *, remedy: str = "map another column, or a view") -> str:
    return f"{described(column)} holds {column.kind.value}, and {need.holds.value} is needed: {remedy}"


def text(need: ColumnNeed, column: FoundColumn, mapping: ColumnMapping) -> Fit | str:
    match column.kind:
        case _ if mapping.pattern is not None and column.kind in (Kind.INTEGER, Kind.ANYTHING):
            return Fit(NumberedTexts(mapping.pattern), ("pattern",))
        case Kind.LOCAL_TIME | Kind.INSTANT | Kind.DAY:
            return wall_clock(column, mapping)
        case Kind.INTEGER | Kind.ANYTHING | Kind.TEXT | Kind.PADDED if mapping.format is not None:
            return wall_clock(column, mapping)
        case Kind.INTEGER if not need.choices:
            return Fit(NumberedTexts())
        case Kind.TEXT | Kind.NAMED | Kind.ANYTHING:
            return Fit(Texts(choices=need.choices))
        case Kind.PADDED:
            return Fit(Texts(width=getattr(column.type, "length", None) or 0, choices=need.choices))
        case Kind.UUID:
            return Fit(UuidTexts())
        case Kind.INTEGER | Kind.FLAG:
            return no_fit(need, column, remedy='say what its codes mean: codes = { "1" = "..." }')
        case Kind.DECIMAL | Kind.FLOAT | Kind.OTHER:
            return no_fit(need, column)
        case _:
            assert_never(column.kind)


def wall_clock(column: FoundColumn, mapping: ColumnMapping) -> Fit | str:
    """Text is what a clock shows; an instant needs to be told whose clock."""
    if column.kind is Kind.DAY:
        return Fit(WallClocks(days=True))
    if mapping.format is not None and mapping.format not in TIME_FORMATS:
        return f"format {mapping.format} is one of days, not of times: take one of {', '.join(TIME_FORMATS)}"
    written = TIME_FORMATS[mapping.format] if mapping.format else None
    if written is not None and column.kind is Kind.INTEGER and not written.digits:
        return f"times can't be read from {described(column)} by format {mapping.format}"
    is_instant = column.kind is Kind.INSTANT or (written is not None and written.utc)
    if is_instant and mapping.zone is None:
        return f"{described(column)} holds instants: say on whose clock with zone, like Europe/Prague"
    zone = ZoneInfo(mapping.zone) if mapping.zone and is_instant else None
    uses = ("format", *(("zone",) if is_instant else ()))
    return Fit(WallClocks(zone, written, as_number=column.kind is Kind.INTEGER), uses)


def integer(need: ColumnNeed, column: FoundColumn, mapping: ColumnMapping) -> Fit | str:
    if column.kind not in NUMBERS:
        return no_fit(need, column)
    return Fit(Wholes(mapping.unit or Decimal(1)), ("unit",))


def exact(need: ColumnNeed, column: FoundColumn, mapping: ColumnMapping) -> Fit | str:
    if column.kind not in NUMBERS:
        return no_fit(need, column)
    if column.kind is Kind.INTEGER and mapping.unit is None:
        return f'{described(column)} holds whole numbers: of what? Say unit = "cents", or unit = 1 where they are whole'
    return Fit(Decimals(need.places, mapping.unit or Decimal(1)), ("unit",))


def flag(need: ColumnNeed, column: FoundColumn, mapping: ColumnMapping) -> Fit | str:
    match column.kind:
        case Kind.FLAG:
            return Fit(Flags())
        case Kind.INTEGER | Kind.ANYTHING:
            return coded(need, column, ZERO_OR_ONE)
        case _:
            return no_fit(need, column, remedy="say what its codes mean: codes = { A = true, N = false }")


def day(need: ColumnNeed, column: FoundColumn, mapping: ColumnMapping) -> Fit | str:
    match column.kind:
        case Kind.DAY:
            return Fit(Days())
        case Kind.LOCAL_TIME:
            return Fit(Days(as_time=True))
        case Kind.INTEGER if mapping.format is None:
            return f"{described(column)} holds whole numbers: of which format? Say format = YYYYMMDD where it is that"
        case Kind.TEXT | Kind.PADDED | Kind.ANYTHING | Kind.INTEGER:
            written = DAY_FORMATS.get(mapping.format or DEFAULT_DAY)
            if written is None or (column.kind is Kind.INTEGER and not written.digits):
                return f"days can't be read from {described(column)} by format {mapping.format}"
            return Fit(Days(written, as_number=column.kind is Kind.INTEGER), ("format",))
        case _:
            return no_fit(need, column)


def instant(need: ColumnNeed, column: FoundColumn, mapping: ColumnMapping) -> Fit | str:
    match column.kind:
        case Kind.INSTANT:
            # MariaDB's driver gives and takes them without a zone, in that of the session, which is UTC.
            return Fit(Moments(ZoneInfo("UTC") if isinstance(column.type, mysql.TIMESTAMP) else None))
        case Kind.LOCAL_TIME:
            return in_zone(column, mapping, Moments())
        case Kind.INTEGER if mapping.format is None:
            return f"{described(column)} holds whole numbers: of which format? Say format = epoch where it is that"
        case Kind.TEXT | Kind.PADDED | Kind.ANYTHING | Kind.INTEGER:
            written = TIME_FORMATS.get(mapping.format or DEFAULT_TIME)
            if written is None or (column.kind is Kind.INTEGER and not written.digits):
                return f"times can't be read from {described(column)} by format {mapping.format}"
            moments = Moments(format=written, as_number=column.kind is Kind.INTEGER)
            return Fit(moments, ("format",)) if written.utc else in_zone(column, mapping, moments)
        case _:
            return no_fit(need, column)


def in_zone(column: FoundColumn, mapping: ColumnMapping, moments: Moments) -> Fit | str:
    if mapping.zone is None:
        return f"{described(column)} holds times without a zone: say whose clock they are of, zone = Europe/Prague"
    zoned = Moments(ZoneInfo(mapping.zone), mapping.ambiguous, moments.format, moments.as_number)
    return Fit(zoned, ("format", "zone", "ambiguous"))


RULES: dict[Holds, Callable[[ColumnNeed, FoundColumn, ColumnMapping], Fit | str]] = {
    Holds.TEXT: text,
    Holds.INTEGER: integer,
    Holds.EXACT: exact,
    Holds.FLAG: flag,
    Holds.DAY: day,
    Holds.INSTANT: instant,
}


def coded(need: ColumnNeed, column: FoundColumn, meanings: Mapping[str, Scalar]) -> Fit | str:
    """Codes mean texts, whole numbers or flags."""
    if column.kind not in (*TEXTS, Kind.INTEGER, Kind.FLAG, Kind.ANYTHING):
        return f"{described(column)} holds {column.kind.value}, which are no codes"
    if wrong := next((code for code, meaning in meanings.items() if not is_meaning(need, meaning)), None):
        wanted = f"one of {', '.join(need.choices)}" if need.choices else need.holds.value
        return f"{described(column)}: code {wrong} means {meanings[wrong]!r}, and {wanted} is needed"
    try:
        written = tuple((physical_value(column.kind, code), meaning) for code, meaning in meanings.items())
    except ValueError as error:
        return f"{described(column)} can't hold the codes {', '.join(meanings)}: {error}"
    return Fit(Coded(tuple(dict.fromkeys(meanings.values())), tuple(meanings)), codes=written)


def is_meaning(need: ColumnNeed, meaning: Scalar) -> bool:
    match need.holds:
        case Holds.TEXT:
            return isinstance(meaning, str) and (not need.choices or meaning in need.choices)
        case Holds.INTEGER:
            return isinstance(meaning, int) and not isinstance(meaning, bool)
        case Holds.FLAG:
            return isinstance(meaning, bool)
        case Holds.EXACT | Holds.DAY | Holds.INSTANT:
            return False


def problem_of_none(column: FoundColumn, values: tuple[Scalar, ...]) -> str | None:
    try:
        for value in values:
            physical_value(column.kind, value)
    except ValueError as error:
        return f"{described(column)} can't hold what none names: {error}"
    return None


def physical_value(kind: Kind, written: Scalar) -> Any:
    """What the settings file says as a value of a column of this kind. ValueError for what can't be one."""
    match kind, written:
        case Kind.FLAG, bool():
            return written
        case Kind.FLAG, "true" | "false":
            return written == "true"
        case ((Kind.INTEGER | Kind.DECIMAL | Kind.FLOAT), int() | str() | Decimal()):
            return number(str(int(written) if isinstance(written, int) else written))
        case Kind.DAY, str():
            return date.fromisoformat(written)
        case Kind.DAY, date() if not isinstance(written, datetime):
            return written
        case ((Kind.LOCAL_TIME | Kind.INSTANT), str() | datetime()):
            moment = datetime.fromisoformat(written) if isinstance(written, str) else written
            if (moment.tzinfo is None) != (kind is Kind.LOCAL_TIME):
                raise ValueError(f"{written} {'has a' if moment.tzinfo else 'is without a'} zone")
            return moment
        case Kind.LOCAL_TIME, date():
            return datetime(written.year, written.month, written.day)
        case ((Kind.TEXT | Kind.PADDED | Kind.NAMED), str() | int()) if not isinstance(written, bool):
            return str(written)
        case Kind.ANYTHING, str() | int():
            return written
        case Kind.ANYTHING, date():
            return written.isoformat()
        case _:
            raise ValueError(f"{written} is none of {kind.value}")


def number(written: str) -> int | Decimal:
    try:
        value = Decimal(written)
    except InvalidOperation:
        raise ValueError(f"{written} is no number") from None
    return int(value) if value.is_finite() and value == int(value) else value


def bind_type(column: FoundColumn, dialect: str) -> sql.TypeEngine[Any]:
    """The type by which values are sent to be compared with `column`, so that its index can be used."""
    match column.kind:
        case Kind.INTEGER:
            return sql.BigInteger()
        case Kind.DECIMAL | Kind.FLOAT:
            return sql.NullType() if dialect == "sqlite" else sql.Numeric()
        case Kind.TEXT | Kind.PADDED if dialect == "mariadb":
            return column.type  # what can be compared with it depends on its character set
        case Kind.TEXT | Kind.NAMED:
            return sql.String()
        case Kind.PADDED:
            length = getattr(column.type, "length", None)
            return sql.CHAR(length) if length else sql.String()
        case Kind.UUID:
            return sql.Uuid(as_uuid=False)
        case Kind.FLAG:
            return sql.Boolean()
        case Kind.DAY:
            return sql.Date()
        case Kind.LOCAL_TIME:
            return sql.DateTime()
        case Kind.INSTANT:
            return sql.DateTime() if dialect == "mariadb" else sql.DateTime(timezone=True)
        case Kind.ANYTHING | Kind.OTHER:
            return sql.NullType()
