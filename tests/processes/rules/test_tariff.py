"""What a conference costs: tables of cases (domain.md section 2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest

from processes.rules.instants import instant_at
from processes.rules.money import CENT, half_up
from processes.rules.refusal import Refusal
from processes.rules.tariff import (
    RULE_VERSION,
    BandRule,
    Excluded,
    Increments,
    Leg,
    billed_seconds,
    duration_seconds,
    rate_conference,
)
from tests.processes.rules.cases import (
    ALICE,
    BOB,
    BOB_AGAIN,
    CAROL,
    WORKED_EXAMPLE,
    a_leg,
    a_tariff,
    bands_of,
    local,
    rated,
)

# The worked example


@pytest.mark.parametrize(
    ("leg", "duration", "billed", "peak", "off_peak", "exact", "up", "even"),
    [
        (ALICE, 3025, 3030, 1800, 1230, Fraction("73.475"), "73.48", "73.48"),
        (BOB, 31, 60, 60, 0, Fraction("1.80"), "1.80", "1.80"),
        (BOB_AGAIN, 2634, 2634, 1435, 1199, Fraction("43.05") + Fraction(1199 * 95, 6000), "62.03", "62.03"),
        (CAROL, 392, 396, 90, 306, Fraction("7.545"), "7.55", "7.54"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_each_leg_of_the_worked_example(
    leg: tuple[str, str, str], duration: int, billed: int, peak: int, off_peak: int, exact: Fraction, up: str, even: str
) -> None:
    """Every cell of domain.md's table."""
    name, joined, left = leg
    (charge,) = rated(a_leg(joined, left, id=name)).charges
    seconds = {segment.band: segment.seconds for segment in charge.segments}
    assert (charge.leg, charge.duration, charge.billed) == (name, duration, billed)
    assert (seconds.get("peak", 0), seconds.get("off-peak", 0)) == (peak, off_peak)
    assert abs(Fraction(charge.amount) - exact) < Fraction(1, 10**20)
    assert half_up(charge.amount) == Decimal(up)
    assert charge.amount.quantize(CENT, ROUND_HALF_EVEN) == Decimal(even)


def test_the_worked_example_as_one_conference() -> None:
    """3385 s peak and 2735 s off-peak, in order of joining, no minimum, the rule's version with it."""
    rating = rated(*(a_leg(joined, left, id=name) for name, joined, left in WORKED_EXAMPLE))
    assert [charge.leg for charge in rating.charges] == ["Alice", "Bob", "Bob again", "Carol"]
    assert bands_of(*(a_leg(j, left, id=n) for n, j, left in WORKED_EXAMPLE)) == {"peak": 3385, "off-peak": 2735}
    assert (rating.excluded, rating.minimum_charge, rating.rule_version) == ((), Decimal("0.00"), RULE_VERSION)


def test_the_order_of_the_legs_changes_nothing() -> None:
    """A rating is a function of the set of legs."""
    legs = [a_leg(joined, left, id=name) for name, joined, left in WORKED_EXAMPLE]
    assert len({rate_conference(order, a_tariff()) for order in permutations(legs)}) == 1


# Increments


@pytest.mark.parametrize(
    ("duration", "increments", "billed"),
    [
        (0, (60, 6), 0),
        (1, (60, 6), 60),
        (60, (60, 6), 60),
        (61, (60, 6), 66),
        (66, (60, 6), 66),
        (67, (60, 6), 72),
        (392, (60, 6), 396),
        (392, (30, 6), 396),
        (392, (6, 6), 396),
        (392, (60, 60), 420),
        (392, (1, 1), 392),
        (3599, (3600, 1), 3600),
    ],
)
def test_billed_seconds(duration: int, increments: tuple[int, int], billed: int) -> None:
    """Rule 3: never less than the first increment, then whole steps; nothing for nothing."""
    assert billed_seconds(duration, Increments(*increments)) == billed


