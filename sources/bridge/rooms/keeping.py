"""The rows of rooms and of their orders, within a transaction.

A switch takes its time and may not answer, so it is never asked within one. Instead a request holds the booking's order
(`hold_*`), asks the switch, and writes down what came of it (`opened`, `closed`), if the order is still its own. Who
finds it held is told to come again (RoomBusy); a holder that died holds it until HOLDING is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Update, select, update

from sources.bridge.tables import ROOM_ORDERS, ROOMS
from sources.database import one_of
from sources.errors import RoomBusy
from sources.records.refusal import Refusal
from sources.records.rooms import Room
from sources.rows import insert_new, row_of

__all__ = [
    "HOLDING",
    "Place",
    "closed",
    "gone",
    "hold_for_closing",
    "hold_for_opening",
    "hold_for_sweeping",
    "let_go",
    "lost",
    "lost_on",
    "open_on",
    "opened",
    "rooms_of",
]

HOLDING = timedelta(seconds=60)

ROOM_COLUMNS = [ROOMS.c[name] for name in ("booking", "bridge", "room", "revision", "state", "created_at", "closed_at")]
OF_BOOKINGS = select(*ROOM_COLUMNS).where(one_of(ROOMS.c.booking)).order_by(ROOMS.c.bridge, ROOMS.c.room)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a revision of a booking is to have its room."""

    booking: str
    bridge: str
    room: str
    revision: int

    @property
    def where(self) -> tuple[str, str]:
        return self.bridge, self.room


def rooms_of(connection: Connection, bookings: Iterable[str]) -> list[Room]:
    return [Room(*row) for row in connection.execute(OF_BOOKINGS, {"keys": list(bookings)})]


def lost_on(connection: Connection, bridge: str, *, limit: int) -> list[Room]:
    """Rooms that are to be gone from a switch that didn't answer then."""
    found = select(*ROOM_COLUMNS).where(ROOMS.c.bridge == bridge, ROOMS.c.state == "LOST")
    return [Room(*row) for row in connection.execute(found.order_by(ROOMS.c.booking).limit(limit))]


def open_on(connection: Connection, bridge: str) -> list[Room]:
    """Rooms that are to be on a switch."""
    found = select(*ROOM_COLUMNS).where(ROOMS.c.bridge == bridge, ROOMS.c.state == "OPEN")
    return [Room(*row) for row in connection.execute(found.order_by(ROOMS.c.booking))]


def hold_for_opening(connection: Connection, place: Place, holder: str, now: datetime) -> list[Room] | Refusal:
    """The other rooms that the booking may still have somewhere. Refused `stale-revision`, `room-closed`, `room-taken`.

    Raises IntegrityError where another booking takes the room at the same moment: try again, and see it there.
    """
    order = held(connection, place.booking, place.revision, holder, now)
    if isinstance(order, Refusal):
        return order
    if order.is_closed and place.revision == order.revision:
        told = (
            f"the room of {place.booking} was closed as of revision {place.revision}: only a later one makes it again"
        )
        return Refusal("room-closed", told)
    others = select(ROOMS.c.booking).where(
        ROOMS.c.bridge == place.bridge,
        ROOMS.c.room == place.room,
        ROOMS.c.occupies.is_(True),
        ROOMS.c.booking != place.booking,
    )
    if whose := connection.execute(others).scalar():
        return taken(place, whose)
    new = {"state": "PENDING", "created_at": None, "closed_at": None, "occupies": True}
    if not insert_new(connection, ROOMS, {**row_of(place), **new}):
        # Not inserted is also what another booking's room of this name is, which came after the look above.
        if connection.execute(select(ROOMS.c.state).where(*is_at(place))).scalar() is None:
            return taken(place, "another booking")
        begun = at(place).where(ROOMS.c.state.in_(("CLOSED", "LOST")))
        connection.execute(begun.values(state="PENDING", occupies=True))
    hold(connection, place.booking, holder, now, revision=place.revision, is_closed=False)
    return [each for each in open_rooms(connection, place.booking) if (each.bridge, each.room) != place.where]


def taken(place: Place, whose: str) -> Refusal:
    told = f"room {place.room} of bridge {place.bridge} is {whose}'s now: close it first, or take another"
    return Refusal("room-taken", told)


