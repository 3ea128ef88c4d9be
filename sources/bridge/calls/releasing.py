"""Legs that were held when their call was published become call records after all: a person has accepted them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select

from sources.bridge.calls.publishing import WHY_HELD, record_of, rules_of
from sources.bridge.calls.tables import QUARANTINED_CALLS
from sources.bridge.tables import LEGS
from sources.columns import Text
from sources.database import one_of
from sources.records.calls import EndReason, FoldedLeg
from sources.rows import insert_new, row_of

__all__ = ["release"]

HELD = select(QUARANTINED_CALLS.c.id, QUARANTINED_CALLS.c.text).where(
    one_of(QUARANTINED_CALLS.c.id), QUARANTINED_CALLS.c.reason.in_(bindparam("why", type_=Text, expanding=True))
)


def release(connection: Connection, ids: Collection[str]) -> dict[str, Any]:
    """{"legs": those of these that were held, and are call records now or since before}; the others are passed over.

    The record says what the switch told; a leg that left before it came left when it came. Whoever accepts it says
    when it ended, if that is wrong.
    """
    held = [folded(orjson.loads(row.text)) for row in connection.execute(HELD, {"keys": list(ids), "why": [*WHY_HELD]})]
    for leg in held:
        assert leg.left_at is not None
        whole = replace(leg, left_at=max(leg.joined_at, leg.left_at))
        insert_new(connection, LEGS, row_of(record_of(whole, rules_of(connection, leg.bridge))))
    return {"legs": [leg.id for leg in held]}


def folded(told: dict[str, Any]) -> FoldedLeg:
    """As publishing wrote it down."""
    times = {name: datetime.fromisoformat(told[name]) for name in ("joined_at", "left_at")}
    return FoldedLeg(**{**told, **times, "end_reason": EndReason(told["end_reason"])})
