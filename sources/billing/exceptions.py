"""Exceptions: calls that could not be rated and wait, with all that happened to them.

What was noted, assigned and decided is only ever added to. The exception itself is a call's row in the state EXCEPTION;
when it is charged or excluded its row is another one under the same id, and so is what led there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, Select, and_, bindparam, case, func, or_, select, update

from sources.billing.calls import KnownCall, lock_calls, write_calls
from sources.billing.tables import CALLS, EXCEPTION_EVENTS, RATING_ATTEMPTS
from sources.columns import Instant, Text
from sources.database import one_of
from sources.records.billing import RatedCall
from sources.records.exceptions import ExceptionEvent, RatingException, Resolution, Unrated
from sources.records.refusal import Refusal
from sources.rows import insert_all, insert_new, row_of

__all__ = [
    "DECISIONS",
    "EVENTS_OF_EXCEPTIONS",
    "EXCEPTIONS_BY_ID",
    "EXCEPTIONS_OF_CLIENTS",
    "TO_RETRY",
    "assign",
    "event_of",
    "exception_of",
    "exceptions",
    "record_exceptions",
    "resolve",
]

BY_HAND = "by-hand"
"""The reason code of what a person excluded; the message is theirs."""


def last_position(kind: str) -> ColumnElement[int | None]:
    """Of a group of events: where the last of this kind stands, or null."""
    return func.max(case((EXCEPTION_EVENTS.c.kind == kind, EXCEPTION_EVENTS.c.position)))


EVENT_FIELDS = tuple(ExceptionEvent.__dataclass_fields__)
# No table stands twice in a statement: one of another program's can't have a second name there.
LAST_ASSIGNED = (
    select(EXCEPTION_EVENTS.c.exception, func.max(EXCEPTION_EVENTS.c.position).label("position"))
    .where(EXCEPTION_EVENTS.c.kind == "ASSIGNED")
    .group_by(EXCEPTION_EVENTS.c.exception)
    .subquery()
)
ASSIGNED = (
    select(
        EXCEPTION_EVENTS.c.exception,
        EXCEPTION_EVENTS.c.assignee,
        EXCEPTION_EVENTS.c.done_at,
    )
    .join(
        LAST_ASSIGNED,
        and_(
            LAST_ASSIGNED.c.exception == EXCEPTION_EVENTS.c.exception,
            LAST_ASSIGNED.c.position == EXCEPTION_EVENTS.c.position,
        ),
    )
    .subquery()
)
OPEN = (
    select(
        CALLS.c.id,
        CALLS.c.leg,
        CALLS.c.conference,
        CALLS.c.duration_seconds,
        CALLS.c.reason,
        CALLS.c.message,
        CALLS.c.recorded_at,
        RATING_ATTEMPTS.c.client,
        RATING_ATTEMPTS.c.tried_at,
        ASSIGNED.c.assignee,
        ASSIGNED.c.done_at,
    )
    .join_from(CALLS, RATING_ATTEMPTS, RATING_ATTEMPTS.c.conference == CALLS.c.conference, isouter=True)
    .join(ASSIGNED, ASSIGNED.c.exception == CALLS.c.id, isouter=True)
    .where(CALLS.c.state == "EXCEPTION")
)
LONGEST_WAITING_FIRST = (CALLS.c.recorded_at, CALLS.c.leg)
IN_ORDER = OPEN.order_by(*LONGEST_WAITING_FIRST).limit(bindparam("limit", type_=Integer))

NUMBERED = (
    OPEN.add_columns(
        func.row_number().over(partition_by=RATING_ATTEMPTS.c.client, order_by=LONGEST_WAITING_FIRST).label("place")
    )
    .where(one_of(RATING_ATTEMPTS.c.client))
    .subquery()
)
EXCEPTIONS_OF_CLIENTS = (
    select(*(column for column in NUMBERED.c if column.name != "place"))
    .where(NUMBERED.c.place <= bindparam("limit", type_=Integer))
    .order_by(NUMBERED.c.recorded_at, NUMBERED.c.leg)
)
EXCEPTIONS_BY_ID = OPEN.where(one_of(CALLS.c.id)).order_by(*LONGEST_WAITING_FIRST)
EVENTS_OF_EXCEPTIONS = (
    select(*(EXCEPTION_EVENTS.c[name] for name in EVENT_FIELDS))
    .where(one_of(EXCEPTION_EVENTS.c.exception))
    .order_by(EXCEPTION_EVENTS.c.exception, EXCEPTION_EVENTS.c.position)
)
# What was decided about a charge that a credit note took back holds no more: that charge was wrong.
DECISIONS = (
    select(*(EXCEPTION_EVENTS.c[name] for name in EVENT_FIELDS))
    .join_from(EXCEPTION_EVENTS, CALLS, CALLS.c.id == EXCEPTION_EVENTS.c.exception)
    .where(
        one_of(EXCEPTION_EVENTS.c.conference),
        EXCEPTION_EVENTS.c.kind == "RESOLVED",
        CALLS.c.credited.is_(False),
    )
    .order_by(EXCEPTION_EVENTS.c.done_at, EXCEPTION_EVENTS.c.exception, EXCEPTION_EVENTS.c.position)
)
# Somebody decided, and no rating has said anything new since: one that was under way may not have known of it.
IS_DECIDED = (
    select(EXCEPTION_EVENTS.c.exception)
    .where(EXCEPTION_EVENTS.c.exception == CALLS.c.id)
    .group_by(EXCEPTION_EVENTS.c.exception)
    .having(last_position("RESOLVED") > func.coalesce(last_position("NOTED"), -1))
    .correlate(CALLS)
    .exists()
)
TO_RETRY = (
    select(CALLS.c.conference)
    .join_from(CALLS, RATING_ATTEMPTS, RATING_ATTEMPTS.c.conference == CALLS.c.conference, isouter=True)
    .where(
        CALLS.c.state == "EXCEPTION",
        or_(CALLS.c.reason.not_in(bindparam("but", type_=Text, expanding=True)), IS_DECIDED),
        CALLS.c.conference > bindparam("after", type_=Text),
        or_(
            RATING_ATTEMPTS.c.tried_at.is_(None), RATING_ATTEMPTS.c.tried_at <= bindparam("tried_before", type_=Instant)
        ),
    )
    .distinct()
    .order_by(CALLS.c.conference)
    .limit(bindparam("limit", type_=Integer))
)
LOCKED = (
    select(CALLS.c.id, CALLS.c.leg, CALLS.c.conference, CALLS.c.state, CALLS.c.reason)
    .where(one_of(CALLS.c.id))
    .order_by(CALLS.c.id)
    .with_for_update()
)
LAST_POSITIONS = (
    select(EXCEPTION_EVENTS.c.exception, func.max(EXCEPTION_EVENTS.c.position).label("last"))
    .where(one_of(EXCEPTION_EVENTS.c.exception))
    .group_by(EXCEPTION_EVENTS.c.exception)
)
TRIED_AGAIN = (
    update(RATING_ATTEMPTS)
    .where(RATING_ATTEMPTS.c.conference == bindparam("which"))
    .values(
        tried_at=bindparam("now", type_=Instant),
        client=func.coalesce(bindparam("whose", type_=Text), RATING_ATTEMPTS.c.client),
    )
)
EXCLUDE = (
    update(CALLS)
    .where(one_of(CALLS.c.id), CALLS.c.state == "EXCEPTION")
    .values(state="EXCLUDED", reason=BY_HAND, message=bindparam("why"), recorded_at=bindparam("now", type_=Instant))
)


def exceptions(code: str | None, assigned_to: str | None) -> Select[*tuple[Any, ...]]:
    """Those with this code, assigned to this person; None is any. Takes `limit`, and `code` and `who` if given."""
    found = IN_ORDER
    if code is not None:
        found = found.where(CALLS.c.reason == bindparam("code", type_=Text))
    if assigned_to is not None:
        found = found.where(ASSIGNED.c.assignee == bindparam("who", type_=Text))
    return found


def exception_of(row: Row[*tuple[Any, ...]]) -> RatingException:
    return RatingException(*row)


def event_of(row: Row[*tuple[Any, ...]]) -> ExceptionEvent:
    return ExceptionEvent(*row)


def record_exceptions(connection: Connection, unrated: Unrated, caller: str, now: datetime) -> int:
    """Legs that can't be rated, and why; how many were written. A settled leg stays settled, an equal row as it is."""
    known = lock_calls(connection, [leg.leg for leg in unrated.legs])
    calls = [
        RatedCall(
            leg=leg.leg,
            conference=unrated.conference,
            state="EXCEPTION",
            duration_seconds=leg.duration_seconds,
            recorded_at=now,
            reason=leg.code or unrated.code,
            message=leg.message or unrated.message,
        )
        for leg in unrated.legs
    ]
    calls = [call for call in calls if is_news(known.live.get(call.leg), call)]
    write_calls(connection, calls, known)
    add(connection, (noted(known.id_for(call.leg), call, caller) for call in calls))
    note_attempt(connection, unrated.conference, unrated.client, now)
    return len(calls)


