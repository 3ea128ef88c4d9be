"""Billing's questions, each one statement for any number of keys, built once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, String, bindparam, func, select, union
from sqlalchemy.sql.selectable import NamedFromClause

from sources.billing.tables import (
    ACCOUNTS,
    CALLS,
    CREDIT_NOTES,
    EXCHANGE_RATES,
    FEES,
    INVOICES,
    LINES,
    MINIMUMS,
    PERIODS,
    SEGMENTS,
    VAT,
)
from sources.columns import Instant, Text
from sources.database import one_of

__all__ = [
    "ACCOUNTS_BY_NUMBER",
    "ACCOUNTS_IN_ORDER",
    "BILLED_OF_CONFERENCES",
    "BILLED_OF_INVOICES",
    "BILLED_SINCE",
    "CALLS_BEGUN_OF_INVOICES",
    "CREDIT_NOTES_BY_ID",
    "CREDIT_NOTES_OF_INVOICES",
    "DRAFTS_OF_ACCOUNTS",
    "FEES_OF_INVOICES",
    "FEE_LINES",
    "INVOICES_BY_ID",
    "INVOICES_BY_NUMBER",
    "INVOICES_OF_CONFERENCES",
    "LATEST_INVOICES",
    "LATEST_PERIODS",
    "LINES_OF_CONFERENCES",
    "LINES_OF_INVOICES",
    "LINE_COUNTS",
    "MINIMUMS_OF_CONFERENCES",
    "MINIMUMS_OF_INVOICES",
    "OPEN_INVOICES_OF_ACCOUNTS",
    "PERIODS_OF_ACCOUNTS",
    "PERIODS_TO_CLOSE",
    "RATES_BEFORE",
    "VAT_OF_INVOICES",
]

ACCOUNTS_BY_NUMBER = select(ACCOUNTS).where(one_of(ACCOUNTS.c.number))
ACCOUNTS_IN_ORDER = (
    select(ACCOUNTS)
    .where(ACCOUNTS.c.number > bindparam("after", type_=Text))
    .order_by(ACCOUNTS.c.number)
    .limit(bindparam("first", type_=Integer))
)

PERIODS_OF_ACCOUNTS = select(PERIODS).where(one_of(PERIODS.c.account)).order_by(PERIODS.c.account, PERIODS.c.starts_at)
PERIODS_TO_CLOSE = (
    select(PERIODS)
    .where(PERIODS.c.ends_at <= bindparam("at", type_=Instant), PERIODS.c.status.in_(("OPEN", "CLOSING")))
    .order_by(PERIODS.c.ends_at, PERIODS.c.account)
    .limit(bindparam("first", type_=Integer))
)

INVOICES_BY_ID = select(INVOICES).where(one_of(INVOICES.c.id))
INVOICES_BY_NUMBER = select(INVOICES).where(one_of(INVOICES.c.number))
IN_ORDER = (INVOICES.c.period, INVOICES.c.number.is_(None), INVOICES.c.number)  # a draft after what is issued
DRAFTS_OF_ACCOUNTS = select(INVOICES).where(one_of(INVOICES.c.account), INVOICES.c.status == "DRAFT")
OPEN_INVOICES_OF_ACCOUNTS = (
    select(INVOICES)
    .where(one_of(INVOICES.c.account), INVOICES.c.status.in_(("ISSUED", "PARTLY_PAID")))
    .order_by(*IN_ORDER)
)

CREDIT_NOTES_BY_ID = select(CREDIT_NOTES).where(one_of(CREDIT_NOTES.c.id))
CREDIT_NOTES_OF_INVOICES = select(CREDIT_NOTES).where(one_of(CREDIT_NOTES.c.invoice))

LINES_OF_INVOICES = select(LINES).where(one_of(LINES.c.invoice)).order_by(LINES.c.invoice, LINES.c.position)
VAT_OF_INVOICES = select(VAT).where(one_of(VAT.c.invoice)).order_by(VAT.c.invoice, VAT.c.rate)
FEES_OF_INVOICES = select(FEES).where(one_of(FEES.c.invoice)).order_by(FEES.c.arisen_at, FEES.c.id)
MINIMUMS_OF_INVOICES = select(MINIMUMS).where(one_of(MINIMUMS.c.invoice))

BILLED = (
    select(
        CALLS.c.invoice,
        INVOICES.c.currency,
        CALLS.c.leg,
        CALLS.c.conference,
        CALLS.c.conference_started_at,
        CALLS.c.contract,
        CALLS.c.rate_version,
        SEGMENTS.c.service,
        SEGMENTS.c.band,
        SEGMENTS.c.seconds,
        SEGMENTS.c.price,
        SEGMENTS.c.amount,
        SEGMENTS.c.starts_at,
        SEGMENTS.c.ends_at,
        CALLS.c.duration_seconds,
        CALLS.c.booking,
        CALLS.c.rule_version,
    )
    .join_from(SEGMENTS, CALLS, SEGMENTS.c.call == CALLS.c.id)
    .join(INVOICES, INVOICES.c.id == CALLS.c.invoice)
    .order_by(CALLS.c.conference_started_at, CALLS.c.conference, CALLS.c.leg, SEGMENTS.c.position)
)
BILLED_OF_INVOICES = BILLED.where(one_of(CALLS.c.invoice))
BILLED_OF_CONFERENCES = BILLED.where(one_of(CALLS.c.conference), CALLS.c.credited.is_(False))

# Of each of these invoices what it charges from the earliest of these conferences on. A conference whose legs were
# charged in several goes has several starts, of which the earliest is its place (processes.rules.invoice).
CHANGED = (
    select(CALLS.c.invoice, func.min(CALLS.c.conference_started_at).label("first"))
    .where(one_of(CALLS.c.invoice), one_of(CALLS.c.conference, "conferences"))
    .group_by(CALLS.c.invoice)
    .cte("changed")
)
EARLIER = CALLS.alias("earlier")
BILLED_SINCE = BILLED.join(CHANGED, CHANGED.c.invoice == CALLS.c.invoice).where(
    CALLS.c.conference_started_at >= CHANGED.c.first,
    ~select(EARLIER.c.id)
    .where(
        EARLIER.c.conference == CALLS.c.conference,
        EARLIER.c.invoice == CALLS.c.invoice,
        EARLIER.c.conference_started_at < CHANGED.c.first,
    )
    .exists(),
)
MINIMUMS_OF_CONFERENCES = MINIMUMS_OF_INVOICES.where(one_of(MINIMUMS.c.conference, "conferences"))
LINES_OF_CONFERENCES = select(LINES.c.invoice, LINES.c.conference, LINES.c.position, LINES.c.net).where(
    one_of(LINES.c.invoice), one_of(LINES.c.conference, "conferences")
)
FEE_LINES = select(LINES.c.invoice, LINES.c.net).where(one_of(LINES.c.invoice), LINES.c.conference.is_(None))
LINE_COUNTS = (
    select(LINES.c.invoice, func.count().label("lines"))
    .where(one_of(LINES.c.invoice), LINES.c.conference.is_not(None))
    .group_by(LINES.c.invoice)
)

# When what is charged began: also a booking's fee, which is whose the account was when it arose.
CALLS_BEGUN_OF_INVOICES = union(
    select(CALLS.c.invoice, CALLS.c.conference_started_at).where(
        one_of(CALLS.c.invoice), CALLS.c.conference_started_at.is_not(None)
    ),
    select(FEES.c.invoice, FEES.c.arisen_at).where(one_of(FEES.c.invoice)),
)

CONFERENCE_INVOICE = (
    select(CALLS.c.conference, CALLS.c.invoice)
    .where(one_of(CALLS.c.conference), CALLS.c.invoice.is_not(None))
    .distinct()
    .subquery()
)
INVOICES_OF_CONFERENCES = (
    select(CONFERENCE_INVOICE.c.conference, INVOICES)
    .join_from(CONFERENCE_INVOICE, INVOICES, CONFERENCE_INVOICE.c.invoice == INVOICES.c.id)
    .order_by(*IN_ORDER)
)

RATES_BEFORE = (
    select(EXCHANGE_RATES)
    .where(EXCHANGE_RATES.c.currency == bindparam("currency"), EXCHANGE_RATES.c.declared_on <= bindparam("day"))
    .order_by(EXCHANGE_RATES.c.declared_on.desc())
    .limit(1)
)


def without_place(numbered: NamedFromClause) -> list[ColumnElement[Any]]:
    return [column for column in numbered.c if column.name != "place"]


NUMBERED_PERIODS = (
    select(
        PERIODS,
        func.row_number().over(partition_by=PERIODS.c.account, order_by=PERIODS.c.starts_at.desc()).label("place"),
    )
    .where(one_of(PERIODS.c.account), PERIODS.c.starts_at <= bindparam("at", type_=Instant))
    .subquery()
)
LATEST_PERIODS = (
    select(*without_place(NUMBERED_PERIODS))
    .where(NUMBERED_PERIODS.c.place <= bindparam("last"))
    .order_by(NUMBERED_PERIODS.c.account, NUMBERED_PERIODS.c.starts_at)
)

NEWEST_FIRST = (INVOICES.c.period.desc(), INVOICES.c.number.is_(None).desc(), INVOICES.c.number.desc())
NUMBERED_INVOICES = (
    select(INVOICES, func.row_number().over(partition_by=INVOICES.c.account, order_by=NEWEST_FIRST).label("place"))
    .where(
        one_of(INVOICES.c.account),
        # Without a status, any: each invoice's own.
        INVOICES.c.status == func.coalesce(bindparam("status", type_=String), INVOICES.c.status),
    )
    .subquery()
)
LATEST_INVOICES = (
    select(*without_place(NUMBERED_INVOICES))
    .where(NUMBERED_INVOICES.c.place <= bindparam("last"))
    .order_by(NUMBERED_INVOICES.c.account, NUMBERED_INVOICES.c.place.desc())
)
