"""The demo company's SQLite files as another program would have them: every table and column under another name.

    mapping = rename(files / "sales.sqlite", requirement("sales"))

The same facts stay in them; so what is read through `mapping` has to be what Spojka's own file gives.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from sources.mapping.requirements import ColumnNeed, Holds, Requirement
from sources.mapping.settings import ColumnMapping, SystemMapping, TableMapping

__all__ = ["as_toml", "rename"]

INSTANTS = "YYYY-MM-DDThh:mm:ss.ffffffZ"


def rename(file: Path, requirement: Requirement) -> SystemMapping:
    """Rename everything that the source reads, drop the rest and what Spojka would have made itself."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        for index in [name for need in requirement.tables for name in indexes_of_folded(requirement, need.name)]:
            connection.execute(f'DROP INDEX "{index}"')
        for table in requirement.tables:
            for column in table.columns:
                connection.execute(
                    f'ALTER TABLE "{table.name}" DROP COLUMN "{column.name}"'
                    if column.folded_from
                    else f'ALTER TABLE "{table.name}" RENAME COLUMN "{column.name}" TO "{foreign(column.name)}"'
                )
            connection.execute(f'ALTER TABLE "{table.name}" RENAME TO "{foreign(table.name)}"')
        read = {table.name for table in requirement.tables}
        for name in requirement.metadata.tables.keys() - read:
            connection.execute(f'DROP TABLE "{name}"')
    finally:
        connection.close()
    return SystemMapping(
        tables={
            table.name: TableMapping(
                table=foreign(table.name),
                columns={column.name: mapping_of(column) for column in table.columns if not column.folded_from},
            )
            for table in requirement.tables
        }
    )


def indexes_of_folded(requirement: Requirement, table: str) -> Iterator[str]:
    folded = {column.name for column in requirement.table(table).columns if column.folded_from}
    for index in requirement.metadata.tables[table].indexes:
        if folded & {column.name for column in index.columns}:
            yield str(index.name)


def foreign(name: str) -> str:
    return f"Cizí {name.upper()}-1"


def mapping_of(column: ColumnNeed) -> ColumnMapping:
    """How Spojka itself keeps such a value in SQLite (sources/columns.py), said as a mapping."""
    match column.holds:
        case Holds.EXACT:
            return ColumnMapping(column=foreign(column.name), unit=Decimal(1).scaleb(-column.places))
        case Holds.INSTANT:
            return ColumnMapping(column=foreign(column.name), format=INSTANTS)
        case _:
            return ColumnMapping(column=foreign(column.name))


def as_toml(system: str, url: str, mapping: SystemMapping) -> str:
    """The same as somebody would write it into spojka.toml."""
    lines = [f"[systems.{system}]", f'url = "{url}"']
    for name, table in mapping.tables.items():
        lines += [f"[systems.{system}.tables.{name}]", f'table = "{table.table}"']
        lines += [f"[systems.{system}.tables.{name}.columns]"]
        lines += [f"{column} = {{ {described(each)} }}" for column, each in table.columns.items()]
    return "\n".join([*lines, ""])


def described(mapping: ColumnMapping) -> str:
    options = {"column": mapping.column, "unit": mapping.unit, "format": mapping.format}
    return ", ".join(f'{name} = "{value}"' for name, value in options.items() if value is not None)
