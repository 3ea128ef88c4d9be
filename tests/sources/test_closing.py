"""Periods that are over: closed in order, once, and late calls go to the next one (domain.md, edge cases 1 and 6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

from resolvers.billing.rules import RULES
from sources.billing import METADATA, Billing
from sources.records.billing import Invoice
from sources.records.refusal import Refusal
from tests.calls import DECEMBER, NOVEMBER, OCTOBER, a_charged_leg, a_period, an_account, charges, the_parties
from tests.conftest import MakeDatabase

AFTER = DECEMBER + timedelta(hours=50)
LATE = NOVEMBER + timedelta(days=3)


@pytest.fixture
def billing(database: MakeDatabase) -> Billing:
    fill = partial(
        Billing.fill,
        accounts=[an_account()],
        periods=[a_period(OCTOBER, NOVEMBER, status="CLOSED"), a_period()],
        invoices=[],
        lines=[],
        vat=[],
        calls=[],
    )
    return Billing(database("billing", METADATA, fill))


async def charged(billing: Billing, leg: str, at: datetime, *, now: datetime = AFTER) -> Invoice:
    call = charges(a_charged_leg(leg), conference=f"CF-{leg}", conference_started_at=at)
    invoice = await billing.record_charges(call, caller="tests", key=leg, now=now, rules=RULES)
    assert isinstance(invoice, Invoice), invoice
    return invoice


async def closed(
    billing: Billing, since: datetime = NOVEMBER, *, key: str = "k", now: datetime = AFTER
) -> str | Refusal | None:
    return await billing.close_period("7700123", since, caller="tests", key=key, now=now)


async def finished(billing: Billing, since: datetime = NOVEMBER, *, key: str = "k") -> str:
    refusal = await billing.finish_period("7700123", since, caller="tests", key=key)
    return refusal.code if refusal else "closed"


async def issued(billing: Billing, invoice: str) -> Invoice:
    made = await billing.issue_invoice(invoice, the_parties(), caller="tests", key=invoice, now=AFTER, rules=RULES)
    assert isinstance(made, Invoice), made
    return made


async def states(billing: Billing) -> list[tuple[datetime, str]]:
    return [(period.starts_at, period.status) for period in await billing.periods(["7700123"])]


async def test_period_with_a_draft_waits_for_its_invoice(billing: Billing) -> None:
    """OPEN -> CLOSING, and CLOSED when the draft is issued; every step once more changes nothing."""
    draft = await charged(billing, "one", LATE)
    assert [await closed(billing, key=key) for key in ("a", "a", "b")] == [draft.id] * 3
    assert (NOVEMBER, "CLOSING") in await states(billing)
    assert await finished(billing, key="early") == "draft-left"
    await issued(billing, draft.id)
    assert [await finished(billing, key=key) for key in ("c", "c", "d")] == ["closed"] * 3
    assert (NOVEMBER, "CLOSED") in await states(billing)
    assert await closed(billing, key="e") is None


async def test_empty_period_is_closed_without_an_invoice(billing: Billing) -> None:
    """Nothing to bill, nothing to wait for."""
    assert await closed(billing) is None
    assert (NOVEMBER, "CLOSED") in await states(billing)
    assert await billing.latest_invoices(["7700123"], last=10, status=None) == []


async def test_edge_case_6_call_record_after_the_period_is_closed(billing: Billing) -> None:
    """A late call goes to the next open period's invoice with its true date; the issued one doesn't change."""
    draft = await charged(billing, "in-time", LATE)
    assert await closed(billing) == draft.id
    late = await charged(billing, "late", LATE + timedelta(hours=1))
    assert (late.id != draft.id, late.period) == (True, DECEMBER)
    before = await issued(billing, draft.id)
    assert await finished(billing) == "closed"
    later = await charged(billing, "later", LATE + timedelta(hours=2))
    assert later.id == late.id
    assert await billing.invoices([draft.id]) == [before]
    assert {line.text for line in await billing.lines([late.id])} == {
        "Conference 2026-11-04 01:00, dial-in, peak",
        "Conference 2026-11-04 02:00, dial-in, peak",
    }
    made = await billing.issue_invoice(
        late.id, the_parties(), caller="tests", key="l", now=AFTER + timedelta(days=30), rules=RULES
    )
    assert isinstance(made, Invoice)
    assert made.tax_point_on is not None
    assert made.tax_point_on.isoformat() == "2026-12-31"


async def test_edge_case_1_call_over_the_end_of_a_month(billing: Billing) -> None:
    """One call, billed in the period that it began in, however long after that it ended."""
    call = charges(
        a_charged_leg("over", peak=7200, seconds=7200), conference_started_at=DECEMBER - timedelta(minutes=1)
    )
    invoice = await billing.record_charges(call, caller="tests", key="k", now=AFTER, rules=RULES)
    assert isinstance(invoice, Invoice)
    assert invoice.period == NOVEMBER


async def test_closing_is_refused_with_the_reason(billing: Billing) -> None:
    """A period that goes on, one that nobody knows, and finishing what was never closed."""
    early = await closed(billing, now=DECEMBER - timedelta(seconds=1))
    unknown = await closed(billing, NOVEMBER + timedelta(days=1), key="u")
    assert [each.code for each in (early, unknown) if isinstance(each, Refusal)] == ["not-ended", "unknown-period"]
    assert await finished(billing) == "not-closing"
    assert (NOVEMBER, "OPEN") in await states(billing)


async def test_periods_to_close_are_those_that_are_over(billing: Billing) -> None:
    """The longest waiting first; a closed one, and one that goes on, is none of them."""
    await charged(billing, "december", DECEMBER + timedelta(hours=1))
    assert await billing.periods_to_close(DECEMBER - timedelta(seconds=1), first=10) == []
    assert [each.starts_at for each in await billing.periods_to_close(DECEMBER, first=10)] == [NOVEMBER]
    assert len(await billing.periods_to_close(DECEMBER + timedelta(days=40), first=10)) == 2
    assert len(await billing.periods_to_close(DECEMBER + timedelta(days=40), first=1)) == 1
