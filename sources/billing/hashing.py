"""The hash of an issued invoice: what it says must never change (domain.md, I5)."""

from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter

from sources.idempotency import input_hash
from sources.records.billing import Invoice, InvoiceLine, VatLine

__all__ = ["content_hash"]


def content_hash(invoice: Invoice, lines: Iterable[InvoiceLine], vat: Iterable[VatLine]) -> str:
    """sha256 of everything on the invoice; its status is not on it, for that goes on with payments."""
    fields = replace(invoice, status="ISSUED", content_hash=None)
    return input_hash([fields, sorted(lines, key=attrgetter("position")), sorted(vat, key=attrgetter("rate"))])
