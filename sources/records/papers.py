"""What billing issues to customers: to whom and by whom, credit notes, and the documents themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sources.records.billing import BilledSegment, BillingPeriod, Invoice, InvoiceLine, VatLine

__all__ = ["CreditNote", "Document", "DocumentContent", "Paper", "Parties", "Party"]


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer. `country` is an ISO 3166 code; an IBAN and a register entry only the seller has."""

    name: str
    street: str
    city: str
    postal_code: str
    country: str
    company_number: str | None = None
    vat_number: str | None = None
    email: str | None = None
    iban: str | None = None
    register_entry: str | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    """The two as they were when an invoice was issued: a dated snapshot (domain.md, I14), as `taken_at` says."""

    seller: Party
    buyer: Party
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class CreditNote:
    """Takes back all of `invoice`: `base` and `total` are what it was, below zero. It never changes."""

    id: str
    invoice: str
    number: str
    reason: str
    issued_on: date
    tax_point_on: date
    base: Decimal
    total: Decimal
    content_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that stands on an invoice, or with `credit_note` on that; all of it is stored and never changes."""

    invoice: Invoice
    period: BillingPeriod
    lines: tuple[InvoiceLine, ...]
    vat: tuple[VatLine, ...]
    segments: tuple[BilledSegment, ...]
    parties: Parties
    credit_note: CreditNote | None = None

    @property
    def id(self) -> str:
        return self.credit_note.id if self.credit_note else self.invoice.id


@dataclass(frozen=True, slots=True)
class DocumentContent:
    """What documents are written from, decided by a rule.

    `page` is what the template draws (JSON values), `payment_code` what its QR code says, `en16931` the terms of EN
    16931 (BT-, BG-).
    """

    page: Mapping[str, Any]
    payment_code: str | None
    en16931: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """One file of an invoice or a credit note (`paper` is the id of either), without its bytes.

    `kind` is PDF, UBL or CII, `size` in bytes, `sha256` in hex.
    """

    paper: str
    kind: str
    media_type: str
    sha256: str
    size: int
