"""What a driver's error means: the system is down, or busy, or it is our own mistake."""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, DisconnectionError

from sources.errors import SystemBusy, SystemUnavailable

__all__ = ["DATABASE_ERRORS", "as_source_error"]

DATABASE_ERRORS = (DBAPIError, DisconnectionError, sqlite3.Error, psycopg.Error)
"""What can come out of a database, wrapped by SQLAlchemy or (where it doesn't look) as the driver raised it."""

SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
SQLITE_DOWN = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}

POSTGRESQL_BUSY = {"40001", "40P01", "55P03", "57014"}
"""serialization_failure, deadlock_detected, lock_not_available, query_canceled."""

POSTGRESQL_DOWN = {"08", "28", "3D", "53", "57", "58", "XX"}
"""Classes: connection, authorization, no such database, resources, operator's intervention, system, internal."""

UNDEFINED_TABLE = "42P01"


def as_source_error(system: str, error: Exception) -> Exception:
    """SystemUnavailable or SystemBusy of `system`; `error` itself when the database is well and we are wrong."""
    match getattr(error, "orig", None) or error:
        case sqlite3.Error() as original:
            return from_sqlite(system, original) or error
        case psycopg.Error() as original:
            return from_postgresql(system, original) or error
        case DisconnectionError():
            return SystemUnavailable(system)
        case _:
            return error


def from_sqlite(system: str, error: sqlite3.Error) -> Exception | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # extended codes carry the plain one in the low byte
    if code in SQLITE_BUSY:
        return SystemBusy(system)
    # A file without our tables is no system of ours; SQLite has no code of its own for that.
    if code in SQLITE_DOWN or str(error).startswith("no such table"):
        return SystemUnavailable(system)
    return None


def from_postgresql(system: str, error: psycopg.Error) -> Exception | None:
    state = error.sqlstate
    if state in POSTGRESQL_BUSY:
        return SystemBusy(system)
    if state is None:  # the server was not reached, or the connection broke: it could not send a state
        return SystemUnavailable(system) if isinstance(error, psycopg.OperationalError) else None
    if state[:2] in POSTGRESQL_DOWN or state == UNDEFINED_TABLE:
        return SystemUnavailable(system)
    return None
