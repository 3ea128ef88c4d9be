"""An account's periods as they are now: those that are stored, and the ones that nothing was charged in yet.

Billing writes a period down with its first charge. Until then it is known all the same: the account's cycle says when
it begins and ends, it is OPEN, and its total is 0.00 because nothing was charged, not because nothing is known.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from resolvers.billing.rules import period_at
from resolvers.grouping import grouped
from sources.billing import Billing
from sources.records.billing import BillingAccount, BillingPeriod, Invoice

__all__ = ["latest_periods", "periods_begun", "periods_of_invoices"]


async def latest_periods(
    source: Billing, accounts: Collection[BillingAccount], now: datetime, *, last: int
) -> dict[str, list[BillingPeriod]]:
    """The `last` of each account that have begun, in order of time; every account's current one is its latest."""
    numbers = [account.number for account in accounts]
    found = grouped(await source.latest_periods(numbers, now, last=last), lambda period: period.account)
    return {account.number: up_to_now(account, found.get(account.number, []), now)[-last:] for account in accounts}


def up_to_now(account: BillingAccount, stored: list[BillingPeriod], now: datetime) -> list[BillingPeriod]:
    if stored and stored[-1].ends_at > now:
        return stored
    return [*stored, *unwritten_periods(account, stored[-1] if stored else None, now)]


def unwritten_periods(account: BillingAccount, last: BillingPeriod | None, now: datetime) -> list[BillingPeriod]:
    """Those after the last stored one up to now, as the next charge would write them: they tile time (I7)."""
    if last is None:
        return [period_at(account, now)]
    periods = [following(account, last)]
    while periods[-1].ends_at <= now:
        periods.append(following(account, periods[-1]))
    return periods


def following(account: BillingAccount, last: BillingPeriod) -> BillingPeriod:
    return replace(period_at(account, last.ends_at), starts_at=last.ends_at)


async def periods_begun(
    source: Billing, keys: Collection[tuple[str, datetime]], accounts: Mapping[str, BillingAccount]
) -> dict[tuple[str, datetime], BillingPeriod]:
    """The periods that begin at these instants, by (account, instant); one that there isn't is not among them."""
    stored = grouped(await source.periods(accounts), lambda period: period.account)
    known = {
        (number, period.starts_at): period for number, account in accounts.items() for period in stored.get(number, [])
    }
    for number, at in keys:
        if number in accounts and (number, at) not in known:
            account, last = accounts[number], stored.get(number, [])[-1:]
            by_cycle = [period_at(account, at), *(following(account, period) for period in last)]
            known |= {(number, period.starts_at): period for period in by_cycle if period.starts_at == at}
    return known


async def periods_of_invoices(
    source: Billing, invoices: Collection[Invoice], accounts: Mapping[str, BillingAccount]
) -> dict[str, BillingPeriod]:
    """The period of each invoice, by the invoice's id; one that isn't stored is what the account's cycle makes it.

    `accounts` are those that billing has; of one that it hasn't (a mapped system's may be gone) no period is known.
    """
    stored = {(period.account, period.starts_at): period for period in await source.periods(accounts)}
    return {
        invoice.id: stored.get((invoice.account, invoice.period))
        or replace(period_at(accounts[invoice.account], invoice.period), starts_at=invoice.period)
        for invoice in invoices
        if invoice.account in accounts
    }
