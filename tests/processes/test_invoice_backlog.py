"""A bridge's conferences, invoiced in runs: the same as one by one, resumed after any crash, nothing lost."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.company import Company
from gateway.config import Settings
from processes import invoice_backlog as backlog
from processes.catalogue import PROCESSES
from processes.graph import Graph
from processes.here import Here
from processes.import_call_records import import_call_records
from processes.invoice_backlog import Progress, Tally, invoice_backlog
from processes.invoice_call import invoice_call
from processes.issue_invoice import Issued, issue_invoice
from processes.reconcile import Reconciler
from processes.rules.refusal import Refusal
from processes.stepping import operation_name
from processes.watches import WATCHES
from tests.company import opened
from tests.processes.backlog_scene import BRIDGE, Scene, a_scene, fill

EVENING = datetime(2026, 11, 24, 18, tzinfo=UTC)
AT_NOON = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
"""The third conference is booked until 10:50Z."""

SETTLED = (
    "SELECT leg, conference, state, account, invoice, contract, rate_version, reason, message FROM rated_calls "
    "WHERE leg LIKE 'pbx-praha:%' ORDER BY leg",
    "SELECT * FROM segments WHERE call LIKE 'pbx-praha:%' ORDER BY call, position",
    "SELECT * FROM invoice_lines WHERE invoice IN (SELECT id FROM invoices WHERE status = 'DRAFT') "
    "ORDER BY invoice, position",
    "SELECT id, status, base, total FROM invoices WHERE status = 'DRAFT' ORDER BY id",
    "SELECT * FROM minimum_charges ORDER BY invoice, conference",
    "SELECT * FROM invoice_vat WHERE invoice IN (SELECT id FROM invoices WHERE status = 'DRAFT') ORDER BY invoice",
    "SELECT exception, position, kind, code, message FROM exception_events WHERE leg LIKE 'pbx-praha:%' ORDER BY 1, 2",
)
DRAFT = "SELECT DISTINCT invoice FROM rated_calls WHERE leg LIKE 'pbx-praha:%' AND invoice IS NOT NULL"
CREDIT = """
mutation Credit($invoice: ID!) {
  createCreditNote(invoice: $invoice, reason: "twice", idempotencyKey: "credited") { __typename }
}
"""


class Crashed(Exception):
    """The process died."""


@dataclass
class Crashing:
    """A run over the company's graph. It dies before or after its n-th operation."""

    graph: Graph
    time: datetime = EVENING
    id: str = f"invoice-backlog:{BRIDGE}:1"
    before: int | None = None
    after: int | None = None
    asked: list[str] = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    async def execute(
        self, document: str, variables: Mapping[str, Any], *, until: datetime | None = None
    ) -> dict[str, Any]:
        self.asked.append(operation_name(document))
        if len(self.asked) == self.before:
            raise Crashed
        answer = await self.graph.execute(document, variables)
        if len(self.asked) == self.after:
            raise Crashed
        return answer

    async def now(self) -> datetime:
        return self.time

    async def wait(self, until: datetime, why: str) -> None:
        raise AssertionError("it never waits")

    async def start(self, process: str, subject: str, input: Mapping[str, Any]) -> None:
        self.started.append(subject)

    async def alarm(self, code: str, message: str) -> None:
        raise AssertionError(message)


@pytest.fixture(scope="module")
def company_with_bookings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backlog")
    fill(Settings(data=folder))
    return folder


@asynccontextmanager
async def imported(template: Path, folder: Path, scene: Scene) -> AsyncIterator[Company]:
    """The company with the scene's call records, of which nothing is charged yet."""
    shutil.copytree(template, folder)
    async with opened(Settings(data=folder)) as company:
        for n, piece in enumerate(scene.pieces):
            run = f"import:{n}"
            graph = company.around.graph
            await import_call_records(graph, BRIDGE, format="ASTERISK_CSV", content=piece, run=run)
        yield company