def is_news(known: KnownCall | None, call: RatedCall) -> bool:
    return known is None or (not known.is_settled and (known.reason, known.message) != (call.reason, call.message))


def noted(id: str, call: RatedCall, caller: str) -> ExceptionEvent:
    return ExceptionEvent(
        exception=id,
        leg=call.leg,
        conference=call.conference,
        kind="NOTED",
        done_at=call.recorded_at,
        done_by=caller,
        code=call.reason,
        message=call.message,
    )


def note_attempt(connection: Connection, conference: str, client: str | None, now: datetime) -> None:
    row = {"conference": conference, "client": client, "tried_at": now}
    if not insert_new(connection, RATING_ATTEMPTS, row):
        connection.execute(TRIED_AGAIN, {"which": conference, "whose": client, "now": now})


def assign(
    connection: Connection, ids: Collection[str], *, assignee: str | None, caller: str, now: datetime
) -> dict[str, Any]:
    """{"exceptions": ids} or {"refused": ...}; refused, none of them is assigned."""
    rows = locked(connection, ids)
    if isinstance(rows, Refusal):
        return {"refused": asdict(rows)}
    add(
        connection,
        (ExceptionEvent(row.id, row.leg, row.conference, "ASSIGNED", now, caller, assignee=assignee) for row in rows),
    )
    return {"exceptions": [row.id for row in rows]}


