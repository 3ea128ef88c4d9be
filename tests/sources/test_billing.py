"""The system billing: a leg is charged once, an invoice is numbered without gaps and never changes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from resolvers.billing.rules import RULES
from sources.billing import METADATA, Billing, content_hash
from sources.billing.tables import CALLS, PERIODS
from sources.errors import KeyReused, SystemUnavailable
from sources.records.billing import (
    CallCharges,
    ExcludedLeg,
    Invoice,
    InvoiceLine,
    RatedCall,
    VatLine,
)
from sources.records.exceptions import ExceptionLeg
from sources.records.refusal import Refusal
from tests.calls import (
    DECEMBER,
    NOVEMBER,
    OCTOBER,
    a_charged_leg,
    a_period,
    a_rate_of_the_cnb,
    an_account,
    charges,
    the_parties,
    worked_charges,
)
from tests.conftest import MakeDatabase

NOW = datetime(2026, 11, 25, 11, tzinfo=UTC)
NOTHING: dict[str, Any] = {"periods": (), "invoices": (), "lines": (), "vat": (), "calls": ()}
ACCOUNTS = (an_account(), an_account("7700999"), an_account("7700555", currency="EUR"))


def made(database: MakeDatabase, **content: Any) -> Billing:
    """Billing with the accounts of these tests, and what a test adds."""
    return Billing(database("billing", METADATA, partial(Billing.fill, **{"accounts": ACCOUNTS, **NOTHING, **content})))


@pytest.fixture
def billing(database: MakeDatabase) -> Billing:
    return made(database, periods=[a_period(OCTOBER, NOVEMBER, status="CLOSED"), a_period()])


async def recorded(billing: Billing, call: CallCharges, *, key: str = "k") -> Invoice | Refusal:
    return await billing.record_charges(call, caller="tests", key=key, now=NOW, rules=RULES)


async def charged(billing: Billing, call: CallCharges, *, key: str = "k") -> Invoice:
    invoice = await recorded(billing, call, key=key)
    assert isinstance(invoice, Invoice), invoice
    return invoice


async def refused(billing: Billing, call: CallCharges, *, key: str = "k") -> str:
    refusal = await recorded(billing, call, key=key)
    assert isinstance(refusal, Refusal), refusal
    return refusal.code


async def issue(billing: Billing, invoice: str, *, key: str = "i", now: datetime = NOW) -> Invoice | Refusal:
    return await billing.issue_invoice(invoice, the_parties(), caller="tests", key=key, now=now, rules=RULES)


async def issued(billing: Billing, invoice: str, *, key: str = "i", now: datetime = NOW) -> Invoice:
    answer = await issue(billing, invoice, key=key, now=now)
    assert isinstance(answer, Invoice), answer
    return answer


async def states(billing: Billing) -> dict[str, str]:
    rows = await billing.database.read(
        lambda connection: connection.execute(CALLS.select().order_by(CALLS.c.leg)).all()
    )
    return {row.leg.removeprefix("pbx-praha:"): row.state for row in rows}


async def periods(billing: Billing) -> list[tuple[datetime, datetime, str]]:
    rows = await billing.database.read(
        lambda connection: connection.execute(PERIODS.select().order_by(PERIODS.c.starts_at)).all()
    )
    return [(row.starts_at, row.ends_at, row.status) for row in rows]


# charges


async def test_of_many_conferences_a_bad_one_takes_no_other_with_it(billing: Billing) -> None:
    """Each has an outcome of its own, in order; what is charged is the same as one by one, and the same key again."""
    bad = replace(worked_charges(), account="nobody", conference="CF-bad", charges=(a_charged_leg("pbx-praha:bad"),))
    foreign = replace(bad, account="7700555", conference="CF-eur", charges=(a_charged_leg("pbx-praha:eur"),))
    other = replace(bad, account="7700999", conference="CF-other", charges=(a_charged_leg("pbx-praha:other"),))
    calls = [bad, worked_charges(), foreign, other]
    found = [
        await billing.record_charges_of_conferences(calls, caller="tests", key="k", now=NOW, rules=RULES)
        for _ in range(2)
    ]
    assert found[0] == found[1]
    unknown, worked, wrong, charged_too = found[0]
    assert [each.code for each in (unknown, wrong) if isinstance(each, Refusal)] == [
        "unknown-account",
        "wrong-currency",
    ]
    assert isinstance(worked, Invoice)
    assert isinstance(charged_too, Invoice)
    assert (worked.total, charged_too.account) == (Decimal("175.27"), "7700999")
    assert await charged(billing, worked_charges(), key="one") == worked


async def test_worked_example_comes_out_to_the_haler(billing: Billing) -> None:
    """144.85 + 30.42 = 175.27 CZK: lines of rule 7, VAT of rule 8, computed by billing from what it stores."""
    invoice = await charged(billing, worked_charges())
    lines = await billing.lines([invoice.id])
    assert [(line.band, str(line.quantity.normalize()), line.net) for line in lines] == [
        ("peak", "3385", Decimal("101.55")),
        ("off-peak", "2735", Decimal("43.30")),
    ]
    assert [(vat.rate, vat.base, vat.amount) for vat in await billing.vat([invoice.id])] == [
        (Decimal(21), Decimal("144.85"), Decimal("30.42"))
    ]
    assert (invoice.base, invoice.total) == (Decimal("144.85"), Decimal("175.27"))
    assert (invoice.status, invoice.number, invoice.period) == ("DRAFT", None, NOVEMBER)
    assert set((await states(billing)).values()) == {"RATED"}


async def test_segments_are_kept_unrounded(billing: Billing) -> None:
    """Rule 5: 1199 s at 0.95 are 18.984166..., with 10 places."""
    await charged(billing, worked_charges())
    segments = await billing.segments_of_conferences(["CF-2026-000123"])
    [bob] = [one for one in segments if one.leg == "pbx-praha:bob-again" and one.segment.band == "off-peak"]
    assert (bob.segment.seconds, bob.segment.amount) == (1199, Decimal("18.9841666667"))


async def test_charging_again_leads_to_the_same_invoice(billing: Billing) -> None:
    """I1, I2: under another key the legs are found charged, and nothing changes."""
    first = await charged(billing, worked_charges(), key="1")
    assert await charged(billing, worked_charges(), key="2") == first
    assert len(await billing.segments_of_invoices([first.id])) == 7


async def test_same_key_gives_the_first_answer_and_other_input_is_refused(billing: Billing) -> None:
    """Design.md, Processes: a key, its caller and the hash of the canonical input."""
    first = await charged(billing, worked_charges(), key="1")
    assert await charged(billing, worked_charges(), key="1") == first
    with pytest.raises(KeyReused):
        await recorded(billing, charges(a_charged_leg("pbx-praha:other")), key="1")


async def test_late_leg_goes_onto_the_same_draft(billing: Billing) -> None:
    """Conferences of a period gather on one draft, and a late leg of one on its lines."""
    first = await charged(billing, charges(a_charged_leg("pbx-praha:1.1")), key="1")
    second = await charged(billing, charges(a_charged_leg("pbx-praha:1.2")), key="2")
    third = await charged(billing, charges(a_charged_leg("pbx-praha:2.1"), conference="CF-2"), key="3")
    assert first.id == second.id == third.id == "IN-7700123-0001"
    assert [(line.conference, line.net) for line in await billing.lines([first.id])] == [
        ("CF-2", Decimal("1.80")),
        ("CF-2026-000123", Decimal("3.60")),
    ]


async def test_partly_charged_conference_is_refused(billing: Billing) -> None:
    """What was charged must be left out: its part of the minimum charge can't be told from the rest."""
    await charged(billing, charges(a_charged_leg("pbx-praha:1.1")), key="1")
    both = charges(a_charged_leg("pbx-praha:1.1"), a_charged_leg("pbx-praha:1.2"))
    assert await refused(billing, both, key="2") == "partly-charged"
    assert await states(billing) == {"1.1": "RATED"}


