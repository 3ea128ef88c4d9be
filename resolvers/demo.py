"""The rules the demo company's charges are made by: the same as everybody's, in the records of sales and bridge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from processes.rules.bands import Calendar
from processes.rules.instants import instant_at
from processes.rules.refusal import Refusal
from processes.rules.tariff import BandRule, Increments, Rate, Segment, Tariff, rate_conference
from processes.rules.tariff import Leg as RuleLeg
from resolvers.billing.rules import RULES as INVOICE_RULES
from sources.demo.rules import DemoRules, Rated
from sources.records import billing, bridge, sales

__all__ = ["DEMO_RULES"]

AMOUNT = Decimal("0.0000000001")
"""Amounts are kept to ten places; lines come from seconds and prices, so nothing is lost by it."""


def rate(
    legs: Sequence[bridge.Leg], contract: sales.Contract, version: sales.RateVersion, holidays: frozenset[date]
) -> Rated:
    """What a conference costs. ValueError when the version lacks a rate: the demo's have all of them."""
    rating = rate_conference(map(leg_of, legs), tariff_of(contract, version, holidays))
    if isinstance(rating, Refusal):
        raise ValueError(rating.message)  # noqa: TRY004 - a refusal here is a mistake of the demo company
    return Rated(
        charges=tuple(
            billing.ChargedLeg(charge.leg, charge.duration, tuple(map(segment_of, charge.segments)))
            for charge in rating.charges
        ),
        excluded=tuple(billing.ExcludedLeg(leg.leg, leg.duration, leg.reason) for leg in rating.excluded),
        minimum_charge=rating.minimum_charge,
        rule_version=rating.rule_version,
    )


def leg_of(leg: bridge.Leg) -> RuleLeg:
    return RuleLeg(leg.id, leg.service, leg.joined_at, leg.left_at, f"{leg.caller_number}\n{leg.display_name}")


def tariff_of(contract: sales.Contract, version: sales.RateVersion, holidays: frozenset[date]) -> Tariff:
    return Tariff(
        contract=contract.number,
        version=version.version,
        currency=contract.currency,
        rates=tuple(map(rate_of, version.rates)),
        calendar=Calendar(contract.zone, holidays),
        band_rule=BandRule(contract.band_rule),
        merge_gaps_under=contract.merge_gaps_under_seconds,
    )


def rate_of(rate: sales.ContractRate) -> Rate:
    return Rate(
        service=rate.service,
        band=rate.band,
        price=rate.price_per_minute,
        increments=Increments(rate.first_increment, rate.next_increment),
        minimum=rate.minimum_charge,
    )


def segment_of(segment: Segment) -> billing.Segment:
    amount = segment.amount.quantize(AMOUNT, ROUND_HALF_UP)
    begins, ends = instant_at(segment.begins), instant_at(segment.ends)
    return billing.Segment(segment.service, segment.band, segment.seconds, segment.price, amount, begins, ends)


DEMO_RULES = DemoRules(rate=rate, invoices=INVOICE_RULES)
