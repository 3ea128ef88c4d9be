"""Billing's invariants (domain.md, section 3) on the real source: whatever is done to it, in whatever order, twice.

Each case is a story: charges, exceptions, issues, periods that close. Afterwards the database is read as a whole.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from resolvers.billing.rules import RULES, invoice_content
from sources.billing import METADATA, Billing, content_hash
from sources.billing.reading import MINIMUMS_OF_INVOICES
from sources.billing.tables import minimum_of
from sources.database import Database
from sources.records.billing import ExcludedLeg, Invoice, InvoiceLine, VatLine
from sources.records.exceptions import ExceptionLeg
from sources.records.papers import CreditNote
from sources.records.refusal import Refusal
from tests.calls import NOVEMBER, a_charged_leg, an_account, charges, the_parties

ACCOUNTS = [an_account("7700123", cycle_day=1), an_account("7700999", cycle_day=31)]


@dataclass(frozen=True)
class Charge:
    """Some of a conference's legs, some days after the start of November 2026; the first `excluded` are not billed."""

    account: str
    conference: int
    legs: frozenset[int]
    excluded: int
    peak: int
    off_peak: int
    day: int


@dataclass(frozen=True)
class Except:
    conference: int
    legs: frozenset[int]


@dataclass(frozen=True)
class Issue:
    """The account's draft, if it has one, a day after the last step."""

    account: str


@dataclass(frozen=True)
class Close:
    """The account's first period that isn't CLOSED, whatever day it is; finished too, where its draft is issued."""

    account: str


@dataclass(frozen=True)
class Credit:
    """One of the account's invoices that are issued, if it has one."""

    account: str
    place: int


accounts = st.sampled_from([account.number for account in ACCOUNTS])
conferences = st.integers(0, 2)
legs = st.frozensets(st.integers(0, 3), min_size=1)
charging = st.builds(
    Charge,
    account=accounts,
    conference=conferences,
    legs=legs,
    excluded=st.integers(0, 1),
    peak=st.integers(1, 5000),
    off_peak=st.integers(0, 5000),
    day=st.integers(-20, 100),
)
step = st.one_of(
    charging,
    charging,
    st.builds(Except, conferences, legs),
    st.builds(Issue, accounts),
    st.builds(Close, accounts),
    st.builds(Credit, accounts, st.integers(0, 2)),
)

Paper = tuple[Invoice, list[InvoiceLine], list[VatLine]]


