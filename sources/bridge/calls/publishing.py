"""Calls that are over are published: their legs become call records for good, in one transaction, with a position.

A call is a room from the first leg that is not published until everybody has left: `<bridge>:<room>:<n>`, the room's
n-th. Which conference its legs are of is decided by the bookings, as with legs from files (domain.md, edge case 26).
Positions rise in the order in which calls appear: who has read up to one has missed nothing before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, Row, and_, bindparam, insert, select, update

from sources.bridge.calls.recording import ENDED, OPEN, QUIET, quarantine
from sources.bridge.calls.settling import RULES, CallRules, Findings, call_id, findings, set_state
from sources.bridge.calls.tables import CALLS, OBSERVED_ROOMS, POSITIONS, QUARANTINED_CALLS, TAKEN_LEGS
from sources.bridge.tables import KEYS, LEGS, ROOMS
from sources.database import Database, one_of
from sources.idempotency import Call, input_hash, write_once
from sources.records.bridge import Leg
from sources.records.calls import EndedCall, FoldedLeg, HeldLeg, LiveCall, PublishedCall, QuarantinedCall
from sources.records.refusal import Refusal
from sources.rows import insert_all, insert_new, row_of

__all__ = ["WHY_HELD", "Calls", "publish", "record_of", "rules_of"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ONLY = "calls"

ENDED_ROOMS = (
    select(OBSERVED_ROOMS)
    .where(OBSERVED_ROOMS.c.state == ENDED)
    .order_by(OBSERVED_ROOMS.c.ended_at, OBSERVED_ROOMS.c.bridge, OBSERVED_ROOMS.c.room)
    .limit(bindparam("limit"))
)
# Of the booking that has the room now; a room that was closed is whose it was.
LIVE = (
    select(OBSERVED_ROOMS, ROOMS.c.booking)
    .join(ROOMS, and_(ROOMS.c.bridge == OBSERVED_ROOMS.c.bridge, ROOMS.c.room == OBSERVED_ROOMS.c.room))
    .where(OBSERVED_ROOMS.c.state != QUIET)
    .order_by(OBSERVED_ROOMS.c.changed_at, OBSERVED_ROOMS.c.bridge, OBSERVED_ROOMS.c.room)
)
GOING_ON = LIVE.where(OBSERVED_ROOMS.c.state == OPEN, ROOMS.c.occupies.is_(True)).limit(bindparam("limit"))
OF_BOOKINGS = LIVE.where(one_of(ROOMS.c.booking))
CALL = select(CALLS).where(CALLS.c.id == bindparam("id"))
CALLS_AFTER = (
    select(CALLS).where(CALLS.c.position > bindparam("after")).order_by(CALLS.c.position).limit(bindparam("limit"))
)
QUARANTINED = (
    select(QUARANTINED_CALLS)
    .where(QUARANTINED_CALLS.c.bridge == bindparam("of"))
    .order_by(QUARANTINED_CALLS.c.noted_at.desc(), QUARANTINED_CALLS.c.digest)
    .limit(bindparam("limit"))
)
NEXT_POSITION = update(POSITIONS).where(POSITIONS.c.id == ONLY).values(last=POSITIONS.c.last + 1)
POSITION = select(POSITIONS.c.last).where(POSITIONS.c.id == ONLY)

WHY_HELD = {
    "clock": "the switch's clock and ours are too far apart, or it ran backwards: set the switch's time by NTP",
    "overlap": "the participant was in the room twice at once, by the switch's own account",
    "incomplete": "the switch told of its leaving and nothing of its coming, and no poll saw it",
}


class Calls:
    """The live calls of all bridges, as their observations tell them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def ended(self, *, limit: int) -> list[EndedCall]:
        """Calls that are over and wait to be published, the longest waiting first."""
        return await self.database.read(
            lambda connection: [_ended(row) for row in connection.execute(ENDED_ROOMS, {"limit": limit})]
        )

    async def going_on(self, *, limit: int) -> list[LiveCall]:
        """Calls in rooms of bookings that are not over, the longest unchanged first."""
        return await self.database.read(
            lambda connection: [_live(row) for row in connection.execute(GOING_ON, {"limit": limit})]
        )

    async def of_bookings(self, refs: Collection[str]) -> list[LiveCall]:
        """Calls in rooms of these bookings of which something is not published."""
        return await self.database.read(
            lambda connection: [_live(row) for row in connection.execute(OF_BOOKINGS, {"keys": list(refs)})]
        )

    async def call(self, id: str) -> PublishedCall | None:
        return await self.database.read(lambda connection: _call(connection, id))

    async def publish(self, id: str, *, caller: str, key: str, now: datetime) -> PublishedCall | Refusal:
        """Makes a call's legs call records for good; see `publish`. Idempotent by caller and key, and by the call."""
        call = Call("publishCall", caller, key, input_hash([id]))

        def effect(connection: Connection) -> dict[str, Any]:
            found = publish(connection, id, now=now)
            return {"refused": asdict(found)} if isinstance(found, Refusal) else {"call": found.id}

        answer = await write_once(self.database, KEYS, call=call, effect=effect)
        if "refused" in answer:
            return Refusal(**answer["refused"])
        return await self.database.read(lambda connection: _published(connection.execute(CALL, {"id": id}).one()))

    async def published(self, *, after: int, limit: int) -> list[PublishedCall]:
        """Those with a higher position, in that order."""
        parameters = {"after": after, "limit": limit}
        return await self.database.read(
            lambda connection: [_published(row) for row in connection.execute(CALLS_AFTER, parameters)]
        )

    async def quarantined(self, bridge: str, *, limit: int) -> list[QuarantinedCall]:
        """What the bridge told and was not taken, the last first."""
        parameters = {"of": bridge, "limit": limit}
        return await self.database.read(
            lambda connection: [
                QuarantinedCall(row.id, row.reason, row.message, row.text, row.noted_at)
                for row in connection.execute(QUARANTINED, parameters)
            ]
        )


