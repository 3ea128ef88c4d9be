"""The bridges of the settings have their rows, so that nobody types SQL. What isn't configured stays as it is."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, update

from sources.bridge.tables import BRIDGES
from sources.database import Database
from sources.faults import DATABASE_ERRORS, as_source_error
from sources.records.bridge import Bridge
from sources.rows import insert_new, row_of

__all__ = ["enter", "register"]


def register(database: Database, bridges: Iterable[Bridge]) -> None:
    """Each bridge's row is as configured afterwards. Raises SourceError; a database that is only read is left alone."""
    known = list(bridges)
    if database.is_read_only or not known:
        return
    try:
        with database.engines.write.begin() as connection:
            enter(connection, known)
    except DATABASE_ERRORS as error:
        raise as_source_error(database.system, error) from error


def enter(connection: Connection, bridges: Iterable[Bridge]) -> None:
    """In order of their ids, so that two that start at once don't wait for each other in a circle."""
    for bridge in sorted(bridges, key=lambda each: each.id):
        row = row_of(bridge)
        if not insert_new(connection, BRIDGES, row):
            connection.execute(update(BRIDGES).where(BRIDGES.c.id == bridge.id).values(row))
