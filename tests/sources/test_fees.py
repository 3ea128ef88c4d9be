"""Fees of bookings on each kind of database: charged once, taken off a draft, charged anew after a credit note."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from resolvers.billing.rules import RULES
from sources.billing import Billing
from sources.records.billing import FeeCharge, Invoice
from sources.records.papers import CreditNote
from sources.records.refusal import Refusal
from tests.calls import a_period, the_parties, worked_charges
from tests.conftest import MakeDatabase
from tests.sources.test_billing import made

NOW = datetime(2026, 11, 25, 11, tzinfo=UTC)
FEE = FeeCharge("BK-1", "NO_SHOW", "7700123", "SM-1", 2, "CZK", Decimal("120.00"), NOW)


@pytest.fixture
def billing(database: MakeDatabase) -> Billing:
    return made(database, periods=[a_period()])


async def recorded(billing: Billing, fee: FeeCharge, key: str) -> Invoice:
    invoice = await billing.record_fee(fee, caller="tests", key=key, now=NOW, rules=RULES)
    assert isinstance(invoice, Invoice)
    return invoice


async def test_fees_stand_behind_the_calls_however_they_come(billing: Billing) -> None:
    """Before the calls and after them, each once; the sums are those of all lines."""
    late = replace(FEE, booking="BK-2", kind="LATE_CANCELLATION", amount=Decimal("250.00"))
    first = await recorded(billing, FEE, "one")
    assert (first.base, first.total) == (Decimal("120.00"), Decimal("145.20"))
    assert await billing.calls_begun([first.id]) == [(first.id, NOW)]  # so it is whose the account was then
    called = await billing.record_charges(worked_charges(), caller="tests", key="calls", now=NOW, rules=RULES)
    assert isinstance(called, Invoice)
    assert (called.id, called.base) == (first.id, Decimal("264.85"))
    await recorded(billing, FEE, "again")
    both = await recorded(billing, late, "two")
    lines = await billing.lines([both.id])
    assert [line.conference is None for line in lines] == [False, False, True, True]
    assert [line.position for line in lines] == [1, 2, 3, 4]
    assert (both.base, both.total) == (Decimal("514.85"), Decimal("622.97"))


async def test_fee_is_withdrawn_from_a_draft_and_credited_on_an_invoice(billing: Billing) -> None:
    """What is issued stays; after its credit note the fee may be charged anew, on another invoice."""
    kept = {"caller": "tests", "rules": RULES}
    draft = await recorded(billing, FEE, "one")
    withdrawn = await billing.withdraw_fee("BK-1", "NO_SHOW", key="w", **kept)
    assert isinstance(withdrawn, Invoice)
    assert (withdrawn.id, withdrawn.base) == (draft.id, Decimal("0.00"))
    assert await billing.withdraw_fee("BK-1", "NO_SHOW", key="w2", **kept) is None
    await recorded(billing, FEE, "two")
    issued = await billing.issue_invoice(draft.id, the_parties(), key="issue", now=NOW, **kept)
    assert isinstance(issued, Invoice)
    refused = await billing.withdraw_fee("BK-1", "NO_SHOW", key="w3", **kept)
    assert isinstance(refused, Refusal)
    assert refused.code == "issued"
    note = await billing.create_credit_note(draft.id, "a mistake", key="credit", now=NOW, **kept)
    assert isinstance(note, CreditNote)
    anew = await recorded(billing, FEE, "three")
    assert anew.id != draft.id
    assert anew.base == Decimal("120.00")
