"""Periods that are over: which ones there are, and the mutations that close them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers.access import Scope, asks
from resolvers.billing.entities import BillingAccount, BillingPeriod, Invoice
from resolvers.billing.issuing import Info
from resolvers.billing.settings import BillingSettings
from resolvers.errors import limited
from resolvers.grouping import by_key
from resolvers.refused import Refused
from resolvers.texts import storable
from sources.records.refusal import Refusal

__all__ = ["ClosingOutcome", "close_period", "finish_period", "periods_to_close"]


MOST_AT_ONCE = 1_000
"""Those that can't be issued stay the longest waiting, and must not keep others from being seen."""


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_WRITE))
class PeriodClosed:
    """The period takes no more charges. While it is CLOSING it waits for `draft` to be issued."""

    period: BillingPeriod
    draft: Invoice | None


ClosingOutcome = Annotated[PeriodClosed | Refused, strawberry.union("ClosingOutcome")]


async def periods_to_close(info: Info, at: datetime, first: int = 50) -> list[BillingPeriod] | None:
    source = info.context.source
    settings: BillingSettings = info.context.settings or BillingSettings()
    periods = await source.periods_to_close(at - settings.grace, first=limited("first", first, largest=MOST_AT_ONCE))
    accounts = by_key(await source.accounts({period.account for period in periods}), lambda account: account.number)
    return [BillingPeriod.of(period, BillingAccount.of(accounts[period.account])) for period in periods]


async def close_period(
    info: Info,
    account: strawberry.ID,
    since: Annotated[datetime, strawberry.argument(name="from")],
    idempotency_key: strawberry.ID,
) -> ClosingOutcome:
    context = info.context
    outcome = await context.source.close_period(
        account, since, caller=context.caller, key=storable("idempotencyKey", idempotency_key), now=context.now
    )
    return await answered(info, account, since, outcome)


async def finish_period(
    info: Info,
    account: strawberry.ID,
    since: Annotated[datetime, strawberry.argument(name="from")],
    idempotency_key: strawberry.ID,
) -> ClosingOutcome:
    context = info.context
    outcome = await context.source.finish_period(
        account, since, caller=context.caller, key=storable("idempotencyKey", idempotency_key)
    )
    return await answered(info, account, since, outcome)


async def answered(info: Info, account: str, since: datetime, outcome: str | Refusal | None) -> ClosingOutcome:
    """With the period and its draft as they are now: asked again later, that may be issued and the period CLOSED."""
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    source = info.context.source
    [owner] = await source.accounts([account])
    period = next(one for one in await source.periods([account]) if one.starts_at == since)
    drafts = await source.invoices([outcome]) if outcome else []
    return PeriodClosed(
        period=BillingPeriod.of(period, BillingAccount.of(owner)),
        draft=Invoice.of(drafts[0]) if drafts else None,
    )
