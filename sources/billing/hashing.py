"""The hash of an issued invoice: what it says must never change (domain.md, I5)."""

from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter

from sources.idempotency import input_hash
from sources.records.billing import Invoice, InvoiceLine, VatLine
from sources.records.papers import CreditNote, Parties

__all__ = ["content_hash", "credit_note_hash"]


def content_hash(
    invoice: Invoice, lines: Iterable[InvoiceLine], vat: Iterable[VatLine], parties: Parties | None = None
) -> str:
    """sha256 of everything on the invoice; its status is not on it, for that goes on with payments."""
    fields = replace(invoice, status="ISSUED", content_hash=None)
    said = [fields, sorted(lines, key=attrgetter("position")), sorted(vat, key=attrgetter("rate"))]
    return input_hash([*said, parties] if parties else said)


def credit_note_hash(note: CreditNote, invoice: Invoice) -> str:
    """sha256 of everything on the credit note: its own words, and what the invoice says that it takes back."""
    return input_hash([replace(note, content_hash=None), invoice.content_hash])
