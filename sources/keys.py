"""`column IN keys` where all keys are one bound value, however many there are.

An expanding IN of 48 keys costs more than its query, and every length is another statement (performance.md, SQL).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Integer, TypeDecorator, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, String, TypeEngine

__all__ = ["EXACT", "BoundKeys", "KeyList", "OneOf", "is_storable", "key_literals", "one_of"]


def one_of(column: ColumnElement[Any], name: str = "keys") -> ColumnElement[bool]:
    """`column` is one of the keys bound as `name` at execution: `execute(STATEMENT, {"keys": ["7700123", ...]})`.

    For text and integer columns; no keys match nothing.
    """
    return OneOf(column, bindparam(name, type_=BoundKeys(column.type)))


class BoundKeys(TypeDecorator[Collection[Any]]):
    """A collection of keys as one value: JSON text on SQLite, an array on PostgreSQL, a list in SQL on MariaDB.

    Keys are cast to the column's type first, so that the same keys are found on every database.
    """

    impl = String
    cache_ok = True

    def __init__(self, key: TypeEngine[Any]) -> None:
        super().__init__()
        self.key = key
        self.cast: type[int] | type[str] = int if isinstance(key, Integer) else str

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(self.key) if dialect.name == "postgresql" else String())

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        keys = [self.cast(key) for key in value or () if is_storable(key)]
        match dialect.name:
            case "sqlite":
                return json.dumps(keys)
            case "mariadb":
                return KeyList(writable(keys, getattr(self.key.dialect_impl(dialect), "charset", None)))
            case _:
                return keys


EXACT = "utf8mb4_nopad_bin"
"""MariaDB's collation in which only the same text is equal."""

CODECS = {"latin1": "cp1252", "latin2": "iso8859_2", "cp1250": "cp1250", "ascii": "ascii"}
"""Python's names of the character sets that MariaDB's old tables have."""


SHORT = {"utf8", "utf8mb3", "ucs2"}
"""Character sets that end with the letters of two bytes."""


def writable(keys: list[Any], charset: Any) -> list[Any]:
    """Those that a column of this character set can hold; beside another one, MariaDB would compare none."""
    return [key for key in keys if can_hold(charset, key)] if charset in CODECS or charset in SHORT else keys


def can_hold(charset: str, key: str) -> bool:
    if charset in SHORT:
        return max(key, default="") <= "\uffff"
    try:
        key.encode(CODECS[charset])
    except UnicodeEncodeError:
        return False
    return True


class KeyList(list[Any]):
    """Keys that MariaDB's driver writes into the statement: see `_on_mariadb`."""


def key_literals(keys: KeyList, escapes: Mapping[Any, Callable[..., str]]) -> str:
    """(12,13) or ('a','b'); no keys are (NULL), which nothing is in."""
    return f"({','.join(escapes[type(key)](key, escapes) for key in keys) or 'NULL'})"


def is_storable(key: object) -> bool:
    """Can a database hold this key? NUL and lone surrogates can't be in any text, so such a key finds nothing."""
    if not isinstance(key, str):
        return True
    return "\0" not in key and (key.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in key))


class OneOf(FunctionElement[bool]):
    name = "one_of"
    type = Boolean()
    inherit_cache = True
    # A condition as it is; with "= 1" behind it, as a value would get, SQLite and MariaDB use no index.
    _is_implicitly_boolean = True


@compiles(OneOf, "sqlite")
def _on_sqlite(element: OneOf, compiler: Any, **options: Any) -> str:
    column, keys = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({keys}))"  # noqa: S608 - both are compiled SQL, values are bound


@compiles(OneOf, "postgresql")
def _on_postgresql(element: OneOf, compiler: Any, **options: Any) -> str:
    column, keys = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({keys})"


@compiles(OneOf, "mariadb")
def _on_mariadb(element: OneOf, compiler: Any, **options: Any) -> str:
    """A list of literals: the driver writes every value into the statement, so a list is one value as well.

    Literals are compared by the column's own collation and find its index. JSON_TABLE would make a column of them,
    with a collation of its own: an error where both are binary, no index where the column is latin2 or utf8mb3.
    What a lenient collation finds too (cl-00417, trailing spaces) is left out by the second comparison.
    """
    column, keys = (compiler.process(clause, **options) for clause in element.clauses)
    found = f"{column} IN {keys}"
    type_: Any = list(element.clauses)[1].type
    kind = type_.key.dialect_impl(compiler.dialect)
    if not isinstance(kind, String) or kind.collation == EXACT:
        return found
    return f"({found} AND CONVERT({column} USING utf8mb4) COLLATE {EXACT} IN {keys})"
