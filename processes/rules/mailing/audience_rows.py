"""The rows of an audience: which of them meet the mailing's conditions, and what they say as recipients.

    IS, IS_NOT           as text: "OPEN", "true", "2027-01-01"
    AT_LEAST, AT_MOST    numbers by value, days and instants by time
    EXISTS, MISSING      is there anything at all

A path leads by names in the answer, through lists too. Of a list what meets the condition is kept, for the conditions
that follow and for the letter: so of several contracts it is the same one that begins on a day and has a price. Where
nothing is left the row is none of the mailing's. What isn't there is missing, and is not anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from processes.rules.instants import local_day
from processes.rules.mailing.audience_document import CLIENT
from processes.rules.refusal import Refusal

__all__ = ["OPERATORS", "Condition", "narrowed", "recipient_of"]

OPERATORS = ("IS", "IS_NOT", "AT_LEAST", "AT_MOST", "EXISTS", "MISSING")
ABSENT = ("IS_NOT", "MISSING")
"""What holds of what isn't there."""

LONGEST = 400
MONEY = {"amount", "currency"}
NOTHING: Any = object()

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """`path` is like `billingAccounts.status`; `value` is None where the operator needs none."""

    path: str
    operator: str
    value: str | None = None

    def __str__(self) -> str:
        return " ".join(filter(None, (self.path, self.operator, self.value)))

    @property
    def problem(self) -> str | None:
        """What is wrong with it by itself."""
        needs = self.operator not in ("EXISTS", "MISSING")
        if needs and self.value is None:
            return f"{self.operator} needs a value"
        if not needs and self.value is not None:
            return f"{self.operator} takes no value"
        if self.operator in ("AT_LEAST", "AT_MOST") and ordered(self.value or "") is None:
            return f"{self.value} is no number, no day and no instant: nothing is more or less than it"
        return None


def narrowed(row: Row, conditions: Collection[Condition]) -> Row | None:
    """The row with what meets all conditions; None where it doesn't."""
    for condition in conditions:
        found = kept(row, condition, condition.path.split("."))
        if found is NOTHING:
            return None
        row = found
    return row


def kept(value: Any, condition: Condition, path: Sequence[str]) -> Any:
    """What of the value meets it, or NOTHING."""
    if value is None or value == []:
        return value if condition.operator in ABSENT else NOTHING
    if isinstance(value, list):
        left = [each for each in (kept(each, condition, path) for each in value) if each is not NOTHING]
        return left or NOTHING
    if not path:
        return value if met(value, condition) else NOTHING
    if not isinstance(value, Mapping):
        return NOTHING
    below = kept(value.get(path[0]), condition, path[1:])
    return NOTHING if below is NOTHING else {**value, path[0]: below}


def met(found: Any, condition: Condition) -> bool:
    match condition.operator:
        case "EXISTS":
            return True
        case "MISSING":
            return False
        case "IS":
            return is_value(found, condition.value or "")
        case "IS_NOT":
            return not is_value(found, condition.value or "")
        case _:
            return compares(found, condition)


def is_value(found: Any, wanted: str) -> bool:
    if text(found) == wanted:
        return True
    number = ordered(wanted)
    return isinstance(number, Decimal) and ordered(text(found) or "") == number


def compares(found: Any, condition: Condition) -> bool:
    """Nothing of another kind is more or less: a day is no number."""
    have, wanted = ordered(text(found) or ""), ordered(condition.value or "")
    if isinstance(have, datetime) and type(wanted) is date:
        have = have.date()
    if have is None or wanted is None or type(have) is not type(wanted):
        return False
    is_more: bool = have > wanted  # type: ignore[operator]
    return have == wanted or is_more is (condition.operator == "AT_LEAST")


def ordered(value: str) -> Decimal | date | datetime | None:
    try:
        number = Decimal(value)
        return number if number.is_finite() else None
    except InvalidOperation:
        pass
    try:
        return date.fromisoformat(value) if len(value) == len("2027-01-01") else aware(value)
    except ValueError:
        return None


def aware(value: str) -> datetime | None:
    read = datetime.fromisoformat(value)
    return read if read.tzinfo else None


def recipient_of(row: Row, fields: Mapping[str, str]) -> dict[str, Any] | Refusal:
    """The row as a `RecipientInput`; `fields` are all that the template has, with their types. Refused `bad-audience`.

    Of several values for a field none is the letter's: who has them is told, and gets none.
    """
    client: Row = row[CLIENT] if isinstance(row.get(CLIENT), Mapping) else row
    if not client.get("id"):
        return Refusal("bad-audience", f"a row of the audience has no client: {str(dict(row))[:200]}")
    address = client.get("postalAddress") or {}
    said = {
        field: sorted({written(each, type) for each in map(text, named(row, field)) if each})
        for field, type in fields.items()
    }
    several = [
        f"has {len(found)} values of {field} ({', '.join(found[:3])})" for field, found in said.items() if found[1:]
    ]
    return {
        "client": client["id"],
        "name": client.get("name") or client["id"],
        **{part: address.get(part) for part in ("street", "city", "postalCode", "country")},
        "email": client.get("email"),
        "marketingConsent": client.get("marketingConsent"),
        "ambiguous": " and ".join(several)[:LONGEST] or None,
        "values": [{"name": field, "value": found[0]} for field, found in said.items() if len(found) == 1],
    }


def written(value: str, type: str) -> str:
    """An instant is, where a letter has a day, the day that clocks here show then."""
    instant = ordered(value) if type == "DATE" else None
    return local_day(instant).isoformat() if isinstance(instant, datetime) else value


def named(value: Any, name: str) -> Iterator[Any]:
    """All that has this name, however deep."""
    if isinstance(value, list):
        for each in value:
            yield from named(each, name)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from each if key == name and isinstance(each, list) else [each] if key == name else named(each, name)


def text(value: Any) -> str | None:
    """As a letter says it, and a condition compares it; an amount with its currency. None where there is nothing."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case str() | int() | float() | Decimal():
            return str(value)
        case Mapping() if value.keys() >= MONEY and value["amount"] is not None:
            return f"{value['amount']} {value['currency']}"
    return None
