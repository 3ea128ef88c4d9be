"""The dates and the number that an invoice gets when it is issued (domain.md sections 2 and 3, I6)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from processes.rules.instants import HOUSE_ZONE, local_day

__all__ = ["credit_note_number", "due_day", "invoice_number", "tax_point"]

LARGEST_POSITION = 899_999
"""A year and six digits: ten in all, which is what a variable symbol (SPAYD's X-VS) holds. Those from 900000 on are
credit notes', so that no number says two things."""

LARGEST_CREDIT_NOTE = 99_999


def tax_point(issued_on: date, period_ends_at: datetime, *, zone: str = HOUSE_ZONE) -> date:
    """The DUZP: the last local day of the billing period, or the day of issue if that is earlier.

    A call that came late is billed in an open period, so its tax point is that period's too, never the closed one's.
    """
    return min(issued_on, local_day(period_ends_at, zone=zone) - timedelta(days=1))


def due_day(issued_on: date, terms_days: int) -> date:
    """`terms_days` calendar days after the day of issue."""
    return issued_on + timedelta(days=terms_days)


def invoice_number(issued_on: date, position: int) -> str:
    """The `position`th of the year: 2026000001. Digits only, ten of them; ValueError when the year is full."""
    if not 1 <= position <= LARGEST_POSITION:
        raise ValueError(f"{issued_on.year} has no invoice number {position}: a series ends at {LARGEST_POSITION}")
    return f"{issued_on.year:04}{position:06}"


def credit_note_number(issued_on: date, position: int) -> str:
    """The `position`th credit note of the year: 2026900001. ValueError when the year is full."""
    if not 1 <= position <= LARGEST_CREDIT_NOTE:
        raise ValueError(f"{issued_on.year} has no credit note {position}: a series ends at {LARGEST_CREDIT_NOTE}")
    return f"{issued_on.year:04}9{position:05}"
