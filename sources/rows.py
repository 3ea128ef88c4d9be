"""Records into rows and back, without writing every column down twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, insert

__all__ = ["insert_all", "row_of"]

CHUNK = 5_000


def row_of(record: Any) -> dict[str, Any]:
    """The fields of a record by name, not copied."""
    kind: Any = type(record)
    return {name: getattr(record, name) for name in names_of(kind)}


@cache
def names_of(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def insert_all(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert many rows (all with the same columns) in few statements and with bounded memory."""
    chunk: list[Mapping[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            connection.execute(insert(table), chunk)
            chunk = []
    if chunk:
        connection.execute(insert(table), chunk)