def publish(connection: Connection, id: str, *, now: datetime) -> PublishedCall | Refusal:
    """The call, published now or before. Refused `unknown-call`, or `not-ended` while somebody is inside (again)."""
    known = _call(connection, id)
    if known is not None:
        return known
    room = _room_of_call(connection, id)
    if room is None:
        return Refusal("unknown-call", f"there is no call {id} that could be published: take one of `endedCalls`")
    rules = rules_of(connection, room.bridge)
    what = findings(connection, room, rules=rules, now=now)
    # Where it ended before by the grace time, nothing new has come since, or it would be open again.
    is_over = what.state == ENDED or (room.state == ENDED and what.looks_again_at is not None)
    if not is_over:
        return Refusal("not-ended", f"call {id} is going on, or was published: wait until it is in `endedCalls`")
    call = PublishedCall(
        id=id,
        bridge=room.bridge,
        room=room.room,
        position=_position(connection),
        ended_at=what.ended_at or now,
        published_at=now,
        seconds=sum(map(_seconds, what.fresh)),
        legs=tuple(leg.id for leg in what.fresh if leg.problem is None),
        held=tuple(_held(leg) for leg in what.fresh if leg.problem is not None),
    )
    _write(connection, call, what, rules=rules, now=now)
    set_state(connection, room, QUIET, next_call=True)
    return call


def _write(connection: Connection, call: PublishedCall, what: Findings, *, rules: CallRules, now: datetime) -> None:
    insert_all(connection, TAKEN_LEGS, (_taken(leg) for leg in what.fresh))
    insert_all(connection, LEGS, (row_of(record_of(leg, rules)) for leg in what.fresh if leg.problem is None))
    for leg, held in zip((each for each in what.fresh if each.problem is not None), call.held, strict=True):
        text = orjson.dumps(asdict(leg)).decode()
        quarantine(connection, call.bridge, held.id, held.code, held.message, text, now)
    row = {**row_of(call), "legs": _json(call.legs), "held": _json(asdict(each) for each in call.held)}
    connection.execute(insert(CALLS), row)


