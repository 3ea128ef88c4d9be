"""Constraints that mean the same on every database, where a database has no words for them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import DDL, Column, ColumnElement, Dialect, ForeignKeyConstraint, Index, event
from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect
from sqlalchemy.ext.compiler import compiles

__all__ = ["run_ddl", "unique_where"]


def unique_where(name: str, *columns: Column[Any], where: ColumnElement[bool]) -> None:
    """No two rows that fulfil the condition have the same in these columns of one table.

    MariaDB gets a column of its own for that, which is 1 in these rows and null in the others: nulls are never equal.
    """
    table = columns[0].table
    Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where).ddl_if(callable_=can_be_partial)
    condition = where.compile(dialect=MariaDBDialect(), compile_kwargs={"literal_binds": True, "include_table": False})
    names = ", ".join(f"`{column.name}`" for column in columns)
    marker = f"`{name}` TINYINT AS (CASE WHEN {condition} THEN 1 END) VIRTUAL INVISIBLE"
    run_ddl(
        table,
        f"ALTER TABLE `{table.name}` ADD COLUMN {marker}, ADD UNIQUE INDEX `{name}` ({names}, `{name}`)",
        dialect="mariadb",
    )


def can_be_partial(*_: Any, dialect: Dialect, **__: Any) -> bool:
    """Can the database have an index on some of the rows?"""
    return dialect.name != "mariadb"


def run_ddl(target: Any, statement: str, *, dialect: str) -> None:
    """Run the statement after `target` (a table, or all of them) is made on such a database."""
    ddl = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped
    event.listen(target, "after_create", ddl.execute_if(dialect=dialect))


@compiles(ForeignKeyConstraint, "mariadb")
def _checked_at_once(constraint: ForeignKeyConstraint, compiler: Any, **options: Any) -> str:
    """MariaDB can't check at the end of a transaction; while a company is made it doesn't check (making.py)."""
    text: str = compiler.visit_foreign_key_constraint(constraint, **options)
    return text.replace(" INITIALLY DEFERRED", "").replace(" DEFERRABLE", "")
