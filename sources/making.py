"""Making databases: their tables and first rows, whole or not at all, and for several systems together.

    lock every system -> any of them there already? then nothing -> write each one aside -> put all in their places

SQLite is written into `<file>.new`, called `<file>.made` when it is whole, and renamed when all are; PostgreSQL in a
transaction that is committed when all are written. A crash while writing leaves only `.new` and `.made` files, which
the next making replaces; a crash between two publishings leaves `.made` files, which the next making only renames.
MariaDB commits with each table: what is in the making has one more, `spojka_making`, with a row when it is whole.
Nothing else ever creates a database: one that vanished is a system that is down, not an empty one. A system that is
newer than the others' databases is made beside them, and touches none.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    MetaData,
    QueuePool,
    Table,
    create_engine,
    insert,
    inspect,
    select,
    text,
)

from sources.engines import Engines
from sources.errors import ForeignTables, SystemUnavailable
from sources.faults import DATABASE_ERRORS, as_source_error
from sources.inspecting import strangers_in, strangers_told

__all__ = ["Fill", "Part", "create_together"]

Fill = Callable[[Connection], None]

CACHE_KIB = 64_000
"""Filled rows come in another order than their indexes have; the pages of these should stay at hand meanwhile."""

LOCK = text("SELECT pg_advisory_xact_lock(hashtext(:what))")

MARIADB_LOCK = text("SELECT GET_LOCK(CONCAT('spojka ', MD5(CONCAT(DATABASE(), ' ', :system))), :seconds)")
MARIADB_UNLOCK = text("SELECT RELEASE_ALL_LOCKS()")
A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Part:
    """One system to be made: its tables, and what is put into them first.

    One that was `added` to Spojka later is made beside the others where they are older than it is.
    """

    system: str
    engines: Engines
    metadata: MetaData
    fill: Fill | None = None
    added: bool = False

    def may_be_added(self) -> bool:
        """Was it never made here? A file's lock stays where the file vanishes, and such a system is down, not new."""
        file = self.engines.file
        if not self.added or file is None:
            return self.added
        aside = file.with_name(f"{file.name}.new")  # an adding that a crash cut short
        return aside.exists() or not file.with_name(f"{file.name}.lock").exists()


def create_together(parts: Sequence[Part]) -> bool:
    """Make all `parts`, or none when one of them is there already, but what was added. True when they were made now.

    Raises SystemUnavailable, SystemBusy or ForeignTables, naming the system that can't be made.
    """
    addable = {part.system for part in parts if part.may_be_added()}  # looked at before the locks are made
    with ExitStack() as held:
        # Everyone takes the locks in the same order, so two starting processes can't wait for each other.
        makings = [held.enter_context(begun(part)) for part in sorted(parts, key=lambda part: part.system)]
        if any(making.exists() for making in makings):
            for making in makings:
                making.resume()
                if making.part.system in addable and not making.exists():
                    making.write()
                    making.publish()
            return False
        for making in makings:
            making.write()
        for making in makings:
            making.publish()
    return True


@contextmanager
def begun(part: Part) -> Iterator[Making]:
    """A making that holds its lock; the driver's errors inside become errors of the part's system."""
    try:
        with making_of(part) as making:
            yield making
    except DATABASE_ERRORS as error:
        raise as_source_error(part.system, error) from error
    except OSError as error:
        raise SystemUnavailable(part.system) from error


class Making(Protocol):
    """A system in the making, with its lock held."""

    @property
    def part(self) -> Part: ...

    def exists(self) -> bool: ...

    def resume(self) -> None:
        """Finish a publishing that a crash cut short."""

    def write(self) -> None: ...

    def publish(self) -> None: ...


def making_of(part: Part) -> AbstractContextManager[Making]:
    match part.engines.write.dialect.name, part.engines.file:
        case "sqlite", Path() as file:
            return file_making(part, file)
        case "mariadb", _:
            return maria_making(part)
        case _:
            return server_making(part)


