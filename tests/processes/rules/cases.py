"""Legs and tariffs of the rules' cases, with good defaults: local Prague times on the worked example's day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from processes.rules.bands import OFF_PEAK, PEAK, Calendar
from processes.rules.refusal import Refusal
from processes.rules.tariff import BandRule, Increments, Leg, Rate, Rating, Tariff, rate_conference

PRAGUE = ZoneInfo("Europe/Prague")
DAY = "2026-11-24"  # a Tuesday

ALICE = ("Alice", "17:30:00", "18:20:25")
BOB = ("Bob", "17:35:10", "17:35:41")
BOB_AGAIN = ("Bob again", "17:36:05", "18:19:59")
CAROL = ("Carol", "17:58:30", "18:05:02")
WORKED_EXAMPLE = (ALICE, BOB, BOB_AGAIN, CAROL)


def local(text: str, *, fold: int = 0) -> datetime:
    """`18:00:00` on the example's day, or a full `2026-10-25 02:30:00`, in Prague, as a UTC instant."""
    whole = text if " " in text else f"{DAY} {text}"
    return datetime.fromisoformat(whole).replace(tzinfo=PRAGUE, fold=fold).astimezone(UTC)


def a_leg(joined: str, left: str, *, id: str = "leg", service: str = "dial-in", participant: str | None = None) -> Leg:
    return Leg(id, service, local(joined), local(left), participant)


def a_tariff(
    *,
    peak: str = "1.80",
    off_peak: str = "0.95",
    increments: tuple[int, int] = (60, 6),
    minimum: str | None = None,
    holidays: tuple[date, ...] = (),
    band_rule: BandRule = BandRule.SPLIT,
    merge_gaps_under: int = 0,
    zone: str = "Europe/Prague",
) -> Tariff:
    steps = Increments(*increments)
    least = None if minimum is None else Decimal(minimum)
    return Tariff(
        contract="SM-2024-0815",
        version=2,
        currency="CZK",
        rates=(
            Rate("dial-in", PEAK, Decimal(peak), steps, least),
            Rate("dial-in", OFF_PEAK, Decimal(off_peak), steps, least),
        ),
        calendar=Calendar(zone, frozenset(holidays)),
        band_rule=band_rule,
        merge_gaps_under=merge_gaps_under,
    )


def rated(*legs: Leg, tariff: Tariff | None = None) -> Rating:
    rating = rate_conference(legs, tariff or a_tariff())
    assert not isinstance(rating, Refusal), rating
    return rating


def bands_of(*legs: Leg, tariff: Tariff | None = None) -> dict[str, int]:
    """Billed seconds per band, over all the legs."""
    seconds: dict[str, int] = {}
    for charge in rated(*legs, tariff=tariff).charges:
        for segment in charge.segments:
            seconds[segment.band] = seconds.get(segment.band, 0) + segment.seconds
    return seconds
