"""Rounding of money, in one place: half up, to the haléř or cent (domain.md section 2 rules 7 and 8)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

__all__ = ["CENT", "half_up"]

CENT = Decimal("0.01")


def half_up(amount: Decimal) -> Decimal:
    """To two places, a half away from zero: 7.545 is 7.55."""
    return amount.quantize(CENT, ROUND_HALF_UP)