async def test_excluded_legs_are_kept_with_their_reason(billing: Billing) -> None:
    """I1, I9: what isn't billed is excluded, not forgotten; without anything to bill the answer says so."""
    nothing = charges(excluded=[ExcludedLeg("pbx-praha:1.1", 0, "zero-duration")])
    assert await refused(billing, nothing, key="1") == "nothing-to-bill"
    assert await states(billing) == {"1.1": "EXCLUDED"}
    assert await refused(billing, charges(a_charged_leg("pbx-praha:1.1")), key="2") == "nothing-to-bill"
    assert await states(billing) == {"1.1": "EXCLUDED"}


async def test_minimum_charge_is_a_line_of_its_own(billing: Billing) -> None:
    """Rule 6: one line per conference, also when legs come in two goes."""
    one = charges(a_charged_leg("pbx-praha:1.1"), minimum_charge=Decimal("3.20"))
    two = charges(a_charged_leg("pbx-praha:1.2"), minimum_charge=Decimal("1.00"))
    invoice = await charged(billing, one, key="1")
    await charged(billing, two, key="2")
    *_, line = await billing.lines([invoice.id])
    assert (line.band, line.quantity, line.base_quantity, line.net) == (None, 1, 1, Decimal("4.20"))


@pytest.mark.parametrize(
    ("changes", "code"), [({"account": "7700000"}, "unknown-account"), ({"currency": "EUR"}, "wrong-currency")]
)
async def test_charges_that_fit_no_account_are_refused(billing: Billing, changes: dict[str, Any], code: str) -> None:
    """I4: currency = contract = invoice."""
    assert await refused(billing, charges(a_charged_leg(), **changes)) == code


