"""What was agreed with a client: contracts with their rate versions, and the accounts they are billed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

from sources.demo.calendar import CZECH
from sources.records.billing import BillingAccount
from sources.records.links import AccountLink
from sources.records.sales import Contract, ContractRate, RateVersion

__all__ = ["Agreement", "a_contract", "agreed", "rates_at", "versions_from"]

FOUR_PLACES = Decimal("0.0001")
CYCLE_DAYS = (1, 1, 1, 1, 1, 10, 15, 20, 29, 31)
TERMS = (14, 14, 21, 30)
INCREMENTS = ((60, 6), (60, 6), (60, 6), (60, 6), (60, 60), (6, 6), (1, 1), (30, 6))

SERVICES = (("dial-in", Decimal("1")), ("dial-out", Decimal("1.45")), ("toll-free", Decimal("1.95")))
OFF_PEAK = Decimal("0.55")


@dataclass(frozen=True, slots=True)
class Agreement:
    """An account, the contract that prices its calls and that contract's versions, by version."""

    account: BillingAccount
    link: AccountLink
    contract: Contract
    versions: tuple[RateVersion, ...]

    def version_on(self, day: date) -> RateVersion | None:
        """The version in force on a local day (there is at most one, I8)."""
        for version in self.versions:
            if version.valid_from <= day and (version.valid_to is None or day < version.valid_to):
                return version
        return None


def agreed(
    random: Random, *, client: str, account: str, contract: str, currency: str, since: date, today: date
) -> Agreement:
    """An agreement with terms drawn by lot, and two to four rate versions; for some the last is still to come."""
    made = a_contract(
        contract,
        client=client,
        currency=currency,
        since=since,
        band_rule="AT_START" if random.random() < 0.08 else "SPLIT",
        merge_gaps=30 if random.random() < 0.15 else 0,
    )
    return Agreement(
        account=BillingAccount(account, currency, random.choice(CYCLE_DAYS), random.choice(TERMS)),
        link=AccountLink(account, client, since, None),
        contract=made,
        versions=versions_by_lot(random, made, today),
    )


def a_contract(
    number: str,
    *,
    client: str,
    currency: str,
    since: date,
    status: str = "SIGNED",
    band_rule: str = "SPLIT",
    merge_gaps: int = 0,
) -> Contract:
    return Contract(
        number=number,
        client=client,
        status=status,
        valid_from=since,
        valid_to=None,
        currency=currency,
        calendar=CZECH,
        zone="Europe/Prague",
        band_rule=band_rule,
        merge_gaps_under_seconds=merge_gaps,
    )


def versions_by_lot(random: Random, contract: Contract, today: date) -> tuple[RateVersion, ...]:
    price = Decimal(random.randrange(140, 261)) / 100
    if contract.currency == "EUR":
        price = (price / 24).quantize(FOUR_PLACES)
    increments, minimum = random.choice(INCREMENTS), random.random() < 0.1
    starts = [contract.valid_from, *change_days(random, contract.valid_from, today)]
    rates = []
    for _ in starts:
        rates.append(rates_at(price, increments, minimum=price * 2 if minimum else None))
        price = (price * Decimal(random.randrange(101, 109)) / 100).quantize(FOUR_PLACES)
    return versions_from(contract.number, list(zip(starts, rates, strict=True)))


def change_days(random: Random, since: date, today: date) -> list[date]:
    """One to three days on which the rates change: firsts of January or July, perhaps the next January too."""
    first = date(since.year, 7, 1) if since.month < 7 else date(since.year + 1, 1, 1)
    days = []
    day = first + timedelta(days=0)
    while day <= today:
        days.append(day)
        day = date(day.year, 7, 1) if day.month == 1 else date(day.year + 1, 1, 1)
    past = sorted(random.sample(days, min(len(days), random.randrange(1, 3))))
    return [*past, date(today.year + 1, 1, 1)] if random.random() < 0.4 or not past else past


def rates_at(
    price: Decimal, increments: tuple[int, int], *, off_peak: Decimal | None = None, minimum: Decimal | None = None
) -> tuple[ContractRate, ...]:
    """Rates of all services; `price` is dial-in's in peak hours, the others follow from it. Minimum: dial-out only."""
    first, step = increments
    off = off_peak if off_peak is not None else (price * OFF_PEAK).quantize(FOUR_PLACES)
    return tuple(
        ContractRate(
            service=service,
            band=band,
            price_per_minute=(of_band * factor).quantize(FOUR_PLACES),
            first_increment=first,
            next_increment=step,
            minimum_charge=minimum.quantize(Decimal("0.01")) if minimum is not None and service == "dial-out" else None,
        )
        for service, factor in SERVICES
        for band, of_band in (("peak", price), ("off-peak", off))
    )


def versions_from(contract: str, starts: Sequence[tuple[date, tuple[ContractRate, ...]]]) -> tuple[RateVersion, ...]:
    """Versions that follow each other without gap or overlap; the last one holds until further notice."""
    ends = [*(later for (_, _), (later, _) in pairwise(starts)), None]
    return tuple(
        RateVersion(contract, number, start, end, rates)
        for number, ((start, rates), end) in enumerate(zip(starts, ends, strict=True), start=1)
    )
