"""The columns of MariaDB's tables and views, asked for in a way that whoever may read them may ask.

SQLAlchemy asks for the statement that made a table, which for a view takes a right of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy import types as sql

__all__ = ["mariadb_columns"]

COLUMNS = text(
    "SELECT column_name, data_type, column_type, is_nullable, numeric_precision, numeric_scale, datetime_precision, "
    "character_maximum_length, character_set_name, collation_name FROM information_schema.columns "
    "WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :name ORDER BY ordinal_position"
)
CHOICE = re.compile(r"'((?:[^']|'')*)'")


def mariadb_columns(
    connection: Connection, types: Mapping[str, type[sql.TypeEngine[Any]]], name: str, schema: str | None
) -> list[tuple[str, str, bool, sql.TypeEngine[Any]]]:
    """(name, type in MariaDB's words, nullable, type) of each; none where there is no such table.

    `types` has SQLAlchemy's types by MariaDB's names of them.
    """
    rows = connection.execute(COLUMNS, {"schema": schema, "name": name})
    return [(row.column_name, row.column_type, row.is_nullable == "YES", type_of(row, types)) for row in rows]


def type_of(row: Any, types: Mapping[str, Any]) -> sql.TypeEngine[Any]:
    kind = types.get(row.data_type.lower(), sql.NullType)
    match row.data_type.lower():
        case "decimal":
            found = kind(row.numeric_precision, row.numeric_scale)
        case "enum" | "set":
            choices = [choice.replace("''", "'") for choice in CHOICE.findall(row.column_type)]
            found = kind(*choices, charset=row.character_set_name, collation=row.collation_name)
        case "char" | "varchar":
            found = kind(row.character_maximum_length, charset=row.character_set_name, collation=row.collation_name)
        case "datetime" | "timestamp":
            found = kind(fsp=row.datetime_precision)
        case "tinyint" | "smallint" | "mediumint" | "int" | "bigint":
            found = kind(unsigned="unsigned" in row.column_type)
        case _:
            found = kind()
    result: sql.TypeEngine[Any] = found
    return result
