"""Making databases: their tables and first rows, whole or not at all, and for several systems together.

    lock every system -> any of them there already? then nothing -> write each one aside -> put all in their places

SQLite is written into `<file>.new`, called `<file>.made` when it is whole, and renamed when all are; PostgreSQL in a
transaction that is committed when all are written. A crash while writing leaves only `.new` and `.made` files, which
the next making replaces; a crash between two publishings leaves `.made` files, which the next making only renames.
Nothing else ever creates a database: one that vanished is a system that is down, not an empty one.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, QueuePool, create_engine, inspect, text

from sources.engines import Engines
from sources.errors import SystemUnavailable
from sources.faults import DATABASE_ERRORS, as_source_error

__all__ = ["Fill", "Part", "create_together"]

Fill = Callable[[Connection], None]

CACHE_KIB = 64_000
"""Filled rows come in another order than their indexes have; the pages of these should stay at hand meanwhile."""

LOCK = text("SELECT pg_advisory_xact_lock(hashtext(:what))")


@dataclass(frozen=True, slots=True)
class Part:
    """One system to be made: its tables, and what is put into them first."""

    system: str
    engines: Engines
    metadata: MetaData
    fill: Fill | None = None


def create_together(parts: Sequence[Part]) -> bool:
    """Make all `parts`, or none when one of them is there already. True when they were made now.

    Raises SystemUnavailable or SystemBusy, naming the system that can't be made.
    """
    with ExitStack() as held:
        # Everyone takes the locks in the same order, so two starting processes can't wait for each other.
        makings = [held.enter_context(begun(part)) for part in sorted(parts, key=lambda part: part.system)]
        if any(making.exists() for making in makings):
            for making in makings:
                making.resume()
            return False
        for making in makings:
            making.write()
        for making in makings:
            making.publish()
    return True


@contextmanager
def begun(part: Part) -> Iterator[FileMaking | ServerMaking]:
    """A making that holds its lock; the driver's errors inside become errors of the part's system."""
    try:
        with file_making(part, part.engines.file) if part.engines.file else server_making(part) as making:
            yield making
    except DATABASE_ERRORS as error:
        raise as_source_error(part.system, error) from error
    except OSError as error:
        raise SystemUnavailable(part.system) from error


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
        return self.file.exists()

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
        inspector = inspect(self.connection)
        return any(inspector.has_table(table.name, schema=table.schema) for table in self.part.metadata.tables.values())

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


def make(connection: Connection, part: Part) -> None:
    part.metadata.create_all(connection)
    if part.fill is not None:
        part.fill(connection)
