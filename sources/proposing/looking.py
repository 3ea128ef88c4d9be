"""What is in a table that may be mapped: a few questions whose answers say how it is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Engine, MetaData, Table, column, func, select

from sources.faults import DATABASE_ERRORS
from sources.mapping.found import FoundTable, found_in

__all__ = ["Database", "Looking", "readable"]

MOST_VALUES = 12


class Looking(Protocol):
    """Whoever can be asked; `name` is a column of `table`."""

    def values(self, table: FoundTable, name: str) -> Sequence[object] | None:
        """The different values that there are; None where they are many."""

    def has_null(self, table: FoundTable, name: str) -> bool: ...

    def has_empty(self, table: FoundTable, name: str) -> bool: ...

    def greatest(self, table: FoundTable, name: str) -> object: ...


class Database:
    """The database itself."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def values(self, table: FoundTable, name: str) -> Sequence[object] | None:
        found = [each for (each,) in self._rows(select(column(name)).distinct().limit(MOST_VALUES + 1), table)]
        return sorted((each for each in found if each is not None), key=str) if len(found) <= MOST_VALUES else None

    def has_null(self, table: FoundTable, name: str) -> bool:
        return bool(self._rows(select(column(name)).where(column(name).is_(None)).limit(1), table))

    def has_empty(self, table: FoundTable, name: str) -> bool:
        return bool(self._rows(select(column(name)).where(column(name) == "").limit(1), table))

    def greatest(self, table: FoundTable, name: str) -> object:
        [(found,)] = self._rows(select(func.max(column(name))), table)
        return found

    def _rows(self, statement: Any, table: FoundTable) -> Sequence[Any]:
        with self.engine.connect() as connection:
            return connection.execute(statement.select_from(as_table(table))).all()


def readable(engine: Engine, schema: str | None) -> list[FoundTable]:
    """The tables and views that may be read; of programs that let others see views only, those."""
    return [each for each in found_in(engine, schema) if each.columns and may_be_read(engine, each)]


def may_be_read(engine: Engine, found: FoundTable) -> bool:
    statement: Any = select(column(found.columns[0].name)).select_from(as_table(found)).limit(1)
    try:
        with engine.connect() as connection:
            connection.execute(statement).first()
    except DATABASE_ERRORS:
        return False
    return True


def as_table(found: FoundTable) -> Table:
    return Table(found.name, MetaData(), schema=found.schema)
