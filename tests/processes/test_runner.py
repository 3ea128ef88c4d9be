"""Runs: one per key, the first answer kept, a failure named, a system that is down waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from processes.catalogue import PROCESSES
from processes.graph import GraphError
from processes.here import Here
from processes.import_call_records import Imported
from processes.invoice_conference import Prepared
from processes.rules.refusal import Refusal
from processes.runner import RunFailed, Runner, input_hash
from processes.stepping import Surroundings
from sources.errors import KeyReused
from sources.processes import METADATA, Processes
from sources.records.processes import Run, Step
from tests.conftest import MakeDatabase
from tests.processes.fakes import FakeGraph, unavailable
from tests.processes.test_import_call_records import FILE, FORMAT
from tests.processes.test_import_call_records import Company as BridgeCompany
from tests.processes.test_invoice_conference import CONFERENCE, Company

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
KEY = {"idempotency_key": "k", "caller": "eva"}


RUNNERS: list[Runner] = []
"""Those of the test that runs, to be closed before its database is."""


@pytest.fixture
async def register(database: MakeDatabase) -> AsyncIterator[Processes]:
    yield Processes(database("processes", METADATA))
    while RUNNERS:
        await RUNNERS.pop().close()


async def nowhere(_: object) -> None:
    raise AssertionError


def a_runner(graph: FakeGraph, register: Processes) -> Runner:
    keys: Iterator[int] = count()
    around = Surroundings(
        graph=graph, register=register, clock=lambda: NOW, make_step=Step, enqueue=nowhere, pause=0.05
    )
    runner = Runner(
        register,
        Here(PROCESSES, around),
        graph=around.graph,
        clock=lambda: NOW,
        new_key=lambda: str(next(keys)),
        seconds=5,
    )
    RUNNERS.append(runner)
    return runner


async def runs_in(register: Processes) -> list[Run]:
    """The first first."""
    found = await register.latest_runs(limit=100)
    return sorted(found, key=lambda run: run.id)


async def until_over(register: Processes) -> None:
    """Until no run is live, which takes no time to speak of on a machine that isn't busy."""
    for _ in range(1000):
        if not await register.unfinished():
            return
        await asyncio.sleep(0.03)
    pytest.fail(f"still live: {await register.unfinished()}")


async def test_a_run_is_written_down_with_its_outcome_and_steps(register: Processes) -> None:
    """Its id names process, subject and number; its steps' keys begin with it."""
    graph = Company().graph()
    answer = await a_runner(graph, register).invoice_conference(CONFERENCE, **KEY)
    [run] = await runs_in(register)
    assert answer == Prepared("INV-1")
    assert run.id == f"invoice-call:{CONFERENCE}:1"
    assert (run.state, run.outcome, run.error, run.ended_at) == ("SUCCEEDED", "INV-1", None, NOW)
    assert graph.variables("RecordCharges")["key"].startswith(f"{run.id}:charges-")
    steps = await register.steps([run.id])
    assert [(step.position, step.name, step.attempts) for step in steps] == [
        (n, name, 1) for n, name in enumerate(graph.operations, start=1)
    ]


@pytest.mark.parametrize("company", [Company(), Company(booking=None)], ids=["prepared", "refused"])
async def test_the_same_key_and_input_gets_the_first_answer_again(company: Company, register: Processes) -> None:
    """A refusal is an answer too; the graph is not asked again."""
    graph = company.graph()
    runner = a_runner(graph, register)
    first = await runner.invoice_conference(CONFERENCE, **KEY)
    asked = len(graph.asked)
    assert await runner.invoice_conference(CONFERENCE, **KEY) == first
    assert (len(graph.asked), len(await runs_in(register))) == (asked, 1)


async def test_a_refusal_is_written_down_by_its_code(register: Processes) -> None:
    """REFUSED is an end, not a failure."""
    await a_runner(Company(booking=None).graph(), register).invoice_conference(CONFERENCE, **KEY)
    [run] = await runs_in(register)
    assert (run.state, run.outcome, run.error) == ("REFUSED", "unknown-owner", None)


