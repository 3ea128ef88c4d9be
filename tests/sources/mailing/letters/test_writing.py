"""Amounts, days and countries as Czech or English readers expect them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sources.mailing.letters import Addressee, Amount, Language
from sources.mailing.letters.addressing import recipient_of
from sources.mailing.letters.writing import amount_written, day_written


@pytest.mark.parametrize(
    ("amount", "currency", "czech", "english"),
    [
        ("0", "CZK", "0,00 Kč", "CZK 0.00"),
        ("1494.11", "CZK", "1 494,11 Kč", "CZK 1,494.11"),
        ("1.8000", "CZK", "1,80 Kč", "CZK 1.80"),
        ("0.9525", "EUR", "0,9525 €", "€0.9525"),
        ("-1234567.5", "EUR", "\N{MINUS SIGN}1 234 567,50 €", "\N{MINUS SIGN}€1,234,567.50"),
        ("12", "CHF", "12,00 CHF", "CHF 12.00"),
        ("1E+3", None, "1 000,00", "1,000.00"),
    ],
)
def test_amount(amount: str, currency: str | None, czech: str, english: str) -> None:
    """Two places at least, the fourth where a price has it; no line breaks inside; a true minus."""
    value = Amount(Decimal(amount), currency)
    assert amount_written(value, "cs") == czech.replace(" ", "\u00a0")
    assert amount_written(value, "en") == english.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("day", "czech", "english"),
    [
        (date(2027, 1, 1), "1. ledna 2027", "1 January 2027"),
        (date(2026, 9, 30), "30. září 2026", "30 September 2026"),
    ],
)
def test_day(day: date, czech: str, english: str) -> None:
    """Without leading zeros; the Czech month in the genitive."""
    assert day_written(day, "cs").replace("\u00a0", " ") == czech
    assert day_written(day, "en").replace("\u00a0", " ") == english


@pytest.mark.parametrize(
    ("country", "language", "last"),
    [("CZ", "cs", "110 00 Praha"), ("sk", "cs", "SLOVENSKO"), ("DE", "en", "GERMANY"), ("Island", "cs", "ISLAND")],
)
def test_country_is_named_for_abroad(country: str, language: Language, last: str) -> None:
    """In capitals, as the last line; letters within the sender's country don't name it."""
    lines = recipient_of(Addressee("Jan", "Ulice 1", "Praha", "110 00", country), "CZ", language)["lines"]
    assert isinstance(lines, list)
    assert lines[-1] == last
