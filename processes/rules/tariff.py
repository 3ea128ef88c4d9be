"""What a conference costs (domain.md section 2, rules 1 to 6).

    rating = rate_conference(legs, tariff)      # Rating | Refusal

 A  every leg is timed: whole UTC seconds, split into peak and off-peak; zero seconds are excluded, with the reason
 B  legs become calls: one each, or several when the contract merges short gaps between rejoins of one participant
 C  a call is billed in increments; the rounding-up seconds go to the band in which it ended
 D  a call below the minimum charge adds the difference to the conference's one `minimum charge`, rounded once; who
    was cut off by the bridge and is back within 10 minutes goes on with one and the same call there (edge case 10)

Example (60/6, peak 1.80, off-peak 0.95): Carol 17:58:30-18:05:02 is 392 s, billed 396: 90 s peak, 302 + 4 s off-peak.

Where the contract is silent: increments and minimum of a call are those of the band in which it began (its set-up is
what they price); merged legs are billed as one call whose duration is the sum of theirs, the gap itself not billed; the
last of them carries the rounding-up seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction

from processes.rules.bands import OFF_PEAK, PEAK, Calendar, band_at, peak_seconds, switches
from processes.rules.instants import epoch_seconds
from processes.rules.money import half_up
from processes.rules.refusal import Refusal

__all__ = [
    "RULE_VERSION",
    "ZERO_DURATION",
    "BandRule",
    "Charge",
    "Excluded",
    "Increments",
    "Leg",
    "Rate",
    "Rating",
    "Segment",
    "Tariff",
    "amount_of",
    "billed_seconds",
    "duration_seconds",
    "rate_conference",
]

RULE_VERSION = "tariff-2"
"""Stored with every charge. It rises when the same legs under the same tariff would cost something else."""

ZERO_DURATION = "zero-duration"

RECONNECTING = 600
"""Seconds that somebody who was cut off by the bridge has for coming back without a second minimum charge."""


class BandRule(Enum):
    """SPLIT: each second costs its own band's price. AT_START: the band in which the call began holds to its end."""

    SPLIT = "SPLIT"
    AT_START = "AT_START"


@dataclass(frozen=True, slots=True)
class Increments:
    """`60/6` is Increments(60, 6): a first block, then whole steps, both in seconds."""

    first: int
    step: int

    def __post_init__(self) -> None:
        if self.first < 1 or self.step < 1:
            raise ValueError(f"increments {self.first}/{self.step} bill nothing: both are 1 second or more")


@dataclass(frozen=True, slots=True)
class Rate:
    """`price` per minute and `minimum` per call, in the tariff's currency; `service` dial-in, dial-out or toll-free."""

    service: str
    band: str
    price: Decimal
    increments: Increments
    minimum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """A rate version in force, with what its contract says about reading it.

    `merge_gaps_under`: rejoins of one participant after fewer seconds than this continue the call; 0 merges nothing.
    """

    contract: str
    version: int
    currency: str
    rates: tuple[Rate, ...]
    calendar: Calendar
    band_rule: BandRule = BandRule.SPLIT
    merge_gaps_under: int = 0


@dataclass(frozen=True, slots=True)
class Leg:
    """One participant's one stay, as the bridge's clock saw it. `participant` None: nothing tells who it was.

    `is_cut_off`: it ended since the bridge died. `is_charged`: it has its price already, and others may follow it.
    """

    id: str
    service: str
    joined_at: datetime
    left_at: datetime
    participant: str | None = None
    is_cut_off: bool = False
    is_charged: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """The billed seconds of a leg in one band. `amount` is unrounded: seconds x price / 60.

    `begins` and `ends`, in UTC seconds, are when the leg was first and last in the band. A leg over several boundaries
    was in the other band in between, so the seconds may be fewer; rounded up they may be more.
    """

    service: str
    band: str
    seconds: int
    price: Decimal
    amount: Decimal
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What one leg costs. `duration` is the true one in seconds; the segments hold the billed ones."""

    leg: str
    duration: int
    segments: tuple[Segment, ...]

    @property
    def billed(self) -> int:
        return sum(segment.seconds for segment in self.segments)

    @property
    def amount(self) -> Decimal:
        return sum((segment.amount for segment in self.segments), Decimal(0))


@dataclass(frozen=True, slots=True)
class Excluded:
    """A leg that is not billed, and why."""

    leg: str
    duration: int
    reason: str


@dataclass(frozen=True, slots=True)
class Rating:
    """A conference's price, leg by leg in order of joining. `minimum_charge` has two places; 0.00 is none."""

    charges: tuple[Charge, ...]
    excluded: tuple[Excluded, ...]
    minimum_charge: Decimal
    rule_version: str = RULE_VERSION


