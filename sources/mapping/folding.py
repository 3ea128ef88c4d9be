"""`folded` (sources/folding.py) made by the database, where a foreign one has no column of it.

SQLite calls the function itself. PostgreSQL takes letters and marks apart as the function does. MariaDB can't, so there
it is the order of a collation that knows no marks and no case. Nobody relies on the text: a page begins behind the
text that the database itself gave for the last row of the page before.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import ColumnElement, Dialect, String, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from sources.folding import DROPPED, UNDECOMPOSED, folded

__all__ = ["Folded", "teach_folding"]

FUNCTION = "spojka_folded"
LETTERS = {**{chr(letter): plain for letter, plain in UNDECOMPOSED.items()}, "ß": "ss", "\u03c2": "\u03c3"}
SINGLE = {letter: plain for letter, plain in LETTERS.items() if len(plain) == 1}
DOUBLE = {letter: plain for letter, plain in LETTERS.items() if len(plain) > 1}
MARKS = "\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f"


class FoldedText(TypeDecorator[str]):
    """What the database gives is taken as it is."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(String())


class Folded(FunctionElement[str]):
    """`folded` of a column of text."""

    type = FoldedText()
    inherit_cache = True
    name = "folded"

    def __init__(self, name: ColumnElement[Any]) -> None:
        super().__init__(name)


def teach_folding(connection: sqlite3.Connection) -> None:
    """Make SQLite know the function on this connection."""
    connection.create_function(
        FUNCTION, 1, lambda text: None if text is None else folded(str(text)), deterministic=True
    )


@compiles(Folded, "sqlite")
def _on_sqlite(element: Folded, compiler: Any, **options: Any) -> str:
    return f"{FUNCTION}({compiler.process(element.clauses, **options)})"


@compiles(Folded, "postgresql")
def _on_postgresql(element: Folded, compiler: Any, **options: Any) -> str:
    text = f'lower({compiler.process(element.clauses, **options)} COLLATE "und-x-icu")'
    text = f"translate({text}, {quoted(''.join(SINGLE) + DROPPED)}, {quoted(''.join(SINGLE.values()))})"
    for letter, plain in DOUBLE.items():
        text = f"replace({text}, {quoted(letter)}, {quoted(plain)})"
    # Some letters have a capital only in their compatible form, so they become small after they are taken apart.
    text = f"lower(regexp_replace(normalize({text}, NFKD), '[{MARKS}]', '', 'g'))"
    return f"btrim(regexp_replace({text}, '[^[:alnum:]]+', ' ', 'g')) COLLATE \"C\""


@compiles(Folded, "mariadb")
def _on_mariadb(element: Folded, compiler: Any, **options: Any) -> str:
    text = f"LOWER(CONVERT({compiler.process(element.clauses, **options)} USING utf8mb4))"
    for letter, plain in {**DOUBLE, **dict.fromkeys(DROPPED, "")}.items():
        text = f"REPLACE({text}, {quoted(letter)}, {quoted(plain)})"
    return f"TRIM(REGEXP_REPLACE({text}, '[^[:alnum:]]+', ' ')) COLLATE utf8mb4_unicode_520_ci"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
