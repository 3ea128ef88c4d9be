"""The scalars of the company graph: exact, with one spelling each.

    Date      2026-11-24
    DateTime  2026-11-24T16:30:00Z; out in UTC, a fraction only when there is one; in with any offset, never without
    Decimal   "144.85"; in and out a string, for a JSON number goes through float on its way

Every subgraph has `config=StrawberryConfig(scalar_map=SCALARS)`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

__all__ = ["SCALARS", "configuration"]

DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
# A day from either end of the calendar, so that an instant has a local time in every zone.
EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
DECIMAL = re.compile(r"-?\d{1,28}(\.\d{1,28})?", re.ASCII)


def date_out(value: Any) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise GraphQLError(f"Date cannot represent {value!r}")
    return value.isoformat()


def date_in(value: Any) -> date:
    if isinstance(value, str) and DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise GraphQLError(f"Date cannot represent {value!r}: write a day of the calendar like 2026-11-24")


def date_time_out(value: Any) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise GraphQLError(f"DateTime cannot represent {value!r}: it has no time zone")
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def date_time_in(value: Any) -> datetime:
    if isinstance(value, str) and DATE_TIME.fullmatch(value):
        try:
            instant = datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        else:
            if EARLIEST <= instant <= LATEST:
                return instant
    raise GraphQLError(
        f"DateTime cannot represent {value!r}: write an instant with its offset like 2026-11-24T16:30:00Z"
    )


def decimal_out(value: Any) -> str:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise GraphQLError(f"Decimal cannot represent {value!r}")
    return format(value if value else abs(value), "f")  # no exponent, no minus zero


def decimal_in(value: Any) -> Decimal:
    if isinstance(value, str) and DECIMAL.fullmatch(value):
        return Decimal(value)
    raise GraphQLError(f'Decimal cannot represent {value!r}: write it as a string like "144.85"')


SCALARS: dict[object, ScalarDefinition] = {
    date: strawberry.scalar(
        name="Date", description="A day of the calendar: 2026-11-24.", serialize=date_out, parse_value=date_in
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant, in UTC: 2026-11-24T16:30:00Z. As input with any offset.",
        serialize=date_time_out,
        parse_value=date_time_in,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact decimal as a string: "144.85".',
        serialize=decimal_out,
        parse_value=decimal_in,
    ),
}


def configuration() -> StrawberryConfig:
    """The configuration of every subgraph."""
    return StrawberryConfig(scalar_map=SCALARS)