def rate_conference(legs: Iterable[Leg], tariff: Tariff) -> Rating | Refusal:
    """Price the legs of one conference; the order they come in does not matter. Refused `no-rate` where one is missing.

    ValueError for a leg that leaves before it joins: the feed quarantines those, they never get here.
    """
    every = sorted((time_leg(leg, tariff) for leg in legs), key=lambda leg: (leg.joined, leg.left, leg.id))
    timed = [leg for leg in every if not leg.is_charged]
    billable = [leg for leg in timed if leg.duration]
    calls = calls_of(billable, tariff)
    rates = {(rate.service, rate.band): rate for rate in tariff.rates}
    missing = {(leg.service, stay.band) for call in calls for leg in call for stay in leg.bands} - rates.keys()
    if missing:
        return no_rate(missing, tariff)
    rated = [rate_call(call, rates) for call in calls]
    charges = {charge.leg: charge for call in rated for charge in call.charges}
    return Rating(
        charges=tuple(charges[leg.id] for leg in billable),
        excluded=tuple(Excluded(leg.id, leg.duration, ZERO_DURATION) for leg in timed if not leg.duration),
        minimum_charge=rounded(shortfall_of(rated, [leg for leg in every if leg.is_charged])),
    )


def no_rate(missing: set[tuple[str, str]], tariff: Tariff) -> Refusal:
    names = ", ".join(f"{service} {band}" for service, band in sorted(missing))
    return Refusal(
        "no-rate", f"contract {tariff.contract} version {tariff.version} has no rate for {names}: add it to the version"
    )


# A: legs are timed and split


@dataclass(frozen=True, slots=True)
class Stay:
    """The true seconds of a leg in one band, all within [begins, ends)."""

    band: str
    seconds: int
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class TimedLeg:
    """A leg in whole UTC seconds. `bands` holds its stay in the band in which it began first, then in the other."""

    id: str
    service: str
    participant: str | None
    joined: int
    left: int
    bands: tuple[Stay, ...]
    ended_in: str
    is_cut_off: bool = False
    is_charged: bool = False

    @property
    def duration(self) -> int:
        return self.left - self.joined


def duration_seconds(joined_at: datetime, left_at: datetime) -> int:
    """Rule 1: floor(leave) - floor(join) in UTC seconds; ValueError when the leave comes first."""
    seconds = epoch_seconds(left_at) - epoch_seconds(joined_at)
    if seconds < 0:
        raise ValueError(f"it leaves at {left_at.isoformat()}, before it joins at {joined_at.isoformat()}")
    return seconds


def time_leg(leg: Leg, tariff: Tariff) -> TimedLeg:
    joined = epoch_seconds(leg.joined_at)
    left = joined + duration_seconds(leg.joined_at, leg.left_at)
    bands, ended_in = split(joined, left, tariff)
    return TimedLeg(leg.id, leg.service, leg.participant, joined, left, bands, ended_in, leg.is_cut_off, leg.is_charged)


def split(joined: int, left: int, tariff: Tariff) -> tuple[tuple[Stay, ...], str]:
    """The stay in each band, and the band of the last second: a leg that ends at 18:00:00 ended in peak."""
    began_in = band_at(joined, tariff.calendar)
    whole = Stay(began_in, left - joined, joined, left)
    if tariff.band_rule is BandRule.AT_START:
        return (whole,), began_in
    peak = peak_seconds(joined, left, tariff.calendar)
    seconds = {PEAK: peak, OFF_PEAK: left - joined - peak}
    other = OFF_PEAK if began_in == PEAK else PEAK
    if not seconds[other]:
        return (whole,), began_in
    changes = switches(joined, left, tariff.calendar)
    first, last = changes[0], changes[-1]
    ended_in = band_at(left - 1, tariff.calendar)
    return (
        Stay(began_in, seconds[began_in], joined, left if ended_in == began_in else last),
        Stay(other, seconds[other], first, left if ended_in == other else last),
    ), ended_in


# B: legs become calls


