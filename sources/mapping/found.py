"""What a database has: its tables and views with their columns, and what the types of these can hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Dialect, Engine, inspect
from sqlalchemy import types as sql
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect
from sqlalchemy.engine.reflection import Inspector
from sqlalchemy.exc import NoSuchTableError

from sources.mapping.mariadb import mariadb_columns

__all__ = ["FoundColumn", "FoundTable", "Kind", "columns_in", "found_in", "kind_of", "names_in"]


class Kind(Enum):
    """What values of a column's type are, and how they are compared."""

    INTEGER = "whole numbers"
    DECIMAL = "decimals"
    FLOAT = "floating point numbers"
    TEXT = "text"
    PADDED = "text of fixed width"
    NAMED = "an enumeration"
    UUID = "UUIDs"
    FLAG = "true and false"
    DAY = "days"
    LOCAL_TIME = "times without a zone"
    INSTANT = "instants"
    ANYTHING = "anything"  # SQLite's columns hold what they are given, whatever their type is called
    OTHER = "something else"


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column as it is; `type_text` is its type in the database's own words."""

    name: str
    kind: Kind
    type_text: str
    nullable: bool
    type: sql.TypeEngine[Any]


@dataclass(frozen=True, slots=True)
class FoundTable:
    name: str
    schema: str | None
    is_view: bool
    columns: tuple[FoundColumn, ...]


def found_in(engine: Engine, schema: str | None = None) -> list[FoundTable]:
    """Every table and view of one schema, by name."""
    inspector = inspect(engine)
    return [
        FoundTable(name, schema, is_view, columns_in(inspector, name, schema) or ())
        for name, is_view in sorted(tables_and_views(inspector, schema))
    ]


def names_in(inspector: Inspector, schema: str | None) -> list[str]:
    """The names of the tables and views of one schema; none where there is no such schema."""
    return sorted(name for name, _ in tables_and_views(inspector, schema))


def tables_and_views(inspector: Inspector, schema: str | None) -> Iterator[tuple[str, bool]]:
    yield from ((name, False) for name in inspector.get_table_names(schema))
    yield from ((name, True) for name in inspector.get_view_names(schema))
    if inspector.dialect.name == "postgresql":
        yield from ((name, True) for name in inspector.get_materialized_view_names(schema))


def columns_in(inspector: Inspector, name: str, schema: str | None) -> tuple[FoundColumn, ...] | None:
    """The columns of a table or view; None where there is none of that name."""
    dialect = inspector.dialect
    if isinstance(dialect, MariaDBDialect):
        found = described(inspector, name, schema, dialect)
    else:
        found = reflected(inspector, name, schema)
    if found is None:
        return None
    return tuple(
        FoundColumn(name, kind_of(type_, dialect), written, nullable, type_) for name, written, nullable, type_ in found
    )


Described = list[tuple[str, str, bool, sql.TypeEngine[Any]]]


def described(inspector: Inspector, name: str, schema: str | None, dialect: MariaDBDialect) -> Described | None:
    with inspector.engine.connect() as connection:
        return mariadb_columns(connection, dialect.ischema_names, name, schema) or None


def reflected(inspector: Inspector, name: str, schema: str | None) -> Described | None:
    try:
        found = inspector.get_columns(name, schema)
    except NoSuchTableError:
        return None
    return [
        (each["name"], type_text(each["type"], inspector.dialect), bool(each["nullable"]), each["type"])
        for each in found
    ]


def type_text(type_: sql.TypeEngine[Any], dialect: Dialect) -> str:
    if isinstance(type_, sql.NullType):
        return "no type"
    return type_.compile(dialect)


def kind_of(type_: sql.TypeEngine[Any], dialect: Dialect) -> Kind:
    match type_:
        case sql.Date() | sql.DateTime() if dialect.name == "sqlite":
            return Kind.ANYTHING
        case sql.NullType():
            return Kind.ANYTHING if dialect.name == "sqlite" else Kind.OTHER
        case postgresql.DOMAIN():
            return kind_of(type_.data_type, dialect)
        case sql.Boolean():
            return Kind.FLAG
        case sql.Integer() | mysql.BIT() | mysql.YEAR():
            return Kind.INTEGER
        case sql.Float():  # a kind of Numeric for SQLAlchemy, so it comes before
            return Kind.FLOAT
        case sql.Numeric():
            return Kind.INTEGER if type_.precision is not None and not type_.scale else Kind.DECIMAL
        case sql.Uuid():
            return Kind.UUID
        case sql.Enum():
            return Kind.NAMED
        case sql.CHAR() | sql.NCHAR():
            return Kind.PADDED
        case sql.JSON():
            return Kind.OTHER
        case sql.String():
            return Kind.TEXT
        case sql.Date():
            return Kind.DAY
        case mysql.TIMESTAMP():
            return Kind.INSTANT  # kept in UTC, and shown in UTC to our connections
        case sql.DateTime():
            return Kind.INSTANT if type_.timezone else Kind.LOCAL_TIME
        case _:
            return Kind.OTHER
