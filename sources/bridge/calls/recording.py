"""What was observed is written down: events once each, polls as stretches that grow.

A poll counts only as a whole: where the switch couldn't be asked about one room, nothing follows for the others.
While all is as it was, a poll writes one row, whoever is in the rooms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from sources.bridge.calls.events import Unread
from sources.bridge.calls.tables import OBSERVATIONS, OBSERVED_ROOMS, QUARANTINED_CALLS, STRETCHES, WATCHES
from sources.columns import Instant
from sources.database import one_of
from sources.records.calls import Kind, Observation, Source, SpoolPlace
from sources.rows import insert_all, insert_new

__all__ = [
    "OPEN",
    "Polled",
    "Seen",
    "digest",
    "known_rooms",
    "may_poll",
    "open_rooms",
    "quarantine",
    "record_events",
    "record_poll",
    "record_rules",
    "spool_place",
    "touch",
]

OPEN, ENDED, QUIET = "OPEN", "ENDED", "QUIET"

KNOWN = select(OBSERVATIONS.c.id).where(one_of(OBSERVATIONS.c.id))
WATCH = select(WATCHES).where(WATCHES.c.bridge == bindparam("bridge"))
MOVE_ON = (
    update(WATCHES)
    .where(
        WATCHES.c.bridge == bindparam("of"),
        WATCHES.c.spool_file == bindparam("file_before"),
        WATCHES.c.spool_offset == bindparam("offset_before"),
    )
    .values(spool_file=bindparam("file_now"), spool_offset=bindparam("offset_now"))
)
TAKE_TURN = (
    update(WATCHES)
    .where(
        WATCHES.c.bridge == bindparam("of"),
        (WATCHES.c.poller == bindparam("who"))
        | WATCHES.c.poller.is_(None)
        | (WATCHES.c.poller_until < bindparam("now", type_=Instant)),
    )
    .values(poller=bindparam("who"), poller_until=bindparam("until_then", type_=Instant))
)
POLLED = (
    update(WATCHES)
    .where(WATCHES.c.bridge == bindparam("of"))
    .values(polled_at=bindparam("now", type_=Instant), epoch=bindparam("life", type_=Instant))
)
OPEN_STRETCHES = select(STRETCHES).where(STRETCHES.c.bridge == bindparam("bridge"), STRETCHES.c.gone_at.is_(None))
CLOSE = (
    update(STRETCHES)
    .where(STRETCHES.c.id == bindparam("which"))
    .values(last_seen=bindparam("last", type_=Instant), gone_at=bindparam("gone", type_=Instant))
)
SILENCE = (
    update(STRETCHES).where(STRETCHES.c.id == bindparam("which")).values(silent_since=bindparam("since", type_=Instant))
)
TOUCH = (
    update(OBSERVED_ROOMS)
    .where(OBSERVED_ROOMS.c.bridge == bindparam("of"), OBSERVED_ROOMS.c.room == bindparam("which"))
    .values(changed_at=bindparam("now", type_=Instant), state=OPEN)
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A participant in a room, as one poll saw them."""

    room: str
    participant: str
    display: str | None
    is_alive: bool | None


@dataclass(frozen=True, slots=True)
class Polled:
    """What came of a poll: rooms where something changed, and the (room, participant) who are silent for too long."""

    changed: frozenset[str]
    silent: tuple[tuple[str, str], ...]


def digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


# Events


def spool_place(connection: Connection, bridge: str) -> SpoolPlace:
    """How far the bridge's spool has been read."""
    watch = connection.execute(WATCH, {"bridge": bridge}).one_or_none()
    return SpoolPlace() if watch is None else SpoolPlace(watch.spool_file, watch.spool_offset)


def record_rules(connection: Connection, bridge: str, *, service: str, is_simulated: bool) -> None:
    """What its legs are: whoever publishes them learns it from here."""
    _watch(connection, bridge)
    connection.execute(
        update(WATCHES).where(WATCHES.c.bridge == bridge).values(service=service, is_simulated=is_simulated)
    )


