"""What a mapped database holds, tried out: the mapping may fit every type and still meet a code that it doesn't name.

For a command that somebody runs, not for each start: whole tables may be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Engine, Select, Table, func, inspect, select

from sources.errors import ValueRefused
from sources.mapping.adapting import Adapter
from sources.mapping.binding import bind
from sources.mapping.problems import Problem
from sources.mapping.requirements import Requirement
from sources.mapping.settings import ColumnMapping, SystemMapping, TableMapping

__all__ = ["data_problems_of"]

ROWS = 1_000


def data_problems_of(
    requirement: Requirement, engine: Engine, mapping: SystemMapping, rows: int = ROWS
) -> list[Problem]:
    """What would be refused: in all rows of columns with codes, in up to `rows` of the others; and doubled keys.

    One problem for each column. Nothing for a mapping that doesn't fit at all: ask `problems_of` first.
    """
    bound, misfits = bind(requirement, mapping, inspect(engine))
    if misfits:
        return []
    adapter = Adapter(requirement, bound, dialect=engine.dialect.name)
    with engine.connect() as connection:
        sampling = Sampling(requirement, mapping, adapter, connection, rows)
        return [problem for need in requirement.tables for problem in sampling.table(need.name)]


class Sampling:
    def __init__(
        self, requirement: Requirement, mapping: SystemMapping, adapter: Adapter, connection: Connection, rows: int
    ) -> None:
        self.requirement = requirement
        self.mapping = mapping
        self.adapter = adapter
        self.connection = connection
        self.rows = rows

    def table(self, name: str) -> Iterator[Problem]:
        table = self.requirement.metadata.tables[name]
        mapping = self.mapping.tables.get(name) or TableMapping(place=self.mapping.place)
        refused = False
        for column in table.columns:
            mapped = mapping.columns.get(column.name)
            if message := self.refusal(column, mapped):
                refused = True
                place = (mapped and mapped.place) or mapping.place
                yield Problem(place, self.requirement.system, name, column.name, message)
        if not refused and (doubled := self.doubled(table)):
            yield Problem(mapping.place, self.requirement.system, name, None, doubled)

    def refusal(self, column: Column[Any], mapped: ColumnMapping | None) -> str | None:
        """Why one of the column's values is refused."""
        sample: Select[Any] = select(column).limit(self.rows)
        if mapped is not None and mapped.codes:
            sample = select(column).distinct()
        try:
            self.connection.execute(self.adapter.adapted(sample)).all()
        except ValueRefused as error:
            return error.why
        return None

    def doubled(self, table: Table) -> str | None:
        """Two rows that are one to the source."""
        keys = select(*table.primary_key.columns).subquery()
        twice = select(*keys.c).group_by(*keys.c).having(func.count() > 1).limit(1)
        found = self.connection.execute(self.adapter.adapted(twice)).first()
        if found is None:
            return None
        names = " and ".join(column.name for column in table.primary_key.columns)
        values = ", ".join(str(value) for value in found)
        return f"several rows have the same {names} ({values}), and each needs its own: map others, or say where"
