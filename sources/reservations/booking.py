"""A booking is made, or changed by an edit that a rule decides on.

A  a new booking takes the next number of the year, whose row is locked until the transaction ends: no number is lost
B  an edit sees the booking as it is, its row locked: of two at once the second decides on what the first left
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from sources.columns import Text
from sources.records.refusal import Refusal
from sources.records.reservations import Booking, Order
from sources.reservations.tables import BOOKINGS, NUMBERS
from sources.rows import insert_new, row_of

__all__ = ["COLUMNS", "Edit", "create", "edit"]

Edit = Callable[[Booking], Booking | Refusal]
"""A booking as it is now -> as it will be, or why it stays as it is. Decides only, and may be asked again."""

COLUMNS = [BOOKINGS.c[field.name] for field in fields(Booking)]
LOCKED = select(*COLUMNS).where(BOOKINGS.c.ref == bindparam("of", type_=Text)).with_for_update()
LAST_NUMBER = select(NUMBERS.c.last).where(NUMBERS.c.year == bindparam("of")).with_for_update()
RAISE_NUMBER = update(NUMBERS).where(NUMBERS.c.year == bindparam("of")).values(last=bindparam("now"))
HIGHEST_REF = select(func.max(BOOKINGS.c.ref)).where(BOOKINGS.c.ref.like(bindparam("pattern", type_=Text)))
DIGITS = 6


def create(connection: Connection, order: Order, *, year: int, pin: str) -> Booking:
    """The order as a CONFIRMED booking with the year's next reference; its room has the same name in lower case."""
    ref = f"BK-{year}-{next_number(connection, year):0{DIGITS}}"
    booking = Booking(ref=ref, **row_of(order), room=ref.lower(), status="CONFIRMED", revision=1, pin=pin)
    connection.execute(insert(BOOKINGS), row_of(booking))
    return booking


def next_number(connection: Connection, year: int) -> int:
    insert_new(connection, NUMBERS, {"year": year, "last": highest_there(connection, year)})
    number: int = connection.execute(LAST_NUMBER, {"of": year}).scalar_one() + 1
    connection.execute(RAISE_NUMBER, {"of": year, "now": number})
    return number


def highest_there(connection: Connection, year: int) -> int:
    """Of bookings that came otherwise than by `create`: 0 where there are none."""
    found = connection.execute(HIGHEST_REF, {"pattern": f"BK-{year}-" + "_" * DIGITS}).scalar_one()
    number = (found or "").rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def edit(connection: Connection, ref: str, decide: Edit) -> Mapping[str, Any]:
    """{"booking": ref} or {"refused": ...}; refused, nothing has changed."""
    row = connection.execute(LOCKED, {"of": ref}).one_or_none()
    if row is None:
        return {"refused": asdict(Refusal("unknown-booking", f"there is no booking {ref}: check its reference"))}
    before = Booking(*row)
    after = decide(before)
    if isinstance(after, Refusal):
        return {"refused": asdict(after)}
    changes = {name: value for name, value in row_of(after).items() if value != getattr(before, name)}
    if changes:
        connection.execute(update(BOOKINGS).where(BOOKINGS.c.ref == ref).values(**changes))
    return {"booking": ref}