async def test_another_key_after_a_refusal_runs_anew(register: Processes) -> None:
    """The contract was signed meanwhile."""
    company = Company(booking=None)
    runner = a_runner(company.graph(), register)
    first = await runner.invoice_conference(CONFERENCE, idempotency_key="k1", caller="eva")
    company.booking = Company().booking
    second = await runner.invoice_conference(CONFERENCE, idempotency_key="k2", caller="eva")
    assert isinstance(first, Refusal)
    assert second == Prepared("INV-1")
    assert [run.id for run in await runs_in(register)] == [f"invoice-call:{CONFERENCE}:{n}" for n in (1, 2)]


async def test_the_same_key_with_another_input_is_refused(register: Processes) -> None:
    """By the register; no step is taken."""
    graph = Company().graph()
    runner = a_runner(graph, register)
    await runner.invoice_conference(CONFERENCE, **KEY)
    asked = len(graph.asked)
    with pytest.raises(KeyReused):
        await runner.invoice_conference("CF-other", **KEY)
    assert len(graph.asked) == asked


async def test_keys_are_each_callers_own(register: Processes) -> None:
    """Two people may choose the same key; the invoice is still one."""
    runner = a_runner(Company().graph(), register)
    first = await runner.invoice_conference(CONFERENCE, **KEY)
    assert await runner.invoice_conference(CONFERENCE, idempotency_key="k", caller="jan") == first


async def test_a_bug_leaves_the_run_failed_and_its_key_free(register: Processes) -> None:
    """The caller gets the fault; the same key runs again, as another run, and succeeds."""
    graph = Company().graph()
    graph.fails_after["RecordCharges"] = RuntimeError("a bug")
    runner = a_runner(graph, register)
    with pytest.raises(RunFailed, match="RuntimeError"):
        await runner.invoice_conference(CONFERENCE, **KEY)
    [failed] = await runs_in(register)
    assert (failed.state, failed.error, failed.outcome) == ("FAILED", "INTERNAL", None)
    assert await runner.invoice_conference(CONFERENCE, **KEY) == Prepared("INV-1")
    assert [run.state for run in await runs_in(register)] == ["FAILED", "SUCCEEDED"]


@pytest.mark.parametrize("when", ["fails_before", "fails_after"])
async def test_a_system_that_is_down_for_a_moment_is_asked_again(register: Processes, when: str) -> None:
    """The caller notices nothing; the step says how often, and its key makes asking again harmless."""
    graph = Company().graph()
    getattr(graph, when)["RecordCharges"] = unavailable("billing")
    assert await a_runner(graph, register).invoice_conference(CONFERENCE, **KEY) == Prepared("INV-1")
    steps = await register.steps([f"invoice-call:{CONFERENCE}:1"])
    step = next(one for one in steps if one.name == "RecordCharges")
    assert (step.name, step.attempts) == ("RecordCharges", 2)
    assert "billing is not available" in str(step.error)


class DownGraph(FakeGraph):
    """Billing is down until it is `up`."""

    up = False

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        if not self.up and "RecordCharges" in document:
            raise unavailable("billing")
        return await super().execute(document, variables)


async def answered(runner: Runner) -> Prepared | Refusal:
    """With the same key again while the run waits still: how soon it asks again is its own affair."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await runner.invoice_conference(CONFERENCE, **KEY)
            except RunFailed as failed:
                if failed.extensions["code"] != "SYSTEM_UNAVAILABLE":
                    raise


async def test_a_run_waits_for_a_system_and_its_caller_is_told(register: Processes) -> None:
    """With the system's code; the run goes on by itself, and the same key then gives its answer."""
    graph = DownGraph(Company().graph().answers)
    runner = a_runner(graph, register)
    with pytest.raises(RunFailed) as told:
        await runner.invoice_conference(CONFERENCE, **KEY)
    assert told.value.extensions == {"code": "SYSTEM_UNAVAILABLE", "run": f"invoice-call:{CONFERENCE}:1"}
    assert "goes on by itself" in str(told.value)
    [run] = await runs_in(register)
    assert (run.state, run.error) == ("WAITING", "SYSTEM_UNAVAILABLE")
    assert "billing is not available" in str(run.waits_for)
    graph.up = True
    assert await answered(runner) == Prepared("INV-1")
    assert [run.state for run in await runs_in(register)] == ["SUCCEEDED"]


