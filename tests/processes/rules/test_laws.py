"""Laws of the rules, one sentence each (domain.md section 3: I3, I4, I7, I8, I9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from processes.rules.bands import OFF_PEAK, PEAK, Calendar
from processes.rules.conferences import Booking, assemble, windows_of
from processes.rules.conferences import Leg as RoomLeg
from processes.rules.instants import local_day
from processes.rules.invoice import BilledSegment, MinimumCharge, lines_of, totals_of
from processes.rules.periods import next_period, period_containing, previous_period
from processes.rules.rates import in_force, overlapping
from processes.rules.refusal import Refusal
from processes.rules.tariff import (
    BandRule,
    Charge,
    Excluded,
    Increments,
    Leg,
    Rate,
    Rating,
    Tariff,
    billed_seconds,
    duration_seconds,
    rate_conference,
)
from tests.processes.rules.test_rates import Version

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ["Europe/Prague", "UTC", "America/New_York", "Pacific/Auckland"]

instants = st.integers(0, 3 * 365 * 86_400 * 10).map(lambda tenths: BEGIN + timedelta(milliseconds=100 * tenths))
durations = st.one_of(st.integers(0, 100), st.integers(0, 20_000), st.integers(0, 900_000))
prices = st.decimals("0", "99.9999", places=4)


@st.composite
def some_legs(draw: st.DrawFn) -> list[Leg]:
    start = draw(instants)
    legs = []
    for number in range(draw(st.integers(0, 6))):
        joined = start + timedelta(seconds=draw(durations))
        left = joined + timedelta(seconds=draw(durations), milliseconds=draw(st.integers(0, 999)))
        service = draw(st.sampled_from(["dial-in", "toll-free"]))
        legs.append(Leg(str(number), service, joined, left, draw(st.sampled_from([None, "Alice", "Bob"]))))
    return legs


@st.composite
def some_tariffs(draw: st.DrawFn) -> Tariff:
    rates = [
        Rate(
            service,
            band,
            draw(prices),
            Increments(draw(st.integers(1, 120)), draw(st.integers(1, 90))),
            draw(st.none() | st.decimals("0", "10", places=2)),
        )
        for service in ("dial-in", "toll-free")
        for band in (PEAK, OFF_PEAK)
    ]
    return Tariff(
        contract="SM-1",
        version=1,
        currency="CZK",
        rates=tuple(rates),
        calendar=Calendar(
            draw(st.sampled_from(ZONES)), draw(st.frozensets(st.dates(date(2026, 1, 1), date(2029, 1, 1))))
        ),
        band_rule=draw(st.sampled_from(BandRule)),
        merge_gaps_under=draw(st.sampled_from([0, 30, 600])),
    )


def rated(legs: list[Leg], tariff: Tariff) -> Rating:
    rating = rate_conference(legs, tariff)
    assert not isinstance(rating, Refusal)
    return rating


@given(some_legs(), some_tariffs())
def test_durations_are_conserved(legs: list[Leg], tariff: Tariff) -> None:
    """I9: the bridge's seconds are the rated and the excluded ones, and each leg is in exactly one of them."""
    rating = rated(legs, tariff)
    parts: list[Charge | Excluded] = [*rating.charges, *rating.excluded]
    assert sorted(part.leg for part in parts) == sorted(leg.id for leg in legs)
    assert {part.leg: part.duration for part in parts} == {
        leg.id: duration_seconds(leg.joined_at, leg.left_at) for leg in legs
    }


@given(some_legs(), some_tariffs())
def test_splitting_conserves_billed_seconds(legs: list[Leg], tariff: Tariff) -> None:
    """Without merging, the bands of a leg add up to its increments, whichever band's they are; no segment is empty."""
    for charge in rated([*legs], apart(tariff)).charges:
        (service,) = {segment.service for segment in charge.segments}
        possible = {
            billed_seconds(charge.duration, rate.increments) for rate in tariff.rates if rate.service == service
        }
        assert charge.billed in possible
        assert all(segment.seconds > 0 for segment in charge.segments)
        assert len({segment.band for segment in charge.segments}) == len(charge.segments) <= 2