async def test_exception_waits_until_it_is_rated(billing: Billing) -> None:
    """Edge cases 3 and 4: held with the reason, seconds at risk; re-rated later; never the other way round."""

    async def note(code: str, key: str) -> int:
        legs = [ExceptionLeg("pbx-praha:1.1", 600), ExceptionLeg("pbx-praha:1.2", 31)]
        return await billing.record_rating_exceptions(
            "CF-2026-000123", legs, code=code, message="why", caller="tests", key=key, now=NOW
        )

    assert await note("unknown-owner", "1") == 2
    assert await note("unknown-owner", "2") == 0
    assert await note("no-contract", "3") == 2
    found = await billing.rating_exceptions(limit=10)
    assert [(one.leg, one.duration_seconds, one.reason) for one in found] == [
        ("pbx-praha:1.1", 600, "no-contract"),
        ("pbx-praha:1.2", 31, "no-contract"),
    ]
    await charged(billing, charges(a_charged_leg("pbx-praha:1.1")))
    assert await states(billing) == {"1.1": "RATED", "1.2": "EXCEPTION"}
    assert await note("no-contract", "4") == 0
    assert await states(billing) == {"1.1": "RATED", "1.2": "EXCEPTION"}


async def test_credited_leg_can_be_charged_again(database: MakeDatabase) -> None:
    """I1 is about rows that are not credited; both stay."""
    credited = RatedCall("pbx-praha:1.1", "CF-1", "INVOICED", 60, NOW, account="7700123", credited=True)
    billing = made(database, calls=[credited])
    await charged(billing, charges(a_charged_leg("pbx-praha:1.1")))
    assert await refused(billing, charges(a_charged_leg("pbx-praha:1.1"), account="7700000"), key="2")
    rows = await billing.database.read(lambda connection: connection.execute(CALLS.select()).all())
    assert sorted((row.id, row.credited) for row in rows) == [("pbx-praha:1.1#1", True), ("pbx-praha:1.1#2", False)]


async def test_same_legs_at_once_are_charged_once(billing: Billing) -> None:
    """Two processes under different keys: the constraint lets one of them win, the other finds its invoice."""
    answers = await asyncio.gather(*(charged(billing, worked_charges(), key=str(key)) for key in range(6)))
    assert {(answer.id, answer.total) for answer in answers} == {("IN-7700123-0001", Decimal("175.27"))}
    assert len(await billing.segments_of_conferences(["CF-2026-000123"])) == 7


async def test_same_legs_at_once_for_two_accounts_are_charged_once(billing: Billing) -> None:
    """They share no period to lock: only the unique constraint stands between them."""
    accounts = ["7700123", "7700999"] * 3
    answers = await asyncio.gather(
        *(charged(billing, worked_charges(account=account), key=str(key)) for key, account in enumerate(accounts))
    )
    assert len({answer.id for answer in answers}) == 1
    assert len(await billing.segments_of_conferences(["CF-2026-000123"])) == 7


async def test_different_conferences_at_once_share_a_draft(billing: Billing) -> None:
    """The period's lock: nobody's lines are computed from a stale list of charges."""
    calls = [charges(a_charged_leg(f"pbx-praha:1.{n}"), conference=f"CF-{n}") for n in range(8)]
    answers = await asyncio.gather(*(charged(billing, call, key=call.conference) for call in calls))
    [invoice] = await billing.invoices({answer.id for answer in answers})
    assert invoice.base == Decimal("14.40")


# periods


async def test_charge_of_a_closed_period_goes_to_the_next_open_one(billing: Billing) -> None:
    """Edge case 6: marked with its true date, the issued invoice stays as it is."""
    late = charges(a_charged_leg(), conference_started_at=OCTOBER + timedelta(days=3))
    invoice = await charged(billing, late)
    assert invoice.period == NOVEMBER
    [line] = await billing.lines([invoice.id])
    assert "2026-10-04 00:00" in line.text


