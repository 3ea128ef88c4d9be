"""Contracts and rate versions: which one is in force (domain.md section 2 rules 2 and 10; invariants I4, I8).

All validities are [from, to) at local midnights, so an instant is first turned into its local day. The records may be
anyone's: the rules ask only for the attributes named in the protocols.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Protocol, TypeVar

from processes.rules.instants import HOUSE_ZONE, days_between, is_valid_on, local_day
from processes.rules.money import half_up
from processes.rules.refusal import Refusal

__all__ = [
    "SIGNED",
    "Contract",
    "Valid",
    "contract_in_force",
    "in_force",
    "next_after",
    "overlapping",
    "prorated",
    "unchanged_around",
    "valid_within",
]

SIGNED = "SIGNED"


class Valid(Protocol):
    """Anything with a validity [valid_from, valid_to); `valid_to` None is "until further notice"."""

    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...


class Contract(Valid, Protocol):
    """`status` is DRAFT, SIGNED or TERMINATED; `currency` an ISO 4217 code."""

    @property
    def number(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def currency(self) -> str: ...


V = TypeVar("V", bound=Valid)
C = TypeVar("C", bound=Contract)


def in_force(versions: Iterable[V], at: datetime, *, zone: str = HOUSE_ZONE) -> V | None:
    """The one in force at `at`, None if there is none. Of overlapping ones (I8 forbids them) the latest to begin."""
    day = local_day(at, zone=zone)
    valid = [version for version in versions if is_valid_on(day, version.valid_from, version.valid_to)]
    return max(valid, key=lambda version: version.valid_from, default=None)


def valid_within(versions: Iterable[V], start: datetime, end: datetime, *, zone: str = HOUSE_ZONE) -> list[V]:
    """Those in force on any local day of [start, end)."""
    first_day, end_day = local_day(start, zone=zone), local_day(end, zone=zone)
    return [
        version
        for version in versions
        if version.valid_from < end_day and (version.valid_to is None or first_day < version.valid_to)
    ]


def next_after(versions: Iterable[V], at: datetime, *, zone: str = HOUSE_ZONE) -> V | None:
    """The first one that begins after the local day of `at`: the future one, shown beside the one in force."""
    day = local_day(at, zone=zone)
    future = [version for version in versions if version.valid_from > day]
    return min(future, key=lambda version: version.valid_from, default=None)


def unchanged_around(day: date, validities: Iterable[Valid]) -> tuple[date, date]:
    """The days [from, to) around `day` on which none of them begins or ends, within its calendar year at most.

    The year, as public holidays are known by the year.
    """
    years = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    edges = {*years, *(edge for each in validities for edge in (each.valid_from, each.valid_to) if edge)}
    return max(edge for edge in edges if edge <= day), min(edge for edge in edges if edge > day)


def contract_in_force(
    contracts: Iterable[C], *, currency: str, at: datetime, owner: str, zone: str = HOUSE_ZONE
) -> C | Refusal:
    """The one SIGNED contract of `owner` in `currency` at `at`; refused `no-contract` or `ambiguous-contract`."""
    day = local_day(at, zone=zone)
    found = [contract for contract in contracts if is_candidate(contract, currency, day)]
    match found:
        case [contract]:
            return contract
        case []:
            return Refusal(
                "no-contract",
                f"client {owner} has no signed contract in {currency} on {day}: sign one that is valid then",
            )
        case _:
            numbers = ", ".join(sorted(contract.number for contract in found))
            return Refusal(
                "ambiguous-contract",
                f"client {owner} has several signed contracts in {currency} on {day} ({numbers}): end all but one",
            )


def is_candidate(contract: Contract, currency: str, day: date) -> bool:
    return (
        contract.status == SIGNED
        and contract.currency == currency
        and is_valid_on(day, contract.valid_from, contract.valid_to)
    )


def overlapping(versions: Iterable[V]) -> Sequence[tuple[V, V]]:
    """Neighbours in time of which the earlier has not ended when the later begins (I8 wants none)."""
    ordered = sorted(versions, key=lambda version: version.valid_from)
    return [(a, b) for a, b in pairwise(ordered) if a.valid_to is None or a.valid_to > b.valid_from]


def prorated(fee: Decimal, *, valid_from: date, valid_to: date | None, first_day: date, end_day: date) -> Decimal:
    """A monthly fee by days of [first_day, end_day) in its validity: 990.00 from 12 Nov = x19/30 = 627.00."""
    begins = max(first_day, valid_from)
    ends = end_day if valid_to is None else min(end_day, valid_to)
    used = max(0, days_between(begins, ends))
    return half_up(fee * used / days_between(first_day, end_day))
