"""How a database is opened: a pair of engines, one that can only read and one that writes.

SQLite's driver begins transactions late and in a mode that loses updates, so it is told to leave them alone and they
are begun here: BEGIN for reading, BEGIN IMMEDIATE for writing (design.md, Data).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg import IsolationLevel
from pymysql import NotSupportedError
from pymysql.constants import FIELD_TYPE
from pymysql.converters import decoders, encoders
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError

from sources.keys import KeyList, key_literals

__all__ = ["Engines", "open_durable_engine", "open_engines"]

BUSY_SECONDS = 5.0
"""How long a statement waits for somebody else's lock before the system is called busy."""

CONNECT_SECONDS = 5
POOLED = 5


@dataclass(frozen=True, slots=True)
class Engines:
    """`file` is the SQLite file, None for a server; `writers` is how many may usefully write at a time."""

    read: Engine
    write: Engine
    file: Path | None
    writers: int

    def dispose(self) -> None:
        self.read.dispose()
        self.write.dispose()


def open_engines(url: str) -> Engines:
    """Engines for `sqlite:///path`, `postgresql://...` or `mariadb://...`, or ValueError, without its secrets."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return sqlite_engines(parsed)
        case "postgresql":
            return postgresql_engines(parsed)
        case "mariadb" | "mysql":
            return mariadb_engines(parsed)
        case other:
            raise ValueError(
                f"a database of kind {other!r} is not supported; use sqlite:///FILE, postgresql://... or mariadb://..."
            )


def open_durable_engine(url: str) -> Engine:
    """One engine that makes its file where there is none: for what keeps the steps of runs, in tables of its own.

    SQLite in WAL with every commit on the disk, and a write lock taken at once: its default, a rollback journal, is six
    times slower, and a lock taken late is refused at once where two begin.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return postgresql_engine(parsed, pool_pre_ping=True)
    engine = create_engine(parsed, pool_size=POOLED, max_overflow=POOLED, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def settle(connection: Any, _: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def sqlite_engines(url: URL) -> Engines:
    if not url.database or url.database == ":memory:":
        raise ValueError("SQLite in memory is not supported: its two engines would see two databases; name a file")
    file = Path(url.database).absolute()
    read = sqlite_engine(file, begin="BEGIN", pragmas=("PRAGMA query_only = ON",))
    write = sqlite_engine(
        file, begin="BEGIN IMMEDIATE", pragmas=("PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL")
    )
    return Engines(read=read, write=write, file=file, writers=1)


def sqlite_engine(file: Path, *, begin: str, pragmas: tuple[str, ...]) -> Engine:
    """An engine on `file` that never creates it (mode=rw) and that notices when it is gone or another one."""
    engine = create_engine(
        "sqlite://", creator=sqlite_creator(file, pragmas), poolclass=QueuePool, pool_size=POOLED, max_overflow=0
    )

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.connection.cursor().execute(begin)

    @event.listens_for(engine, "connect")
    def remember(_: object, record: Any) -> None:
        record.info["file"] = identity(file)

    @event.listens_for(engine, "checkout")
    def still_the_same(_: object, record: Any, __: object) -> None:
        # An open connection would go on serving a file that was deleted or replaced; the pool connects anew instead.
        if record.info["file"] != identity(file):
            raise DisconnectionError

    return engine


def sqlite_creator(file: Path, pragmas: tuple[str, ...]) -> Callable[[], sqlite3.Connection]:
    address = f"file:{quote(str(file))}?mode=rw"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        for pragma in pragmas:
            connection.execute(pragma)
        return connection

    return connect


def identity(file: Path) -> tuple[int, int] | None:
    """Which file is at this path now; None when there is none."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def postgresql_engines(url: URL) -> Engines:
    if url.get_driver_name() != "psycopg":
        raise ValueError(f"PostgreSQL is reached through psycopg: use postgresql://..., not {url.drivername}://...")
    read = postgresql_engine(url)
    write = postgresql_engine(url, pool_pre_ping=True)  # a write can't be tried twice, so its connection is tried first

    @event.listens_for(read, "connect")
    def only_read(connection: Any, _: object) -> None:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ  # one snapshot for all statements of one work
        connection.read_only = True

    return Engines(read=read, write=write, file=None, writers=POOLED)


def postgresql_engine(url: URL, *, pool_pre_ping: bool = False) -> Engine:
    engine = create_engine(
        url,
        pool_size=POOLED,
        max_overflow=0,
        pool_pre_ping=pool_pre_ping,
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "spojka"},
    )

    @event.listens_for(engine, "connect")
    def settle(connection: Any, _: object) -> None:
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = '{BUSY_SECONDS:.0f}s'")
        connection.autocommit = False

    return engine


MARIADB_SESSION = (
    # What the server's owner has set for everybody is not relied on: quoting, dates and errors are as said here.
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY'",
    "SET SESSION time_zone = '+00:00'",
    # From 1000 keys on, IN would become a join with a table of them, which has a collation of its own: no index then.
    "SET SESSION in_predicate_conversion_threshold = 0",
)
READING = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
WRITING = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"  # as PostgreSQL does, also where rows are locked


def mariadb_engines(url: URL) -> Engines:
    if "+" in url.drivername and url.get_driver_name() != "pymysql":
        raise ValueError(f"MariaDB is reached through PyMySQL: use mariadb://..., not {url.drivername}://...")
    if not url.database:
        raise ValueError("the URL names no database: add it after the server's name, mariadb://HOST/DATABASE")
    read = mariadb_engine(url, READING)
    write = mariadb_engine(url, WRITING, pool_pre_ping=True)  # a write can't be tried twice: see postgresql_engines
    return Engines(read=read, write=write, file=None, writers=POOLED)


def mariadb_engine(url: URL, transactions: str, *, pool_pre_ping: bool = False) -> Engine:
    engine = create_engine(
        url.set(drivername="mariadb+pymysql"),
        pool_size=POOLED,
        max_overflow=0,
        pool_pre_ping=pool_pre_ping,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "program_name": "spojka",
            "charset": "utf8mb4",
            "conv": VALUES,
        },
    )

    @event.listens_for(engine, "connect", insert=True)  # before SQLAlchemy asks what kind of server it is
    def settle(connection: Any, _: object) -> None:
        if "MariaDB" not in connection.server_version:
            fact = f"the server is no MariaDB: it says that it is {connection.server_version}"
            raise NotSupportedError(0, fact)  # type: ignore[no-untyped-call]  # the driver left it untyped
        with connection.cursor() as cursor:
            for statement in (*MARIADB_SESSION, transactions):
                cursor.execute(statement)
            waiting = f"{BUSY_SECONDS:.0f}"  # for rows and for whole tables
            cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {waiting}, lock_wait_timeout = {waiting}")

    return engine


def nothing_for_zero(decode: Callable[[str], Any]) -> Callable[[str], Any]:
    """Old tables have 0000-00-00 where others have NULL; the driver would give it as text."""
    return lambda text: None if text.startswith("0000-00-00") else decode(text)


READERS: dict[Any, Any] = decoders
DATES = (FIELD_TYPE.DATE, FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP)
VALUES: dict[Any, Any] = {
    **encoders,
    KeyList: key_literals,
    **READERS,
    **{kind: nothing_for_zero(READERS[kind]) for kind in DATES},
}
"""How the driver writes Python's values, by type, and reads the database's, by the number of theirs."""
