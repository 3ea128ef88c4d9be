"""What must hold after a run, whatever happened in it: nothing lost, nothing twice (domain.md section 3)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, select, text

from gateway.company import Company
from resolvers.billing.rules import RULES
from sources.billing import Billing
from sources.billing.documents import render
from sources.billing.parties import papers_of
from sources.bridge.calls.tables import TAKEN_LEGS
from sources.columns import Instant
from tests.faults.live import JANUS, Calls
from tests.faults.scene import BRIDGE, CLOSING, Scene

__all__ = ["LIVE_RUN", "conferences_of", "issued_for", "problems", "untaken"]

Rows = Sequence[Any]
PAPERS_AT_ONCE = 20
LIVE_RUN = "for no reason"

CALLS = "SELECT leg, state, conference, invoice, duration_seconds, credited FROM rated_calls"
LEGS = "SELECT id, room, conference, joined_at, left_at FROM legs WHERE bridge = :bridge"


async def problems(company: Company, scene: Scene, calls: Calls | None) -> list[str]:
    """What is wrong, in sentences."""
    files = await company.databases["bridge"].read(partial(legs_of, bridge=BRIDGE))
    live = await company.databases["bridge"].read(partial(legs_of, bridge=JANUS)) if calls else []
    rooms = {ref.lower() for ref in calls.kept} if calls else set()
    live = [leg for leg in live if leg.room in rooms]
    of_files = [leg for leg in files if leg.id in scene.legs or leg.id.startswith(f"{BRIDGE}:1795")]
    billing = await company.databases["billing"].read(what_was_billed)
    runs = await company.around.register.latest_runs(limit=1000)  # type: ignore[attr-defined]
    return [
        *legs_problems(scene, of_files),
        *(await live_problems(company, calls, live) if calls else []),
        *billing_problems(scene, [*of_files, *live], billing, conferences_of(scene, calls)),
        *sums_problems(billing),
        *numbers_problems(billing),
        *period_problems(billing),
        *await papers_problems(company, billing),
        *(f"run {run.id} ended {run.state}: {run.message}" for run in runs if run.state == "FAILED"),
        *(f"run {run.id} is {run.state} {LIVE_RUN}" for run in runs if run.is_live and not run.waits_for),
    ]


def conferences_of(scene: Scene, calls: Calls | None) -> frozenset[str]:
    """Those that are to be billed, or held."""
    return frozenset([*scene.conferences, *(calls.conferences if calls else ())])


async def untaken(company: Company, calls: Calls | None) -> list[str]:
    """The callers whose legs are neither call records nor held yet."""
    if calls is None:
        return []
    taken = await company.databases["bridge"].read(participants_taken)
    return sorted(calls.told - taken.keys())


async def issued_for(company: Company, conferences: Collection[str]) -> dict[str, set[str]]:
    """Invoices that were issued and not taken back, with those of the conferences that are on them."""
    billing = await company.databases["billing"].read(what_was_billed)
    issued = {each.id for each in billing["invoices"] if each.status == "ISSUED"}
    found: dict[str, set[str]] = defaultdict(set)
    for call in billing["calls"]:
        if call.invoice in issued and call.conference in conferences and not call.credited:
            found[call.invoice].add(call.conference)
    return found


def participants_taken(connection: Connection) -> Counter[str]:
    found = select(TAKEN_LEGS.c.participant).where(TAKEN_LEGS.c.bridge == JANUS)
    return Counter(row.participant for row in connection.execute(found))


def legs_of(connection: Connection, bridge: str) -> Rows:
    found = text(LEGS).columns(joined_at=Instant, left_at=Instant)
    return connection.execute(found, {"bridge": bridge}).all()


def what_was_billed(connection: Connection) -> dict[str, Rows]:
    statements = {
        "calls": CALLS,
        "invoices": "SELECT id, base, total, status, number, issued_on, account FROM invoices",
        "lines": "SELECT invoice, net, conference FROM invoice_lines",
        "vat": "SELECT invoice, base, amount FROM invoice_vat",
        "notes": "SELECT id, invoice, number, base, total, issued_on FROM credit_notes",
        "series": "SELECT series, last FROM number_series",
        "periods": "SELECT account, starts_at, ends_at, status FROM billing_periods ORDER BY account, starts_at",
    }
    return {name: connection.execute(text(statement)).all() for name, statement in statements.items()}


def legs_problems(scene: Scene, legs: Rows) -> list[str]:
    found = {leg.id for leg in legs}
    return [
        *(f"leg {leg} was lost" for leg in scene.legs - found),
        *(f"leg {leg} was made up" for leg in found - scene.legs),
        *(f"leg {leg.id} is in no conference" for leg in legs if leg.conference is None),
    ]


async def live_problems(company: Company, calls: Calls, legs: Rows) -> list[str]:
    """Whoever was in a room has one leg; a booking that was cancelled has no room, one that wasn't has one (I10)."""
    taken = await company.databases["bridge"].read(participants_taken)
    rooms = Counter(await calls.rooms_left())
    kept = Counter(ref.lower() for ref in calls.kept)
    return [
        *(f"caller {who} has {taken[who]} legs" for who in sorted(calls.told) if taken[who] != 1),
        *(f"caller {who} was made up" for who in sorted(taken.keys() - calls.told)),
        *(
            f"leg {leg.id} is in no conference"
            for leg in legs
            if leg.conference is None and leg.left_at > leg.joined_at
        ),
        *([f"rooms on the bridge: {dict(rooms)}, wanted {dict(kept)}"] if rooms != kept else []),
    ]