def record_events(
    connection: Connection,
    bridge: str,
    observations: Sequence[Observation],
    unread: Iterable[Unread],
    *,
    read: tuple[SpoolPlace, SpoolPlace],
    now: datetime,
) -> frozenset[str] | None:
    """The rooms that something new was told of (all that are known, where it is of the whole switch).

    `read` is the place before them in the spool and the one after. None, and nothing is written, where somebody else
    has read on from there meanwhile.
    """
    before, after = read
    _watch(connection, bridge)
    places = {
        "file_before": before.file,
        "offset_before": before.offset,
        "file_now": after.file,
        "offset_now": after.offset,
    }
    if connection.execute(MOVE_ON, {"of": bridge, **places}).rowcount == 0 and before != after:
        return None
    for each in unread:
        name = digest(bridge, each.text)
        quarantine(connection, bridge, name, "malformed", f"an event was not read: {each.why}", each.text, now)
    fresh = _insert_new_observations(connection, observations)
    rooms = {each.room for each in fresh if each.room is not None}
    if any(each.room is None for each in fresh):
        rooms |= known_rooms(connection, bridge)
    touch(connection, bridge, rooms, now)
    return frozenset(rooms)


def _insert_new_observations(connection: Connection, observations: Iterable[Observation]) -> list[Observation]:
    by_id: dict[str, Observation] = {}
    for each in observations:
        by_id.setdefault(_id_of(each), each)
    known = {row.id for row in connection.execute(KNOWN, {"keys": list(by_id)})} if by_id else set()
    fresh = {id: each for id, each in by_id.items() if id not in known}
    insert_all(connection, OBSERVATIONS, (_row(id, each) for id, each in fresh.items()))
    return list(fresh.values())


def _id_of(each: Observation) -> str:
    return digest(each.bridge, each.kind.value, each.source.value, each.at, each.room, each.participant, each.session)


def _row(id: str, each: Observation) -> dict[str, Any]:
    return {
        "id": id,
        "bridge": each.bridge,
        "room": each.room,
        "kind": each.kind.value,
        "source": each.source.value,
        "at": each.at,
        "received_at": each.received_at,
        "participant": each.participant,
        "display": each.display,
        "session": each.session,
        "until": each.until,
    }


# Polls


def may_poll(connection: Connection, bridge: str, poller: str, *, now: datetime, lasts: timedelta) -> bool:
    """Whether it is `poller`'s turn: one polls a bridge at a time, and another when that one is not heard of."""
    _watch(connection, bridge)
    turn = {"of": bridge, "who": poller, "now": now, "until_then": now + lasts}
    return connection.execute(TAKE_TURN, turn).rowcount == 1


def record_poll(
    connection: Connection,
    bridge: str,
    seen: Iterable[Seen],
    *,
    epoch: datetime | None,
    silence: timedelta,
    now: datetime,
) -> Polled:
    """A whole poll at `now`. Who has been silent for `silence` is noted as such, once, and told every time."""
    watch = _watch(connection, bridge)
    before = watch.polled_at or now
    stretches = {(row.room, row.participant): row for row in connection.execute(OPEN_STRETCHES, {"bridge": bridge})}
    present = {(each.room, each.participant): each for each in seen}
    appeared = [each for key, each in present.items() if key not in stretches]
    gone = [row for key, row in stretches.items() if key not in present]
    insert_all(connection, STRETCHES, (_stretch(bridge, each, now) for each in appeared))
    if gone:
        rows = [{"which": row.id, "last": max(before, row.first_seen), "gone": now} for row in gone]
        connection.execute(CLOSE, rows)
    changed = {each.room for each in appeared} | {row.room for row in gone}
    silent = _listen(connection, stretches, present, before=before)
    for_too_long = [(key, since) for key, since in silent.items() if now - since >= silence]
    noted = _insert_new_observations(
        connection, (_silent(bridge, key, since=since, now=now) for key, since in for_too_long)
    )
    changed |= {each.room for each in noted if each.room}
    if watch.epoch is not None and epoch is not None and epoch != watch.epoch:
        _insert_new_observations(connection, [_new_life(bridge, epoch, before=before, now=now)])
        changed |= known_rooms(connection, bridge)
    connection.execute(POLLED, {"of": bridge, "now": now, "life": epoch or watch.epoch})
    touch(connection, bridge, changed, now)
    return Polled(frozenset(changed), tuple(key for key, _ in for_too_long))