async def test_new_periods_tile_time(billing: Billing) -> None:
    """I7: a charge after the last period opens all up to its own; April has 719 hours less one, October one more."""
    await charged(billing, charges(a_charged_leg(), conference_started_at=datetime(2027, 3, 30, tzinfo=UTC)))
    found = await periods(billing)
    assert [start for start, _, _ in found[1:]] == [end for _, end, _ in found[:-1]]
    assert found[-1] == (datetime(2027, 2, 28, 23, tzinfo=UTC), datetime(2027, 3, 31, 22, tzinfo=UTC), "OPEN")


async def test_first_charge_opens_the_first_period(billing: Billing) -> None:
    """An account has periods since its first charge."""
    invoice = await charged(billing, charges(a_charged_leg(), account="7700999"))
    assert invoice.period == NOVEMBER


async def test_late_charge_after_all_closed_periods_opens_the_next(database: MakeDatabase) -> None:
    """There is always a period that takes a charge."""
    billing = made(database, periods=[a_period(status="CLOSED")])
    assert (await charged(billing, charges(a_charged_leg()))).period == DECEMBER


async def test_changed_cycle_day_leaves_no_gap(database: MakeDatabase) -> None:
    """The next period begins where the last one ended."""
    billing = made(database, accounts=[an_account(cycle_day=15)], periods=[a_period()])
    await charged(billing, charges(a_charged_leg(), conference_started_at=DECEMBER + timedelta(days=20)))
    assert [(start, end) for start, end, _ in await periods(billing)][1:] == [
        (DECEMBER, datetime(2026, 12, 14, 23, tzinfo=UTC)),
        (datetime(2026, 12, 14, 23, tzinfo=UTC), datetime(2027, 1, 14, 23, tzinfo=UTC)),
    ]


# issuing


async def test_issued_invoice_has_number_dates_and_hash(billing: Billing) -> None:
    """Digits only, at most ten of them; DUZP the day of issue within the period; due by the account's terms."""
    draft = await charged(billing, worked_charges())
    invoice = await issued(billing, draft.id)
    assert (invoice.id, invoice.number, invoice.status) == (draft.id, "2026000001", "ISSUED")
    assert (invoice.issued_on, invoice.tax_point_on, invoice.due_on) == (
        date(2026, 11, 25),
        date(2026, 11, 25),
        date(2026, 12, 9),
    )
    assert invoice.content_hash == content_hash(
        invoice, await billing.lines([invoice.id]), await billing.vat([invoice.id]), the_parties()
    )
    assert set((await states(billing)).values()) == {"INVOICED"}
    assert await billing.invoices_numbered(["2026000001"]) == [invoice]


async def test_tax_point_of_an_ended_period_is_its_last_day(billing: Billing) -> None:
    """Issued in December for November, local time."""
    draft = await charged(billing, worked_charges())
    invoice = await issued(billing, draft.id, now=datetime(2026, 12, 2, 23, 30, tzinfo=UTC))
    assert (invoice.issued_on, invoice.tax_point_on) == (date(2026, 12, 3), date(2026, 11, 30))


async def test_invoice_is_issued_once(billing: Billing) -> None:
    """Under the same key the same answer, under another the refusal `not-a-draft`."""
    draft = await charged(billing, worked_charges())
    first = await issued(billing, draft.id, key="1")
    assert await issued(billing, draft.id, key="1") == first
    refusal = await issue(billing, draft.id, key="2")
    assert isinstance(refusal, Refusal)
    assert (refusal.code, "2026000001" in refusal.message) == ("not-a-draft", True)


async def test_unknown_invoice_is_refused(billing: Billing) -> None:
    """An expected no is an answer."""
    refusal = await issue(billing, "IN-0")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "unknown-invoice"


async def test_charge_after_issue_begins_a_new_draft(billing: Billing) -> None:
    """The issued invoice doesn't change; a late leg is on the next."""
    first = await charged(billing, charges(a_charged_leg("pbx-praha:1.1")), key="1")
    await issued(billing, first.id)
    second = await charged(billing, charges(a_charged_leg("pbx-praha:1.2")), key="2")
    assert (second.id, second.status, second.period) == ("IN-7700123-0002", "DRAFT", first.period)
    assert (await charged(billing, charges(a_charged_leg("pbx-praha:1.1")), key="3")).id == first.id


