"""What travels in the graph: instants, dates and exact numbers as strings, a tariff made of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from processes.rules.bands import Calendar
from processes.rules.tariff import BandRule, Increments, Rate, Tariff

__all__ = ["amount_to_wire", "date_from_wire", "instant_from_wire", "instant_to_wire", "tariff_from_wire"]

AMOUNT = Decimal("0.0000000001")


def instant_from_wire(text: str) -> datetime:
    """`2026-11-24T16:30:00Z`, always with an offset."""
    return datetime.fromisoformat(text)


def instant_to_wire(instant: datetime) -> str:
    utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return f"{utc.isoformat()[: -len('+00:00')]}Z"


def date_from_wire(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def amount_to_wire(amount: Decimal) -> str:
    """Ten places (rule 5: six or more). Lines are made of seconds and prices, so nothing is lost by it."""
    return f"{amount.quantize(AMOUNT, ROUND_HALF_UP):f}"


def tariff_from_wire(found: Mapping[str, Any]) -> Tariff:
    """The type `Tariff` of the graph."""
    version = found["rateVersion"]
    return Tariff(
        contract=version["contract"]["number"],
        version=version["version"],
        currency=version["contract"]["currency"],
        rates=tuple(rate_from_wire(rate) for rate in version["rates"] or ()),
        calendar=Calendar(found["zone"], frozenset(date.fromisoformat(day) for day in found["holidays"])),
        band_rule=BandRule(found["bandRule"]),
        merge_gaps_under=found["mergeGapsUnderSeconds"],
    )


def rate_from_wire(rate: Mapping[str, Any]) -> Rate:
    minimum = rate["minimumCharge"]
    return Rate(
        service=rate["service"],
        band=rate["band"],
        price=Decimal(rate["pricePerMinute"]["amount"]),
        increments=Increments(rate["firstIncrement"], rate["nextIncrement"]),
        minimum=None if minimum is None else Decimal(minimum["amount"]),
    )
