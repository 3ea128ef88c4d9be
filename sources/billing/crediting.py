"""A credit note takes back a whole invoice, and what the invoice charged may be charged anew.

A  the period's row is locked, then the invoice's, as for issuing: of two who credit it at once the second is refused
B  the number is the next of the credit notes' own series of the year, in this transaction: gapless as the invoices'
C  the invoice becomes CREDITED, nothing else of it changes; its calls are `credited`, so that I1 lets them be charged
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from sources.billing.hashing import credit_note_hash
from sources.billing.issuing import LOCKED_INVOICE, next_place, take
from sources.billing.periods import lock_period
from sources.billing.reading import CREDIT_NOTES_OF_INVOICES, INVOICES_BY_ID
from sources.billing.rules import InvoiceRules
from sources.billing.tables import CALLS, CREDIT_NOTES, FEES, INVOICES, credit_note_of, invoice_of
from sources.records.billing import Invoice
from sources.records.papers import CreditNote
from sources.records.refusal import Refusal
from sources.rows import row_of

__all__ = ["create_credit_note"]

NEW = insert(CREDIT_NOTES)
MARK_INVOICE = update(INVOICES).where(INVOICES.c.id == bindparam("of")).values(status="CREDITED")
RELEASE_CALLS = update(CALLS).where(CALLS.c.invoice == bindparam("of")).values(credited=True)
RELEASE_FEES = update(FEES).where(FEES.c.invoice == bindparam("of")).values(credited=True)


def create_credit_note(
    connection: Connection, invoice: str, reason: str, *, now: datetime, rules: InvoiceRules
) -> dict[str, Any]:
    """{"credit_note": id} or {"refused": ...}; refused, nothing has changed."""
    issued = lock_issued(connection, invoice)
    if isinstance(issued, Refusal):
        return {"refused": asdict(issued)}
    today = rules.issue_day(now)
    place = next_place(connection, today, series=f"{today.year} credit notes")
    note = CreditNote(
        id=f"CN-{invoice.removeprefix('IN-')}",
        invoice=invoice,
        number=rules.credit_number(place.day, place.number),
        reason=reason,
        issued_on=place.day,
        tax_point_on=place.day,
        base=-issued.base,
        total=-issued.total,
    )
    connection.execute(NEW, row_of(replace(note, content_hash=credit_note_hash(note, issued))))
    connection.execute(MARK_INVOICE, {"of": invoice})
    connection.execute(RELEASE_CALLS, {"of": invoice})
    connection.execute(RELEASE_FEES, {"of": invoice})
    take(connection, place)
    return {"credit_note": note.id}


def lock_issued(connection: Connection, invoice: str) -> Invoice | Refusal:
    row = connection.execute(INVOICES_BY_ID, {"keys": [invoice]}).one_or_none()
    if row is None:
        return Refusal("unknown-invoice", f"billing has no invoice {invoice}")
    seen = invoice_of(row)
    lock_period(connection, seen.account, seen.period)
    issued = invoice_of(connection.execute(LOCKED_INVOICE, {"of": invoice}).one())
    if issued.status == "DRAFT":
        return Refusal(
            "not-issued", f"invoice {invoice} is a draft, which may still change: there is nothing to credit"
        )
    known = connection.execute(CREDIT_NOTES_OF_INVOICES, {"keys": [invoice]}).one_or_none()
    if known is not None:
        number = credit_note_of(known).number
        return Refusal("credited-already", f"invoice {issued.number} was taken back by credit note {number} already")
    return issued