async def test_foreign_currency_has_vat_in_crowns(database: MakeDatabase) -> None:
    """Rule 8: at the ČNB rate of the DUZP, stored on the invoice; none within a week: refused, nothing is numbered."""
    billing = made(database, exchange_rates=[a_rate_of_the_cnb()])
    draft = await charged(billing, worked_charges(account="7700555", currency="EUR"))
    invoice = await issued(billing, draft.id)
    [vat] = await billing.vat([invoice.id])
    assert (vat.amount, vat.amount_in_czk, vat.czk_per_unit) == (Decimal("30.42"), Decimal("739.66"), Decimal("24.315"))


async def test_foreign_currency_without_a_rate_is_refused(database: MakeDatabase) -> None:
    """The draft stays a draft, and the number goes to the next invoice."""
    billing = made(database, exchange_rates=[a_rate_of_the_cnb(declared_on=date(2026, 10, 1))])
    foreign = await charged(billing, worked_charges(account="7700555", currency="EUR"), key="1")
    refusal = await issue(billing, foreign.id, key="1")
    assert isinstance(refusal, Refusal)
    assert refusal.code == "no-exchange-rate"
    [still] = await billing.invoices([foreign.id])
    assert (still.status, still.number) == ("DRAFT", None)
    own = await charged(billing, charges(a_charged_leg("pbx-praha:own")), key="2")
    assert (await issued(billing, own.id, key="2")).number == "2026000001"


async def test_two_issues_at_once_give_one_number(billing: Billing) -> None:
    """Of two who press the button, one issues and one is told so."""
    draft = await charged(billing, worked_charges())
    answers = await asyncio.gather(*(issue(billing, draft.id, key=str(key)) for key in range(4)))
    assert sum(isinstance(answer, Invoice) for answer in answers) == 1
    assert await numbers(billing) == ["2026000001"]


async def test_same_issue_at_once_under_one_key_answers_both(billing: Billing) -> None:
    """The second waits for the first and gets its answer."""
    draft = await charged(billing, worked_charges())
    answers = await asyncio.gather(*(issued(billing, draft.id, key="same") for _ in range(4)))
    assert {answer.number for answer in answers} == {"2026000001"}


async def test_twenty_issues_at_once_are_gapless(database: MakeDatabase) -> None:
    """I6: allocated in the transaction that issues, whoever comes first; refusals in between take no number."""
    accounts = [an_account(f"77{n:05}") for n in range(20)]
    billing = made(database, accounts=accounts)
    drafts = [
        await charged(billing, charges(a_charged_leg(f"pbx-praha:{n}"), account=account.number), key=str(n))
        for n, account in enumerate(accounts)
    ]
    unknown = (issue(billing, "IN-0", key=f"none-{n}") for n in range(5))
    await asyncio.gather(*(issued(billing, draft.id, key=draft.id) for draft in drafts), *unknown)
    assert await numbers(billing) == [f"2026{n:06}" for n in range(1, 21)]


async def test_numbers_rise_with_the_day_of_issue(billing: Billing) -> None:
    """I6: who asked before midnight but is let in later gets the later day; a new year begins its own series."""
    times = [datetime(2026, 11, 25, 23, 30, tzinfo=UTC), datetime(2026, 11, 25, 22, 30, tzinfo=UTC)]
    times.append(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    found = []
    for n, now in enumerate(times):
        draft = await charged(billing, charges(a_charged_leg(f"pbx-praha:1.{n}")), key=str(n))
        found.append(await issued(billing, draft.id, key=str(n), now=now))
    assert [(invoice.number, invoice.issued_on) for invoice in found] == [
        ("2026000001", date(2026, 11, 26)),
        ("2026000002", date(2026, 11, 26)),
        ("2027000001", date(2027, 1, 1)),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoices SET total = total + 1",
        "UPDATE invoices SET number = '1'",
        "UPDATE invoices SET status = 'DRAFT'",
        "DELETE FROM invoices",
        "UPDATE invoice_lines SET net = net + 1",
        "DELETE FROM invoice_lines",
        "DELETE FROM invoice_vat",
        "INSERT INTO invoice_lines (invoice, position, text, quantity, base_quantity, unit_price, net) "
        "VALUES ('IN-7700123-0001', 9, 'x', 1, 1, 1, 1)",
        "INSERT INTO invoice_vat (invoice, rate, base, amount) VALUES ('IN-7700123-0001', 9, 1, 1)",
    ],
)
async def test_issued_invoice_is_kept_by_the_database(billing: Billing, statement: str) -> None:
    """I5: whoever writes; only the status goes on."""
    draft = await charged(billing, worked_charges())
    invoice = await issued(billing, draft.id)
    with pytest.raises(DBAPIError, match="immutable"):
        await billing.database.write(lambda connection: connection.execute(text(statement)))
    await billing.database.write(lambda connection: connection.execute(text("UPDATE invoices SET status = 'PAID'")))
    assert await billing.invoices([invoice.id]) == [replace(invoice, status="PAID")]


