"""Company and VAT numbers as people and spreadsheets spell them, so that the same one is known as the same.

    company number (IČO)   "276 04 977", "27604977", 07604977 whose zero a spreadsheet took
    VAT number (DIČ)       "CZ27604977", "cz 276 04 977"

A match is a hint for a person, never a fact: companies of one VAT group share a number, and typing errors are numbers
too.
"""

from __future__ import annotations

import re

__all__ = ["company_number", "same_company", "spellings", "vat_number"]

CZECH_DIGITS = 8
LEAST_DIGITS = 6  # a shorter run of digits is a note, or the rest of one


def company_number(written: str | None) -> str | None:
    """The number without spaces and with the zeros that begin it; None for what is none."""
    digits = re.sub(r"[\s.\-/]", "", written or "")
    if not digits.isascii() or not digits.isdigit() or len(digits) < LEAST_DIGITS or not int(digits):
        return None
    return digits.zfill(CZECH_DIGITS)


def vat_number(written: str | None) -> str | None:
    """The number in capitals without spaces, `CZ27604977`; None for what is none."""
    letters = re.sub(r"[\s.\-/]", "", written or "").upper()
    return letters if re.fullmatch(r"[A-Z]{2}[0-9A-Z+*]{2,13}", letters, re.ASCII) else None


def same_company(one: tuple[str | None, str | None], other: tuple[str | None, str | None]) -> bool:
    """Whether two pairs (company number, VAT number) have a number in common."""
    company, vat = company_number(one[0]), vat_number(one[1])
    return (company is not None and company == company_number(other[0])) or (
        vat is not None and vat == vat_number(other[1])
    )


def spellings(number: str) -> tuple[str, ...]:
    """How a number that one of the functions above gave may be written elsewhere: to look it up as it stands there."""
    if not number.isdigit():
        return (number, number.lower(), f"{number[:2]} {number[2:]}")
    grouped = f"{number[:3]} {number[3:5]} {number[5:]}"
    return tuple(dict.fromkeys((number, number.lstrip("0"), grouped)))
