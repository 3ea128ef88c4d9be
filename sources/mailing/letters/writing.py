"""Amounts and days as Czech or English readers expect them, with spaces that no line breaks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

__all__ = ["Amount", "Language", "amount_written", "day_written"]

Language = Literal["cs", "en"]

SPACE = "\u00a0"
MINUS = "\N{MINUS SIGN}"
FEWEST_PLACES = 2
CZECH_SIGNS = {"CZK": "Kč", "EUR": "€", "USD": "$", "GBP": "£"}
ENGLISH_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
CZECH_MONTHS = (
    "ledna",
    "února",
    "března",
    "dubna",
    "května",
    "června",
    "července",
    "srpna",
    "září",
    "října",
    "listopadu",
    "prosince",
)
ENGLISH_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a currency (ISO 4217), or of nothing that is named."""

    value: Decimal
    currency: str | None = None


def amount_written(amount: Amount, language: Language) -> str:
    """1234.5 CZK: `1 234,50 Kč` or `CZK 1,234.50`. Two places at least; a price of four keeps what it needs of them."""
    sign = MINUS if amount.value < 0 else ""
    digits = f"{abs(amount.value):,f}"
    whole, _, places = digits.partition(".")
    places = places.rstrip("0").ljust(FEWEST_PLACES, "0")
    if language == "cs":
        written = f"{sign}{whole.replace(',', SPACE)},{places}"
        return f"{written}{SPACE}{CZECH_SIGNS.get(amount.currency, amount.currency)}" if amount.currency else written
    if amount.currency in ENGLISH_SIGNS:
        return f"{sign}{ENGLISH_SIGNS[amount.currency]}{whole}.{places}"
    return f"{sign}{f'{amount.currency}{SPACE}' if amount.currency else ''}{whole}.{places}"


def day_written(day: date, language: Language) -> str:
    """`1. ledna 2027` or `1 January 2027`; the day and its month stay together, and so does the year in Czech."""
    if language == "cs":
        return f"{day.day}.{SPACE}{CZECH_MONTHS[day.month - 1]}{SPACE}{day.year}"
    return f"{day.day}{SPACE}{ENGLISH_MONTHS[day.month - 1]} {day.year}"