def hold_for_closing(
    connection: Connection, *, booking: str, revision: int, holder: str, now: datetime
) -> list[Room] | Refusal:
    """The rooms that the booking may still have somewhere. Refused `stale-revision`."""
    order = held(connection, booking, revision, holder, now)
    if isinstance(order, Refusal):
        return order
    hold(connection, booking, holder, now)
    return open_rooms(connection, booking)


def hold_for_sweeping(connection: Connection, room: Room, holder: str, now: datetime) -> bool:
    """Whether the room is LOST still, and nobody works on the order of its booking."""
    order = connection.execute(locked_order(room.booking)).one()
    is_lost = connection.execute(select(ROOMS.c.state).where(*is_at(room))).scalar() == "LOST"
    if not is_lost or (order.held_by is not None and order.held_until > now):
        return False
    hold(connection, room.booking, holder, now)
    return True


def opened(connection: Connection, place: Place, holder: str, now: datetime) -> Room:
    """The room is there as ordered, and nobody holds its order any more."""
    give_back(connection, place.booking, holder)
    connection.execute(at(place).values(revision=place.revision, state="OPEN", closed_at=None))
    connection.execute(at(place).where(ROOMS.c.created_at.is_(None)).values(created_at=now))
    # Not next(), whose StopIteration a thread can't hand on: whoever waits would wait for ever.
    (found,) = [each for each in rooms_of(connection, [place.booking]) if (each.bridge, each.room) == place.where]
    return found


def closed(
    connection: Connection, *, booking: str, revision: int, holder: str, now: datetime, rooms: Sequence[Room]
) -> None:
    """No room is there any more, as of `revision`: an earlier one makes none again."""
    give_back(connection, booking, holder, revision=revision, is_closed=True)
    for each in rooms:
        gone(connection, each, now=now)


def gone(connection: Connection, room: Room, *, now: datetime) -> None:
    connection.execute(at(room).values(state="CLOSED", occupies=None, closed_at=now))


def lost(connection: Connection, room: Room) -> None:
    """Its switch doesn't answer: the room is to be gone, and keeps its name from others until it is."""
    connection.execute(at(room).values(state="LOST", occupies=True))


def let_go(connection: Connection, booking: str, holder: str) -> None:
    """Nobody holds the order any more, if it was still this holder's."""
    connection.execute(order_of(booking).where(ROOM_ORDERS.c.held_by == holder).values(held_by=None, held_until=None))


def held(connection: Connection, booking: str, revision: int, holder: str, now: datetime) -> Row[Any] | Refusal:
    """The order's row, locked, which nobody else works on; made where there was none. Refused `stale-revision`."""
    new = {"booking": booking, "revision": revision, "is_closed": False, "held_by": None, "held_until": None}
    insert_new(connection, ROOM_ORDERS, new)
    order = connection.execute(locked_order(booking)).one()
    if order.held_by not in (None, holder) and order.held_until > now:
        raise RoomBusy(booking)
    if revision < order.revision:
        return Refusal("stale-revision", f"the room of {booking} is as of revision {order.revision} already")
    return order


def hold(connection: Connection, booking: str, holder: str, now: datetime, **changes: object) -> None:
    connection.execute(order_of(booking).values(held_by=holder, held_until=now + HOLDING, **changes))


def give_back(connection: Connection, booking: str, holder: str, **changes: object) -> None:
    """RoomBusy when somebody else holds the order by now: this request took too long."""
    mine = order_of(booking).where(ROOM_ORDERS.c.held_by == holder)
    if connection.execute(mine.values(held_by=None, held_until=None, **changes)).rowcount != 1:
        raise RoomBusy(booking)


def order_of(booking: str) -> Update:
    return update(ROOM_ORDERS).where(ROOM_ORDERS.c.booking == booking)


def locked_order(booking: str) -> Select[*tuple[Any, ...]]:
    return select(ROOM_ORDERS).where(ROOM_ORDERS.c.booking == booking).with_for_update()


def open_rooms(connection: Connection, booking: str) -> list[Room]:
    """Where the booking may have a room."""
    return [each for each in rooms_of(connection, [booking]) if each.state != "CLOSED"]


def at(room: Room | Place) -> Update:
    return update(ROOMS).where(*is_at(room))


def is_at(room: Room | Place) -> tuple[ColumnElement[bool], ...]:
    return ROOMS.c.booking == room.booking, ROOMS.c.bridge == room.bridge, ROOMS.c.room == room.room
