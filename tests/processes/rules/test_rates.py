"""Which contract and rate version are in force (domain.md section 2, rules 2 and 10; I4, I8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from processes.rules.rates import (
    contract_in_force,
    in_force,
    next_after,
    overlapping,
    prorated,
    unchanged_around,
    valid_within,
)
from processes.rules.refusal import Refusal


@dataclass(frozen=True)
class Version:
    number: int
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class Contract:
    number: str
    valid_from: date = date(2024, 9, 1)
    valid_to: date | None = None
    status: str = "SIGNED"
    currency: str = "CZK"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


FIRST = Version(1, date(2024, 9, 1), date(2026, 1, 1))
SECOND = Version(2, date(2026, 1, 1), date(2027, 1, 1))
THIRD = Version(3, date(2027, 1, 1))
VERSIONS = (THIRD, FIRST, SECOND)


@pytest.mark.parametrize(
    ("at", "version", "following"),
    [
        ("2024-08-31T21:59:59", None, FIRST),
        ("2024-08-31T22:00:00", FIRST, SECOND),
        ("2025-12-31T22:59:59", FIRST, SECOND),
        ("2025-12-31T23:00:00", SECOND, THIRD),
        ("2026-11-24T16:30:00", SECOND, THIRD),
        ("2026-12-31T23:00:00", THIRD, None),
        ("2099-01-01T00:00:00", THIRD, None),
    ],
)
def test_the_version_in_force_and_the_next(at: str, version: Version | None, following: Version | None) -> None:
    """Validity is [from, to) at local midnights: 2026 begins in Prague at 23:00Z."""
    assert in_force(VERSIONS, utc(at)) == version
    assert next_after(VERSIONS, utc(at)) == following


@pytest.mark.parametrize(
    ("day", "since", "until"),
    [
        (date(2026, 3, 1), date(2026, 1, 1), date(2026, 5, 10)),
        (date(2026, 5, 9), date(2026, 1, 1), date(2026, 5, 10)),
        (date(2026, 5, 10), date(2026, 5, 10), date(2026, 7, 1)),
        (date(2026, 6, 30), date(2026, 5, 10), date(2026, 7, 1)),
        (date(2026, 12, 31), date(2026, 7, 1), date(2027, 1, 1)),
        (date(2028, 12, 31), date(2028, 1, 1), date(2029, 1, 1)),
    ],
)
def test_an_answer_holds_between_two_edges(day: date, since: date, until: date) -> None:
    """Of contracts, versions and owners alike, and no longer than the holidays of its year are known."""
    assert unchanged_around(day, (*VERSIONS, Contract("S", date(2026, 5, 10), date(2026, 7, 1)))) == (since, until)


@pytest.mark.parametrize(
    ("start", "end", "versions"),
    [
        ("2025-11-30T23:00", "2025-12-31T23:00", (FIRST,)),  # December, whose last day is not of 2026
        ("2025-12-31T22:00", "2026-01-31T23:00", (FIRST, SECOND)),
        ("2025-12-31T23:00", "2026-01-31T23:00", (SECOND,)),
        ("2025-01-01T00:00", "2027-06-01T00:00", (FIRST, SECOND, THIRD)),
        ("2024-07-31T22:00", "2024-08-31T22:00", ()),
    ],
)
def test_the_versions_of_a_stretch_of_time(start: str, end: str, versions: tuple[Version, ...]) -> None:
    """[start, end) as local days: what begins on the day it ends at is not in it."""
    assert set(valid_within(VERSIONS, utc(start), utc(end))) == set(versions)


def test_between_two_versions_none_is_in_force() -> None:
    """A gap is a gap: the one before does not go on."""
    versions = [Version(1, date(2026, 1, 1), date(2026, 2, 1)), Version(2, date(2026, 3, 1))]
    assert in_force(versions, utc("2026-02-10T12:00")) is None


@pytest.mark.parametrize(
    ("versions", "pairs"),
    [
        (VERSIONS, []),
        ([FIRST, Version(2, date(2025, 12, 31))], [(1, 2)]),
        ([Version(1, date(2026, 1, 1)), Version(2, date(2027, 1, 1))], [(1, 2)]),
        ([FIRST], []),
    ],
)
def test_versions_that_overlap(versions: list[Version], pairs: list[tuple[int, int]]) -> None:
    """I8 wants none."""
    assert [(a.number, b.number) for a, b in overlapping(versions)] == pairs


NOON = utc("2026-11-24T12:00")


@pytest.mark.parametrize(
    ("others"),
    [
        (),
        (Contract("SM-2", currency="EUR"),),
        (Contract("SM-2", status="DRAFT"),),
        (Contract("SM-2", status="TERMINATED"),),
        (Contract("SM-2", valid_to=date(2026, 11, 24)),),
        (Contract("SM-2", valid_from=date(2026, 11, 25)),),
    ],
    ids=["alone", "other currency", "draft", "terminated", "ended today", "begins tomorrow"],
)
def test_the_one_signed_contract(others: tuple[Contract, ...]) -> None:
    """What is not signed, in another currency or not in force does not make it ambiguous."""
    wanted = Contract("SM-1")
    assert contract_in_force([*others, wanted], currency="CZK", at=NOON, owner="CL-00417") == wanted


def test_no_contract_is_refused() -> None:
    """Never price 0, never list price in silence."""
    assert contract_in_force([Contract("SM-1", currency="EUR")], currency="CZK", at=NOON, owner="CL-00417") == Refusal(
        "no-contract", "client CL-00417 has no signed contract in CZK on 2026-11-24: sign one that is valid then"
    )


def test_two_contracts_are_refused_by_number() -> None:
    """Nobody guesses which one holds."""
    refusal = contract_in_force([Contract("SM-2"), Contract("SM-1")], currency="CZK", at=NOON, owner="CL-00417")
    assert refusal == Refusal(
        "ambiguous-contract",
        "client CL-00417 has several signed contracts in CZK on 2026-11-24 (SM-1, SM-2): end all but one",
    )


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "amount"),
    [
        (date(2026, 11, 12), None, "627.00"),
        (date(2026, 1, 1), None, "990.00"),
        (date(2026, 11, 1), date(2026, 11, 12), "363.00"),
        (date(2026, 11, 30), None, "33.00"),
        (date(2026, 12, 1), None, "0.00"),
        (date(2026, 1, 1), date(2026, 11, 1), "0.00"),
    ],
)
def test_monthly_fees_prorate_by_days(valid_from: date, valid_to: date | None, amount: str) -> None:
    """Rule 10: 990.00 from 12 November = x19/30 = 627.00."""
    assert prorated(
        Decimal("990.00"),
        valid_from=valid_from,
        valid_to=valid_to,
        first_day=date(2026, 11, 1),
        end_day=date(2026, 12, 1),
    ) == Decimal(amount)
