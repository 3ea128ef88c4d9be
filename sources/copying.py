"""Whole systems as SQLite files and back, whatever database they are in: for backups.

    hold a snapshot of every system -> copy each one from its snapshot        (others may go on writing)
    a copy's rows -> what fills a system that is made anew, on any database   (sources/making.py: all systems or none)

Who names another system's facts is held before it: what says that a process is done before what it did, an invoice
before the legs that it charges. So no copy names something that another one doesn't have yet.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    NullPool,
    Table,
    create_engine,
    func,
    inspect,
    null,
    select,
)

from sources.errors import SourceError
from sources.faults import DATABASE_ERRORS, as_source_error
from sources.making import Fill, Part
from sources.rows import insert_all

__all__ = ["Copied", "copy_together", "fill_from", "what_does_not_fit"]

NAMED_LAST = ("processes", "mailing", "billing", "links", "bridge", "reservations", "sales")
"""Who names others' facts before those whose facts they are."""

CHUNK = 5_000
FILES = 20
"""Rows that have a document in them, some 100 KB each."""


@dataclass(frozen=True, slots=True)
class Copied:
    """The copy of a system: its file, which kind of database it was in, and how many rows each table has."""

    system: str
    file: Path
    kind: str
    rows: Mapping[str, int]


def copy_together(parts: Sequence[Part], folder: Path) -> list[Copied]:
    """Each system into `folder`/<system>.sqlite, as all of them were at one time. Raises SourceError, OSError."""
    in_order = sorted(parts, key=lambda part: NAMED_LAST.index(part.system))
    with ExitStack() as held:
        snapshots = [held.enter_context(snapshot(part)) for part in in_order]
        return [copy(part, connection, folder) for part, connection in zip(in_order, snapshots, strict=True)]


@contextmanager
def snapshot(part: Part) -> Iterator[Connection]:
    """A connection on which everything is as it is now, until the end."""
    first = next(iter(part.metadata.tables.values()))
    with ExitStack() as held:
        try:
            connection = held.enter_context(part.engines.read.connect())
            # A transaction sees what was there when it first read, not when it began.
            connection.execute(select(func.count()).select_from(first))
        except DATABASE_ERRORS as error:
            raise as_source_error(part.system, error) from error
        yield connection


def copy(part: Part, connection: Connection, folder: Path) -> Copied:
    file = folder / f"{part.system}.sqlite"
    kind = connection.dialect.name
    try:
        if kind == "sqlite":
            copy_file(connection, file)
        else:
            copy_rows(part.metadata, connection, file)
        rows = check(part.metadata, file)
    except DATABASE_ERRORS as error:
        raise as_source_error(part.system, error) from error
    sync(file)
    return Copied(part.system, file, kind, rows)


def copy_file(connection: Connection, file: Path) -> None:
    """SQLite's own copy of the pages that the snapshot sees."""
    source: Any = connection.connection.driver_connection
    with closing(sqlite3.connect(file)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it


def copy_rows(metadata: MetaData, connection: Connection, file: Path) -> None:
    engine = create_engine(f"sqlite:///{quote(str(file))}", poolclass=NullPool)
    with engine.begin() as target:
        metadata.create_all(target)
        for table in in_filling_order(metadata):
            insert_all(target, table, rows_of(connection, table, list(table.columns)), at_once=at_once(table))


def fill_from(file: Path, metadata: MetaData) -> Fill:
    """What puts the rows of a copy into tables that were just made. What an earlier Spojka didn't have is null."""

    def fill(connection: Connection) -> None:
        with reading(file) as source:
            there = columns_in(source)
            for table in in_filling_order(metadata):
                names = there.get(table.name, set())
                columns = [each if each.name in names else null().label(each.name) for each in table.columns]
                if names:
                    insert_all(connection, table, rows_of(source, table, columns), at_once=at_once(table))

    return fill


def what_does_not_fit(file: Path, metadata: MetaData) -> list[str]:
    """What of a copy these tables have no place for, or lack: another version of Spojka made it."""
    with reading(file) as source:
        there = columns_in(source)
    wanted = {table.name: table for table in metadata.tables.values()}
    found = [f"the table {name} is not known" for name in sorted(there.keys() - wanted.keys())]
    for name in sorted(there.keys() & wanted.keys()):
        columns = wanted[name].columns
        found += [f"the column {name}.{each} is not known" for each in sorted(there[name] - set(columns.keys()))]
        found += [
            f"there is no {name}.{each.name}" for each in columns if each.name not in there[name] and not each.nullable
        ]
    return found


def in_filling_order(metadata: MetaData) -> list[Table]:
    """Tables before those that refer to them; but where that is checked at a transaction's end, the other way about.

    An issued invoice takes no more lines, so they come first, and their reference to it is deferred for that reason.
    """
    tables = list(metadata.tables.values())
    before: dict[str, set[str]] = {table.name: set() for table in tables}
    for table in tables:
        for key in table.foreign_keys:
            other = key.column.table.name
            if other != table.name:
                first, then = (table.name, other) if key.deferrable else (other, table.name)
                before[then].add(first)
    ordered: list[Table] = []
    while tables:
        done = {table.name for table in ordered}
        ready = [table for table in tables if before[table.name] <= done]
        if not ready:
            raise ValueError(f"the references of {', '.join(table.name for table in tables)} are a circle")
        ordered += ready
        tables = [table for table in tables if table not in ready]
    return ordered


def rows_of(connection: Connection, table: Table, columns: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Every row, some at a time; a server sends them as they are taken."""
    statement = select(*columns).select_from(table).execution_options(stream_results=True, yield_per=at_once(table))
    with connection.execute(statement) as result:
        for row in result.mappings():
            yield dict(row)


def at_once(table: Table) -> int:
    """How many of its rows are held in memory."""
    has_files = any(isinstance(column.type, LargeBinary) for column in table.columns)
    return FILES if has_files else CHUNK


def check(metadata: MetaData, file: Path) -> dict[str, int]:
    """How many rows each table of the copy has, once SQLite found nothing wrong with it."""
    with reading(file) as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
        if found != "ok":
            raise SourceError(f"{file.name}: the copy is damaged ({found}): try again", code="SYSTEM_UNAVAILABLE")
        there = columns_in(connection)
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name in there
        }


@contextmanager
def reading(file: Path) -> Iterator[Connection]:
    """A connection to a copy that leaves no trace beside it."""
    engine: Engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1", uri=True),
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        yield connection


def columns_in(connection: Connection) -> dict[str, set[str]]:
    """The names of each table's columns."""
    inspector = inspect(connection)
    return {name: {each["name"] for each in inspector.get_columns(name)} for name in inspector.get_table_names()}


def sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
