"""What a process tells billing, checked as far as billing can check it; a wrong value names its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import strawberry

from processes.rules.tariff import amount_of
from resolvers.building import built_at_once
from resolvers.errors import BadInput
from resolvers.texts import storable
from sources.records import billing as records

__all__ = ["RecordChargesInput", "check_fee", "check_not_far_ahead", "check_once"]

AMOUNT = Decimal("0.0000000001")
"""Ten places are kept; lines are made of seconds and prices, so nothing is lost by it."""

TOLERANCE = Decimal("0.000001")
HIGHEST_PRICE = Decimal(10_000)
PRICE_PLACES = 4
HIGHEST_FEE = Decimal(10_000_000)
LONGEST_SECONDS = 31 * 24 * 3600
FURTHEST = timedelta(days=366)
"""How far ahead what is charged may be: a wrong year would open periods up to it."""


@built_at_once
@strawberry.input
class ChargeSegmentInput:
    """Billed `seconds` of a leg in one band, at `price` a minute; `amount` is seconds x price / 60, unrounded.

    `from` and `to` are when the leg was first and last in the band.
    """

    service: str
    band: str
    seconds: int
    price: Decimal
    amount: Decimal
    since: datetime | None = strawberry.field(name="from", default=None)
    until: datetime | None = strawberry.field(name="to", default=None)

    def record(self, place: str) -> records.Segment:
        check_seconds(f"{place}.seconds", self.seconds)
        check_price(f"{place}.price", self.price)
        if abs(self.amount - amount_of(self.seconds, self.price)) > TOLERANCE:
            raise BadInput(f"{place}.amount: {self.amount} is not {self.seconds} s x {self.price} / 60")
        return records.Segment(
            service=storable(f"{place}.service", self.service),
            band=storable(f"{place}.band", self.band),
            seconds=self.seconds,
            price=self.price,
            amount=self.amount.quantize(AMOUNT, ROUND_HALF_UP),
            starts_at=self.since,
            ends_at=self.until,
        )


@built_at_once
@strawberry.input
class ChargeInput:
    """A leg to charge: its true duration, and its billed segments."""

    leg: strawberry.ID
    duration_seconds: int
    segments: list[ChargeSegmentInput]

    def record(self, place: str) -> records.ChargedLeg:
        check_seconds(f"{place}.durationSeconds", self.duration_seconds)
        if not self.segments:
            raise BadInput(f"{place}.segments: leg {self.leg} has none; exclude it, or say what is billed")
        segments = [segment.record(f"{place}.segments[{n}]") for n, segment in enumerate(self.segments)]
        return records.ChargedLeg(storable(f"{place}.leg", self.leg), self.duration_seconds, tuple(segments))


@built_at_once
@strawberry.input
class ExcludedLegInput:
    """A leg that is not billed, with the kebab-case reason."""

    leg: strawberry.ID
    duration_seconds: int
    reason: str

    def record(self, place: str) -> records.ExcludedLeg:
        check_seconds(f"{place}.durationSeconds", self.duration_seconds)
        leg, reason = storable(f"{place}.leg", self.leg), storable(f"{place}.reason", self.reason)
        return records.ExcludedLeg(leg, self.duration_seconds, reason)


@built_at_once
@strawberry.input
class RecordChargesInput:
    """A conference's charges under one rate version, all of its legs that are not settled yet.

    `booking` is null where a person said whose the conference is. `minimumCharge` is what its calls fall short of the
    minimum charge, in all; null is nothing. Without `anew` legs that were credited are refused: who takes an invoice
    back says whether they are charged again.
    """

    account: strawberry.ID
    conference: strawberry.ID
    conference_started_at: datetime
    contract: strawberry.ID
    rate_version: int
    currency: str
    charges: list[ChargeInput]
    excluded: list[ExcludedLegInput]
    rule_version: str
    booking: strawberry.ID | None = None
    minimum_charge: Decimal | None = None
    anew: bool = True

    def record(self, now: datetime) -> records.CallCharges:
        check_not_far_ahead("input.conferenceStartedAt", self.conference_started_at, now)
        if self.minimum_charge is not None:
            check_price("input.minimumCharge", self.minimum_charge)
        check_once("input", [*(charge.leg for charge in self.charges), *(excluded.leg for excluded in self.excluded)])
        return records.CallCharges(
            account=storable("input.account", self.account),
            conference=storable("input.conference", self.conference),
            booking=None if self.booking is None else storable("input.booking", self.booking),
            conference_started_at=self.conference_started_at,
            contract=storable("input.contract", self.contract),
            rate_version=self.rate_version,
            currency=storable("input.currency", self.currency),
            charges=tuple(charge.record(f"input.charges[{n}]") for n, charge in enumerate(self.charges)),
            excluded=tuple(excluded.record(f"input.excluded[{n}]") for n, excluded in enumerate(self.excluded)),
            minimum_charge=self.minimum_charge,
            rule_version=storable("input.ruleVersion", self.rule_version),
            anew=self.anew,
        )


def check_not_far_ahead(place: str, at: datetime, now: datetime) -> None:
    if at > now + FURTHEST:
        raise BadInput(f"{place}: {at.isoformat()} is too far ahead")


def check_seconds(place: str, seconds: int) -> None:
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise BadInput(f"{place}: {seconds} is not between 0 and {LONGEST_SECONDS} (31 days)")


def check_price(place: str, price: Decimal) -> None:
    """Prices have at most 4 places, as contracts do."""
    if not 0 <= price <= HIGHEST_PRICE or price != price.quantize(Decimal(1).scaleb(-PRICE_PLACES)):
        raise BadInput(f"{place}: {price} is not between 0 and {HIGHEST_PRICE} with at most {PRICE_PLACES} places")


def check_fee(place: str, fee: Decimal) -> None:
    if not 0 < fee <= HIGHEST_FEE or fee != fee.quantize(Decimal("0.01")):
        raise BadInput(f"{place}: {fee} is not between 0.01 and {HIGHEST_FEE} with at most 2 places")


def check_once(place: str, legs: Iterable[str]) -> None:
    twice = sorted(leg for leg, times in Counter(legs).items() if times > 1)
    if twice:
        raise BadInput(f"{place}: {', '.join(twice)} is there more than once; name each leg once")