def _stretch(bridge: str, each: Seen, now: datetime) -> dict[str, Any]:
    return {
        "id": digest(bridge, each.room, each.participant, now),
        "bridge": bridge,
        "room": each.room,
        "participant": each.participant,
        "display": each.display,
        "first_seen": now,
        "last_seen": None,
        "gone_at": None,
        "silent_since": now if each.is_alive is False else None,
    }


def _listen(
    connection: Connection,
    stretches: Mapping[tuple[str, str], Row[Any]],
    present: Mapping[tuple[str, str], Seen],
    *,
    before: datetime,
) -> dict[tuple[str, str], datetime]:
    """Since when who is silent: the last poll that still heard them."""
    silent: dict[tuple[str, str], datetime] = {}
    changes = []
    for key, row in stretches.items():
        each = present.get(key)
        if each is None:
            continue
        since = row.silent_since
        if each.is_alive is False:
            since = since or max(before, row.first_seen)
            silent[key] = since
        elif each.is_alive:
            since = None
        if since != row.silent_since:
            changes.append({"which": row.id, "since": since})
    if changes:
        connection.execute(SILENCE, changes)
    return silent


def _silent(bridge: str, key: tuple[str, str], *, since: datetime, now: datetime) -> Observation:
    room, participant = key
    return Observation(
        bridge=bridge,
        kind=Kind.SILENT,
        source=Source.POLL,
        at=since,
        received_at=now,
        room=room,
        participant=participant,
    )


def _new_life(bridge: str, epoch: datetime, *, before: datetime, now: datetime) -> Observation:
    return Observation(
        bridge=bridge, kind=Kind.STARTED, source=Source.POLL, at=epoch, received_at=now, until=min(before, epoch)
    )


# Rooms


def known_rooms(connection: Connection, bridge: str) -> set[str]:
    """Rooms of which something is not published yet."""
    rooms = select(OBSERVED_ROOMS.c.room).where(OBSERVED_ROOMS.c.bridge == bridge, OBSERVED_ROOMS.c.state != QUIET)
    return set(connection.scalars(rooms))


def open_rooms(connection: Connection, bridge: str) -> set[str]:
    """Rooms where a call is going on, or where something is new that nobody has looked at yet."""
    rooms = select(OBSERVED_ROOMS.c.room).where(OBSERVED_ROOMS.c.bridge == bridge, OBSERVED_ROOMS.c.state == OPEN)
    return set(connection.scalars(rooms))


def touch(connection: Connection, bridge: str, rooms: Iterable[str], now: datetime) -> None:
    """Something is new in these rooms: they are to be looked at."""
    for room in sorted(rooms):
        if connection.execute(TOUCH, {"of": bridge, "which": room, "now": now}).rowcount == 0:
            row = {"bridge": bridge, "room": room, "call_number": 1, "state": OPEN, "changed_at": now, "ended_at": None}
            insert_new(connection, OBSERVED_ROOMS, row)


def quarantine(
    connection: Connection, bridge: str, name: str, reason: str, message: str, text: str, now: datetime
) -> bool:
    """Kept once for each name, reason and text. Whether it was new."""
    row = {
        "digest": digest(bridge, name, reason, text),
        "bridge": bridge,
        "id": name,
        "reason": reason,
        "message": message,
        "text": text,
        "noted_at": now,
    }
    return insert_new(connection, QUARANTINED_CALLS, row)


def _watch(connection: Connection, bridge: str) -> Row[Any]:
    """How far the bridge was watched; from the beginning where it never was."""
    row = connection.execute(WATCH, {"bridge": bridge}).one_or_none()
    if row is None:
        insert_new(connection, WATCHES, {"bridge": bridge, "spool_file": 0, "spool_offset": 0})
        row = connection.execute(WATCH, {"bridge": bridge}).one()
    return row