@pytest.mark.parametrize(
    ("increments", "amount"),
    [((1, 1), "11.76"), ((6, 6), "11.88"), ((30, 6), "11.88"), ((60, 6), "11.88"), ((60, 60), "12.60")],
)
def test_carol_by_increment_at_flat_1_80(increments: tuple[int, int], amount: str) -> None:
    """Domain.md's line under the table."""
    _, joined, left = CAROL
    (charge,) = rated(a_leg(joined, left), tariff=a_tariff(peak="1.80", off_peak="1.80", increments=increments)).charges
    assert half_up(charge.amount) == Decimal(amount)


@pytest.mark.parametrize("increments", [(0, 6), (60, 0), (-1, 1)])
def test_increments_that_bill_nothing_are_refused(increments: tuple[int, int]) -> None:
    """0/6 would bill calls at nothing, 60/0 never end."""
    with pytest.raises(ValueError, match="1 second or more"):
        Increments(*increments)


# Durations


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def prague(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Prague"), fold=fold)


@pytest.mark.parametrize(
    ("joined", "left", "seconds"),
    [
        (utc("2026-11-24T10:00:00.900"), utc("2026-11-24T10:00:01.100"), 1),
        (utc("2026-11-24T10:00:00.100"), utc("2026-11-24T10:00:00.900"), 0),
        (utc("1969-12-31T23:59:59.500"), utc("1970-01-01T00:00:00.500"), 1),
        (prague("2026-10-25T02:30"), prague("2026-10-25T02:30", fold=1), 3600),
        (prague("2027-03-28T01:59:30"), prague("2027-03-28T03:00:30"), 60),
    ],
    ids=["floors both ends", "within one second", "before 1970", "autumn double hour", "spring gap"],
)
def test_durations_come_from_utc(joined: datetime, left: datetime, seconds: int) -> None:
    """Rule 1: floor(leave) - floor(join); the naive local difference would say 0 and 3660 on the clock changes."""
    assert duration_seconds(joined, left) == seconds


def test_a_leave_before_the_join_is_no_leg() -> None:
    """Never negative, never clamped in silence: the feed quarantines it."""
    with pytest.raises(ValueError, match="before it joins"):
        rate_conference([a_leg("17:30:00", "17:29:59")], a_tariff())


def test_a_time_without_a_zone_is_no_instant() -> None:
    """Guessing the zone would price an hour wrongly twice a year."""
    naive = datetime(2026, 11, 24, 17, 30)
    with pytest.raises(ValueError, match="has no zone"):
        rate_conference([Leg("leg", "dial-in", naive, naive)], a_tariff())


def test_a_leg_of_no_seconds_is_excluded_with_its_reason() -> None:
    """Rule 3: a dropped join is not billed, and not lost either."""
    rating = rated(a_leg("17:30:00", "17:30:00", id="dropped"), a_leg("17:31:00", "17:33:00", id="stayed"))
    assert rating.excluded == (Excluded("dropped", 0, "zero-duration"),)
    assert [charge.leg for charge in rating.charges] == ["stayed"]


def test_a_conference_of_nothing_costs_nothing() -> None:
    """No legs, no charges, no minimum."""
    rating = rated(tariff=a_tariff(minimum="5.00"))
    assert (rating.charges, rating.excluded, rating.minimum_charge) == ((), (), Decimal("0.00"))


# Bands

NATIONAL_DAY = date(2026, 10, 28)  # a Wednesday


@pytest.mark.parametrize(
    ("joined", "left", "bands"),
    [
        ("07:58:00", "08:00:00", {"off-peak": 120}),
        ("07:58:00", "08:00:01", {"off-peak": 120, "peak": 6}),
        ("08:00:00", "08:02:00", {"peak": 120}),
        ("17:58:00", "18:00:00", {"peak": 120}),
        ("17:59:50", "18:00:00", {"peak": 60}),
        ("17:59:50", "18:00:01", {"peak": 10, "off-peak": 50}),
        ("18:00:00", "18:02:00", {"off-peak": 120}),
        ("17:00:00", f"{'2026-11-25'} 09:00:00", {"peak": 7200, "off-peak": 14 * 3600}),
        ("2026-11-27 17:00:00", "2026-11-30 09:00:00", {"peak": 7200, "off-peak": 62 * 3600}),
        ("2026-11-28 10:00:00", "2026-11-28 10:02:00", {"off-peak": 120}),
        ("2026-11-29 10:00:00", "2026-11-29 10:02:00", {"off-peak": 120}),
        ("2026-10-28 10:00:00", "2026-10-28 10:02:00", {"off-peak": 120}),
        ("2026-10-27 17:59:00", "2026-10-28 08:01:00", {"peak": 60, "off-peak": 14 * 3600 + 60}),
        ("2026-10-26 07:59:00", "2026-10-26 08:01:00", {"off-peak": 60, "peak": 60}),
        ("2026-10-23 17:59:00", "2026-10-23 18:01:00", {"peak": 60, "off-peak": 60}),
        ("2026-10-24 23:00:00", "2026-10-25 23:00:00", {"off-peak": 25 * 3600}),
        ("2027-03-27 23:00:00", "2027-03-28 23:00:00", {"off-peak": 23 * 3600}),
    ],
    ids=[
        "ends exactly at 08:00",
        "one second into peak",
        "begins exactly at 08:00",
        "ends exactly at 18:00",
        "rounding up at 18:00 stays in peak",
        "one second past 18:00 takes the rounding up",
        "begins exactly at 18:00",
        "over night",
        "over a weekend",
        "Saturday",
        "Sunday",
        "public holiday",
        "into a public holiday",
        "08:00 the day after winter time begins is 07:00Z",
        "18:00 before winter time begins is 16:00Z",
        "a day of 25 hours",
        "a day of 23 hours",
    ],
)
def test_seconds_per_band(joined: str, left: str, bands: dict[str, int]) -> None:
    """Rule 4: split at the true instants; exactly at a boundary is the band before it; rounding up goes to the last."""
    assert bands_of(a_leg(joined, left), tariff=a_tariff(holidays=(NATIONAL_DAY,))) == bands


@pytest.mark.parametrize(
    ("zone", "joined", "left", "bands"),
    [
        ("Pacific/Auckland", "2026-11-24T05:00:00", "2026-11-24T05:02:00", {"off-peak": 120}),
        ("Pacific/Auckland", "2026-11-24T04:59:00", "2026-11-24T05:01:00", {"peak": 60, "off-peak": 60}),
        ("Pacific/Kiritimati", "2026-11-22T18:00:00", "2026-11-22T18:02:00", {"peak": 120}),
        ("America/Los_Angeles", "2026-11-25T01:59:00", "2026-11-25T02:01:00", {"peak": 60, "off-peak": 60}),
        ("UTC", "2026-11-24T17:59:00", "2026-11-24T18:01:00", {"peak": 60, "off-peak": 60}),
    ],
)
def test_bands_are_read_off_the_contracts_clocks(zone: str, joined: str, left: str, bands: dict[str, int]) -> None:
    """The local day may be the UTC day's neighbour."""
    assert bands_of(Leg("leg", "dial-in", utc(joined), utc(left)), tariff=a_tariff(zone=zone)) == bands


@pytest.mark.parametrize(
    ("joined", "left", "bands"),
    [
        ("17:58:30", "18:05:02", {"peak": 396}),
        ("18:00:00", "18:02:00", {"off-peak": 120}),
        ("07:59:59", "09:00:00", {"off-peak": 3606}),
    ],
)
def test_band_at_start_holds_to_the_end(joined: str, left: str, bands: dict[str, int]) -> None:
    """The contract's option AT_START."""
    assert bands_of(a_leg(joined, left), tariff=a_tariff(band_rule=BandRule.AT_START)) == bands


# Minimum charge


@pytest.mark.parametrize(
    ("minimum", "difference"),
    [(None, "0.00"), ("0.00", "0.00"), ("1.80", "0.00"), ("2.00", "0.20"), ("7.545", "5.75"), ("10.00", "10.66")],
)
def test_the_minimum_adds_one_difference_for_all_legs(minimum: str | None, difference: str) -> None:
    """Rule 6: per leg (here 1.80 and 7.545), added up exactly, rounded once; the segments stay as they are."""
    legs = [a_leg(joined, left, id=name) for name, joined, left in (BOB, CAROL)]
    rating = rated(*legs, tariff=a_tariff(minimum=minimum))
    assert rating.minimum_charge == Decimal(difference)
    assert rating.charges == rated(*legs).charges


def test_thirds_of_a_haler_add_up_before_the_minimum_is_rounded() -> None:
    """Three times 0.01 - 0.10/60 is 0.025 exactly, so 0.03; decimals cut at any place would say 0.02."""
    legs = [a_leg("17:30:00", "17:30:01", id=str(number)) for number in range(3)]
    tariff = a_tariff(peak="0.10", increments=(1, 1), minimum="0.01")
    assert rated(*legs, tariff=tariff).minimum_charge == Decimal("0.03")


# Rejoins


def test_a_rejoin_is_a_new_leg_with_its_own_minimum() -> None:
    """Edge case 7, by default: Bob pays a first minute each time."""
    legs = [
        a_leg("17:35:00", "17:35:31", id="1", participant="Bob"),
        a_leg("17:35:40", "17:36:00", id="2", participant="Bob"),
    ]
    rating = rated(*legs, tariff=a_tariff(minimum="2.00"))
    assert [charge.billed for charge in rating.charges] == [60, 60]
    assert rating.minimum_charge == Decimal("0.40")


@pytest.mark.parametrize(
    ("gap_under", "billed", "minimum_charge"),
    [(0, [60, 60], "0.40"), (9, [60, 60], "0.40"), (10, [31, 29], "0.20")],
)
def test_short_gaps_merge_into_one_call(gap_under: int, billed: list[int], minimum_charge: str) -> None:
    """`merge gaps < n s`: 31 + 20 s, 9 s apart, are one call of 51 s; each leg keeps its charge, the gap is free."""
    legs = [
        a_leg("17:35:00", "17:35:31", id="1", participant="Bob"),
        a_leg("17:35:40", "17:36:00", id="2", participant="Bob"),
    ]
    rating = rated(*legs, tariff=a_tariff(minimum="2.00", merge_gaps_under=gap_under))
    assert [charge.billed for charge in rating.charges] == billed
    assert rating.minimum_charge == Decimal(minimum_charge)


@pytest.mark.parametrize(
    ("back_at", "is_cut_off", "is_charged", "who", "minimum_charge"),
    [
        ("17:45:30", True, False, "Bob", "0.00"),  # 1.80 and 1.80 are one presence of 3.60
        ("17:45:31", True, False, "Bob", "0.40"),  # 601 s after he was cut off
        ("17:36:00", False, False, "Bob", "0.40"),  # he left by himself
        ("17:36:00", True, False, "Carol", "0.40"),
        ("17:36:00", True, True, "Bob", "0.00"),  # the first minimum was charged before
        ("17:45:31", True, True, "Bob", "0.20"),
    ],
)
def test_edge_case_10_who_is_back_within_ten_minutes_pays_no_second_minimum_charge(
    back_at: str, is_cut_off: bool, is_charged: bool, who: str, minimum_charge: str
) -> None:
    """The bridge died under him; the seconds of both stays are billed as ever."""
    first = a_leg("17:35:00", "17:35:31", id="1", participant="Bob")
    first = replace(first, is_cut_off=is_cut_off, is_charged=is_charged)
    minutes, seconds = int(back_at[3:5]), back_at[6:]
    second = a_leg(back_at, f"17:{minutes + 1}:{seconds}", id="2", participant=who)
    rating = rated(first, second, tariff=a_tariff(minimum="2.00"))
    assert [charge.billed for charge in rating.charges] == ([60] if is_charged else [60, 60])
    assert rating.minimum_charge == Decimal(minimum_charge)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            a_leg("17:35:00", "17:35:30", id="1", participant="Bob"),
            a_leg("17:35:35", "17:36:00", id="2", participant="Carol"),
        ),
        (a_leg("17:35:00", "17:35:30", id="1"), a_leg("17:35:35", "17:36:00", id="2")),
        (
            a_leg("17:35:00", "17:35:30", id="1", participant="Bob"),
            a_leg("17:35:20", "17:36:00", id="2", participant="Bob"),
        ),
    ],
    ids=["two people", "nobody known", "at the same time"],
)
def test_what_does_not_merge(first: Leg, second: Leg) -> None:
    """Only rejoins of one known participant, one after the other."""
    rating = rated(first, second, tariff=a_tariff(merge_gaps_under=600))
    assert [charge.billed for charge in rating.charges] == [60, 60]