@dataclass
class Story:
    """Billing, and every invoice as it was when it was issued."""

    billing: Billing
    now: datetime = datetime(2026, 12, 30, 12, tzinfo=UTC)
    issued: list[Paper] = field(default_factory=list)
    credited: list[CreditNote] = field(default_factory=list)
    asked: dict[int, str] = field(default_factory=dict)
    closed: dict[int, datetime] = field(default_factory=dict)

    async def tell(self, steps: Sequence[Any], *, replay: bool = False) -> None:
        for n, told in enumerate(steps):
            if not replay:
                self.now += timedelta(hours=20)
            await self.act(n, told, replay=replay)

    async def act(self, n: int, told: Any, *, replay: bool) -> None:
        match told:
            case Charge():
                await self.charge(n, told)
            case Except():
                named = [ExceptionLeg(leg, 60) for leg in leg_ids(told.conference, told.legs)]
                await self.billing.record_rating_exceptions(
                    f"CF-{told.conference}",
                    named,
                    code="no-contract",
                    message="x",
                    caller="tests",
                    key=str(n),
                    now=self.now,
                )
            case Issue():
                await self.issue(n, told, replay=replay)
            case Close():
                await self.close(n, told, replay=replay)
            case Credit():
                await self.credit(n, told, replay=replay)

    async def charge(self, n: int, told: Charge) -> None:
        ids = leg_ids(told.conference, told.legs)
        await self.billing.record_charges(
            charges(
                *(a_charged_leg(leg, peak=told.peak, off_peak=told.off_peak) for leg in ids[told.excluded :]),
                conference=f"CF-{told.conference}",
                excluded=[ExcludedLeg(leg, 0, "zero-duration") for leg in ids[: told.excluded]],
                account=told.account,
                conference_started_at=NOVEMBER + timedelta(days=told.day),
                minimum_charge=Decimal("0.37"),
            ),
            caller="tests",
            key=str(n),
            now=self.now,
            rules=RULES,
        )

    async def issue(self, n: int, told: Issue, *, replay: bool) -> None:
        if not replay:
            drafts = await self.billing.drafts([told.account])
            self.asked[n] = drafts[0].id if drafts else "none"
        outcome = await self.billing.issue_invoice(
            self.asked[n], the_parties(), caller="tests", key=str(n), now=self.now, rules=RULES
        )
        if not replay and not isinstance(outcome, Refusal):
            self.issued.append(await self.paper(outcome.id))

    async def close(self, n: int, told: Close, *, replay: bool) -> None:
        if not replay:
            periods = [period for period in await self.billing.periods([told.account]) if period.status != "CLOSED"]
            self.closed[n] = periods[0].starts_at if periods else NOVEMBER
        since = self.closed[n]
        await self.billing.close_period(told.account, since, caller="tests", key=f"{n}", now=FAR)
        await self.billing.finish_period(told.account, since, caller="tests", key=f"{n}")

    async def credit(self, n: int, told: Credit, *, replay: bool) -> None:
        if not replay:
            issued = await self.billing.latest_invoices([told.account], last=100, status="ISSUED")
            self.asked[n] = issued[told.place % len(issued)].id if issued else "none"
        outcome = await self.billing.create_credit_note(
            self.asked[n], "wrong", caller="tests", key=str(n), now=self.now, rules=RULES
        )
        if not replay and not isinstance(outcome, Refusal):
            self.credited.append(outcome)

    async def paper(self, invoice: str) -> Paper:
        [found] = await self.billing.invoices([invoice])
        return found, await self.billing.lines([invoice]), await self.billing.vat([invoice])

    async def everything(self) -> dict[str, list[Any]]:
        return await self.billing.database.read(
            lambda connection: {
                table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
                for table in METADATA.sorted_tables
            }
        )

    async def rows(self, statement: str) -> list[Any]:
        return list(await self.billing.database.read(lambda connection: connection.execute(text(statement)).all()))


FAR = datetime(2035, 1, 1, tzinfo=UTC)
"""When every period of a story is over."""


def leg_ids(conference: int, numbers: frozenset[int]) -> list[str]:
    return [f"pbx-praha:{conference}.{number}" for number in sorted(numbers)]


def told(steps: Sequence[Any], then: Any) -> None:
    """Tell the story to a new billing on SQLite, then look at it."""

    async def run(folder: str) -> None:
        database = Database("billing", f"sqlite:///{Path(folder) / 'billing.sqlite'}")
        nothing: dict[str, Any] = {"periods": (), "invoices": (), "lines": (), "vat": (), "calls": ()}
        database.create(METADATA, partial(Billing.fill, accounts=ACCOUNTS, **nothing))
        story = Story(Billing(database))
        try:
            await story.tell(steps)
            await then(story)
        finally:
            await database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(folder))


law = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
stories = given(st.lists(step, max_size=12))


@law
@stories
def test_each_call_is_in_one_state_and_charged_once(steps: list[Any]) -> None:
    """I1: one row a leg, in one of four states; each leg and band on one line of one invoice, those of its state."""

    async def then(story: Story) -> None:
        calls = await story.rows("SELECT leg, state, invoice FROM rated_calls WHERE NOT credited")
        assert max(Counter(call.leg for call in calls).values(), default=1) == 1
        invoices = {row.id: row.status for row in await story.rows("SELECT id, status FROM invoices")}
        released = await story.rows("SELECT invoice FROM rated_calls WHERE credited")
        assert {invoices[call.invoice] for call in released} <= {"CREDITED"}
        for call in calls:
            wanted = {None: {"EXCEPTION", "EXCLUDED"}, "DRAFT": {"RATED"}, "ISSUED": {"INVOICED"}}
            assert call.state in wanted[call.invoice and invoices[call.invoice]]
        live = [id for id, status in invoices.items() if status != "CREDITED"]
        segments = await story.billing.segments_of_invoices(live)
        assert max(Counter((one.leg, one.segment.band) for one in segments).values(), default=1) == 1

    told(steps, then)