@dataclass(frozen=True, slots=True)
class FileMaking:
    """A SQLite file in the making: written aside without care for crashes, synced, then renamed."""

    part: Part
    file: Path

    @property
    def aside(self) -> Path:
        return self.file.with_name(f"{self.file.name}.new")

    @property
    def finished(self) -> Path:
        return self.file.with_name(f"{self.file.name}.made")

    def exists(self) -> bool:
        """A file that is damaged is there too, and so is one without a table."""
        if not self.file.exists():
            return False
        try:
            with self.part.engines.read.connect() as connection:
                ours_are_there(connection, self.part)
        except DATABASE_ERRORS:
            pass
        return True

    def resume(self) -> None:
        """Finish a publishing that a crash cut short: what is written whole only lacks its name."""
        if self.finished.exists() and not self.file.exists():
            self.publish()

    def write(self) -> None:
        for leftover in (self.aside, self.finished):
            leftover.unlink(missing_ok=True)
        engine = aside_engine(self.aside)
        try:
            with engine.begin() as connection:
                make(connection, self.part)
        finally:
            engine.dispose()
        to_wal(self.aside)
        sync(self.aside)
        self.aside.rename(self.finished)

    def publish(self) -> None:
        self.finished.rename(self.file)
        sync(self.file.parent)


@contextmanager
def file_making(part: Part, file: Path) -> Iterator[FileMaking]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(f"{file.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield FileMaking(part, file)


def aside_engine(file: Path) -> Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("BEGIN")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=1, max_overflow=0)


def to_wal(file: Path) -> None:
    """Readers and one writer side by side; the mode is kept in the file."""
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class ServerMaking:
    """Tables in the making inside one transaction; nobody sees them before it is committed."""

    part: Part
    connection: Connection

    def exists(self) -> bool:
        return ours_are_there(self.connection, self.part)

    def resume(self) -> None:
        """Nothing: a transaction that wasn't committed left nothing."""

    def write(self) -> None:
        make(self.connection, self.part)

    def publish(self) -> None:
        self.connection.commit()


@contextmanager
def server_making(part: Part) -> Iterator[ServerMaking]:
    with part.engines.write.connect() as connection:
        connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process may take its time to make the company
        connection.execute(LOCK, {"what": f"spojka: making {part.system}"})
        yield ServerMaking(part, connection)


IN_THE_MAKING = MetaData()
MARKER = Table("spojka_making", IN_THE_MAKING, Column("whole", Boolean, primary_key=True))


@dataclass(frozen=True, slots=True)
class MariaMaking:
    """Tables that others could see already; but until the marker is gone they are no system, whoever starts."""

    part: Part
    connection: Connection

    def exists(self) -> bool:
        return not has_tables(self.connection, IN_THE_MAKING) and ours_are_there(self.connection, self.part)

    def resume(self) -> None:
        """Finish a publishing that a crash cut short: what is whole only has its marker still."""
        if has_tables(self.connection, IN_THE_MAKING) and self.connection.execute(select(MARKER)).first():
            self.publish()

    def write(self) -> None:
        if has_tables(self.connection, IN_THE_MAKING):
            self.drop()
        IN_THE_MAKING.create_all(self.connection)
        # Rows come in an order of their own; the references are whole when they all are there.
        self.connection.execute(text("SET SESSION foreign_key_checks = 0"))
        try:
            make(self.connection, self.part)
            self.connection.execute(insert(MARKER).values(whole=True))
            self.connection.commit()
        finally:
            self.connection.execute(text("SET SESSION foreign_key_checks = 1"))

    def publish(self) -> None:
        IN_THE_MAKING.drop_all(self.connection)

    def drop(self) -> None:
        """The tables of an unfinished making, and nothing without its marker."""
        self.connection.rollback()
        if has_tables(self.connection, IN_THE_MAKING):
            self.part.metadata.drop_all(self.connection)
            IN_THE_MAKING.drop_all(self.connection)


@contextmanager
def maria_making(part: Part) -> Iterator[MariaMaking]:
    with part.engines.write.connect() as connection:
        connection.execute(MARIADB_LOCK, {"system": part.system, "seconds": A_DAY})
        making = MariaMaking(part, connection)
        try:
            yield making
        except BaseException:
            making.drop()
            raise
        finally:
            connection.execute(MARIADB_UNLOCK)


def has_tables(connection: Connection, metadata: MetaData) -> bool:
    """Is any of these there?"""
    inspector = inspect(connection)
    return any(inspector.has_table(table.name, schema=table.schema) for table in metadata.tables.values())


def ours_are_there(connection: Connection, part: Part) -> bool:
    """Are any of the part's tables there? Beside another program's, and without a word about them, none is made."""
    if has_tables(connection, part.metadata):
        return True
    if strangers := strangers_in(connection, part.metadata):
        raise ForeignTables(part.system, strangers_told(part.system, strangers))
    return False


def make(connection: Connection, part: Part) -> None:
    part.metadata.create_all(connection)
    if part.fill is not None:
        part.fill(connection)
