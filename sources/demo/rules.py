"""The decisions the demo company's charges are made by; they come from outside, being everybody's rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sources.billing.rules import InvoiceRules
from sources.records.billing import ChargedLeg, ExcludedLeg
from sources.records.bridge import Leg
from sources.records.sales import Contract, RateVersion

__all__ = ["DemoRules", "Rate", "Rated"]


@dataclass(frozen=True, slots=True)
class Rated:
    """What a conference costs; `minimum_charge` is what its calls stay below the minimum, 0.00 for none."""

    charges: tuple[ChargedLeg, ...]
    excluded: tuple[ExcludedLeg, ...]
    minimum_charge: Decimal
    rule_version: str


Rate = Callable[[Sequence[Leg], Contract, RateVersion, frozenset[date]], Rated]
"""(legs of one conference, contract, its version in force, the calendar's holidays) -> what they cost."""


@dataclass(frozen=True, slots=True)
class DemoRules:
    """How a conference is rated, and how invoices come about."""

    rate: Rate
    invoices: InvoiceRules