@law
@stories
def test_telling_it_again_changes_nothing(steps: list[Any]) -> None:
    """I2: every mutation once more under its key; not a byte of the database is another."""

    async def then(story: Story) -> None:
        before = await story.everything()
        await story.tell(steps, replay=True)
        assert await story.everything() == before

    told(steps, then)


@law
@stories
def test_totals_are_sums_and_lines_come_from_segments(steps: list[Any]) -> None:
    """I3: total = lines + VAT; what is stored comes out again when it is computed from the segments."""

    async def then(story: Story) -> None:
        for row in await story.rows("SELECT id FROM invoices"):
            invoice, lines, vat = await story.paper(row.id)
            assert invoice.base == sum(line.net for line in lines) == sum(part.base for part in vat)
            assert invoice.total == invoice.base + sum(part.amount for part in vat)
            content = invoice_content(
                invoice.id, await story.billing.segments_of_invoices([invoice.id]), await minimums(story, invoice.id)
            )
            assert ([*content.lines], [*content.vat]) == (lines, vat)

    told(steps, then)


@law
@stories
def test_issued_invoice_never_changes(steps: list[Any]) -> None:
    """I5: at the end of the story it is what it was when it was issued, and its hash says so.

    Only its status goes on, to CREDITED where a credit note took it back, whole.
    """

    async def then(story: Story) -> None:
        notes = {note.invoice: note for note in story.credited}
        for paper in story.issued:
            invoice, lines, vat = await story.paper(paper[0].id)
            note = notes.get(invoice.id)
            assert invoice.status == ("CREDITED" if note else "ISSUED")
            assert (replace(invoice, status="ISSUED"), lines, vat) == paper
            if note:
                assert (note.base, note.total) == (-invoice.base, -invoice.total)
                assert await story.billing.credit_notes_of([invoice.id]) == [note]
            assert paper[0].content_hash == content_hash(*paper, the_parties())

    told(steps, then)


@law
@stories
def test_numbers_are_gapless_and_rise_with_the_day(steps: list[Any]) -> None:
    """I6: from 1 in each year, in the order of issue; drafts have none."""

    async def then(story: Story) -> None:
        positions: Counter[int] = Counter()
        days = []
        for invoice, _, _ in story.issued:
            assert invoice.issued_on is not None
            positions[invoice.issued_on.year] += 1
            assert invoice.number == f"{invoice.issued_on.year}{positions[invoice.issued_on.year]:06}"
            days.append(invoice.issued_on)
        assert days == sorted(days)
        taken_back: Counter[int] = Counter()
        for note in story.credited:
            taken_back[note.issued_on.year] += 1
            assert note.number == f"{note.issued_on.year}9{taken_back[note.issued_on.year]:05}"
        assert not await story.rows("SELECT id FROM invoices WHERE (number IS NULL) <> (status = 'DRAFT')")

    told(steps, then)


@law
@stories
def test_periods_tile_time(steps: list[Any]) -> None:
    """I7: no gap, no overlap, and every charge's invoice is of one of them; a CLOSED one has no draft left."""

    async def then(story: Story) -> None:
        for account in ACCOUNTS:
            found = await story.billing.latest_periods([account.number], datetime(9999, 1, 1, tzinfo=UTC), last=100)
            assert [period.starts_at for period in found[1:]] == [period.ends_at for period in found[:-1]]
            assert all(period.starts_at < period.ends_at for period in found)
            invoices = await story.billing.latest_invoices([account.number], last=100, status=None)
            assert {invoice.period for invoice in invoices} <= {period.starts_at for period in found}
            drafts = {invoice.period for invoice in invoices if invoice.status == "DRAFT"}
            assert not drafts & {period.starts_at for period in found if period.status == "CLOSED"}

    told(steps, then)


async def minimums(story: Story, invoice: str) -> list[Any]:
    return await story.billing.database.read(
        lambda connection: [minimum_of(row) for row in connection.execute(MINIMUMS_OF_INVOICES, {"keys": [invoice]})]
    )
