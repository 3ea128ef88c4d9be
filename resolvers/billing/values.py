"""The values of billing that its types are made of: states, VAT, and what makes a line one line."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Self

import strawberry

from resolvers.access import Scope, asks
from resolvers.errors import limited
from resolvers.money import Money, with_places
from sources.records import billing as records

__all__ = [
    "ZERO",
    "InvoiceStatus",
    "Invoicing",
    "LineKey",
    "PeriodStatus",
    "VatLine",
    "as_many_as",
    "key_of_line",
    "key_of_segment",
]

LATEST = 100
ZERO = Decimal("0.00")


LineKey = tuple[str, str | None, str | None, int | None, str | None, Decimal]


@strawberry.enum
class PeriodStatus(Enum):
    OPEN = "OPEN"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"


@strawberry.enum
class Invoicing(Enum):
    """PERIODIC: an invoice for each period. PER_CALL: one as soon as a conference is charged."""

    PERIODIC = "PERIODIC"
    PER_CALL = "PER_CALL"


@strawberry.enum
class InvoiceStatus(Enum):
    """A DRAFT has no number and may change; an ISSUED one never does, and is CREDITED by a credit note only."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    PARTLY_PAID = "PARTLY_PAID"
    PAID = "PAID"
    CREDITED = "CREDITED"


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_READ))
class VatLine:
    """VAT of one rate, in per cent. On an issued invoice in another currency it is given in CZK too."""

    rate: Decimal
    base: Money
    amount: Money
    amount_in_czk: Money | None

    @classmethod
    def of(cls, record: records.VatLine, currency: str) -> Self:
        return cls(
            rate=with_places(record.rate, 0, at_most=2),
            base=Money.of(record.base, currency),
            amount=Money.of(record.amount, currency),
            amount_in_czk=None if record.amount_in_czk is None else Money.of(record.amount_in_czk, "CZK"),
        )


def key_of_line(line: records.InvoiceLine) -> LineKey:
    return line.invoice, line.conference, line.contract, line.rate_version, line.band, line.unit_price


def key_of_segment(billed: records.BilledSegment) -> LineKey:
    segment = billed.segment
    return billed.invoice, billed.conference, billed.contract, billed.rate_version, segment.band, segment.price


def as_many_as(last: int | None) -> int:
    return LATEST if last is None else limited("last", last)
