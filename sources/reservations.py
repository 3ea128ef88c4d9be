"""Reservations: bookings of conferences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, MetaData, Select, Table, bindparam, func, select

from sources.columns import Instant, Prose, Text
from sources.database import Connection, Database, one_of
from sources.mapping.requirements import one_of_these
from sources.records.reservations import Booking
from sources.rows import insert_all, row_of

__all__ = ["METADATA", "Reservations"]

METADATA = MetaData()

STATUSES = ("DRAFT", "CONFIRMED", "PROVISIONED", "IN_CALL", "COMPLETED", "NO_SHOW", "CANCELLED", "FAILED")

BOOKINGS = Table(
    "bookings",
    METADATA,
    Column("ref", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("account", Text),
    Column("title", Prose, nullable=False),
    Column("organiser", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("local_start", Text, nullable=False),
    Column("local_end", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("expected_participants", Integer, nullable=False),
    Column("status", Text, nullable=False, info=one_of_these(*STATUSES)),
    Column("revision", Integer, nullable=False),
    Index("bookings_of_client", "client", "starts_at"),
    Index("bookings_of_room", "room", "starts_at"),
)

COLUMNS = [BOOKINGS.c[field.name] for field in fields(Booking)]
IN_TIME = (BOOKINGS.c.starts_at, BOOKINGS.c.ref)

BY_REF = select(*COLUMNS).where(one_of(BOOKINGS.c.ref))

NUMBERED = (
    select(
        *COLUMNS,
        func.row_number()
        .over(partition_by=BOOKINGS.c.client, order_by=[column.desc() for column in IN_TIME])
        .label("from_the_end"),
    )
    .where(one_of(BOOKINGS.c.client))
    .subquery()
)
LAST_OF_CLIENTS = (
    select(*(NUMBERED.c[field.name] for field in fields(Booking)))
    .where(NUMBERED.c.from_the_end <= bindparam("last", type_=Integer))
    .order_by(NUMBERED.c.starts_at, NUMBERED.c.ref)
)

OF_ROOMS = (
    select(*COLUMNS)
    .where(
        one_of(BOOKINGS.c.room),
        BOOKINGS.c.starts_at < bindparam("until", type_=Instant),
        BOOKINGS.c.ends_at > bindparam("since", type_=Instant),
    )
    .order_by(*IN_TIME)
)


class Reservations:
    """Reservations' database; lists of bookings are in order of their start."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def bookings(self, refs: Collection[str]) -> list[Booking]:
        """The bookings with these references, in any order."""
        return await self._found(BY_REF, {"keys": refs})

    async def last_of_clients(self, clients: Collection[str], *, last: int) -> list[Booking]:
        """Of each client the `last` bookings that start latest, future ones too."""
        return await self._found(LAST_OF_CLIENTS, {"keys": clients, "last": last})

    async def of_rooms(self, rooms: Collection[str], *, since: datetime, until: datetime) -> list[Booking]:
        """The bookings of these rooms that overlap [since, until)."""
        return await self._found(OF_ROOMS, {"keys": rooms, "since": since, "until": until})

    async def _found(self, statement: Select[*tuple[Any, ...]], values: Mapping[str, Any]) -> list[Booking]:
        return await self.database.read(
            lambda connection: [Booking(*row) for row in connection.execute(statement, values)]
        )

    @staticmethod
    def fill(connection: Connection, *, bookings: Iterable[Booking]) -> None:
        insert_all(connection, BOOKINGS, map(row_of, bookings))
