"""Legs are put into conferences, as a rule grouped them.

Ids are given once: `CF-` + the booking's number (BK-2026-000123 -> CF-2026-000123), and without a booking
`CF-<bridge>-<room>-<first join>`. An unbooked group goes to the conference of those of its legs that have one, else to
an unbooked conference of the room that it overlaps, so a later file that adds a leg, even an earlier one, keeps the id.

A conference that takes legs goes behind all others of its bridge: who has read up to a position has missed no leg.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from sources.bridge.calls.tables import POSITIONS
from sources.bridge.tables import CONFERENCE_POSITIONS, CONFERENCES, LEGS, conference_of, leg_of
from sources.database import one_of
from sources.errors import SourceError
from sources.records.bridge import Conference, ConferenceGroup, Leg
from sources.rows import insert_new

__all__ = ["assemble"]

# A leg's row is locked before it is looked at, in one order, so that no other transaction can assemble it meanwhile.
LOCKED_LEGS = select(LEGS).where(one_of(LEGS.c.id)).order_by(LEGS.c.id).with_for_update()
BY_ID = select(CONFERENCES).where(one_of(CONFERENCES.c.id))
UNBOOKED_OF_ROOMS = (
    select(CONFERENCES)
    .where(one_of(CONFERENCES.c.room, "rooms"), CONFERENCES.c.booking.is_(None))
    .order_by(CONFERENCES.c.started_at, CONFERENCES.c.id)
)
NEW = insert(CONFERENCES)
TAKE_LEG = (
    update(LEGS).where(LEGS.c.id == bindparam("leg"), LEGS.c.conference.is_(None)).values(conference=bindparam("into"))
)
COUNTER = "conferences"
RAISE = update(POSITIONS).where(POSITIONS.c.id == COUNTER).values(last=POSITIONS.c.last + bindparam("more"))
LAST = select(POSITIONS.c.last).where(POSITIONS.c.id == COUNTER)
LEAVE = delete(CONFERENCE_POSITIONS).where(one_of(CONFERENCE_POSITIONS.c.conference))
STAND = insert(CONFERENCE_POSITIONS)
STRETCH = (
    update(CONFERENCES)
    .where(CONFERENCES.c.id == bindparam("which"))
    .values(started_at=bindparam("from_first"), ended_at=bindparam("to_last"))
)


def assemble(connection: Connection, groups: Sequence[ConferenceGroup]) -> list[str]:
    """The ids of the conferences that hold the groups' legs now, in order of the groups, once each."""
    ids = [leg for group in groups for leg in group.legs]
    legs = {leg.id: leg for leg in map(leg_of, connection.execute(LOCKED_LEGS, {"keys": ids}))}
    for group in groups:
        check(group, legs)
    assembling = Assembling(connection, groups, legs)
    for group in groups:
        assembling.add(group)
    assembling.write(connection)
    return list(assembling.answer)


def check(group: ConferenceGroup, legs: Mapping[str, Leg]) -> None:
    """SourceError UNKNOWN_LEG when the group names a leg that isn't one of its bridge and room."""
    for name in group.legs:
        leg = legs.get(name)
        if leg is None or (leg.bridge, leg.room) != (group.bridge, group.room):
            raise SourceError(
                f"{name} is no leg in room {group.room} of bridge {group.bridge}: name legs that were received there",
                code="UNKNOWN_LEG",
            )