def apart(tariff: Tariff) -> Tariff:
    return replace(tariff, merge_gaps_under=0)


@given(some_legs(), some_tariffs())
def test_a_second_is_peak_by_the_local_clock(legs: list[Leg], tariff: Tariff) -> None:
    """A leg of up to an hour split band by band agrees with asking the local clock second by second."""
    for leg in (leg for leg in legs if duration_seconds(leg.joined_at, leg.left_at) in range(1, 3600)):
        by_seconds = Tariff("SM-1", 1, "CZK", tuple(by_second(rate) for rate in tariff.rates), tariff.calendar)
        (charge,) = rated([leg], by_seconds).charges
        seconds = {segment.band: segment.seconds for segment in charge.segments}
        assert seconds.get(PEAK, 0) == peak_by_the_clock(leg, tariff.calendar)


def by_second(rate: Rate) -> Rate:
    return Rate(rate.service, rate.band, rate.price, Increments(1, 1))


def peak_by_the_clock(leg: Leg, calendar: Calendar) -> int:
    start = leg.joined_at.replace(microsecond=0)
    return sum(
        is_peak(start + timedelta(seconds=second), calendar)
        for second in range(duration_seconds(leg.joined_at, leg.left_at))
    )


def is_peak(instant: datetime, calendar: Calendar) -> bool:
    local = instant.astimezone(ZoneInfo(calendar.zone))
    return local.weekday() < 5 and local.date() not in calendar.holidays and 8 <= local.hour < 18


@given(some_legs(), some_tariffs(), st.randoms())
def test_the_order_of_legs_changes_nothing(legs: list[Leg], tariff: Tariff, random: Random) -> None:
    """A rating is a function of the set of legs."""
    shuffled = list(legs)
    random.shuffle(shuffled)
    assert rate_conference(shuffled, tariff) == rate_conference(legs, tariff)


@given(some_legs(), some_tariffs())
def test_amounts_are_never_negative(legs: list[Leg], tariff: Tariff) -> None:
    """Neither a segment, nor the minimum charge, nor a line."""
    rating = rated(legs, tariff)
    assert all(segment.amount >= 0 for charge in rating.charges for segment in charge.segments)
    assert rating.minimum_charge >= 0
    assert all(line.net >= 0 for line in lines_of(*stored(rating)))


@given(some_legs(), some_tariffs(), st.sampled_from([(60, 6), (6, 6), (30, 6), (60, 60), (1, 1)]))
def test_merging_never_bills_more(legs: list[Leg], tariff: Tariff, increments: tuple[int, int]) -> None:
    """The option is for the customer: fewer first blocks, fewer seconds (where the first block is whole steps)."""
    rates = tuple(replace(rate, increments=Increments(*increments)) for rate in tariff.rates)
    merging = replace(tariff, rates=rates, merge_gaps_under=600)
    assert billed(rated(legs, merging)) <= billed(rated(legs, apart(merging)))


def billed(rating: Rating) -> int:
    return sum(charge.billed for charge in rating.charges)


# I3, I4


def stored(rating: Rating) -> tuple[list[BilledSegment], list[MinimumCharge]]:
    """A rating as billing keeps it."""
    segments = [
        BilledSegment("CF-1", BEGIN, "SM-1", 1, charge.leg, part.service, part.band, part.price, part.seconds)
        for charge in rating.charges
        for part in charge.segments
    ]
    return segments, [MinimumCharge("CF-1", BEGIN, "SM-1", 1, rating.minimum_charge)]


@given(some_legs(), some_tariffs(), st.randoms())
def test_the_invoice_can_be_made_again_from_what_is_stored(legs: list[Leg], tariff: Tariff, random: Random) -> None:
    """I3: total = sum of lines + VAT; a line is its segments' exact sum, rounded once, in any order."""
    segments, minimums = stored(rated(legs, tariff))
    lines = lines_of(segments, minimums)
    totals = totals_of(lines)
    assert totals.base == sum((line.net for line in lines), Decimal(0))
    assert totals.total == totals.base + sum((part.amount for part in totals.vat), Decimal(0))
    random.shuffle(segments)
    assert lines_of(segments, minimums) == lines
    for line in (line for line in lines if line.band):
        exact = sum(
            Fraction(part.price) * part.seconds / 60
            for part in segments
            if (part.band, part.price) == (line.band, line.unit_price)
        )
        assert line.net == Decimal(int(exact * 100 + Fraction(1, 2))) / 100
        assert abs(exact - Fraction(line.quantity * line.unit_price) / 60) == 0


