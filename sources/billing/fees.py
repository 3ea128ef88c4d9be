"""The fee of a booking that came to nothing is put on a draft invoice, once for each booking and kind.

A  the period in which it arose is locked, or where that is not OPEN the next open one, as for charges
B  a fee that is charged already is the answer; one on an invoice that was taken back may be charged anew
C  the draft's lines and sums are computed anew from what is stored

A fee is taken off a draft again when it was a mistake; what is issued is corrected by a credit note.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from sources.billing.charging import account_to_charge, draft_of
from sources.billing.drafts import rewrite_drafts
from sources.billing.issuing import LOCKED_INVOICE
from sources.billing.periods import OpenPeriods, lock_period
from sources.billing.reading import ACCOUNTS_BY_NUMBER
from sources.billing.rules import InvoiceRules
from sources.billing.tables import FEES, INVOICES, account_of, invoice_of
from sources.records.billing import Fee, FeeCharge
from sources.records.refusal import Refusal
from sources.rows import row_of

__all__ = ["record_fee", "withdraw_fee"]

KNOWN = select(FEES.c.invoice, FEES.c.credited).where(
    FEES.c.booking == bindparam("of"), FEES.c.kind == bindparam("which")
)
CHARGED = (
    select(INVOICES)
    .join(FEES, FEES.c.invoice == INVOICES.c.id)
    .where(FEES.c.booking == bindparam("of"), FEES.c.kind == bindparam("which"), FEES.c.credited.is_(False))
)
NEW = insert(FEES)
DROP = delete(FEES).where(
    FEES.c.booking == bindparam("of"), FEES.c.kind == bindparam("which"), FEES.c.invoice == bindparam("on")
)


def record_fee(connection: Connection, charge: FeeCharge, *, now: datetime, rules: InvoiceRules) -> dict[str, Any]:
    """{"invoice": id of the invoice that it is on} or {"refused": ...}."""
    rows = connection.execute(ACCOUNTS_BY_NUMBER, {"keys": [charge.account]})
    accounts = {account.number: account for account in map(account_of, rows)}
    account = account_to_charge(accounts, charge.account, charge.currency, what="the fee is")
    if isinstance(account, Refusal):
        return {"refused": asdict(account)}
    period = OpenPeriods(connection, rules.period).lock(account, charge.arisen_at)
    known = connection.execute(KNOWN, {"of": charge.booking, "which": charge.kind}).all()
    for row in known:
        if not row.credited:
            return {"invoice": row.invoice}
    invoice = draft_of(connection, account, period)
    fee = Fee(
        id=f"{charge.booking}:{charge.kind}#{len(known) + 1}",
        booking=charge.booking,
        kind=charge.kind,
        invoice=invoice,
        account=account.number,
        contract=charge.contract,
        rate_version=charge.rate_version,
        amount=charge.amount,
        arisen_at=charge.arisen_at,
        recorded_at=now,
    )
    connection.execute(NEW, row_of(fee))
    rewrite_drafts(connection, {invoice: ()}, rules)
    return {"invoice": invoice}


def withdraw_fee(connection: Connection, booking: str, kind: str, *, rules: InvoiceRules) -> dict[str, Any]:
    """{"invoice": id of the draft that it was on, or None} or {"refused": ...}, `issued` where it is too late."""
    place = {"of": booking, "which": kind}
    row = connection.execute(CHARGED, place).one_or_none()
    if row is None:
        return {"invoice": None}
    seen = invoice_of(row)
    lock_period(connection, seen.account, seen.period)
    invoice = invoice_of(connection.execute(LOCKED_INVOICE, {"of": seen.id}).one())
    if invoice.status != "DRAFT":
        message = f"the fee of booking {booking} is on invoice {invoice.number} already: credit it, if nothing was due"
        return {"refused": asdict(Refusal("issued", message))}
    connection.execute(DROP, {**place, "on": invoice.id})
    rewrite_drafts(connection, {invoice.id: ()}, rules)
    return {"invoice": invoice.id}
