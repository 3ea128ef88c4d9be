"""Money: an exact amount and its currency, never one without the other."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

import strawberry

__all__ = ["Money", "with_places"]

AMOUNT_PLACES = 2
PRICE_PLACES = 4
EXACT_PLACES = 10


@strawberry.federation.type(shareable=True)
class Money:
    """An amount of a currency (ISO 4217)."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Self:
        """An amount of an invoice: exactly 2 places (144.85)."""
        return cls(amount=with_places(amount, AMOUNT_PLACES, at_most=AMOUNT_PLACES), currency=currency)

    @classmethod
    def price(cls, amount: Decimal, currency: str) -> Self:
        """A price per unit: 2 to 4 places (1.80, 0.0125)."""
        return cls(amount=with_places(amount, AMOUNT_PLACES, at_most=PRICE_PLACES), currency=currency)

    @classmethod
    def exact(cls, amount: Decimal, currency: str) -> Self:
        """An amount before rounding: 2 places or as many more as it has (43.30416667)."""
        return cls(amount=with_places(amount, AMOUNT_PLACES, at_most=EXACT_PLACES), currency=currency)


def with_places(value: Decimal, at_least: int, *, at_most: int) -> Decimal:
    """`value` written with no trailing zeros beyond `at_least` places: (1.8000, 2) -> 1.80.

    ValueError when it needs more than `at_most`: what is shown is never rounded on the way out.
    """
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is no amount")  # noqa: TRY004 - it is a Decimal, only not a finite one
    kept = list(digits)
    while exponent < -at_least and kept and kept[-1] == 0:
        kept.pop()
        exponent += 1
    if exponent < -at_most:
        raise ValueError(f"{value} has more than {at_most} places")
    if exponent > -at_least:
        kept += [0] * (exponent + at_least)
        exponent = -at_least
    return Decimal((sign, kept or [0], exponent))
