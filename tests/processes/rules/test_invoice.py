"""What an invoice says: lines, VAT, crowns (domain.md section 2, rules 7 and 8)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from itertools import permutations

import pytest

from processes.rules.invoice import (
    BilledSegment,
    ExchangeRate,
    Line,
    MinimumCharge,
    exchange_rate_for,
    line_net,
    lines_of,
    totals_of,
    with_vat_in_czk,
)
from processes.rules.refusal import Refusal
from tests.processes.rules.cases import WORKED_EXAMPLE, a_leg, local, rated

START = local("17:30:00")


def a_segment(
    seconds: int = 60,
    *,
    price: str = "1.80",
    band: str = "peak",
    conference: str = "CF-1",
    leg: str = "leg",
    started_at: datetime = START,
    service: str = "dial-in",
    rate_version: int = 2,
) -> BilledSegment:
    return BilledSegment(
        conference, started_at, "SM-2024-0815", rate_version, leg, service, band, Decimal(price), seconds
    )


def a_minimum(amount: str, *, started_at: datetime = START) -> MinimumCharge:
    return MinimumCharge("CF-1", started_at, "SM-2024-0815", 2, Decimal(amount))


def the_worked_example() -> list[BilledSegment]:
    rating = rated(*(a_leg(joined, left, id=name) for name, joined, left in WORKED_EXAMPLE))
    return [
        a_segment(segment.seconds, price=str(segment.price), band=segment.band, leg=charge.leg)
        for charge in rating.charges
        for segment in charge.segments
    ]


def test_the_worked_example_to_the_haler() -> None:
    """144.85 + 30.42 = 175.27; rounding each leg would give 144.86 and 175.28."""
    peak, off_peak = lines_of(the_worked_example())
    assert (peak.quantity, peak.base_quantity, peak.unit_price, peak.net) == (
        Decimal(3385),
        Decimal(60),
        Decimal("1.80"),
        Decimal("101.55"),
    )
    assert (off_peak.quantity, off_peak.unit_price, off_peak.net) == (Decimal(2735), Decimal("0.95"), Decimal("43.30"))
    totals = totals_of([peak, off_peak])
    assert (totals.base, totals.vat[0].amount, totals.total) == (Decimal("144.85"), Decimal("30.42"), Decimal("175.27"))


def test_the_worked_examples_lines_say_what_they_are() -> None:
    """Local start, service, band; each line knows its legs."""
    peak, off_peak = lines_of(the_worked_example())
    assert peak.text == "Conference 2026-11-24 17:30, dial-in, peak"
    assert off_peak.text == "Conference 2026-11-24 17:30, dial-in, off-peak"
    assert peak.legs == ("Alice", "Bob", "Bob again", "Carol")
    assert off_peak.legs == ("Alice", "Bob again", "Carol")


def test_the_order_of_the_segments_changes_no_line() -> None:
    """Lines are a function of the set of stored segments (I3)."""
    parts = the_worked_example()[:5]
    assert len({lines_of(order) for order in permutations(parts)}) == 1


@pytest.mark.parametrize(
    ("seconds", "price", "net"),
    [
        (3385, "1.80", "101.55"),
        (2735, "0.95", "43.30"),
        (1, "0.30", "0.01"),
        (1, "0.29", "0.00"),
        (3, "0.10", "0.01"),
        (100_000_000, "9.9999", "16666500.00"),
        (0, "1.80", "0.00"),
    ],
)
def test_a_lines_net_is_half_up(seconds: int, price: str, net: str) -> None:
    """Rule 7; a half goes up: 1 s at 0.30 is 0.005."""
    assert line_net(seconds, Decimal(price)) == Decimal(net)


def test_segments_are_rounded_together_not_each() -> None:
    """Three legs of 0.001666... make 0.005, so 0.01; each alone would make 0.00."""
    (line,) = lines_of([a_segment(1, price="0.10", leg=str(number)) for number in range(3)])
    assert line.net == Decimal("0.01")


@pytest.mark.parametrize(
    ("other", "lines"),
    [
        (a_segment(), 1),
        (a_segment(leg="other"), 1),
        (a_segment(service="toll-free"), 1),
        (a_segment(band="off-peak"), 2),
        (a_segment(price="1.90"), 2),
        (a_segment(conference="CF-2"), 2),
        (a_segment(rate_version=3), 2),
        (a_segment(0), 1),
        (a_segment(0, band="off-peak"), 1),
    ],
    ids=["same", "leg", "service", "band", "price", "conference", "rate version", "no seconds", "no seconds, own line"],
)
def test_what_makes_a_line(other: BilledSegment, lines: int) -> None:
    """Rule 7: conference x band x price (and the rate version, which is one per conference)."""
    assert len(lines_of([a_segment(), other])) == lines


def test_two_services_at_one_price_share_a_line_and_are_both_named() -> None:
    """The line is conference x band x price, so its text tells the services."""
    (line,) = lines_of([a_segment(), a_segment(service="toll-free")])
    assert line.text == "Conference 2026-11-24 17:30, dial-in and toll-free, peak"


def test_a_late_leg_that_joined_first_makes_no_line_of_its_own() -> None:
    """It moves the conference's start; conference x band x price stays one line, also the minimum charge's."""
    early = local("17:20:00")
    band, minimum = lines_of(
        [a_segment(), a_segment(30, leg="late", started_at=early)],
        [a_minimum("0.20"), a_minimum("0.10", started_at=early)],
    )
    assert (band.text, band.quantity) == ("Conference 2026-11-24 17:20, dial-in, peak", Decimal(90))
    assert (minimum.text, minimum.net) == ("Conference 2026-11-24 17:20, minimum charge", Decimal("0.30"))


def test_lines_follow_time_then_band_then_minimum() -> None:
    """As a reader expects: by start; peak, off-peak, minimum charge."""
    later = local("18:30:00")
    lines = lines_of(
        [
            a_segment(conference="CF-0", started_at=later),
            a_segment(band="off-peak"),
            a_segment(band="peak"),
        ],
        [a_minimum("0.20")],
    )
    assert [(line.conference, line.band) for line in lines] == [
        ("CF-1", "peak"),
        ("CF-1", "off-peak"),
        ("CF-1", None),
        ("CF-0", "peak"),
    ]


def test_the_minimum_is_one_line_of_quantity_one() -> None:
    """Rule 6; also when a late leg was rated in a second go."""
    (line,) = lines_of([], [a_minimum("0.20"), a_minimum("0.15")])
    assert (line.text, line.quantity, line.base_quantity) == (
        "Conference 2026-11-24 17:30, minimum charge",
        Decimal(1),
        Decimal(1),
    )
    assert line.unit_price == line.net == Decimal("0.35")


def test_no_minimum_no_line() -> None:
    """A line of 0.00 says nothing."""
    assert lines_of([], [a_minimum("0.00")]) == ()


# VAT


def a_line(net: str, *, vat_rate: str = "21") -> Line:
    amount = Decimal(net)
    return Line("CF-1", "SM-1", 1, "text", "peak", Decimal(1), Decimal(1), amount, amount, Decimal(vat_rate), ())


@pytest.mark.parametrize(
    ("nets", "base", "vat", "total"),
    [
        ([], "0.00", "0.00", "0.00"),
        (["144.85"], "144.85", "30.42", "175.27"),
        (["0.50"], "0.50", "0.11", "0.61"),
        (["0.02"] * 50, "1.00", "0.21", "1.21"),
        (["-144.85"], "-144.85", "-30.42", "-175.27"),
    ],
)
def test_vat_is_rounded_once_per_rate(nets: list[str], base: str, vat: str, total: str) -> None:
    """Rule 8: on the sum of the nets, half up, never per line (50 x 0.02 would make 0.00 or 0.50); no whole crowns."""
    totals = totals_of(a_line(net) for net in nets)
    assert (totals.base, totals.total) == (Decimal(base), Decimal(total))
    assert sum((part.amount for part in totals.vat), Decimal("0.00")) == Decimal(vat)


def test_each_vat_rate_has_its_own_sum() -> None:
    """Two rates on one invoice."""
    totals = totals_of([a_line("100.02"), a_line("50.00", vat_rate="12"), a_line("0.01")])
    assert [(part.rate, part.base, part.amount) for part in totals.vat] == [
        (Decimal(12), Decimal("50.00"), Decimal("6.00")),
        (Decimal(21), Decimal("100.03"), Decimal("21.01")),
    ]
    assert totals.total == Decimal("177.04")


@pytest.mark.parametrize(("amount", "czk", "in_czk"), [(1, "24.315", "739.66"), (100, "6.105", "1.86")])
def test_vat_in_crowns(amount: int, czk: str, in_czk: str) -> None:
    """Rule 8: 30.42 at the ČNB rate of the tax point, which may be per 100 units."""
    totals = with_vat_in_czk(
        totals_of([a_line("144.85")]), ExchangeRate("XXX", date(2026, 11, 24), amount, Decimal(czk))
    )
    assert totals.vat[0].amount_in_czk == Decimal(in_czk)
    assert totals.total == Decimal("175.27")


FRIDAY = ExchangeRate("EUR", date(2026, 11, 20), 1, Decimal("24.300"))
TUESDAY = ExchangeRate("EUR", date(2026, 11, 24), 1, Decimal("24.315"))
FORINT = ExchangeRate("HUF", date(2026, 11, 24), 100, Decimal("6.105"))


@pytest.mark.parametrize(
    ("tax_point", "found"),
    [
        (date(2026, 11, 20), FRIDAY),
        (date(2026, 11, 22), FRIDAY),
        (date(2026, 11, 24), TUESDAY),
        (date(2026, 11, 30), TUESDAY),
    ],
    ids=["its own day", "a Sunday", "the latest", "six days later"],
)
def test_the_exchange_rate_of_the_tax_point(tax_point: date, found: ExchangeRate) -> None:
    """The latest one published up to that day."""
    assert exchange_rate_for([TUESDAY, FORINT, FRIDAY], "EUR", tax_point) == found


@pytest.mark.parametrize("tax_point", [date(2026, 11, 19), date(2026, 12, 1)], ids=["before any", "a week old"])
def test_a_missing_exchange_rate_is_refused(tax_point: date) -> None:
    """A forgotten table is not a long weekend."""
    refusal = exchange_rate_for([TUESDAY, FORINT, FRIDAY], "EUR", tax_point)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "no-exchange-rate"
    assert str(tax_point) in refusal.message
