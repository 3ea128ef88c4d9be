"""The source of the system reservations."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, func, or_, select

from sources.columns import Instant
from sources.database import Connection, Database, one_of
from sources.idempotency import Call, input_hash, write_once
from sources.records.refusal import Refusal
from sources.records.reservations import Booking, Order
from sources.reservations.booking import COLUMNS, Edit, create, edit
from sources.reservations.tables import BOOKINGS, KEYS
from sources.rows import insert_all, row_of

__all__ = ["Reservations"]

PIN_DIGITS = 6

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

TO_PROVISION = (
    select(*COLUMNS)
    .where(
        or_(
            and_(
                BOOKINGS.c.status == "CONFIRMED",
                BOOKINGS.c.starts_at < bindparam("before", type_=Instant),
                BOOKINGS.c.ends_at > bindparam("now", type_=Instant),
            ),
            and_(BOOKINGS.c.status == "CANCELLED", BOOKINGS.c.provisioned_revision.is_not(None)),
        )
    )
    .order_by(*IN_TIME)
    .limit(bindparam("limit", type_=Integer))
)
TO_SETTLE = (
    select(*COLUMNS)
    .where(
        BOOKINGS.c.ends_at <= bindparam("ended", type_=Instant),
        or_(
            BOOKINGS.c.status.in_(("CONFIRMED", "PROVISIONED", "IN_CALL")),
            BOOKINGS.c.provisioned_revision.is_not(None),
        ),
    )
    .order_by(*IN_TIME)
    .limit(bindparam("limit", type_=Integer))
)


def random_pin() -> str:
    """Digits that nobody can foresee, the first of them no zero: some telephones' menus drop it."""
    return str(10 ** (PIN_DIGITS - 1) + secrets.randbelow(9 * 10 ** (PIN_DIGITS - 1)))


class Reservations:
    """Reservations' database; lists of bookings are in order of their start. `new_pin` brings chance."""

    def __init__(self, database: Database, *, new_pin: Callable[[], str] = random_pin) -> None:
        self.database = database
        self._new_pin = new_pin

    async def bookings(self, refs: Collection[str]) -> list[Booking]:
        """The bookings with these references, in any order."""
        return await self._found(BY_REF, {"keys": refs})

    async def last_of_clients(self, clients: Collection[str], *, last: int) -> list[Booking]:
        """Of each client the `last` bookings that start latest, future ones too."""
        return await self._found(LAST_OF_CLIENTS, {"keys": clients, "last": last})

    async def of_rooms(self, rooms: Collection[str], *, since: datetime, until: datetime) -> list[Booking]:
        """The bookings of these rooms that overlap [since, until)."""
        return await self._found(OF_ROOMS, {"keys": rooms, "since": since, "until": until})

    async def to_provision(self, *, before: datetime, now: datetime, limit: int) -> list[Booking]:
        """Those that start before then and whose room is yet to be made or told, and cancelled ones that have one.

        None where nothing can be written: what was done about them could not be recorded.
        """
        if self.database.is_read_only:
            return []
        return await self._found(TO_PROVISION, {"before": before, "now": now, "limit": limit})

    async def to_settle(self, *, ended: datetime, limit: int) -> list[Booking]:
        """Those that ended by then and are neither over nor without a room. None where nothing can be written."""
        if self.database.is_read_only:
            return []
        return await self._found(TO_SETTLE, {"ended": ended, "limit": limit})

    async def create(self, order: Order, *, year: int, caller: str, key: str) -> Booking:
        """The booking of the order, numbered in `year`. Idempotent by caller and key; KeyReused for another order."""

        def effect(connection: Connection) -> dict[str, Any]:
            return {"booking": create(connection, order, year=year, pin=self._new_pin()).ref}

        call = Call("createBooking", caller, key, input_hash(order))
        [booking] = await self.bookings([(await write_once(self.database, KEYS, call=call, effect=effect))["booking"]])
        return booking

    async def edit(self, ref: str, decide: Edit, *, call: Call) -> Booking | Refusal:
        """The booking after what `decide` made of it, or its refusal; also refused `unknown-booking`.

        Idempotent by the call's caller and key; KeyReused for another input.
        """
        answer = await write_once(
            self.database, KEYS, call=call, effect=lambda connection: dict(edit(connection, ref, decide))
        )
        if "refused" in answer:
            return Refusal(**answer["refused"])
        [booking] = await self.bookings([answer["booking"]])
        return booking

    async def _found(self, statement: Select[*tuple[Any, ...]], values: Mapping[str, Any]) -> list[Booking]:
        return await self.database.read(
            lambda connection: [Booking(*row) for row in connection.execute(statement, values)]
        )

    @staticmethod
    def fill(connection: Connection, *, bookings: Iterable[Booking]) -> None:
        insert_all(connection, BOOKINGS, map(row_of, bookings))
