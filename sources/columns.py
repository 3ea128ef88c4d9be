"""Column types that mean the same on every database: exact decimals, aware instants, text in one order."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, Numeric, String, TypeDecorator
from sqlalchemy.dialects.mysql import DATETIME, LONGTEXT, VARCHAR
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine

from sources.keys import EXACT

__all__ = ["Exact", "Instant", "MadeOfText", "Prose", "Text"]

_ANY_TEXT = String().with_variant(String(collation="C"), "postgresql")

Text = _ANY_TEXT.with_variant(VARCHAR(255, charset="utf8mb4", collation=EXACT), "mariadb")
"""Text compared and ordered by code points, as SQLite does; PostgreSQL and MariaDB would ask the server's locale.

MariaDB wants a limit for what is in an index: 255 letters, three of which fit into one key.
"""

MadeOfText = _ANY_TEXT.with_variant(VARCHAR(400, charset="utf8mb4", collation=EXACT), "mariadb")
"""An id that is made of another one: `<leg>#2`."""

Prose = _ANY_TEXT.with_variant(LONGTEXT(charset="utf8mb4", collation=EXACT), "mariadb")
"""Text of any length, which no index and no key has."""

INTEGER_LIMIT = 2**63  # SQLite's integers have 64 bits
PRECISION = 38


class Exact(TypeDecorator[Decimal]):
    """A decimal with `scale` places, kept to the last digit.

    SQLite gets a whole number of 10^-scale (its Numeric goes through float and loses digits), the others NUMERIC.
    A value with more places is refused with ValueError, never rounded: rounding is a rule's decision.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, scale: int) -> None:
        super().__init__(PRECISION, scale)
        self.scale = scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(PRECISION, self.scale))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        if value is None:
            return None
        scaled = scaled_integer(value, self.scale)
        return scaled if dialect.name == "sqlite" else Decimal(value)

    def process_result_value(self, value: Decimal | int | None, dialect: Dialect) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        return Decimal(value).scaleb(-self.scale)


def scaled_integer(value: Decimal, scale: int) -> int:
    """`value` in units of 10^-scale: (1.80, 4) -> 18000. ValueError when it has more places or is too large."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"{value!r} is a {type(value).__name__}: exact columns take a Decimal")
    try:
        numerator, denominator = value.as_integer_ratio()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{value} is not a finite number") from error
    scaled: int
    scaled, lost = divmod(numerator * 10**scale, denominator)
    if lost:
        raise ValueError(f"{value} has more than {scale} decimal places")
    if abs(scaled) >= INTEGER_LIMIT:
        raise ValueError(f"{value} is too large for an exact column of {scale} places")
    return scaled


class Instant(TypeDecorator[datetime]):
    """An instant, aware, in UTC, to the microsecond.

    SQLite gets text of fixed width (`2026-11-24T16:30:00.000000Z`), which sorts as time does; PostgreSQL timestamptz;
    MariaDB a datetime in UTC (its timestamp ends in 2038). A naive datetime is refused with ValueError.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        if dialect.name == "mariadb":
            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(TIMESTAMP(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone: instants are aware")
        instant = value if value.tzinfo is UTC else value.astimezone(UTC)
        match dialect.name:
            case "sqlite":
                return instant_text(instant)
            case "mariadb":
                return instant.replace(tzinfo=None)
            case _:
                return instant

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.replace(tzinfo=UTC) if dialect.name == "mariadb" else value.astimezone(UTC)


def instant_text(instant: datetime) -> str:
    """A UTC instant as text of fixed width: 2026-11-24T16:30:00.000000Z."""
    return instant.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"