class Assembling:
    """One call's work: conferences as they are and become, and which legs go into them."""

    def __init__(self, connection: Connection, groups: Sequence[ConferenceGroup], legs: Mapping[str, Leg]) -> None:
        self.legs = legs
        self.taken: dict[str, str] = {leg.id: leg.conference for leg in legs.values() if leg.conference}
        self.stored = stored_conferences(connection, groups, self.taken.values())
        self.conferences = dict(self.stored)
        self.moves: list[dict[str, str]] = []
        self.answer: dict[str, None] = {}

    def add(self, group: ConferenceGroup) -> None:
        fresh = [self.legs[leg] for leg in group.legs if leg not in self.taken]
        if fresh:
            conference = self.conference_for(group, fresh)
            self.conferences[conference.id] = stretched(conference, fresh)
            for leg in fresh:
                self.taken[leg.id] = conference.id
                self.moves.append({"leg": leg.id, "into": conference.id})
        self.answer.update({self.taken[leg]: None for leg in group.legs})

    def conference_for(self, group: ConferenceGroup, fresh: Sequence[Leg]) -> Conference:
        group = self.of_its_own_booking(group)
        found = self.booked(group.booking) if group.booking else self.unbooked(group, fresh)
        if found is not None:
            return found
        starts, ends = min(leg.joined_at for leg in fresh), max(leg.left_at for leg in fresh)
        new = booked_id(group.booking) if group.booking else f"CF-{group.bridge}-{group.room}-{starts:%Y%m%dT%H%M%SZ}"
        return Conference(new, group.bridge, group.room, group.booking, starts, ends)

    def of_its_own_booking(self, group: ConferenceGroup) -> ConferenceGroup:
        """Two bridges may have a room of one name: the booking is whose call came first, the other has no owner.

        Charged together they would be somebody's twice; who they really are of, a person decides (`unknown-owner`).
        """
        known = self.booked(group.booking) if group.booking else None
        return group if known is None or is_place_of(known, group) else replace(group, booking=None)

    def booked(self, booking: str) -> Conference | None:
        return self.conferences.get(booked_id(booking))

    def unbooked(self, group: ConferenceGroup, fresh: Sequence[Leg]) -> Conference | None:
        """The one some of its legs are in already, else one it overlaps; the earliest of several."""
        held = {self.taken[leg] for leg in group.legs if leg in self.taken}
        unbooked = sorted(
            (one for one in self.conferences.values() if one.booking is None and is_place_of(one, group)),
            key=lambda one: (one.started_at, one.id),
        )
        return next(
            (one for one in unbooked if one.id in held), next((one for one in unbooked if overlaps(one, fresh)), None)
        )

    def write(self, connection: Connection) -> None:
        new = [asdict(one) for one in self.conferences.values() if one.id not in self.stored]
        longer = [one for one in self.conferences.values() if self.stored.get(one.id, one) != one]
        execute_all(connection, NEW, new)
        execute_all(connection, TAKE_LEG, self.moves)
        execute_all(connection, STRETCH, [stretch_of(one) for one in longer])
        stand_last(connection, [self.conferences[id] for id in dict.fromkeys(move["into"] for move in self.moves)])


def stored_conferences(
    connection: Connection, groups: Sequence[ConferenceGroup], held: Iterable[str]
) -> dict[str, Conference]:
    """Those that may take legs of the groups: of their bookings, of their legs, the unbooked ones of their rooms."""
    ids = [*held, *(booked_id(group.booking) for group in groups if group.booking)]
    rooms = {group.room for group in groups}
    rows = [
        *connection.execute(BY_ID, {"keys": ids}),
        *(connection.execute(UNBOOKED_OF_ROOMS, {"rooms": rooms}) if rooms else ()),
    ]
    return {conference.id: conference for conference in map(conference_of, rows)}


def stand_last(connection: Connection, conferences: Sequence[Conference]) -> None:
    """Behind all others. The counter's row stays locked to the end of the transaction, so that nobody overtakes."""
    if not conferences:
        return
    insert_new(connection, POSITIONS, {"id": COUNTER, "last": 0})
    connection.execute(RAISE, {"more": len(conferences)})
    last = int(connection.scalar(LAST) or 0)
    connection.execute(LEAVE, {"keys": [conference.id for conference in conferences]})
    places = enumerate(conferences, start=last - len(conferences) + 1)
    execute_all(
        connection,
        STAND,
        [{"conference": each.id, "bridge": each.bridge, "position": position} for position, each in places],
    )


def booked_id(booking: str) -> str:
    return f"CF-{booking.removeprefix('BK-')}"


def is_place_of(conference: Conference, group: ConferenceGroup) -> bool:
    return (conference.bridge, conference.room) == (group.bridge, group.room)


def overlaps(conference: Conference, legs: Sequence[Leg]) -> bool:
    """Do any of the legs overlap or touch it?"""
    return any(leg.joined_at <= conference.ended_at and leg.left_at >= conference.started_at for leg in legs)


def stretched(conference: Conference, legs: Sequence[Leg]) -> Conference:
    """It lasts from the first join to the last leave."""
    return replace(
        conference,
        started_at=min(conference.started_at, *(leg.joined_at for leg in legs)),
        ended_at=max(conference.ended_at, *(leg.left_at for leg in legs)),
    )


def stretch_of(conference: Conference) -> dict[str, Any]:
    return {"which": conference.id, "from_first": conference.started_at, "to_last": conference.ended_at}


def execute_all(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)
