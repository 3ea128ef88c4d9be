"""What a source needs of its database, read from its tables: what each column holds, and what may be left out.

    requirement = requirements("sales", sales.METADATA)

A source says what its tables can't by their `info`:

    HOLIDAYS = Table("holidays", METADATA, ..., info=may_be_absent("no day is a public holiday"))
    KEYS = Table("idempotency_keys", METADATA, ..., info=only_for_writing())
    Column("folded_name", Text, nullable=False, info=folded_from("name"))
    Column("status", Text, nullable=False, info=one_of_these("DRAFT", "SIGNED", "TERMINATED"))

    Column("pin", Text, info=absent_where_missing())

Nullable columns may be said to be absent (null for every row), others may be given a constant. What only Spojka writes
needs no word: a table without it has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Boolean, Column, Date, Integer, MetaData, String, Table

from sources.columns import Exact, Instant

__all__ = [
    "ColumnNeed",
    "Holds",
    "Requirement",
    "TableNeed",
    "absent_where_missing",
    "folded_from",
    "may_be_absent",
    "one_of_these",
    "only_for_writing",
    "requirements",
]

ABSENT, WRITTEN, FOLDED, CHOICES, OURS = (
    f"spojka: {each}" for each in ("absent", "only written", "folded from", "choices", "absent where missing")
)


class Holds(Enum):
    """What a column holds, as the source speaks of it."""

    TEXT = "text"
    INTEGER = "a whole number"
    EXACT = "a decimal"
    FLAG = "true or false"
    DAY = "a day"
    INSTANT = "an instant"


@dataclass(frozen=True, slots=True)
class ColumnNeed:
    """One column. `places` are an EXACT's decimal places; `choices` all that a TEXT can be, where that is known.

    `folded_from` names the column that it is made from: a folded column is never mapped, Spojka makes it itself.
    `is_ours`: only Spojka writes it, so a table that has no such column is not asked why.
    """

    name: str
    holds: Holds
    nullable: bool
    places: int = 0
    folded_from: str | None = None
    choices: tuple[str, ...] = ()
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class TableNeed:
    """One table. `absence` says what it means when it is left out; None: it can't be."""

    name: str
    columns: tuple[ColumnNeed, ...]
    absence: str | None = None

    def column(self, name: str) -> ColumnNeed:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What `system` reads. `tables` leaves out those that it only writes with; `metadata` has them all."""

    system: str
    tables: tuple[TableNeed, ...]
    metadata: MetaData

    def table(self, name: str) -> TableNeed:
        return next(table for table in self.tables if table.name == name)


def requirements(system: str, metadata: MetaData) -> Requirement:
    """What the source of `system` needs, whose tables are `metadata`."""
    read = (table for table in metadata.tables.values() if not table.info.get(WRITTEN))
    return Requirement(system, tuple(map(table_need, read)), metadata)


def table_need(table: Table) -> TableNeed:
    return TableNeed(table.name, tuple(map(column_need, table.columns)), table.info.get(ABSENT))


def column_need(column: Column[Any]) -> ColumnNeed:
    places = column.type.scale if isinstance(column.type, Exact) else 0
    return ColumnNeed(
        column.name,
        held_by(column),
        bool(column.nullable),
        places,
        column.info.get(FOLDED),
        column.info.get(CHOICES, ()),
        column.info.get(OURS, False),
    )


def held_by(column: Column[Any]) -> Holds:
    match column.type:
        case Exact():
            return Holds.EXACT
        case Instant():
            return Holds.INSTANT
        case Boolean():
            return Holds.FLAG
        case Integer():
            return Holds.INTEGER
        case Date():
            return Holds.DAY
        case String():
            return Holds.TEXT
        case other:
            raise TypeError(f"{column}: {other!r} is no type that a mapped column can have")


def may_be_absent(meaning: str) -> dict[Any, Any]:
    """`info` of a table that may be left out; `meaning` says what that means: "no day is a public holiday"."""
    return {ABSENT: meaning}


def only_for_writing() -> dict[Any, Any]:
    """`info` of a table that only Spojka has: no mapping names it, and in a mapped system it is empty."""
    return {WRITTEN: True}


def folded_from(name: str) -> dict[Any, Any]:
    """`info` of a column that is `folded` (sources/folding.py) of the column called `name`."""
    return {FOLDED: name}


def one_of_these(*choices: str) -> dict[Any, Any]:
    """`info` of a column of text that can have no other values."""
    return {CHOICES: choices}


def absent_where_missing() -> dict[Any, Any]:
    """`info` of a nullable column that only Spojka writes: another program's table does without it."""
    return {OURS: True}
