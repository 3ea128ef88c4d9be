"""A period that is over: OPEN -> CLOSING -> CLOSED.

CLOSING takes no more charges (they go to the next open period, domain.md edge case 6) and waits for its draft to be
issued; one with nothing left to issue is CLOSED at once. Nothing ever opens a period again.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, update

from sources.billing.charging import DRAFT_OF
from sources.billing.periods import EXACT
from sources.billing.tables import PERIODS, period_of
from sources.columns import Instant
from sources.records.billing import BillingPeriod
from sources.records.refusal import Refusal

__all__ = ["close_period", "finish_period"]

SET = (
    update(PERIODS)
    .where(PERIODS.c.account == bindparam("of"), PERIODS.c.starts_at == bindparam("start", type_=Instant))
    .values(status=bindparam("to"))
)


def close_period(connection: Connection, account: str, starts_at: datetime, *, now: datetime) -> dict[str, Any]:
    """{"draft": its id or None} or {"refused": ...}. One that is closed already stays as it is."""
    period = lock(connection, account, starts_at)
    if isinstance(period, Refusal):
        return {"refused": asdict(period)}
    if period.ends_at > now:
        return refused("not-ended", f"{named(period)} goes on until {period.ends_at:%Y-%m-%d %H:%M} UTC: close it then")
    draft = draft_in(connection, period)
    set_to(connection, period, "CLOSING" if draft else "CLOSED")
    return {"draft": draft}


def finish_period(connection: Connection, account: str, starts_at: datetime) -> dict[str, Any]:
    """{"draft": None} or {"refused": ...}."""
    period = lock(connection, account, starts_at)
    if isinstance(period, Refusal):
        return {"refused": asdict(period)}
    if period.status == "OPEN":
        return refused("not-closing", f"{named(period)} is OPEN: close it first")
    draft = draft_in(connection, period)
    if draft is not None:
        return refused("draft-left", f"{named(period)} has draft {draft}: issue it, then finish the period")
    set_to(connection, period, "CLOSED")
    return {"draft": None}


def lock(connection: Connection, account: str, starts_at: datetime) -> BillingPeriod | Refusal:
    row = connection.execute(EXACT, {"account": account, "start": starts_at}).one_or_none()
    if row is None:
        return Refusal(
            "unknown-period", f"nothing was ever charged in a period of account {account} from {starts_at.isoformat()}"
        )
    return period_of(row)


def draft_in(connection: Connection, period: BillingPeriod) -> str | None:
    parameters = {"account": period.account, "period": period.starts_at}
    found: str | None = connection.execute(DRAFT_OF, parameters).scalar_one_or_none()
    return found


def set_to(connection: Connection, period: BillingPeriod, status: str) -> None:
    if period.status != "CLOSED":
        connection.execute(SET, {"of": period.account, "start": period.starts_at, "to": status})


def named(period: BillingPeriod) -> str:
    return f"the period of account {period.account} from {period.starts_at:%Y-%m-%d %H:%M} UTC"


def refused(code: str, message: str) -> dict[str, Any]:
    return {"refused": asdict(Refusal(code, message))}
