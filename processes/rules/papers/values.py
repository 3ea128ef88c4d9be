"""A document that is issued to a customer, as plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

__all__ = ["Line", "Paper", "Party", "Vat", "one_line"]

NO_LETTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]+")


def one_line(text: str) -> str:
    """Without what no letter is, which XML has no place for: a line break or a control character is a space."""
    return " ".join(NO_LETTERS.sub(" ", text).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller or buyer, as they were on the day of issue. `country` is an ISO 3166 code; only sellers have an IBAN."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`quantity` x `unit_price` / `base_quantity` = `net`, none of them negative on a credit note either.

    Of a conference's calls `started_at`, `services` and `band` are known, of its minimum charge `started_at`; `text` is
    what is said of a line that is neither.
    """

    text: str
    quantity: Decimal
    base_quantity: Decimal
    unit_price: Decimal
    net: Decimal
    vat_rate: Decimal
    started_at: datetime | None = None
    services: tuple[str, ...] = ()
    band: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vat:
    """VAT of one rate (percent); in CZK too, with the ČNB rate, where the document is in another currency."""

    rate: Decimal
    base: Decimal
    amount: Decimal
    amount_in_czk: Decimal | None = None
    czk_per_unit: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An invoice, or the credit note that takes back all of one: then `reason` says why and `credited` what.

    Amounts are the invoice's, positive on both; what a credit note does with them is for who writes it. The period is
    of local days, both included. `credited` is (number, day of issue) of the invoice.
    """

    number: str
    currency: str
    issued_on: date
    tax_point_on: date
    due_on: date
    first_day: date
    last_day: date
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    vat: tuple[Vat, ...]
    base: Decimal
    total: Decimal
    reason: str | None = None
    credited: tuple[str, date] | None = None

    @property
    def is_credit_note(self) -> bool:
        return self.credited is not None