def test_a_merged_call_at_start_keeps_the_band_of_its_start() -> None:
    """One call, so one band, also for the leg that began after 18:00."""
    legs = [
        a_leg("17:58:00", "17:59:58", id="1", participant="Bob"),
        a_leg("18:00:03", "18:02:00", id="2", participant="Bob"),
    ]
    tariff = a_tariff(band_rule=BandRule.AT_START, merge_gaps_under=30)
    assert bands_of(*legs, tariff=tariff) == {"peak": 240}


# Refusals


def test_a_missing_rate_is_refused_by_name() -> None:
    """Never price 0, never another service's price."""
    refusal = rate_conference([a_leg("17:58:00", "18:02:00", service="dial-out")], a_tariff())
    assert refusal == Refusal(
        "no-rate",
        "contract SM-2024-0815 version 2 has no rate for dial-out off-peak, dial-out peak: add it to the version",
    )


def test_a_rate_that_is_not_needed_may_be_missing() -> None:
    """An excluded leg asks for no rate."""
    assert rated(a_leg("17:58:00", "17:58:00", service="toll-free")).charges == ()


def test_a_leg_of_many_days_is_priced_to_the_second() -> None:
    """A vanished phone's leg is rated as it is; review is another rule's business."""
    start = utc("2026-11-02T00:00:00")
    assert bands_of(Leg("leg", "dial-in", start, start + timedelta(days=28))) == {
        "peak": 20 * 36_000,
        "off-peak": 28 * 86_400 - 20 * 36_000,
    }


@pytest.mark.parametrize(
    ("joined", "left", "stays"),
    [
        ("17:30:00", "17:40:00", [("peak", "17:30:00", "17:40:00")]),
        ("17:30:00", "18:10:00", [("peak", "17:30:00", "18:00:00"), ("off-peak", "18:00:00", "18:10:00")]),
        (
            "17:30:00",
            "2026-11-25 09:00:00",
            [("peak", "17:30:00", "2026-11-25 09:00:00"), ("off-peak", "18:00:00", "2026-11-25 08:00:00")],
        ),
        (
            "07:00:00",
            "19:00:00",
            [("off-peak", "07:00:00", "19:00:00"), ("peak", "08:00:00", "18:00:00")],
        ),
    ],
    ids=["one band", "one boundary", "over a night", "over a day"],
)
def test_segment_says_when_the_leg_was_in_its_band(joined: str, left: str, stays: list[tuple[str, str, str]]) -> None:
    """First and last; over several boundaries the leg was in the other band in between."""
    (charge,) = rated(a_leg(joined, left)).charges
    assert [(each.band, instant_at(each.begins), instant_at(each.ends)) for each in charge.segments] == [
        (band, local(begins), local(ends)) for band, begins, ends in stays
    ]
