"""What a booking costs that came to nothing (domain.md, section 4: edge cases 11 and 12).

    LATE_CANCELLATION   it was cancelled after the contract's deadline, so many hours before its start
    NO_SHOW             nobody came, and the contract has a fee for that

A contract that says nothing asks nothing. VAT and rounding are those of every invoice line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

__all__ = ["LATE_CANCELLATION", "NO_SHOW", "Terms", "fee_for"]

LATE_CANCELLATION, NO_SHOW = "LATE_CANCELLATION", "NO_SHOW"


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract's: `hours_before` is the deadline of cancelling without `late_cancellation`; None is nothing."""

    hours_before: int | None = None
    late_cancellation: Decimal | None = None
    no_show: Decimal | None = None


def fee_for(kind: str, terms: Terms, *, starts_at: datetime, arisen_at: datetime) -> Decimal | None:
    """The fee, in the contract's currency, for what came of the booking at `arisen_at`; None where there is none.

    Cancelled at the deadline itself is in time.
    """
    if kind == NO_SHOW:
        return terms.no_show or None
    if terms.hours_before is None or arisen_at <= starts_at - timedelta(hours=terms.hours_before):
        return None
    return terms.late_cancellation or None
