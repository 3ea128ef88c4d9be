"""Billing periods (domain.md section 2 rule 9, invariant I7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from processes.rules.periods import next_period, period_containing, periods_between, previous_period


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_october_2026_is_31_days_and_an_hour() -> None:
    """Domain.md's example: 2026-09-30T22:00Z .. 2026-10-31T23:00Z."""
    period = period_containing(1, utc("2026-10-15T12:00"))
    assert (period.start, period.end) == (utc("2026-09-30T22:00"), utc("2026-10-31T23:00"))
    assert period.end - period.start == timedelta(days=31, hours=1)
    assert (period.first_day, period.end_day) == (date(2026, 10, 1), date(2026, 11, 1))


@pytest.mark.parametrize(
    ("cycle_day", "instant", "first_day", "end_day"),
    [
        (1, "2026-10-31T22:59:59", (2026, 10, 1), (2026, 11, 1)),
        (1, "2026-10-31T23:00:00", (2026, 11, 1), (2026, 12, 1)),
        (1, "2026-12-31T23:00:00", (2027, 1, 1), (2027, 2, 1)),
        (15, "2026-11-14T22:59:59", (2026, 10, 15), (2026, 11, 15)),
        (15, "2026-11-14T23:00:00", (2026, 11, 15), (2026, 12, 15)),
        (15, "2027-01-03T00:00:00", (2026, 12, 15), (2027, 1, 15)),
        (31, "2027-02-27T22:59:59", (2027, 1, 31), (2027, 2, 28)),
        (31, "2027-02-27T23:00:00", (2027, 2, 28), (2027, 3, 31)),
        (31, "2027-04-29T22:00:00", (2027, 4, 30), (2027, 5, 31)),
        (30, "2027-02-28T12:00:00", (2027, 2, 28), (2027, 3, 30)),
        (29, "2028-02-29T12:00:00", (2028, 2, 29), (2028, 3, 29)),
        (29, "2027-02-28T12:00:00", (2027, 2, 28), (2027, 3, 29)),
        (28, "2027-02-28T12:00:00", (2027, 2, 28), (2027, 3, 28)),
    ],
)
def test_the_period_that_holds_an_instant(
    cycle_day: int, instant: str, first_day: tuple[int, int, int], end_day: tuple[int, int, int]
) -> None:
    """From local midnight of the cycle day; 29 to 31 mean the last day of a shorter month."""
    period = period_containing(cycle_day, utc(instant))
    assert (period.first_day, period.end_day) == (date(*first_day), date(*end_day))


def test_a_period_that_begins_on_the_day_of_a_clock_change() -> None:
    """Midnight is before the change: 29 March 2026 begins at 23:00Z, ends after it at 22:00Z."""
    period = period_containing(29, utc("2026-03-29T12:00"))
    assert (period.start, period.end) == (utc("2026-03-28T23:00"), utc("2026-04-28T22:00"))


@pytest.mark.parametrize("cycle_day", [1, 15, 28, 29, 30, 31])
def test_periods_tile_time(cycle_day: int) -> None:
    """I7: each begins where the one before ended, and previous undoes next."""
    periods = list(periods_between(cycle_day, utc("2026-01-01T00:00"), utc("2028-12-31T00:00")))
    assert len(periods) in (36, 37)
    for before, after in pairwise(periods):
        assert before.end == after.start
        assert next_period(cycle_day, before) == after
        assert previous_period(cycle_day, after) == before


@pytest.mark.parametrize("cycle_day", [0, 32, -1])
def test_a_cycle_day_that_no_month_has(cycle_day: int) -> None:
    """Refused where it is used, by its number."""
    with pytest.raises(ValueError, match=f"cycle day {cycle_day} "):
        period_containing(cycle_day, utc("2026-10-15T12:00"))


def test_a_time_without_a_zone_has_no_period() -> None:
    """Guessing would put a call of midnight into the wrong month."""
    with pytest.raises(ValueError, match="has no zone"):
        period_containing(1, datetime(2026, 10, 15))
