"""When a call is over, and what of it becomes call records for good.

    OPEN    something is new in the room, or somebody is inside
    ENDED   nobody is inside, nobody came back within the pause, and spool and polls agree, or nothing new has come for
            the grace time: it may be published
    QUIET   all that was observed is published

A leg that was published stays as it was. What is told of it later and differs goes into quarantine, and so does a leg
of the same participant that overlaps it, under whatever id: it would be the same minutes again (domain.md 4.25).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, Row, bindparam, func, or_, select, update

from sources.bridge.calls.folding import fold
from sources.bridge.calls.recording import ENDED, OPEN, QUIET, quarantine
from sources.bridge.calls.tables import CALLS, OBSERVATIONS, OBSERVED_ROOMS, STRETCHES, TAKEN_LEGS, WATCHES
from sources.columns import Instant
from sources.records.calls import EndReason, FoldedLeg, Kind, Observation, Source

__all__ = ["RULES", "CallRules", "Findings", "call_id", "findings", "set_state", "settle"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

KEPT = timedelta(days=7)
"""How long what was observed counts for the legs of its room, at least: to the end of a published call before that."""

# Locked: a call isn't looked at while it is published.
ROOM = (
    select(OBSERVED_ROOMS)
    .where(OBSERVED_ROOMS.c.bridge == bindparam("bridge"), OBSERVED_ROOMS.c.room == bindparam("room"))
    .with_for_update()
)
OF_ROOM = select(OBSERVATIONS).where(
    OBSERVATIONS.c.bridge == bindparam("bridge"),
    or_(
        (OBSERVATIONS.c.room == bindparam("room")) & (OBSERVATIONS.c.at > bindparam("since", type_=Instant)),
        OBSERVATIONS.c.room.is_(None),
    ),
)
STRETCHES_OF_ROOM = select(STRETCHES).where(
    STRETCHES.c.bridge == bindparam("bridge"),
    STRETCHES.c.room == bindparam("room"),
    STRETCHES.c.first_seen > bindparam("since", type_=Instant),
)
RULES = select(WATCHES.c.service, WATCHES.c.is_simulated).where(WATCHES.c.bridge == bindparam("bridge"))
POLLED_AT = select(WATCHES.c.polled_at).where(WATCHES.c.bridge == bindparam("bridge"))
TAKEN = select(TAKEN_LEGS).where(
    TAKEN_LEGS.c.bridge == bindparam("bridge"),
    TAKEN_LEGS.c.room == bindparam("room"),
    TAKEN_LEGS.c.left_at > bindparam("since", type_=Instant),
)
LAST_OLD_CALL = select(func.max(CALLS.c.ended_at)).where(
    CALLS.c.bridge == bindparam("bridge"),
    CALLS.c.room == bindparam("room"),
    CALLS.c.ended_at < bindparam("old", type_=Instant),
)
SET_STATE = (
    update(OBSERVED_ROOMS)
    .where(OBSERVED_ROOMS.c.bridge == bindparam("of"), OBSERVED_ROOMS.c.room == bindparam("which"))
    .values(state=bindparam("becomes"), ended_at=bindparam("ended", type_=Instant), call_number=bindparam("number"))
)


@dataclass(frozen=True, slots=True)
class CallRules:
    """How a bridge's calls are read. `grace` is how long a late event is waited for where spool and polls don't agree.

    `pause` is how long everybody may be out of a room and come back into the same call, while the room is open.
    `service` is what each leg is (`dial-in`); `is_simulated` calls say so in their end reasons, and their clock is
    make-believe.
    """

    grace: timedelta = timedelta(seconds=5)
    service: str = "dial-in"
    is_simulated: bool = False
    pause: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Findings:
    """A room as it stands: `state`, the ended legs that nobody took yet, and those that differ from what was taken.

    `looks_again_at` is when the grace time or the pause is out, where nothing else is waited for.
    """

    state: str
    fresh: tuple[FoldedLeg, ...]
    changed: tuple[tuple[FoldedLeg, Row[Any]], ...]
    looks_again_at: datetime | None = None

    @property
    def ended_at(self) -> datetime | None:
        return max((leg.left_at for leg in self.fresh if leg.left_at), default=None)


def settle(connection: Connection, bridge: str, room: str, *, rules: CallRules, now: datetime) -> tuple[Findings, str]:
    """Looks at what is known of a room and writes down its state; what differs from what was published, too.

    With the id of the room's call that is going on, or of the next one.
    """
    found = connection.execute(ROOM, {"bridge": bridge, "room": room}).one_or_none()
    if found is None:
        return Findings(QUIET, (), ()), call_id(bridge, room, 1)
    what = findings(connection, found, rules=rules, now=now)
    for leg, before in what.changed:
        _quarantine_changed(connection, leg, before, now)
    if what.state != found.state:
        set_state(connection, found, what.state, ended_at=what.ended_at if what.state == ENDED else None)
    return what, call_id(bridge, room, found.call_number)


def call_id(bridge: str, room: str, number: int) -> str:
    return f"{bridge}:{room}:{number}"


def findings(connection: Connection, room: Row[Any], *, rules: CallRules, now: datetime) -> Findings:
    """What the observations of a room amount to at `now`."""
    of = {"bridge": room.bridge, "room": room.room, "old": now - KEPT}
    # Nobody was inside when a call ended, so no leg is cut in two there.
    of["since"] = connection.scalar(LAST_OLD_CALL, of) or EPOCH
    legs = fold(observations_of(connection, of), trusts_clock=rules.is_simulated)
    fresh, changed = _sorted_out(legs, connection.execute(TAKEN, of).all())
    if any(leg.left_at is None for leg in legs):
        return Findings(OPEN, fresh, changed)
    if not fresh:
        return Findings(QUIET, fresh, changed)
    waits = timedelta(0) if all(leg.is_agreed for leg in fresh) else rules.grace
    if is_open(legs):
        waits = max(waits, rules.pause)
    quiet_at = room.changed_at + waits
    if not waits or now >= quiet_at:
        return Findings(ENDED, fresh, changed)
    return Findings(OPEN, fresh, changed, looks_again_at=quiet_at)


def is_open(legs: Sequence[FoldedLeg]) -> bool:
    """Whether people can come back: the last to go didn't go with the room."""
    last = max(legs, key=lambda leg: leg.left_at or EPOCH)
    return last.end_reason not in (EndReason.ROOM_DESTROYED, EndReason.BRIDGE_SHUTDOWN)