# reading


def an_invoice(n: int, status: str, period: datetime, **changes: Any) -> Invoice:
    number = None if status == "DRAFT" else f"2026{n:06}"
    day = None if status == "DRAFT" else date(2026, 11, n)
    invoice = Invoice(
        f"IN-7700123-{n:04}",
        "7700123",
        period,
        status,
        "CZK",
        Decimal("10.00"),
        Decimal("12.10"),
        number,
        day,
        day,
        day,
    )
    return replace(invoice, **changes)


async def test_filled_invoices_are_hashed_and_counted(database: MakeDatabase) -> None:
    """A company in the making goes on where its invoices end."""
    first = an_invoice(1, "PAID", OCTOBER)
    line = InvoiceLine(
        first.id, 1, "Call", "peak", Decimal(60), Decimal(60), Decimal("10.00"), Decimal("10.00"), "CF-1", "SM-1", 1
    )
    vat = VatLine(first.id, Decimal(21), Decimal("10.00"), Decimal("2.10"))
    billing = made(
        database, periods=[a_period()], invoices=[first, an_invoice(2, "ISSUED", OCTOBER)], lines=[line], vat=[vat]
    )
    [found] = await billing.invoices([first.id])
    assert found.content_hash == content_hash(found, [line], [vat])
    draft = await charged(billing, charges(a_charged_leg()))
    assert draft.id == "IN-7700123-0003"
    assert (await issued(billing, draft.id)).number == "2026000003"


async def test_latest_invoices_of_each_account(database: MakeDatabase) -> None:
    """The last N in ascending order, a draft last; with a status, of those."""
    invoices = [
        an_invoice(1, "PAID", OCTOBER),
        an_invoice(2, "ISSUED", OCTOBER),
        an_invoice(3, "PARTLY_PAID", NOVEMBER),
        an_invoice(4, "DRAFT", NOVEMBER),
        an_invoice(5, "PAID", OCTOBER, account="7700999"),
    ]
    billing = made(database, invoices=invoices)
    before = billing.database.statements

    async def latest(last: int, status: str | None = None) -> list[str]:
        found = await billing.latest_invoices(["7700123", "7700999", "7700000"], last=last, status=status)
        return [invoice.id[-1] for invoice in found]

    assert await latest(2) == ["3", "4", "5"]
    assert await latest(9) == ["1", "2", "3", "4", "5"]
    assert await latest(1, "PAID") == ["1", "5"]
    assert billing.database.statements - before == 3
    assert [invoice.id[-1] for invoice in await billing.open_invoices(["7700123"])] == ["2", "3"]
    assert [invoice.id[-1] for invoice in await billing.drafts(["7700123", "7700999"])] == ["4"]


async def test_latest_periods_of_each_account(billing: Billing) -> None:
    """Those that have begun, in order of time."""
    found = await billing.latest_periods(["7700123"], NOW, last=1)
    assert [period.starts_at for period in found] == [NOVEMBER]
    assert [period.starts_at for period in await billing.latest_periods(["7700123"], NOW, last=5)] == [
        OCTOBER,
        NOVEMBER,
    ]


async def test_invoices_of_conferences(billing: Billing) -> None:
    """I15 the other way round: from what happened to the invoice."""
    invoice = await charged(billing, worked_charges())
    assert await billing.invoices_of_conferences(["CF-2026-000123", "CF-0"]) == [("CF-2026-000123", invoice)]


async def test_missing_database_is_a_system_that_is_down(database: MakeDatabase) -> None:
    """Never an account without invoices."""
    with pytest.raises(SystemUnavailable, match="billing"):
        await Billing(database("billing")).accounts(["7700123"])


async def numbers(billing: Billing) -> list[str]:
    found = await billing.database.read(
        lambda connection: (
            connection.execute(text("SELECT number FROM invoices WHERE number IS NOT NULL")).scalars().all()
        )
    )
    return sorted(found)
