"""What a template declares, and what a letter says for it.

A value comes from JSON or from Python: TEXT is text; AMOUNT a Decimal, an Amount, or text like "1494.11" or
"1494.11 CZK"; DATE a day or text like "2027-01-01". A binary fraction (float) is refused: it is not what anybody meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, assert_never

from sources.mailing.letters.writing import Amount, Language, amount_written, day_written

__all__ = ["Field", "FieldType", "LetterRefused", "problem_of_fields", "values_written"]

FieldType = Literal["TEXT", "AMOUNT", "DATE"]

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
TAKEN = frozenset({"len", "at", "insert", "keys", "values", "pairs", "remove", "map", "filter"})
"""What typst itself means by `fields.keys` and the like."""
AMOUNT = re.compile(r"(?P<value>-?\d{1,15}(?:\.\d{1,6})?)(?: (?P<currency>[A-Z]{3}))?")
LARGEST = Decimal(10) ** 15
LONGEST_TEXT = 5_000


@dataclass(frozen=True, slots=True)
class Field:
    """`fields.name` in the template. One that isn't required is `none` there for who has no value."""

    name: str
    type: FieldType = "TEXT"
    required: bool = True


class LetterRefused(ValueError):
    """One letter that isn't made, and why. `field` is the name of what is wrong, where it is a value."""

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


def problem_of_fields(fields: Sequence[Field]) -> str | None:
    """What is wrong with the fields that a template declares."""
    seen: set[str] = set()
    for field in fields:
        if not NAME.fullmatch(field.name) or field.name in TAKEN:
            return (
                f"a field can't be called {field.name[:80]!r}: small letters, digits and _, and no word of typst's own"
            )
        if field.type not in ("TEXT", "AMOUNT", "DATE"):
            return f"the field {field.name} is {field.type!r}, which is none of TEXT, AMOUNT, DATE"
        if field.name in seen:
            return f"the field {field.name} is declared twice"
        seen.add(field.name)
    return None


def values_written(fields: Sequence[Field], values: Mapping[str, object], language: Language) -> dict[str, str | None]:
    """Each declared field as it stands in the letter. What nobody declared is left out. Raises LetterRefused."""
    return {field.name: value_written(field, values.get(field.name), language) for field in fields}


def value_written(field: Field, value: object, language: Language) -> str | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        if field.required:
            raise LetterRefused(field.name, "it is required, and there is no value for it")
        return None
    match field.type:
        case "TEXT":
            return text_of(field, value)
        case "AMOUNT":
            return amount_written(amount_of(field, value), language)
        case "DATE":
            return day_written(day_of(field, value), language)
        case _ as never:
            assert_never(never)


def text_of(field: Field, value: object) -> str:
    """Whole numbers are text as well: a contract may be called 815."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise LetterRefused(field.name, "it is not a text")
    text = str(value)
    if len(text) > LONGEST_TEXT:
        raise LetterRefused(field.name, f"it is longer than {LONGEST_TEXT} characters")
    return text


def amount_of(field: Field, value: object) -> Amount:
    match value:
        case Amount(value=amount):
            found = value
        case Decimal() as amount:
            found = Amount(amount)
        case int(amount) if not isinstance(value, bool):
            found = Amount(Decimal(amount))
        case str() if read := AMOUNT.fullmatch(value.strip()):
            found = Amount(Decimal(read["value"]), read["currency"])
        case float():
            raise LetterRefused(field.name, 'a binary fraction is no amount: give a decimal text like "1494.11"')
        case _:
            raise LetterRefused(field.name, 'it is not an amount like "1494.11" or "1494.11 CZK"')
    if not found.value.is_finite() or abs(found.value) >= LARGEST:
        raise LetterRefused(field.name, "it is not an amount that can be written out")
    return found


def day_of(field: Field, value: object) -> date:
    match value:
        case datetime():
            raise LetterRefused(field.name, "it is a time, whose day depends on a zone: give the day")
        case date():
            return value
        case str():
            try:
                return date.fromisoformat(value.strip())
            except ValueError:
                pass
        case _:
            pass
    raise LetterRefused(field.name, 'it is not a day like "2027-01-01"')
