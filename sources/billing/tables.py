"""The tables of the system billing, and its rows as records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, LargeBinary, MetaData, Row, Table
from sqlalchemy.dialects.mysql import LONGBLOB

from sources.billing.immutability import keep_issued_invoices
from sources.columns import Exact, Instant, MadeOfText, Prose, Text
from sources.constraints import unique_where
from sources.idempotency import keys_table
from sources.mapping.requirements import absent_where_missing, may_be_absent, one_of_these, only_for_writing
from sources.records.billing import (
    BilledSegment,
    BillingAccount,
    BillingPeriod,
    ExchangeRate,
    Fee,
    Invoice,
    InvoiceLine,
    Minimum,
    Segment,
    VatLine,
)
from sources.records.papers import CreditNote, Document

__all__ = [
    "ACCOUNTS",
    "CALLS",
    "CREDIT_NOTES",
    "DOCUMENTS",
    "EXCEPTION_EVENTS",
    "EXCHANGE_RATES",
    "FEES",
    "INVOICES",
    "INVOICING_POSITIONS",
    "KEYS",
    "LINES",
    "METADATA",
    "MINIMUMS",
    "PARTIES",
    "PERIODS",
    "RATING_ATTEMPTS",
    "SEGMENTS",
    "SERIES",
    "VAT",
    "account_of",
    "billed_of",
    "credit_note_of",
    "document_of",
    "exchange_rate_of",
    "fee_of",
    "invoice_of",
    "line_of",
    "minimum_of",
    "period_of",
    "vat_of",
]

AnyRow = Row[*tuple[Any, ...]]

METADATA = MetaData()
KEYS = keys_table(METADATA)

ACCOUNTS = Table(
    "billing_accounts",
    METADATA,
    Column("number", Text, primary_key=True),
    Column("currency", Text, nullable=False),
    Column("cycle_day", Integer, nullable=False),
    Column("payment_terms_days", Integer, nullable=False),
    Column("company_number", Text),
    Column("vat_number", Text),
    Column("invoicing", Text, info=one_of_these("PERIODIC", "PER_CALL") | absent_where_missing()),  # null: PERIODIC
)

PERIODS = Table(
    "billing_periods",
    METADATA,
    Column("account", Text, ForeignKey(ACCOUNTS.c.number), primary_key=True),
    Column("starts_at", Instant, primary_key=True),
    Column("ends_at", Instant, nullable=False),
    Column("status", Text, nullable=False, info=one_of_these("OPEN", "CLOSING", "CLOSED")),
)

INVOICES = Table(
    "invoices",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, ForeignKey(ACCOUNTS.c.number), nullable=False),
    Column("period", Instant, nullable=False),
    Column("status", Text, nullable=False, info=one_of_these("DRAFT", "ISSUED", "PARTLY_PAID", "PAID", "CREDITED")),
    Column("currency", Text, nullable=False),
    Column("base", Exact(2), nullable=False),
    Column("total", Exact(2), nullable=False),
    Column("number", Text, unique=True),
    Column("issued_on", Date),
    Column("tax_point_on", Date),
    Column("due_on", Date),
    Column("content_hash", Text),
    Index("invoices_of_account", "account", "status"),
)
# A period's charges gather on one draft.
unique_where("one_draft_per_period", INVOICES.c.account, INVOICES.c.period, where=INVOICES.c.status == "DRAFT")


def of_invoice() -> ForeignKey:
    """Checked at the end of the transaction, so that a company in the making may write its lines first."""
    return ForeignKey(INVOICES.c.id, deferrable=True, initially="DEFERRED")


LINES = Table(
    "invoice_lines",
    METADATA,
    Column("invoice", Text, of_invoice(), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("text", Prose, nullable=False),
    Column("band", Text),
    Column("quantity", Exact(4), nullable=False),
    Column("base_quantity", Exact(4), nullable=False),
    Column("unit_price", Exact(4), nullable=False),
    Column("net", Exact(2), nullable=False),
    Column("conference", Text),
    Column("contract", Text),
    Column("rate_version", Integer),
    info=may_be_absent("no invoice has lines"),
)

VAT = Table(
    "invoice_vat",
    METADATA,
    Column("invoice", Text, of_invoice(), primary_key=True),
    Column("rate", Exact(2), primary_key=True),
    Column("base", Exact(2), nullable=False),
    Column("amount", Exact(2), nullable=False),
    Column("amount_in_czk", Exact(2)),
    Column("czk_per_unit", Exact(6)),
    info=may_be_absent("no invoice says its VAT"),
)

PARTIES = Table(  # a dated snapshot of what others know, as it stands on the invoice (I14)
    "invoice_parties",
    METADATA,
    Column("invoice", Text, of_invoice(), primary_key=True),
    Column("role", Text, primary_key=True),  # SELLER or BUYER
    Column("name", Prose, nullable=False),
    Column("street", Prose, nullable=False),
    Column("city", Prose, nullable=False),
    Column("postal_code", Prose, nullable=False),
    Column("country", Text, nullable=False),
    Column("company_number", Prose),
    Column("vat_number", Prose),
    Column("email", Prose),
    Column("iban", Text),
    Column("register_entry", Prose),
    Column("taken_at", Instant, nullable=False),
    info=only_for_writing(),
)

CREDIT_NOTES = Table(
    "credit_notes",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("invoice", Text, ForeignKey(INVOICES.c.id), nullable=False, unique=True),
    Column("number", Text, nullable=False, unique=True),
    Column("reason", Prose, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("tax_point_on", Date, nullable=False),
    Column("base", Exact(2), nullable=False),
    Column("total", Exact(2), nullable=False),
    Column("content_hash", Text),
    info=may_be_absent("no invoice has a credit note"),
)

DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("paper", Text, primary_key=True),  # the id of an invoice or a credit note
    Column("kind", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary().with_variant(LONGBLOB(), "mariadb"), nullable=False),
    info=only_for_writing(),
)

CALLS = Table(
    "rated_calls",
    METADATA,
    Column("id", MadeOfText, primary_key=True),  # `<leg>#<n>`: n - 1 times credited before
    Column("leg", Text, nullable=False),
    Column("conference", Text, nullable=False),
    Column("state", Text, nullable=False, info=one_of_these("RATED", "INVOICED", "EXCEPTION", "EXCLUDED")),
    Column("duration_seconds", Integer, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("booking", Text),
    Column("conference_started_at", Instant),
    Column("account", Text, ForeignKey(ACCOUNTS.c.number)),
    Column("invoice", Text, ForeignKey(INVOICES.c.id)),
    Column("contract", Text),
    Column("rate_version", Integer),
    Column("rule_version", Text),
    Column("reason", Text),
    Column("message", Prose),
    Column("credited", Boolean, nullable=False),
    Index("calls_of_invoice", "invoice", "conference_started_at"),
    Index("calls_of_conference", "conference", "invoice", "conference_started_at"),
    Index("calls_of_leg", "leg"),  # credited ones too, which the unique one below leaves out
    info=may_be_absent("no call is known to be charged"),
)
# I1: what is unique is the business fact; whoever charges a leg a second time is stopped here.
unique_where("a_leg_is_charged_once", CALLS.c.leg, where=CALLS.c.credited.is_(False))
Index(
    "calls_to_settle",
    CALLS.c.recorded_at,
    sqlite_where=CALLS.c.state == "EXCEPTION",
    postgresql_where=CALLS.c.state == "EXCEPTION",
)

SEGMENTS = Table(
    "segments",
    METADATA,
    Column("call", MadeOfText, ForeignKey(CALLS.c.id), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("service", Text, nullable=False),
    Column("band", Text, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("price", Exact(4), nullable=False),
    Column("amount", Exact(10), nullable=False),
    Column("starts_at", Instant),
    Column("ends_at", Instant),
    info=may_be_absent("no call is known to be charged"),
)

EXCEPTION_EVENTS = Table(  # what was noted about exceptions, and what people did; never changed
    "exception_events",
    METADATA,
    Column("exception", MadeOfText, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("leg", Text, nullable=False),
    Column("conference", Text, nullable=False, index=True),
    Column("kind", Text, nullable=False, info=one_of_these("NOTED", "ASSIGNED", "RESOLVED")),
    Column("done_at", Instant, nullable=False),
    Column("done_by", Text, nullable=False),
    Column("code", Text),
    Column("message", Prose),
    Column("assignee", Text),
    Column("booking", Text),
    Column("client", Text),
    Column("account", Text),
    Column("ends_at", Instant),
    info=may_be_absent("nobody has worked on an exception"),
)

RATING_ATTEMPTS = Table(
    "rating_attempts",
    METADATA,
    Column("conference", Text, primary_key=True),
    Column("client", Text, index=True),
    Column("tried_at", Instant, nullable=False),
    info=may_be_absent("when exceptions were last tried is not known, nor whom they are of"),
)

MINIMUMS = Table(
    "minimum_charges",
    METADATA,
    Column("invoice", Text, ForeignKey(INVOICES.c.id), primary_key=True),
    Column("conference", Text, primary_key=True),
    Column("conference_started_at", Instant, nullable=False),
    Column("contract", Text, nullable=False),
    Column("rate_version", Integer, nullable=False),
    Column("amount", Exact(10), nullable=False),
    info=only_for_writing(),
)

FEES = Table(
    "booking_fees",
    METADATA,
    Column("id", MadeOfText, primary_key=True),  # `<booking>:<kind>#<n>`: n - 1 times credited before
    Column("booking", Text, nullable=False),
    Column("kind", Text, nullable=False, info=one_of_these("LATE_CANCELLATION", "NO_SHOW")),
    Column("invoice", Text, ForeignKey(INVOICES.c.id), nullable=False, index=True),
    Column("account", Text, ForeignKey(ACCOUNTS.c.number), nullable=False),
    Column("contract", Text, nullable=False),
    Column("rate_version", Integer, nullable=False),
    Column("amount", Exact(2), nullable=False),
    Column("arisen_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("credited", Boolean, nullable=False),
    info=only_for_writing(),
)
unique_where("a_fee_is_charged_once", FEES.c.booking, FEES.c.kind, where=FEES.c.credited.is_(False))

SERIES = Table(  # gapless: the last number given in a year, raised in the transaction that issues
    "number_series",
    METADATA,
    Column("series", Text, primary_key=True),
    Column("last", Integer, nullable=False),
    Column("last_issued_on", Date),
    info=only_for_writing(),
)

INVOICING_POSITIONS = Table(  # how far the conferences of a bridge are invoiced, in the bridge's own positions
    "invoicing_positions",
    METADATA,
    Column("bridge", Text, primary_key=True),
    Column("done_to", BigInteger, nullable=False),
    Column("looked_to", BigInteger, nullable=False),
    Column("look_again_at", Instant),
    info=only_for_writing(),
)

EXCHANGE_RATES = Table(
    "exchange_rates",
    METADATA,
    Column("currency", Text, primary_key=True),
    Column("declared_on", Date, primary_key=True),
    Column("units", Integer, nullable=False),
    Column("rate", Exact(6), nullable=False),
    info=only_for_writing(),
)

keep_issued_invoices(METADATA)


# Rows of all columns of a table, in their order, unless said otherwise.


def account_of(row: AnyRow) -> BillingAccount:
    account = BillingAccount(*row)
    return account if account.invoicing else replace(account, invoicing="PERIODIC")


def period_of(row: AnyRow) -> BillingPeriod:
    return BillingPeriod(*row)


def invoice_of(row: AnyRow) -> Invoice:
    return Invoice(*row)


def line_of(row: AnyRow) -> InvoiceLine:
    return InvoiceLine(*row)


def vat_of(row: AnyRow) -> VatLine:
    return VatLine(*row)


def fee_of(row: AnyRow) -> Fee:
    return Fee(*row)


def minimum_of(row: AnyRow) -> Minimum:
    invoice, conference, *rest = row
    return Minimum(invoice, conference, *rest)


def credit_note_of(row: AnyRow) -> CreditNote:
    return CreditNote(*row)


def document_of(row: AnyRow) -> Document:
    return Document(*row)


def exchange_rate_of(row: AnyRow) -> ExchangeRate:
    return ExchangeRate(*row)


def billed_of(row: AnyRow) -> BilledSegment:
    """A row of `reading.BILLED`."""
    invoice, currency, leg, conference, started_at, contract, version, *segment = row
    *segment, duration, booking, rule = segment
    return BilledSegment(
        invoice, currency, leg, conference, started_at, contract, version, Segment(*segment), duration, booking, rule
    )
