"""Rated calls: each call record is in exactly one state (domain.md, I1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, delete, select

from sources.billing.tables import CALLS, SEGMENTS
from sources.database import one_of
from sources.records.billing import RatedCall
from sources.rows import insert_all, row_of

__all__ = ["KnownCall", "KnownCalls", "insert_calls", "lock_calls", "write_calls"]

LOCKED = (
    select(CALLS.c.id, CALLS.c.leg, CALLS.c.state, CALLS.c.invoice, CALLS.c.credited, CALLS.c.reason, CALLS.c.message)
    .where(one_of(CALLS.c.leg))
    .order_by(CALLS.c.id)
    .with_for_update()
)
DROP = delete(CALLS).where(one_of(CALLS.c.id))


@dataclass(frozen=True, slots=True)
class KnownCall:
    """The row of a leg that is not credited."""

    id: str
    state: str
    invoice: str | None
    reason: str | None
    message: str | None

    @property
    def is_settled(self) -> bool:
        """It is charged or excluded; an EXCEPTION waits for somebody to settle it."""
        return self.state != "EXCEPTION"


@dataclass(frozen=True, slots=True)
class KnownCalls:
    """What became of legs up to now; their rows stay locked to the end of the transaction."""

    live: dict[str, KnownCall]
    credited: dict[str, int]

    def settled(self, leg: str) -> KnownCall | None:
        call = self.live.get(leg)
        return call if call is not None and call.is_settled else None

    def id_for(self, leg: str) -> str:
        """`<leg>#<n>`: the row it has, or that of its next charge after n - 1 credited ones."""
        call = self.live.get(leg)
        return call.id if call else f"{leg}#{self.credited.get(leg, 0) + 1}"


def lock_calls(connection: Connection, legs: Collection[str]) -> KnownCalls:
    known = KnownCalls({}, {})
    for row in connection.execute(LOCKED, {"keys": legs}):
        if row.credited:
            known.credited[row.leg] = known.credited.get(row.leg, 0) + 1
        else:
            known.live[row.leg] = KnownCall(row.id, row.state, row.invoice, row.reason, row.message)
    return known


def write_calls(connection: Connection, calls: Sequence[RatedCall], known: KnownCalls) -> None:
    """Write calls that are not settled yet; they take the place of their exceptions.

    In one order: two who write the same legs at once wait for each other at the first of them, never crosswise.
    """
    exceptions = [known.live[call.leg].id for call in calls if call.leg in known.live]
    if exceptions:
        connection.execute(DROP, {"keys": exceptions})
    insert_calls(connection, ((known.id_for(call.leg), call) for call in sorted(calls, key=attrgetter("leg"))))


def insert_calls(connection: Connection, calls: Iterable[tuple[str, RatedCall]]) -> None:
    """Rows for these calls under these ids, and for their segments."""
    numbered = list(calls)
    insert_all(connection, CALLS, (call_row(identity, call) for identity, call in numbered))
    insert_all(connection, SEGMENTS, (row for identity, call in numbered for row in segment_rows(identity, call)))


def call_row(identity: str, call: RatedCall) -> dict[str, Any]:
    row = row_of(call)
    del row["segments"]
    return {"id": identity, **row}


def segment_rows(identity: str, call: RatedCall) -> list[dict[str, Any]]:
    return [
        {"call": identity, "position": position, **row_of(segment)}
        for position, segment in enumerate(call.segments, start=1)
    ]
