"""Looking at a database of Spojka's own: is everything there, is the file whole, may it be written? Nothing changes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, MetaData, false, inspect, text, update

from sources.engines import Engines
from sources.faults import DATABASE_ERRORS

__all__ = [
    "clock_of",
    "is_readable",
    "strangers_in",
    "strangers_told",
    "what_is_missing",
    "what_is_wrong",
    "why_not_writable",
]

FEW = 3  # tables that are named

CLOCKS = {"postgresql": text("SELECT clock_timestamp()"), "mariadb": text("SELECT UTC_TIMESTAMP(6)")}


def is_readable(connection: Connection) -> None:
    """Reads something that is in the file, or on the server; raises what the driver raises."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    else:
        connection.exec_driver_sql("SELECT 1").scalar()


def what_is_missing(connection: Connection, metadata: MetaData) -> Iterator[str]:
    """Tables and columns that this Spojka needs and the database lacks."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    for table in metadata.tables.values():
        if table.name not in there:
            yield f"there is no table {table.name}"
            continue
        names = {column["name"] for column in inspector.get_columns(table.name)}
        yield from (f"{table.name} has no column {column.name}" for column in table.columns if column.name not in names)


def strangers_in(connection: Connection, metadata: MetaData) -> list[str]:
    """The tables there that are none of these: another program's."""
    return sorted(set(inspect(connection).get_table_names()) - {table.name for table in metadata.tables.values()})


def strangers_told(system: str, strangers: Sequence[str]) -> str:
    """What there is to do where `system` was to be, and another program's tables are."""
    few = ", ".join(strangers[:FEW]) + (f" and {len(strangers) - FEW} more" if len(strangers) > FEW else "")
    return (
        f"its database has another program's tables ({few}): "
        f"map them in spojka.toml (`spojka map {system}` proposes how), or name an empty database"
    )


def what_is_wrong(connection: Connection) -> str | None:
    """What SQLite finds wrong with the file's pages; a server looks after its own."""
    if connection.dialect.name != "sqlite":
        return None
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    return None if found == "ok" else str(found)


def why_not_writable(engines: Engines, metadata: MetaData) -> str | None:
    """Why what is owned could not be written. On a server by an update of no row, which is rolled back."""
    if engines.file is not None:
        places = (engines.file, engines.file.parent)
        return next((f"{place} may not be written" for place in places if not os.access(place, os.W_OK)), None)
    try:
        with engines.write.connect() as connection:
            for table in metadata.tables.values():
                first = next(iter(table.columns))
                connection.execute(update(table).where(false()).values({first: first}))
            connection.rollback()
    except DATABASE_ERRORS as error:
        return f"it may not be written ({str(getattr(error, 'orig', error)).splitlines()[0]})"
    return None


def clock_of(connection: Connection) -> datetime | None:
    """What time it is for the server; None where there is none but this machine."""
    statement = CLOCKS.get(connection.dialect.name)
    if statement is None:
        return None
    now: datetime = connection.execute(statement).scalar_one()
    return now.replace(tzinfo=UTC) if now.tzinfo is None else now