def settled(folder: Path) -> list[list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(folder / "billing.sqlite")) as connection:
        return [connection.execute(statement).fetchall() for statement in SETTLED]


async def one_by_one(template: Path, folder: Path, scene: Scene) -> list[list[tuple[Any, ...]]]:
    async with imported(template, folder, scene) as company:
        await each_alone(company.around.graph, after=0)
    return settled(folder)


async def each_alone(graph: Graph, *, after: int, anew: bool = False) -> int:
    """Every conference behind this position, by a run of its own; the last one's position."""
    page = await graph.execute(backlog.NEXT, {"bridge": BRIDGE, "position": after, "first": 100})
    for each in page["conferencesAfter"]:
        id = each["conference"]["id"]
        await invoice_call(graph, id, run=f"invoice-call:{id}:{each['position']}:{anew}", anew=anew)
    return max(int(each["position"]) for each in page["conferencesAfter"])


async def all_at_once(graph: Graph, *, after: int) -> int:
    await through(graph)
    return after


async def through(graph: Graph, *, time: datetime = EVENING) -> Tally:
    """One run, which has come to the end."""
    progress = await invoice_backlog(Crashing(graph, time=time), BRIDGE)
    assert isinstance(progress, Progress)
    assert progress.is_through
    return progress.tally


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_many_at_once_come_to_the_same_as_one_by_one(
    company_with_bookings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Charges, segments, lines, totals and exceptions of random calls, to the letter."""
    monkeypatch.setattr(backlog, "PAGE", 4)
    scene = a_scene(random.Random(seed))
    expected = await one_by_one(company_with_bookings, tmp_path / "one", scene)
    async with imported(company_with_bookings, tmp_path / "many", scene) as company:
        tally = await through(company.around.graph)
        assert (tally.charged, tally.waiting) == (4, 0)
        assert tally.held >= 2
        assert await through(company.around.graph) == Tally()
    assert settled(tmp_path / "many") == expected
    assert {row[2] for row in expected[0]} >= {"RATED", "EXCEPTION"}
    assert all(expected[:4])


@pytest.mark.parametrize("seed", [11, 12])
async def test_many_at_once_come_to_the_same_when_an_invoice_was_taken_back_and_legs_come_late(
    company_with_bookings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Half of the legs are charged, issued and credited, the others come then, some of them earlier.

    By itself nothing is charged anew: of a call with late legs all wait for a person. Once one says so, all are.
    """
    monkeypatch.setattr(backlog, "PAGE", 2)
    chance = random.Random(seed)
    scene = a_scene(chance)
    lines = sorted({line for piece in scene.pieces for line in piece.splitlines(keepends=True)})
    chance.shuffle(lines)
    half = len(lines) // 2
    first = Scene(("".join(lines[:half]),), scene.legs, scene.conferences)
    found = []
    for way in (each_alone, all_at_once):
        folder = tmp_path / way.__name__
        async with imported(company_with_bookings, folder, first) as company:
            graph = company.around.graph
            looked = await way(graph, after=0)
            with closing(sqlite3.connect(folder / "billing.sqlite")) as connection:
                [(draft,)] = connection.execute(DRAFT).fetchall()
            assert isinstance(await issue_invoice(graph, draft, run="issued"), Issued)
            credited = await graph.execute(CREDIT, {"invoice": draft})
            assert credited["createCreditNote"]["__typename"] == "CreditNoteCreated"
            for n, line in enumerate(lines[half:]):
                await import_call_records(graph, BRIDGE, format="ASTERISK_CSV", content=line, run=f"late:{n}")
            await way(graph, after=looked)
            found.append(settled(folder))
            await each_alone(graph, after=0, anew=True)
            found.append(settled(folder))
    [alone, alone_anew, at_once, at_once_anew] = found
    assert at_once == alone
    assert at_once_anew == alone_anew
    assert not any(id.endswith("#2") for id, *_ in alone[1])
    assert "partly-credited" in {reason for *_, reason, _ in alone[0]}
    assert all(alone_anew[:4])
    assert any(id.endswith("#2") for id, *_ in alone_anew[1])  # charged anew


@pytest.mark.parametrize("edge", ["before", "after"])
async def test_a_run_that_dies_anywhere_is_gone_on_with(
    company_with_bookings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edge: str
) -> None:
    """At each of its steps once, before it was done and after: the end is the same, each leg in one place."""
    monkeypatch.setattr(backlog, "PAGE", 3)
    scene = a_scene(random.Random(4))
    expected = await one_by_one(company_with_bookings, tmp_path / "one", scene)
    async with imported(company_with_bookings, tmp_path / "many", scene) as company:
        step = 0
        while True:
            step += 1
            run = Crashing(company.around.graph, **{edge: step})  # type: ignore[arg-type]
            try:
                await invoice_backlog(run, BRIDGE)
            except Crashed:
                continue
            break
    assert step > 3
    assert settled(tmp_path / "many") == expected


async def test_who_may_still_talk_is_left_until_the_booked_end(company_with_bookings: Path, tmp_path: Path) -> None:
    """The others are charged meanwhile; billing keeps up to where all is done, and when to look again."""
    scene = a_scene(random.Random(5))
    async with imported(company_with_bookings, tmp_path / "data", scene) as company:
        graph = company.around.graph
        early = await through(graph, time=AT_NOON)
        assert (early.charged, early.waiting) == (2, 3)
        asked = "query Positions { invoicingPositions { bridge doneTo lookedTo lookAgainAt } }"
        [noted] = (await graph.execute(asked, {}))["invoicingPositions"]
        assert noted["doneTo"] < noted["lookedTo"]
        assert noted["lookAgainAt"] == "2026-11-24T10:50:00Z"
        late = await through(graph)
        assert (late.charged, late.waiting) == (2, 0)
        [noted] = (await graph.execute(asked, {}))["invoicingPositions"]
        assert (noted["doneTo"], noted["lookAgainAt"]) == (noted["lookedTo"], None)


async def test_a_leg_that_comes_late_puts_its_conference_behind_all_others(
    company_with_bookings: Path, tmp_path: Path
) -> None:
    """It is charged with the rest of the file, and what was charged before stays as it was."""
    scene = a_scene(random.Random(6))
    lines = sorted({line for piece in scene.pieces for line in piece.splitlines(keepends=True)})
    first = Scene(("".join(lines[1:]),), scene.legs, scene.conferences)
    async with imported(company_with_bookings, tmp_path / "data", first) as company:
        graph = company.around.graph
        await invoice_backlog(Crashing(graph), BRIDGE)
        await import_call_records(graph, BRIDGE, format="ASTERISK_CSV", content=lines[0], run="late")
        late = await through(graph)
    assert late == Tally(charged=1)
    assert len(settled(tmp_path / "data")[0]) == len(scene.legs)


async def test_pages_are_gone_on_with_by_the_next_run(company_with_bookings: Path, tmp_path: Path) -> None:
    """Each run does one; the last says that it is through. What is left for later stops nobody."""
    async with imported(company_with_bookings, tmp_path / "data", a_scene(random.Random(5))) as company:
        runs: list[Progress] = []
        while not runs or not runs[-1].is_through:
            progress = await invoice_backlog(Crashing(company.around.graph, time=AT_NOON), BRIDGE, first=2)
            assert isinstance(progress, Progress)
            runs.append(progress)
        assert len(runs) >= 3
        tally = sum((each.tally for each in runs), Tally())
        assert (tally.charged, tally.waiting) == (2, 3)
        assert [each.looked_to for each in runs] == sorted({each.looked_to for each in runs})
        assert runs[-1].looked_to == runs[-1].last
        later = await invoice_backlog(Crashing(company.around.graph), BRIDGE, first=2)
        assert isinstance(later, Progress)
        assert later.looked_to < runs[-1].looked_to  # with the first that was left


async def test_a_bridge_without_conferences_is_refused(company_with_bookings: Path, tmp_path: Path) -> None:
    async with imported(company_with_bookings, tmp_path / "data", Scene((), frozenset(), ())) as company:
        refused = await invoice_backlog(Crashing(company.around.graph), "pbx-nowhere")
    assert isinstance(refused, Refusal)
    assert refused.code == "no-conferences"


async def test_a_bridge_restored_from_a_copy_is_looked_at_from_its_beginning(
    company_with_bookings: Path, tmp_path: Path
) -> None:
    """Its positions have gone back; what is settled stays so, and what came since is invoiced."""
    scene = a_scene(random.Random(6))
    async with imported(company_with_bookings, tmp_path / "data", scene) as company:
        graph = company.around.graph
        first = await through(graph)
        far = {"bridge": BRIDGE, "doneTo": 99, "lookedTo": 99, "lookAgainAt": None}
        await graph.execute(backlog.NOTE_POSITION, far)
        before = settled(tmp_path / "data")
        tally = await through(graph)
        assert tally.charged == 0
        assert tally.settled >= first.charged
        [noted] = (await graph.execute(backlog.POSITION, {}))["invoicingPositions"]
        assert noted["lookedTo"] < 99
    assert settled(tmp_path / "data") == before


async def test_what_comes_from_files_is_invoiced_with_nobody_typing(
    company_with_bookings: Path, tmp_path: Path
) -> None:
    """By the clock: a run when there is something new, none when there is nothing, and nothing twice beside others."""
    scene = a_scene(random.Random(9))
    expected = await one_by_one(company_with_bookings, tmp_path / "one", scene)
    [often, _] = [each for each in WATCHES if each.process == backlog.NAME]
    async with imported(company_with_bookings, tmp_path / "many", scene) as company:
        executor = Here(PROCESSES, company.around)
        reconciler = Reconciler(company.around, executor, WATCHES)
        assert await reconciler.look(often) == 1
        assert await reconciler.look(often) == 0  # it is live
        await invoice_call(company.around.graph, scene.conferences[0], run="beside")
        await executor.until_over(f"{backlog.NAME}:{BRIDGE}:1", 60)
        assert await reconciler.look(often) == 0  # all is done
        await executor.close()
    assert settled(tmp_path / "many") == expected


def command(folder: Path) -> list[str]:
    start = [sys.executable, "-c", "from gateway.start import main; main()"]
    return [*start, "invoice-backlog", BRIDGE, "--first", "1", "--data", str(folder)]


def looked_to(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "billing.sqlite")) as connection:
        found = connection.execute("SELECT looked_to FROM invoicing_positions").fetchone()
        return found[0] if found else 0


def killed_in_its_midst(folder: Path) -> None:
    """As soon as the first conferences are done."""
    with subprocess.Popen(command(folder)) as running:
        while looked_to(folder) == 0:
            assert running.poll() is None
            time.sleep(0.001)
        running.kill()
    assert running.returncode == -signal.SIGKILL


async def test_a_command_that_is_killed_goes_on_when_it_is_started_again(
    company_with_bookings: Path, tmp_path: Path
) -> None:
    """SIGKILL in the midst of the conferences: afterwards all is as without it, and nothing is there twice."""
    scene = a_scene(random.Random(8))
    expected = await one_by_one(company_with_bookings, tmp_path / "one", scene)
    folder = tmp_path / "many"
    async with imported(company_with_bookings, folder, scene):
        pass
    await asyncio.to_thread(killed_in_its_midst, folder)
    assert len(settled(folder)[0]) < len(expected[0])
    done = await asyncio.to_thread(subprocess.run, command(folder), capture_output=True, text=True, check=True)
    assert "not over yet" in done.stdout
    assert settled(folder) == expected