def calls_of(legs: Sequence[TimedLeg], tariff: Tariff) -> list[list[TimedLeg]]:
    """Legs in order of joining, as calls: [A, B, A after 12 s] is [[A, A], [B]] when gaps under 30 s merge."""
    calls: list[list[TimedLeg]] = []
    latest: dict[tuple[str, str], list[TimedLeg]] = {}
    for leg in legs:
        call = latest.get((leg.participant, leg.service)) if leg.participant else None
        if call and 0 <= leg.joined - call[-1].left < tariff.merge_gaps_under:
            call.append(continuing(leg, call[0], tariff.band_rule))
            continue
        calls.append([leg])
        if leg.participant:
            latest[leg.participant, leg.service] = calls[-1]
    return calls


def continuing(leg: TimedLeg, first: TimedLeg, rule: BandRule) -> TimedLeg:
    """AT_START: a leg that continues a call stays in the band in which the call began."""
    if rule is BandRule.SPLIT:
        return leg
    return replace(leg, bands=(Stay(first.ended_in, leg.duration, leg.joined, leg.left),), ended_in=first.ended_in)


# C and D: a call is billed


@dataclass(frozen=True, slots=True)
class RatedCall:
    """The charges of a call's legs, the exact sum of them, and the least that a call costs."""

    legs: Sequence[TimedLeg]
    charges: list[Charge]
    exact: Fraction
    least: Fraction


def billed_seconds(duration: int, increments: Increments) -> int:
    """Seconds to bill: never less than the first increment, then whole steps (60/6: 61 s -> 66 s). 0 s bill nothing."""
    if duration == 0:
        return 0
    beyond = max(0, duration - increments.first)
    return increments.first + -(-beyond // increments.step) * increments.step


def rate_call(call: Sequence[TimedLeg], rates: Mapping[tuple[str, str], Rate]) -> RatedCall:
    first, last = call[0], call[-1]
    opening = rates[first.service, first.bands[0].band]
    duration = sum(leg.duration for leg in call)
    rounding_up = billed_seconds(duration, opening.increments) - duration
    charges = [charge_of(leg, rounding_up if leg is last else 0, rates) for leg in call]
    return RatedCall(call, charges, exact_of(charges), Fraction(opening.minimum or 0))


def charge_of(leg: TimedLeg, rounding_up: int, rates: Mapping[tuple[str, str], Rate]) -> Charge:
    segments = [
        segment_of(rates[leg.service, stay.band], stay, rounding_up if stay.band == leg.ended_in else 0)
        for stay in leg.bands
    ]
    return Charge(leg.id, leg.duration, tuple(segments))


def segment_of(rate: Rate, stay: Stay, rounding_up: int) -> Segment:
    seconds = stay.seconds + rounding_up
    return Segment(rate.service, rate.band, seconds, rate.price, amount_of(seconds, rate.price), stay.begins, stay.ends)


def amount_of(seconds: int, price: Decimal) -> Decimal:
    """Rule 5: seconds x price per minute / 60, unrounded (1199 s x 0.95 = 18.98416666...)."""
    return seconds * price / 60


def exact_of(charges: Iterable[Charge]) -> Fraction:
    """Fractions: thirds of a haléř add up before they are rounded."""
    return sum(
        (segment.seconds * Fraction(segment.price) / 60 for charge in charges for segment in charge.segments),
        Fraction(0),
    )


@dataclass(slots=True)
class Presence:
    """Calls of one participant that follow each other, cut off and back again: together they cost the least once."""

    last: TimedLeg
    exact: Fraction = Fraction(0)
    least: Fraction = Fraction(0)

    def goes_on_with(self, leg: TimedLeg) -> bool:
        return self.last.is_cut_off and 0 <= leg.joined - self.last.left < RECONNECTING


def shortfall_of(calls: Sequence[RatedCall], charged: Sequence[TimedLeg]) -> Fraction:
    """How far the exact sums stay below the least, in all. Who goes on with what is charged already has paid it."""
    begun = sorted(
        [*((leg, leg, None) for leg in charged), *((call.legs[0], call.legs[-1], call) for call in calls)],
        key=lambda each: (each[0].joined, each[0].left, each[0].id),
    )
    latest: dict[tuple[str, str], Presence] = {}
    presences: list[Presence] = []
    for first, last, call in begun:
        who = (first.participant, first.service) if first.participant else None
        presence = latest.get(who) if who else None
        if presence is None or not presence.goes_on_with(first):
            presence = Presence(last, least=call.least if call else Fraction(0))
            presences.append(presence)
        presence.last = last
        presence.exact += call.exact if call else 0
        if who:
            latest[who] = presence
    return sum((max(Fraction(0), each.least - each.exact) for each in presences), Fraction(0))


def rounded(amount: Fraction) -> Decimal:
    return half_up(Decimal(amount.numerator) / Decimal(amount.denominator))
