"""Which period a charge goes into, with its row locked: that lock comes first, before anything else is looked at.

the period of the conference's start, if it is OPEN
else the next OPEN one
else a new one after the last, so that an account's periods go on tiling time (domain.md, rule 9 and I7)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from sources.billing.tables import PERIODS, period_of
from sources.columns import Instant
from sources.records.billing import BillingAccount, BillingPeriod
from sources.rows import row_of

__all__ = ["EXACT", "OpenPeriods", "lock_open_period", "lock_period"]

OF_ACCOUNT = select(PERIODS).where(PERIODS.c.account == bindparam("account"))
EXACT = OF_ACCOUNT.where(PERIODS.c.starts_at == bindparam("start", type_=Instant)).with_for_update()
OPEN_FROM = (
    OF_ACCOUNT.where(PERIODS.c.ends_at > bindparam("at", type_=Instant), PERIODS.c.status == "OPEN")
    .order_by(PERIODS.c.starts_at)
    .limit(1)
    .with_for_update()
)
LAST = OF_ACCOUNT.order_by(PERIODS.c.starts_at.desc()).limit(1).with_for_update()
NEW = insert(PERIODS)


def lock_period(connection: Connection, account: str, starts_at: datetime) -> BillingPeriod:
    return period_of(connection.execute(EXACT, {"account": account, "start": starts_at}).one())


def lock_open_period(
    connection: Connection,
    account: BillingAccount,
    at: datetime,
    *,
    period: Callable[[BillingAccount, datetime], BillingPeriod],
) -> BillingPeriod:
    """The OPEN period for a charge at this instant."""
    # Twice: a period that another transaction closed while we waited for its row is not found, the next one is then.
    for _ in range(2):
        found = connection.execute(OPEN_FROM, {"account": account.number, "at": at}).one_or_none()
        if found is not None:
            return period_of(found)
    return open_new_ones(connection, account, at, period=period)


class OpenPeriods:
    """The same for many charges of one transaction; a period that is locked is not asked for again."""

    def __init__(self, connection: Connection, period: Callable[[BillingAccount, datetime], BillingPeriod]) -> None:
        self._connection = connection
        self._period = period
        self._locked: dict[str, list[BillingPeriod]] = {}

    def lock(self, account: BillingAccount, at: datetime) -> BillingPeriod:
        locked = self._locked.setdefault(account.number, [])
        found = next((each for each in locked if each.starts_at <= at < each.ends_at), None)
        if found is None:
            found = lock_open_period(self._connection, account, at, period=self._period)
            locked.append(found)
        return found


def open_new_ones(
    connection: Connection,
    account: BillingAccount,
    at: datetime,
    *,
    period: Callable[[BillingAccount, datetime], BillingPeriod],
) -> BillingPeriod:
    """New periods up to the one that holds `at`, or the one after the last if that has ended later."""
    last = connection.execute(LAST, {"account": account.number}).one_or_none()
    new = period(account, at) if last is None else following(account, period_of(last), period)
    connection.execute(NEW, row_of(new))
    while new.ends_at <= at:
        new = following(account, new, period)
        connection.execute(NEW, row_of(new))
    return new


def following(
    account: BillingAccount, last: BillingPeriod, period: Callable[[BillingAccount, datetime], BillingPeriod]
) -> BillingPeriod:
    """The period that begins where `last` ends, also when the account's cycle day is another one now."""
    return replace(period(account, last.ends_at), starts_at=last.ends_at)
