"""Reads a system's part of the settings file, `[systems.NAME.tables]`, into values; what can't be is refused there.

Whether the database has what is named is for later: `problems_of` looks at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sources.mapping.formats import DAY_FORMATS, TIME_FORMATS
from sources.mapping.settings import ColumnMapping, Scalar, SystemMapping, TableMapping

__all__ = ["Written", "read"]

CENTS = {"cents": Decimal("0.01")}
OF_A_COLUMN = ("unit", "zone", "ambiguous", "format", "codes", "pattern", "none")


class Written(Protocol):
    """A table of the settings file, as gateway/section.py reads it."""

    def names(self) -> Sequence[str]: ...
    def value(self, name: str) -> Any: ...
    def text(self, name: str) -> str | None: ...
    def texts(self, name: str) -> tuple[str, ...]: ...
    def boolean(self, name: str, default: bool) -> bool: ...
    def table(self, name: str) -> Written: ...
    def place(self, name: str) -> str: ...
    def refused(self, name: str, message: str) -> Exception: ...
    def refuse_unread(self) -> None: ...


def read(section: Written) -> SystemMapping:
    """The mapping that is written in `[systems.NAME.tables]`. Raises what `section.refused` gives."""
    tables = {name: table_of(section.table(name)) for name in section.names()}
    section.refuse_unread()
    return SystemMapping(tables=tables, place=section.place(""))


def table_of(section: Written) -> TableMapping:
    columns = section.table("columns")
    mapping = TableMapping(
        table=section.text("table"),
        schema=section.text("schema"),
        absent=section.boolean("absent", False),
        where=where_of(section),
        columns={name: column_of(columns, name) for name in columns.names()},
        place=section.place(""),
    )
    if mapping.absent and (mapping.table or mapping.schema or mapping.where or mapping.columns):
        raise section.refused("absent", "a table that is absent has nothing else: leave out the rest, or absent")
    return mapping


def where_of(section: Written) -> dict[str, tuple[Scalar, ...] | None]:
    written = section.table("where")
    where: dict[str, tuple[Scalar, ...] | None] = {name: scalars(written, name) for name in written.names()}
    return {**where, **dict.fromkeys(section.texts("present"))}


def column_of(section: Written, name: str) -> ColumnMapping:
    written = section.value(name)
    if isinstance(written, str) and written:
        return ColumnMapping(column=written, place=section.place(name))
    if not isinstance(written, dict):
        raise section.refused(name, 'it is neither a column\'s name nor a table like { column = "NAME" }')
    return described(section.table(name))


def described(section: Written) -> ColumnMapping:
    """A column that is written as a table."""
    given = {name: section.value(name) for name in ("column", "constant", "absent")}
    sources = [name for name, value in given.items() if value is not None and (name, value) != ("absent", False)]
    if len(sources) != 1:
        raise section.refused("", "it has one of column, constant and absent = true")
    for name in OF_A_COLUMN:
        if sources != ["column"] and section.value(name) is not None:
            raise section.refused(name, "it says how a column is read, and there is no column")
    return ColumnMapping(
        column=section.text("column"),
        constant=None if section.value("constant") is None else scalar(section, "constant", section.value("constant")),
        absent=section.boolean("absent", False),
        unit=unit_of(section),
        zone=zone_of(section),
        ambiguous=one_of(section, "ambiguous", ("first", "second")),
        format=one_of(section, "format", tuple(dict.fromkeys((*DAY_FORMATS, *TIME_FORMATS)))),
        codes=codes_of(section),
        pattern=pattern_of(section),
        none=scalars(section, "none") if section.value("none") is not None else (),
        place=section.place(""),
    )


def unit_of(section: Written) -> Decimal | None:
    written = section.value("unit")
    if written is None:
        return None
    try:
        unit = CENTS.get(written) or Decimal(written if isinstance(written, str | int) else "")
    except (InvalidOperation, TypeError):
        unit = Decimal(0)
    if isinstance(written, bool) or not unit.is_finite() or unit <= 0:
        raise section.refused("unit", 'it is neither "cents" nor a number above 0, like "0.01" or 60')
    return unit


def zone_of(section: Written) -> str | None:
    written = section.text("zone")
    try:
        return ZoneInfo(written).key if written else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise section.refused("zone", "there is no such time zone; it is one like Europe/Prague or UTC") from None


def one_of(section: Written, name: str, choices: Sequence[str]) -> str | None:
    written = section.text(name)
    if written is not None and written not in choices:
        raise section.refused(name, f"it is none of {', '.join(choices)}")
    return written


def codes_of(section: Written) -> dict[str, Scalar] | None:
    if section.value("codes") is None:
        return None
    codes = section.table("codes")
    if not codes.names():
        raise section.refused("codes", 'it names no code: write { "1" = "ACTIVE" }')
    return {code: scalar(codes, code, codes.value(code)) for code in codes.names()}


def pattern_of(section: Written) -> str | None:
    written = section.text("pattern")
    if written is not None and not written.endswith("0"):
        raise section.refused("pattern", 'it doesn\'t end in zeros, one for each digit, like "CL-00000"')
    return written


def scalars(section: Written, name: str) -> tuple[Scalar, ...]:
    written = section.value(name)
    several = written if isinstance(written, list) else [written]
    return tuple(scalar(section, name, each) for each in several)


def scalar(section: Written, name: str, written: object) -> Scalar:
    if isinstance(written, str | int | date | datetime):
        return written
    if isinstance(written, float):
        raise section.refused(name, f'a number with a fraction is written as a text: "{written}"')
    raise section.refused(name, "it is not a text, a number, true or false, a day or a time")