def billing_problems(scene: Scene, legs: Rows, billing: Mapping[str, Rows], conferences: Collection[str]) -> list[str]:
    """I1, I9: each leg of a booked conference is charged once, excluded (it had no second) or held, by its seconds.

    Of a conference that nobody booked each is held, once somebody has looked.
    """
    now = [call for call in billing["calls"] if not call.credited]
    times, by_leg = Counter(call.leg for call in now), {call.leg: call for call in now}
    owed = {leg.id: leg for leg in legs if leg.conference in conferences}
    told = [f"leg {leg} was billed {times[leg]} times" for leg in owed if times[leg] != 1]
    for id, leg in owed.items():
        seconds = int(leg.left_at.timestamp()) - int(leg.joined_at.timestamp())
        usual = {"RATED", "INVOICED"} if seconds else {"EXCLUDED"}
        wanted = {"EXCEPTION"} if leg.conference == scene.held else usual
        call = by_leg.get(id)
        if call is None or call.state not in wanted:
            told.append(f"leg {id} of {leg.conference}, {seconds} s, is {call and call.state}, not {wanted}")
        elif call.duration_seconds != seconds:
            told.append(f"leg {id} lasted {seconds} s and was billed as {call.duration_seconds} s")
    nobodys = {leg.id for leg in legs} - owed.keys()
    told += [
        f"leg {leg} of no booked conference is {by_leg[leg].state}"
        for leg in nobodys & by_leg.keys()
        if by_leg[leg].state != "EXCEPTION"
    ]
    return told + [f"leg {leg} was held {times[leg]} times" for leg in nobodys if times[leg] > 1]


def sums_problems(billing: Mapping[str, Rows]) -> list[str]:
    """I3, of every invoice there is; and a credit note is what its invoice was, below zero."""
    lines: Counter[str] = Counter()
    vat: Counter[str] = Counter()
    for line in billing["lines"]:
        lines[line.invoice] += money(line.net)
    for each in billing["vat"]:
        vat[each.invoice] += money(each.amount)
    invoices = {each.id: each for each in billing["invoices"]}
    return [
        *(
            f"invoice {each.id}: {each.base} is not the sum of its lines, or {each.total} not that with VAT"
            for each in invoices.values()
            if (money(each.base), money(each.total)) != (lines[each.id], lines[each.id] + vat[each.id])
        ),
        *(
            f"credit note {note.id}: {note.base}, {note.total} isn't what invoice {note.invoice} was"
            for note in billing["notes"]
            if (-money(note.base), -money(note.total))
            != (money(invoices[note.invoice].base), money(invoices[note.invoice].total))
        ),
    ]


def numbers_problems(billing: Mapping[str, Rows]) -> list[str]:
    """I6: each series counts from 1 to its last number, no day before the one before it; drafts have no number."""
    papers = {
        "": [each for each in billing["invoices"] if each.number is not None],
        " credit notes": billing["notes"],
    }
    found = [f"draft {each.id} has a number" for each in papers[""] if each.status == "DRAFT"]
    for series in billing["series"]:
        year, of_notes = series.series[:4], series.series[4:]
        numbered = sorted((each for each in papers[of_notes] if each.number[:4] == year), key=lambda each: each.number)
        given = [int(each.number[-5:] if of_notes else each.number[-6:]) for each in numbered]
        if given != list(range(1, series.last + 1)):
            found.append(f"series {series.series} ends at {series.last}, and its numbers are {given[-9:]}")
        days = [each.issued_on for each in numbered]
        if days != sorted(days):
            found.append(f"series {series.series}: a number was given before the day of an earlier one")
    return found


def period_problems(billing: Mapping[str, Rows]) -> list[str]:
    """I7; the period that was over is closed, and its draft issued."""
    found = []
    by_account: dict[str, list[Any]] = defaultdict(list)
    for period in billing["periods"]:
        by_account[period.account].append(period)
    for account, periods in by_account.items():
        for before, after in pairwise(periods):
            if before.ends_at != after.starts_at:
                found.append(f"periods of account {account} don't tile time: {before.ends_at}, {after.starts_at}")
    first = by_account[CLOSING[1]][0]
    if first.status != "CLOSED":
        found.append(f"the period that is over is {first.status}")
    return found


async def papers_problems(company: Company, billing: Mapping[str, Rows]) -> list[str]:
    """I5: what was issued in the run has its documents, and made again they are the same to the byte."""
    source = Billing(company.databases["billing"])
    whose = {call.invoice for call in billing["calls"] if call.conference.startswith("CF-2026-9")}
    issued = [each.id for each in billing["invoices"] if each.id in whose and each.number is not None]
    found: list[str] = []
    for papers in in_parts([*issued, *(note.id for note in billing["notes"])]):
        await source.documents(papers, rules=RULES)
        kept = await source.contents(papers)
        whole = await company.databases["billing"].read(partial(papers_of, ids=papers, period=RULES.period))
        again = {
            (file.document.paper, file.document.kind): file.content
            for paper in whole
            for file in render(paper.id, RULES.document(paper))
        }
        found += [
            f"{paper}: its {kind} made again is another one"
            for paper, kind in again
            if kept.get((paper, kind)) != again[paper, kind]
        ]
        found += [
            f"{paper} has no {kind}" for paper in papers for kind in ("PDF", "UBL", "CII") if (paper, kind) not in again
        ]
    return found


def in_parts(papers: Sequence[str]) -> Iterable[list[str]]:
    return (list(papers[at : at + PAPERS_AT_ONCE]) for at in range(0, len(papers), PAPERS_AT_ONCE))


def money(value: int | Decimal) -> int:
    """In cents: SQLite has them as whole numbers, PostgreSQL as decimals."""
    return value if isinstance(value, int) else int(value * 100)
