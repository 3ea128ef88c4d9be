"""What a booking costs that came to nothing (domain.md, section 4: edge cases 11 and 12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from processes.rules.fees import LATE_CANCELLATION, NO_SHOW, Terms, fee_for
from processes.rules.invoice import BookingFee, fee_in, fee_text, lines_of, totals_of
from processes.rules.papers.czech import line_text
from processes.rules.papers.values import Line

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
TERMS = Terms(hours_before=24, late_cancellation=Decimal("250.00"), no_show=Decimal("120.00"))


@pytest.mark.parametrize(
    ("kind", "terms", "before", "fee"),
    [
        (LATE_CANCELLATION, TERMS, timedelta(hours=24, seconds=1), None),
        (LATE_CANCELLATION, TERMS, timedelta(hours=24), None),  # at the deadline it is in time
        (LATE_CANCELLATION, TERMS, timedelta(hours=24) - timedelta(microseconds=1), Decimal("250.00")),
        (LATE_CANCELLATION, TERMS, timedelta(hours=-1), Decimal("250.00")),
        (LATE_CANCELLATION, Terms(no_show=Decimal(1)), timedelta(0), None),
        (LATE_CANCELLATION, Terms(hours_before=24), timedelta(0), None),
        (NO_SHOW, TERMS, timedelta(hours=-1), Decimal("120.00")),
        (NO_SHOW, Terms(24, Decimal(1)), timedelta(hours=-1), None),
        (NO_SHOW, Terms(no_show=Decimal("0.00")), timedelta(hours=-1), None),
    ],
)
def test_contract_decides(kind: str, terms: Terms, before: timedelta, fee: Decimal | None) -> None:
    """The deadline is counted in UTC hours before the start; what isn't agreed costs nothing."""
    assert fee_for(kind, terms, starts_at=START, arisen_at=START - before) == fee


@pytest.mark.parametrize("kind", [LATE_CANCELLATION, NO_SHOW])
def test_fee_is_known_by_its_text(kind: str) -> None:
    """So that documents say it in their own language."""
    assert fee_in(fee_text("BK-2026-000123, no-show", kind)) == ("BK-2026-000123, no-show", kind)
    assert fee_in("Conference 2026-11-24 17:30, minimum charge") is None
    one, fee = Decimal(1), Decimal(250)
    text = "Booking BK-1, late cancellation"
    line = Line(text=text, quantity=one, base_quantity=one, unit_price=fee, net=fee, vat_rate=Decimal(21))
    assert line_text(line, first_day=START.date()) == "Rezervace BK-1, pozdní zrušení"


def test_fees_are_lines_after_the_calls() -> None:
    """In the order in which they arose, each once, with the VAT of all other lines."""
    fees = [
        BookingFee("BK-2", NO_SHOW, START, "SM-1", 2, Decimal("120.00")),
        BookingFee("BK-1", LATE_CANCELLATION, START - timedelta(days=1), "SM-1", 2, Decimal("250.00")),
    ]
    lines = lines_of([], fees=fees)
    assert [(line.text, line.quantity, line.net, line.conference) for line in lines] == [
        ("Booking BK-1, late cancellation", Decimal(1), Decimal("250.00"), None),
        ("Booking BK-2, no-show", Decimal(1), Decimal("120.00"), None),
    ]
    assert totals_of(lines).total == Decimal("447.70")
