"""Templates: what is declared, what is given, and the placeholders of an e-mail's text.

`{name}` is the recipient's name and `{FIELD}` the value of a field. What is put in is never read again, so a customer
who is called `{amount}` is greeted by that name. Two braces are a brace: `{{`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from processes.rules.refusal import Refusal

__all__ = ["Field", "check_template", "check_values", "filled"]

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
TYPES = ("TEXT", "AMOUNT", "DATE")
LIKE = {"AMOUNT": "1.95 or 1.95 CZK", "DATE": "2027-01-01"}
PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
TAKEN = frozenset({"name"})
BREAKS = re.compile(r"[\r\n]")
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,6})?( [A-Z]{3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str
    required: bool


def check_template(fields: Sequence[Field], *, subject: str, notice: str) -> Refusal | None:
    """Is what a template declares whole? The body itself is looked at by who renders it."""
    names = [field.name for field in fields]
    for field in fields:
        if not NAME.fullmatch(field.name) or field.name in TAKEN:
            return Refusal("bad-field", f"field {field.name!r}: a name is like `valid_from`, and `name` is taken")
        if names.count(field.name) > 1:
            return Refusal("bad-field", f"field {field.name}: it is declared twice")
    if BREAKS.search(subject):
        return Refusal("bad-subject", "subject: it has more than one line")
    for place, text in (("subject", subject), ("notice", notice)):
        for found in PLACEHOLDER.finditer(text):
            if (problem := problem_of(found, {*names, *TAKEN})) is not None:
                return Refusal(f"bad-{place}", f"{place}: {problem}")
    return None


def problem_of(found: re.Match[str], names: set[str]) -> str | None:
    if found.group() in ("{{", "}}"):
        return None
    if found.group(1) is None:
        return f"a single {found.group()} at character {found.start() + 1}: write it twice, or name a field"
    if found.group(1) not in names:
        return f"{found.group()} is no declared field; there are {', '.join(sorted(names))}"
    return None


def check_values(fields: Sequence[Field], values: Mapping[str, str]) -> str | None:
    """What is wrong with the values given to one letter; None where nothing is."""
    declared = {field.name: field for field in fields}
    for name in values:
        if name not in declared:
            return f"{name} is no field of the template"
    for field in fields:
        value = values.get(field.name, "")
        if not value.strip():
            if field.required:
                return f"{field.name} is missing"
        elif not is_of(field.type, value):
            return f"{field.name} is {value!r}, which is no {field.type} (like {LIKE[field.type]})"
    return None


def is_of(type: str, value: str) -> bool:
    try:
        match type:
            case "AMOUNT":
                return bool(AMOUNT.fullmatch(value))
            case "DATE":
                return bool(DAY.fullmatch(value)) and bool(date.fromisoformat(value))
            case _:
                return True
    except ValueError:
        return False


def filled(text: str, name: str, values: Mapping[str, str]) -> str:
    """`text` with its placeholders' values; a field that isn't given is empty."""
    known = {**values, "name": name}

    def value(found: re.Match[str]) -> str:
        match found.group():
            case "{{":
                return "{"
            case "}}":
                return "}"
            case _:
                return known.get(found.group(1) or "", "")

    return PLACEHOLDER.sub(value, text)
