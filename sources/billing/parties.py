"""Seller and buyer of an invoice as rows, and whole papers as their documents are made from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from sources.billing.hashing import content_hash
from sources.billing.reading import (
    ACCOUNTS_BY_NUMBER,
    BILLED_OF_INVOICES,
    CREDIT_NOTES_BY_ID,
    INVOICES_BY_ID,
    LINES_OF_INVOICES,
    PERIODS_OF_ACCOUNTS,
    VAT_OF_INVOICES,
)
from sources.billing.tables import (
    PARTIES,
    account_of,
    billed_of,
    credit_note_of,
    invoice_of,
    line_of,
    period_of,
    vat_of,
)
from sources.database import one_of
from sources.records.billing import BillingAccount, BillingPeriod, Invoice
from sources.records.papers import CreditNote, Paper, Parties, Party
from sources.rows import insert_all, row_of

__all__ = ["papers_of", "parties_of", "party_rows", "write_parties"]

SELLER, BUYER = "SELLER", "BUYER"
OF_INVOICES = select(PARTIES).where(one_of(PARTIES.c.invoice))

Period = Callable[[BillingAccount, datetime], BillingPeriod]


def party_rows(invoice: str, parties: Parties) -> list[dict[str, Any]]:
    return [
        {"invoice": invoice, "role": role, **row_of(party), "taken_at": parties.taken_at}
        for role, party in ((SELLER, parties.seller), (BUYER, parties.buyer))
    ]


def write_parties(connection: Connection, invoice: str, parties: Parties) -> None:
    insert_all(connection, PARTIES, party_rows(invoice, parties))


def parties_of(connection: Connection, invoices: Collection[str]) -> dict[str, Parties]:
    """By invoice; one that billing was never told the parties of is not among them."""
    found: dict[str, dict[str, Party]] = {}
    taken: dict[str, datetime] = {}
    for invoice, role, *fields, taken_at in connection.execute(OF_INVOICES, {"keys": invoices}):
        found.setdefault(invoice, {})[role] = Party(*fields)
        taken[invoice] = taken_at
    return {invoice: Parties(each[SELLER], each[BUYER], taken[invoice]) for invoice, each in found.items()}


def papers_of(connection: Connection, ids: Collection[str], period: Period) -> list[Paper]:
    """These invoices and credit notes as they were issued; drafts, and those whose parties nobody knows, are left out.

    Raises ValueError for one that isn't what its hash says: its documents would be of another invoice.
    """
    notes = [credit_note_of(row) for row in connection.execute(CREDIT_NOTES_BY_ID, {"keys": ids})]
    wanted = {*ids, *(note.invoice for note in notes)}
    invoices = [invoice_of(row) for row in connection.execute(INVOICES_BY_ID, {"keys": wanted})]
    parties = parties_of(connection, [invoice.id for invoice in invoices if invoice.status != "DRAFT"])
    whole = {
        invoice.id: whole_paper(connection, invoice, parties[invoice.id], period)
        for invoice in invoices
        if invoice.id in parties
    }
    return [*(whole[id] for id in ids if id in whole), *credits_of(notes, whole)]


def credits_of(notes: Iterable[CreditNote], whole: dict[str, Paper]) -> list[Paper]:
    return [replace(whole[note.invoice], credit_note=note) for note in notes if note.invoice in whole]


def whole_paper(connection: Connection, invoice: Invoice, parties: Parties, period: Period) -> Paper:
    of_it = {"keys": [invoice.id]}
    paper = Paper(
        invoice=invoice,
        period=period_billed(connection, invoice, period),
        lines=tuple(line_of(row) for row in connection.execute(LINES_OF_INVOICES, of_it)),
        vat=tuple(vat_of(row) for row in connection.execute(VAT_OF_INVOICES, of_it)),
        segments=tuple(billed_of(row) for row in connection.execute(BILLED_OF_INVOICES, of_it)),
        parties=parties,
    )
    if invoice.content_hash != content_hash(invoice, paper.lines, paper.vat, parties):
        raise ValueError(f"invoice {invoice.id} is not what it was when it was issued: its hash is of something else")
    return paper


def period_billed(connection: Connection, invoice: Invoice, period: Period) -> BillingPeriod:
    stored = map(period_of, connection.execute(PERIODS_OF_ACCOUNTS, {"keys": [invoice.account]}))
    found = next((one for one in stored if one.starts_at == invoice.period), None)
    if found is not None:
        return found
    account = account_of(connection.execute(ACCOUNTS_BY_NUMBER, {"keys": [invoice.account]}).one())
    return replace(period(account, invoice.period), starts_at=invoice.period)
