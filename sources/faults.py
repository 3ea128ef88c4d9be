"""What a driver's error means: the system is down, or busy, or it is our own mistake."""

from __future__ import annotations

import sqlite3

import psycopg
import pymysql
from pymysql.constants import ER
from sqlalchemy.exc import DBAPIError, DisconnectionError

from sources.errors import SystemBusy, SystemUnavailable

__all__ = ["DATABASE_ERRORS", "as_source_error"]

DATABASE_ERRORS = (DBAPIError, DisconnectionError, sqlite3.Error, psycopg.Error, pymysql.Error)
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

STATEMENT_TIMEOUT = 1969
CHANGED_SINCE_READ = 1020
MARIADB_BUSY = {ER.LOCK_WAIT_TIMEOUT, ER.LOCK_DEADLOCK, STATEMENT_TIMEOUT, CHANGED_SINCE_READ}

MARIADB_CLIENT = range(2000, 3000)
"""The driver's own: not reached, connection lost, answer not understood."""

MARIADB_DOWN = {
    ER.DBACCESS_DENIED_ERROR,
    ER.TABLEACCESS_DENIED_ERROR,
    ER.COLUMNACCESS_DENIED_ERROR,
    ER.ACCESS_DENIED_ERROR,
    ER.BAD_DB_ERROR,
    ER.NO_SUCH_TABLE,
    ER.VIEW_INVALID,
    ER.UNKNOWN_SYSTEM_VARIABLE,  # the server is too old
    ER.CON_COUNT_ERROR,
    ER.TOO_MANY_USER_CONNECTIONS,
    ER.USER_LIMIT_REACHED,
    ER.HOST_IS_BLOCKED,
    ER.HOST_NOT_PRIVILEGED,
    ER.HANDSHAKE_ERROR,
    ER.SERVER_SHUTDOWN,
    ER.NORMAL_SHUTDOWN,
    ER.DISK_FULL,
    ER.RECORD_FILE_FULL,
    ER.ERROR_ON_READ,
    ER.GET_ERRNO,
    ER.OUTOFMEMORY,
    ER.OUT_OF_RESOURCES,
    ER.NOT_KEYFILE,
    ER.CRASHED_ON_USAGE,
    ER.OPTION_PREVENTS_STATEMENT,  # --read-only: a replica, or one that became it
}


def as_source_error(system: str, error: Exception) -> Exception:
    """SystemUnavailable or SystemBusy of `system`; `error` itself when the database is well and we are wrong."""
    match getattr(error, "orig", None) or error:
        case sqlite3.Error() as original:
            return from_sqlite(system, original) or error
        case psycopg.Error() as original:
            return from_postgresql(system, original) or error
        case pymysql.Error() as original:
            return from_mariadb(system, original) or error
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


def from_mariadb(system: str, error: pymysql.Error) -> Exception | None:
    number = error.args[0] if error.args else 0
    if number in MARIADB_BUSY:
        return SystemBusy(system)
    if isinstance(error, pymysql.NotSupportedError):  # MySQL: see engines.py
        return SystemUnavailable(system)
    # 0 and no text: the connection was closed under the statement.
    if (
        number in MARIADB_DOWN
        or number in MARIADB_CLIENT
        or (number == 0 and isinstance(error, pymysql.InterfaceError))
    ):
        return SystemUnavailable(system)
    return None