def resolve(
    connection: Connection,
    ids: Collection[str],
    resolution: Resolution,
    *,
    now: datetime,
    may_accept: Callable[[str], bool],
) -> dict[str, Any]:
    """{"exceptions": ids, "conferences": ids} or {"refused": ...}; refused, nothing is decided.

    `may_accept` says of an exception's code whether it is about the leg, which a person may let through. What is
    excluded is EXCLUDED at once; the rest stays an exception until its conference is rated anew.
    """
    rows = locked(connection, ids)
    if isinstance(rows, Refusal):
        return {"refused": asdict(rows)}
    if why := not_to_accept(rows, resolution, now, may_accept):
        return {"refused": asdict(why)}
    add(connection, (decided(row, resolution, now) for row in rows))
    if resolution.kind == "EXCLUDE":
        connection.execute(EXCLUDE, {"keys": [row.id for row in rows], "why": resolution.reason, "now": now})
    return {"exceptions": [row.id for row in rows], "conferences": sorted({row.conference for row in rows})}


def not_to_accept(
    rows: Iterable[Any], resolution: Resolution, now: datetime, may_accept: Callable[[str], bool]
) -> Refusal | None:
    """Refused `ends-later` and `not-acceptable`: it would change nothing, and nobody would hear of it."""
    if resolution.kind != "ACCEPT":
        return None
    if resolution.ends_at is not None and resolution.ends_at > now:
        return Refusal("ends-later", f"the end {resolution.ends_at.isoformat()} is still to come: a leg has ended")
    for row in rows:
        if not may_accept(row.reason):
            return Refusal(
                "not-acceptable",
                f"{row.id} waits for something else than a decision about its leg ({row.reason}): give it an OWNER, "
                "or RETRY when the cause is mended",
            )
    return None


def decided(row: Any, resolution: Resolution, now: datetime) -> ExceptionEvent:
    return ExceptionEvent(
        exception=row.id,
        leg=row.leg,
        conference=row.conference,
        kind="RESOLVED",
        done_at=now,
        done_by=resolution.decided_by,
        code=resolution.kind,
        message=resolution.reason,
        booking=resolution.booking,
        client=resolution.client,
        account=resolution.account,
        ends_at=resolution.ends_at,
    )


def locked(connection: Connection, ids: Collection[str]) -> list[Any] | Refusal:
    """The rows of these exceptions, locked; all of them must wait still."""
    rows = {row.id: row for row in connection.execute(LOCKED, {"keys": ids})}
    for id in ids:
        if id not in rows:
            return Refusal("unknown-exception", f"billing has no exception {id}: take an id of `ratingExceptions`")
        if rows[id].state != "EXCEPTION":
            return Refusal("not-waiting", f"{id} is {rows[id].state} already: there is nothing left to decide")
    return list(rows.values())


def add(connection: Connection, events: Iterable[ExceptionEvent]) -> None:
    """Append events, each behind the last of its exception, whose row the caller has locked."""
    found = list(events)
    ids = [event.exception for event in found]
    last = {row.exception: row.last for row in connection.execute(LAST_POSITIONS, {"keys": ids})}
    insert_all(
        connection,
        EXCEPTION_EVENTS,
        ({**row_of(event), "position": last.get(event.exception, 0) + 1} for event in found),
    )
