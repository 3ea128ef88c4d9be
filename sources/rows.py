"""Records into rows and back, without writing every column down twice; and rows that may be there already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Table, case, func, insert
from sqlalchemy.dialects import mysql, postgresql, sqlite

__all__ = ["insert_all", "insert_new", "row_of"]

CHUNK = 5_000
THERE = 1


def row_of(record: Any) -> dict[str, Any]:
    """The fields of a record by name, not copied."""
    kind: Any = type(record)
    return {name: getattr(record, name) for name in names_of(kind)}


@cache
def names_of(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def insert_all(
    connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]], *, at_once: int = CHUNK
) -> None:
    """Insert many rows (all with the same columns) in few statements, `at_once` of them held in memory."""
    chunk: list[Mapping[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == at_once:
            connection.execute(insert(table), chunk)
            chunk = []
    if chunk:
        connection.execute(insert(table), chunk)


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there; whether it was inserted.

    Waits for another transaction that inserts the same key, to see what becomes of it.
    """
    kind = connection.dialect.name
    done = connection.execute(insert_unless_there(kind, table), row)
    return done.lastrowid != THERE if kind == "mariadb" else done.rowcount == 1


@cache
def insert_unless_there(kind: str, table: Table) -> Insert:
    match kind:
        case "sqlite":
            return sqlite.insert(table).on_conflict_do_nothing()
        case "postgresql":
            return postgresql.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        case _:
            # A plain INSERT that fails keeps a shared lock: two that go on to write the row would wait for each other.
            # This one locks the row for itself; that it was there can be seen by the number that it leaves.
            key = table.primary_key.columns[0]
            same = case((func.last_insert_id(THERE) == THERE, key), else_=key)
            return mysql.insert(table).on_duplicate_key_update({key.name: same})