def observations_of(connection: Connection, of: dict[str, Any]) -> list[Observation]:
    """Of the room and of the whole switch. A stretch that goes on reaches to the last whole poll."""
    polled_at = connection.scalar(POLLED_AT, of)
    found = [_observation(row) for row in connection.execute(OF_ROOM, of)]
    found += [_seen(row, polled_at) for row in connection.execute(STRETCHES_OF_ROOM, of)]
    return found


def _observation(row: Row[Any]) -> Observation:
    return Observation(
        bridge=row.bridge,
        kind=Kind(row.kind),
        source=Source(row.source),
        at=row.at,
        received_at=row.received_at,
        room=row.room,
        participant=row.participant,
        display=row.display,
        session=row.session,
        until=row.until,
    )


def _seen(row: Row[Any], polled_at: datetime | None) -> Observation:
    return Observation(
        bridge=row.bridge,
        kind=Kind.SEEN,
        source=Source.POLL,
        at=row.first_seen,
        received_at=row.first_seen,
        room=row.room,
        participant=row.participant,
        display=row.display,
        until=max(row.first_seen, row.last_seen or polled_at or row.first_seen),
        gone_at=row.gone_at,
    )


def _sorted_out(
    legs: Sequence[FoldedLeg], taken: Sequence[Row[Any]]
) -> tuple[tuple[FoldedLeg, ...], tuple[tuple[FoldedLeg, Row[Any]], ...]]:
    """Ended legs that are new, and those that were taken before and differ."""
    fresh: list[FoldedLeg] = []
    changed: list[tuple[FoldedLeg, Row[Any]]] = []
    known = {row.id: row for row in taken}
    for leg in legs:
        if leg.left_at is None:
            continue
        before = known.get(leg.id) or next((row for row in taken if _is_same_stay(leg, row)), None)
        if before is None:
            fresh.append(leg)
        elif not _is_as_taken(leg, before):
            changed.append((leg, before))
    return tuple(fresh), tuple(changed)


def _is_same_stay(leg: FoldedLeg, taken: Row[Any]) -> bool:
    assert leg.left_at is not None
    overlaps = leg.joined_at < taken.left_at and leg.left_at > taken.joined_at
    return bool(leg.participant == taken.participant and overlaps)


def _is_as_taken(leg: FoldedLeg, taken: Row[Any]) -> bool:
    return (leg.joined_at, leg.left_at, str(leg.end_reason)) == (taken.joined_at, taken.left_at, taken.end_reason)


def _quarantine_changed(connection: Connection, leg: FoldedLeg, before: Row[Any], now: datetime) -> None:
    message = (
        f"{before.id} was published as {before.joined_at.isoformat()} to {before.left_at.isoformat()} "
        f"({before.end_reason}); what came later differs. The published record stands"
    )
    quarantine(connection, leg.bridge, before.id, "changed-duplicate", message, orjson.dumps(asdict(leg)).decode(), now)


def set_state(
    connection: Connection, room: Row[Any], state: str, *, ended_at: datetime | None = None, next_call: bool = False
) -> None:
    number = room.call_number + 1 if next_call else room.call_number
    values = {"of": room.bridge, "which": room.room, "becomes": state, "ended": ended_at, "number": number}
    connection.execute(SET_STATE, values)