@given(some_legs(), some_tariffs())
def test_every_charge_has_a_price_of_the_tariff(legs: list[Leg], tariff: Tariff) -> None:
    """I4, the rules' part: no price but the one in force is applied."""
    known = {(rate.service, rate.band, rate.price) for rate in tariff.rates}
    used = {(part.service, part.band, part.price) for charge in rated(legs, tariff).charges for part in charge.segments}
    assert used <= known


# I7


@given(st.integers(1, 31), instants, st.sampled_from(ZONES))
def test_periods_tile_time(cycle_day: int, instant: datetime, zone: str) -> None:
    """I7: an instant is in its period; the neighbours touch it and nothing is between."""
    period = period_containing(cycle_day, instant, zone=zone)
    following = next_period(cycle_day, period, zone=zone)
    assert period.start <= instant < period.end == following.start
    assert previous_period(cycle_day, following, zone=zone) == period
    assert period_containing(cycle_day, period.end - timedelta(microseconds=1), zone=zone) == period


# I8


@given(st.lists(st.dates(date(2024, 1, 1), date(2028, 1, 1)), unique=True), instants)
def test_of_versions_that_follow_each_other_one_is_in_force(starts: list[date], at: datetime) -> None:
    """I8: such versions don't overlap; the one in force is the last that has begun."""
    ordered = sorted(starts)
    ends: list[date | None] = [*ordered[1:], None]
    versions = (
        [Version(n, start, end) for n, (start, end) in enumerate(zip(ordered, ends, strict=True))] if ordered else []
    )
    found = in_force(versions, at)
    begun = [version for version in versions if version.valid_from <= local_day(at)]
    assert overlapping(versions) == []
    assert found == (begun[-1] if begun else None)


# Conferences


@st.composite
def some_bookings(draw: st.DrawFn) -> list[Booking]:
    quarters = st.integers(0, 200)
    bookings = []
    for number in range(draw(st.integers(0, 5))):
        starts = BEGIN + timedelta(minutes=15 * draw(quarters))
        ends = starts + timedelta(minutes=15 * draw(st.integers(1, 20)))
        bookings.append(Booking(f"BK-{number}", draw(st.sampled_from("AB")), starts, ends, "COMPLETED"))
    return bookings


@st.composite
def some_room_legs(draw: st.DrawFn) -> list[RoomLeg]:
    legs = []
    for number in range(draw(st.integers(0, 8))):
        joined = BEGIN + timedelta(minutes=draw(st.integers(0, 4000)))
        left = joined + timedelta(minutes=draw(st.integers(0, 300)))
        legs.append(RoomLeg(str(number), draw(st.sampled_from("AB")), joined, left))
    return legs


@given(some_room_legs(), some_bookings(), st.randoms())
def test_every_leg_is_in_exactly_one_conference(legs: list[RoomLeg], bookings: list[Booking], random: Random) -> None:
    """Nothing lost, nothing twice, one conference per booking at most, whatever the order."""
    found = assemble(legs, bookings)
    assert sorted(leg for conference in found for leg in conference.legs) == sorted(leg.id for leg in legs)
    owners = [conference.booking for conference in found if conference.booking]
    assert len(owners) == len(set(owners))
    random.shuffle(legs)
    random.shuffle(bookings)
    assert set(assemble(legs, bookings)) == set(found)


@given(some_bookings())
def test_windows_of_a_room_never_overlap(bookings: list[Booking]) -> None:
    """So no join has two owners."""
    for windows in windows_of(bookings).values():
        assert all(before.closes <= after.opens for before, after in pairwise(windows))
