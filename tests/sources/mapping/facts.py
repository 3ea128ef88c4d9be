"""A source of one table that has a column of every kind, and another program's table for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Date, Integer, MetaData, Table, insert
from sqlalchemy.types import TypeEngine

from sources.columns import Exact, Instant, Text
from sources.database import Database
from sources.mapping.mapped import Mapped
from sources.mapping.requirements import may_be_absent, one_of_these, only_for_writing, requirements
from sources.mapping.settings import ColumnMapping, SystemMapping, TableMapping

__all__ = ["FACTS", "KINDS_OF_COLUMN", "METADATA", "REQUIREMENT", "foreign_table", "mapped_database", "mapping_of"]

METADATA = MetaData()
FACTS = Table(
    "facts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("text", Text),
    Column("state", Text, info=one_of_these("OPEN", "CLOSED")),
    Column("number", Integer),
    Column("money", Exact(4)),
    Column("flag", Boolean),
    Column("day", Date),
    Column("at", Instant),
)
REMARKS = Table(
    "remarks",
    METADATA,
    Column("fact", Text, primary_key=True),
    Column("remark", Text, nullable=False),
    info=may_be_absent("nobody remarks anything"),
)
KEYS = Table("keys", METADATA, Column("key", Text, primary_key=True), info=only_for_writing())

REQUIREMENT = requirements("facts", METADATA)
KINDS_OF_COLUMN = [column.name for column in FACTS.columns if column.name != "id"]


def foreign_table(database: Database, columns: Sequence[Column[Any]], rows: Sequence[Mapping[str, Any]]) -> None:
    """The table FAKTA of another program, with these columns and rows beside FA_ID."""
    metadata = MetaData()
    # On MariaDB a table has an order of letters of its own, which forgives much.
    table = Table(
        "FAKTA",
        metadata,
        Column("FA_ID", Integer, primary_key=True, autoincrement=False),
        *columns,
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_czech_ci",
    )

    def fill(connection: Connection) -> None:
        connection.execute(insert(table), [{"FA_ID": number, **row} for number, row in enumerate(rows, start=1)])

    assert database.create(metadata, fill)


def mapping_of(columns: Mapping[str, ColumnMapping], **table: Any) -> SystemMapping:
    """FAKTA is the source's `facts`, by these columns; those that aren't named are absent."""
    absent = {name: ColumnMapping(absent=True) for name in KINDS_OF_COLUMN}
    named = {"id": ColumnMapping(column="FA_ID"), **absent, **columns}
    facts = TableMapping(table="FAKTA", columns=named, **table)
    return SystemMapping(tables={"facts": facts, "remarks": TableMapping(absent=True)})


def mapped_database(
    url: str, type_: TypeEngine[Any], values: Sequence[Any], *, column: str, options: Mapping[str, Any]
) -> tuple[Database, Callable[[], None]]:
    """FAKTA with one column X of this type and these values, mapped to `column`; and what closes it again."""
    made = Database("made", url)
    foreign_table(made, [Column("X", type_)], [{"X": value} for value in values])
    made.engines.dispose()
    mapping = mapping_of({column: ColumnMapping(column="X", **options)})
    database = Database("facts", url, mapped=Mapped(REQUIREMENT, mapping))
    return database, database.engines.dispose