def rules_of(connection: Connection, bridge: str) -> CallRules:
    """As the bridge's watch has them."""
    row = connection.execute(RULES, {"bridge": bridge}).one()
    return CallRules(service=row.service, is_simulated=row.is_simulated) if row.service else CallRules()


def record_of(leg: FoldedLeg, rules: CallRules) -> Leg:
    assert leg.left_at is not None
    return Leg(
        id=leg.id,
        bridge=leg.bridge,
        room=leg.room,
        service=rules.service,
        display_name=leg.display,
        caller_number=None,
        joined_at=leg.joined_at,
        left_at=leg.left_at,
        end_reason=f"simulated-{leg.end_reason}" if rules.is_simulated else str(leg.end_reason),
    )


def _taken(leg: FoldedLeg) -> dict[str, Any]:
    return {
        "id": leg.id,
        "bridge": leg.bridge,
        "room": leg.room,
        "participant": leg.participant,
        "joined_at": leg.joined_at,
        "left_at": leg.left_at,
        "end_reason": str(leg.end_reason),
    }


def _held(leg: FoldedLeg) -> HeldLeg:
    assert leg.problem is not None
    assert leg.left_at is not None
    times = f"{leg.joined_at.isoformat()} to {leg.left_at.isoformat()}"
    return HeldLeg(leg.id, max(0, _seconds(leg)), leg.problem, f"{leg.id}, {times}: {WHY_HELD[leg.problem]}")


def _seconds(leg: FoldedLeg) -> int:
    """Whole seconds (domain.md, rule 1): the difference of both ends, each cut to its second."""
    assert leg.left_at is not None
    return (leg.left_at - EPOCH) // SECOND - (leg.joined_at - EPOCH) // SECOND


def _position(connection: Connection) -> int:
    """The next one. Its row stays locked to the end of the transaction, so that nobody overtakes."""
    insert_new(connection, POSITIONS, {"id": ONLY, "last": 0})
    connection.execute(NEXT_POSITION)
    return int(connection.scalar(POSITION) or 0)


def _room_of_call(connection: Connection, id: str) -> Row[Any] | None:
    """The room whose next call it is; the row is locked, as two may publish at once."""
    place, _, number = id.rpartition(":")
    bridge, _, room = place.partition(":")
    if not number.isdecimal():
        return None
    wanted = select(OBSERVED_ROOMS).where(
        OBSERVED_ROOMS.c.bridge == bridge, OBSERVED_ROOMS.c.room == room, OBSERVED_ROOMS.c.call_number == int(number)
    )
    return connection.execute(wanted.with_for_update()).one_or_none()


def _call(connection: Connection, id: str) -> PublishedCall | None:
    row = connection.execute(CALL, {"id": id}).one_or_none()
    return None if row is None else _published(row)


def _published(row: Row[Any]) -> PublishedCall:
    return PublishedCall(
        id=row.id,
        bridge=row.bridge,
        room=row.room,
        position=row.position,
        ended_at=row.ended_at,
        published_at=row.published_at,
        seconds=row.seconds,
        legs=tuple(orjson.loads(row.legs)),
        held=tuple(HeldLeg(**each) for each in orjson.loads(row.held)),
    )


def _ended(row: Row[Any]) -> EndedCall:
    return EndedCall(call_id(row.bridge, row.room, row.call_number), row.bridge, row.room, row.ended_at)


def _live(row: Row[Any]) -> LiveCall:
    id = call_id(row.bridge, row.room, row.call_number)
    return LiveCall(id, row.bridge, row.room, row.booking, is_over=row.state == ENDED)


def _json(values: Iterable[Any]) -> str:
    return orjson.dumps(list(values)).decode()
