"""Dates and numbers of issued invoices (domain.md sections 2 and 3, I6)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from processes.rules.issuing import credit_note_number, due_day, invoice_number, tax_point

OCTOBER_ENDS = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)  # 1 November, 00:00 in Prague


@pytest.mark.parametrize(
    ("issued_on", "tax_point_on"),
    [
        (date(2026, 11, 3), date(2026, 10, 31)),
        (date(2026, 10, 31), date(2026, 10, 31)),
        (date(2026, 10, 20), date(2026, 10, 20)),
    ],
    ids=["after the period", "on its last day", "before its end"],
)
def test_the_tax_point(issued_on: date, tax_point_on: date) -> None:
    """The last local day of the period, never after the day of issue."""
    assert tax_point(issued_on, OCTOBER_ENDS) == tax_point_on


def test_terms_are_calendar_days() -> None:
    """14 days from 20 December end in January."""
    assert due_day(date(2026, 12, 20), 14) == date(2027, 1, 3)


@pytest.mark.parametrize(("position", "number"), [(1, "2026000001"), (899_999, "2026899999")])
def test_an_invoice_number_is_ten_digits(position: int, number: str) -> None:
    """A payment's variable symbol holds no more, and digits only."""
    assert invoice_number(date(2026, 11, 3), position) == number


@pytest.mark.parametrize("position", [0, 900_000])
def test_a_series_ends_with_its_digits(position: int) -> None:
    """A number of the credit notes, or one before the first, is refused."""
    with pytest.raises(ValueError, match="series ends at 899999"):
        invoice_number(date(2026, 11, 3), position)


@pytest.mark.parametrize(("position", "number"), [(1, "2026900001"), (99_999, "2026999999")])
def test_a_credit_note_has_a_number_that_no_invoice_has(position: int, number: str) -> None:
    """Its own series, above the invoices' own, so that no number says two things."""
    assert credit_note_number(date(2026, 11, 3), position) == number


@pytest.mark.parametrize("position", [0, 100_000])
def test_the_series_of_credit_notes_ends_too(position: int) -> None:
    """An eleventh digit, or a number before the first, is refused."""
    with pytest.raises(ValueError, match="series ends at 99999"):
        credit_note_number(date(2026, 11, 3), position)
