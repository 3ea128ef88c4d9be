"""A draft becomes an invoice: numbered, dated, hashed, and from then on immutable.

A  the period's row is locked, then the invoice's: of two who issue it at once, the second finds it issued
B  its content is computed once more, with VAT in CZK where that is due
C  the number is the next in its year, from a counter row in this transaction: no gap when it fails, no number twice
D  seller and buyer are written down as they are on this day; the documents are made of what stands there, afterwards
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Date, bindparam, select, update

from sources.billing.drafts import content_of, write_content
from sources.billing.hashing import content_hash
from sources.billing.parties import write_parties
from sources.billing.periods import lock_period
from sources.billing.reading import ACCOUNTS_BY_NUMBER, INVOICES_BY_ID, RATES_BEFORE
from sources.billing.rules import InvoiceRules
from sources.billing.tables import CALLS, INVOICES, SERIES, account_of, exchange_rate_of, invoice_of
from sources.records.billing import Invoice, InvoiceContent
from sources.records.papers import Parties
from sources.records.refusal import Refusal
from sources.rows import insert_new

__all__ = ["LOCKED_INVOICE", "issue_invoice", "next_place", "take"]

LOCKED_INVOICE = select(INVOICES).where(INVOICES.c.id == bindparam("of")).with_for_update()
LOCKED_SERIES = select(SERIES).where(SERIES.c.series == bindparam("of")).with_for_update()
RAISE_SERIES = (
    update(SERIES)
    .where(SERIES.c.series == bindparam("of"))
    .values(last=bindparam("now"), last_issued_on=bindparam("day", type_=Date))
)
ISSUE = (
    update(INVOICES)
    .where(INVOICES.c.id == bindparam("of"), INVOICES.c.status == "DRAFT")
    .values(
        status="ISSUED",
        number=bindparam("new_number"),
        issued_on=bindparam("new_issued_on"),
        tax_point_on=bindparam("new_tax_point_on"),
        due_on=bindparam("new_due_on"),
        content_hash=bindparam("new_content_hash"),
    )
)
MARK_CALLS = update(CALLS).where(CALLS.c.invoice == bindparam("of"), CALLS.c.state == "RATED").values(state="INVOICED")


def issue_invoice(
    connection: Connection, invoice: str, parties: Parties | Refusal, *, now: datetime, rules: InvoiceRules
) -> dict[str, Any]:
    """{"invoice": id} or {"refused": ...}; refused, nothing has changed. A refusal for `parties`: they aren't known."""
    draft = lock_draft(connection, invoice)
    if isinstance(draft, Refusal):
        return {"refused": asdict(draft)}
    if isinstance(parties, Refusal):
        return {"refused": asdict(parties)}
    today = rules.issue_day(now)
    place = next_place(connection, today, series=str(today.year))
    issued = dated(connection, draft, place, rules)
    content = final_content(connection, issued, rules)
    if isinstance(content, Refusal):
        return {"refused": asdict(content)}
    write_content(connection, invoice, content)
    write_parties(connection, invoice, parties)
    write_issued(connection, replace(issued, base=content.base, total=content.total), content, parties)
    take(connection, place)
    return {"invoice": invoice}


def lock_draft(connection: Connection, invoice: str) -> Invoice | Refusal:
    row = connection.execute(INVOICES_BY_ID, {"keys": [invoice]}).one_or_none()
    if row is None:
        return Refusal("unknown-invoice", f"billing has no invoice {invoice}")
    seen = invoice_of(row)
    lock_period(connection, seen.account, seen.period)
    draft = invoice_of(connection.execute(LOCKED_INVOICE, {"of": invoice}).one())
    if draft.status != "DRAFT":
        return Refusal("not-a-draft", f"invoice {invoice} is {draft.status} already, as number {draft.number}")
    return draft


@dataclass(frozen=True, slots=True)
class Place:
    """The next number of a year's series, and its day: never before the day of the number before (I6)."""

    series: str
    number: int
    day: date


def next_place(connection: Connection, today: date, *, series: str) -> Place:
    insert_new(connection, SERIES, {"series": series, "last": 0})
    row = connection.execute(LOCKED_SERIES, {"of": series}).one()
    # Who asked before midnight may be let in after one who asked after it.
    return Place(series, row.last + 1, max(today, row.last_issued_on or today))


def take(connection: Connection, place: Place) -> None:
    connection.execute(RAISE_SERIES, {"of": place.series, "now": place.number, "day": place.day})


def dated(connection: Connection, draft: Invoice, place: Place, rules: InvoiceRules) -> Invoice:
    account = account_of(connection.execute(ACCOUNTS_BY_NUMBER, {"keys": [draft.account]}).one())
    period = lock_period(connection, draft.account, draft.period)
    dates = rules.dates(place.day, period, account)
    return replace(
        draft,
        status="ISSUED",
        number=rules.number(place.day, place.number),
        issued_on=dates.issued_on,
        tax_point_on=dates.tax_point_on,
        due_on=dates.due_on,
    )


def final_content(connection: Connection, issued: Invoice, rules: InvoiceRules) -> InvoiceContent | Refusal:
    content = content_of(connection, issued.id, rules)
    if not content.lines:
        return Refusal("nothing-to-bill", f"invoice {issued.id} has no lines")
    tax_point: Any = issued.tax_point_on
    found = connection.execute(RATES_BEFORE, {"currency": issued.currency, "day": tax_point})
    return rules.in_house_money(content, issued.currency, [exchange_rate_of(row) for row in found], tax_point)


def write_issued(connection: Connection, issued: Invoice, content: InvoiceContent, parties: Parties) -> None:
    connection.execute(
        ISSUE,
        {
            "of": issued.id,
            "new_number": issued.number,
            "new_issued_on": issued.issued_on,
            "new_tax_point_on": issued.tax_point_on,
            "new_due_on": issued.due_on,
            "new_content_hash": content_hash(issued, content.lines, content.vat, parties),
        },
    )
    connection.execute(MARK_CALLS, {"of": issued.id})