async def test_a_waiting_run_is_left_when_its_process_ends(register: Processes) -> None:
    """Whoever comes next takes it up under its id, so its steps keep their keys."""
    graph = DownGraph(Company().graph().answers)
    runner = a_runner(graph, register)
    with pytest.raises(RunFailed):
        await runner.invoice_conference(CONFERENCE, **KEY)
    await asyncio.wait_for(runner.close(), 30)
    [run] = await runs_in(register)
    assert run.is_live
    graph.up = True
    assert await answered(a_runner(graph, register)) == Prepared("INV-1")
    assert graph.variables("RecordCharges")["key"].startswith(f"{run.id}:charges-")


async def test_a_run_is_cancelled_while_it_waits_and_can_be_retried(register: Processes) -> None:
    """By hand; a run that is over can't be cancelled, one that is live not retried."""
    graph = DownGraph(Company().graph().answers)
    runner = a_runner(graph, register)
    with pytest.raises(RunFailed):
        await runner.invoice_conference(CONFERENCE, **KEY)
    run = f"invoice-call:{CONFERENCE}:1"
    assert isinstance(await runner.retry(run, caller="jan"), Refusal)
    assert await runner.cancel(run) == run
    await until_over(register)
    assert [each.state for each in await runs_in(register)] == ["CANCELLED"]
    assert isinstance(await runner.cancel(run), Refusal)
    assert isinstance(await runner.cancel("none"), Refusal)
    graph.up = True
    assert await runner.retry(run, caller="jan") == f"invoice-call:{CONFERENCE}:2"
    await until_over(register)
    await runner.close()
    assert [(each.state, each.started_by) for each in await runs_in(register)] == [
        ("CANCELLED", "eva"),
        ("SUCCEEDED", "jan"),
    ]


async def test_a_caller_who_leaves_does_not_stop_the_run(register: Processes) -> None:
    """It ends, is written down, and the key gives its answer."""
    graph = HeldGraph(Company().graph().answers)
    runner = a_runner(graph, register)
    caller = asyncio.create_task(runner.invoice_conference(CONFERENCE, **KEY))
    await graph.reached.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    graph.released.set()
    await until_over(register)
    assert [run.state for run in await runs_in(register)] == ["SUCCEEDED"]
    await runner.close()


class HeldGraph(FakeGraph):
    """Holds every operation until it is released."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__(answers)
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        self.reached.set()
        await self.released.wait()
        return await super().execute(document, variables)


async def test_each_import_is_a_run_of_its_own(register: Processes) -> None:
    """A file given twice is counted as duplicates, not answered from memory."""
    runner = a_runner(BridgeCompany().graph(), register)
    first = await runner.import_call_records("pbx-praha", format=FORMAT, content=FILE, caller="eva")
    again = await runner.import_call_records("pbx-praha", format=FORMAT, content=FILE, caller="eva")
    assert isinstance(first, Imported)
    assert isinstance(again, Imported)
    assert (first.received, again.received, again.duplicates) == (3, 0, 3)
    assert [run.outcome for run in await runs_in(register)] == [
        "3 received, 0 duplicates, 1 quarantined, 2 conferences",
        "0 received, 3 duplicates, 1 quarantined, 2 conferences",
    ]


def test_the_input_hash_is_that_of_the_canonical_input() -> None:
    """The order of keys is not the input."""
    assert input_hash({"a": 1, "b": "č"}) == input_hash({"b": "č", "a": 1})
    assert input_hash({"a": 1}) != input_hash({"a": 2})


def test_a_graph_error_names_all_codes_and_carries_the_firsts_extensions() -> None:
    """So a process fails outside with the code of what stopped it; an error without one is INTERNAL."""
    error = GraphError(
        [
            {"message": "billing is down", "extensions": {"code": "SYSTEM_UNAVAILABLE", "system": "billing"}},
            {"message": "b"},
        ]
    )
    assert error.codes == ("SYSTEM_UNAVAILABLE", "INTERNAL")
    assert error.extensions == {"code": "SYSTEM_UNAVAILABLE", "system": "billing"}
    assert str(error) == "billing is down; b"


async def test_run_that_is_started_again_while_it_is_live_is_enqueued_again(register: Processes) -> None:
    """Whoever wrote it down first may have died before it was in the queue; twice is once there."""
    row, _ = await register.start_unless_live("invoice-call", CONFERENCE, input="{}", caller="dead", now=NOW)
    runner = a_runner(Company().graph(), register)
    assert await runner.start("invoice-call", CONFERENCE, {}, caller="eva") == row.id
    await until_over(register)
    assert [run.state for run in await runs_in(register)] == ["SUCCEEDED"]
