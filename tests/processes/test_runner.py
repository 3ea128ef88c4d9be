"""Runs: one per key, the first answer kept, a failure named, a repeat after it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from processes.graph import GraphError
from processes.import_call_records import Imported
from processes.invoice_conference import Prepared
from processes.rules.refusal import Refusal
from processes.runner import Runner, input_hash
from tests.processes.fakes import FakeGraph, FakeRuns, KeyReused, unavailable
from tests.processes.test_import_call_records import FILE, FORMAT
from tests.processes.test_import_call_records import Company as BridgeCompany
from tests.processes.test_invoice_conference import CONFERENCE, Company

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def a_runner(graph: FakeGraph, runs: FakeRuns) -> Runner:
    keys: Iterator[int] = count()
    return Runner(runs, graph, clock=lambda: NOW, new_key=lambda: str(next(keys)))


async def test_a_run_is_written_down_with_its_outcome() -> None:
    """Its id names process, subject and number; its steps' keys begin with it."""
    runs, graph = FakeRuns(), Company().graph()
    answer = await a_runner(graph, runs).invoice_conference(CONFERENCE, idempotency_key="k", caller="eva")
    (run,) = runs.runs.values()
    assert answer == Prepared("INV-1")
    assert run.id == f"invoice-conference:{CONFERENCE}:1"
    assert (run.state, run.outcome, run.error, run.ended_at) == ("SUCCEEDED", "INV-1", None, NOW)
    assert graph.variables("RecordCharges")["key"].startswith(f"{run.id}:charges-")


@pytest.mark.parametrize("company", [Company(), Company(booking=None)], ids=["prepared", "refused"])
async def test_the_same_key_and_input_gets_the_first_answer_again(company: Company) -> None:
    """A refusal is an answer too; the graph is not asked again."""
    runs, graph = FakeRuns(), company.graph()
    runner = a_runner(graph, runs)
    first = await runner.invoice_conference(CONFERENCE, idempotency_key="k", caller="eva")
    asked = len(graph.asked)
    assert await runner.invoice_conference(CONFERENCE, idempotency_key="k", caller="eva") == first
    assert (len(graph.asked), len(runs.runs)) == (asked, 1)


async def test_a_refusal_is_written_down_by_its_code() -> None:
    """REFUSED is an end, not a failure."""
    runs = FakeRuns()
    await a_runner(Company(booking=None).graph(), runs).invoice_conference(
        CONFERENCE, idempotency_key="k", caller="eva"
    )
    (run,) = runs.runs.values()
    assert (run.state, run.outcome, run.error) == ("REFUSED", "unknown-owner", None)


async def test_another_key_after_a_refusal_runs_anew() -> None:
    """The contract was signed meanwhile."""
    company, runs = Company(booking=None), FakeRuns()
    runner = a_runner(company.graph(), runs)
    first = await runner.invoice_conference(CONFERENCE, idempotency_key="k1", caller="eva")
    company.booking = Company().booking
    second = await runner.invoice_conference(CONFERENCE, idempotency_key="k2", caller="eva")
    assert isinstance(first, Refusal)
    assert second == Prepared("INV-1")
    assert list(runs.runs) == [f"invoice-conference:{CONFERENCE}:{n}" for n in (1, 2)]


async def test_the_same_key_with_another_input_is_refused() -> None:
    """By the store of runs; no step is taken."""
    runs, graph = FakeRuns(), Company().graph()
    runner = a_runner(graph, runs)
    await runner.invoice_conference(CONFERENCE, idempotency_key="k", caller="eva")
    asked = len(graph.asked)
    with pytest.raises(KeyReused):
        await runner.invoice_conference("CF-other", idempotency_key="k", caller="eva")
    assert len(graph.asked) == asked


async def test_keys_are_each_callers_own() -> None:
    """Two people may choose the same key; the invoice is still one."""
    runner = a_runner(Company().graph(), FakeRuns())
    first = await runner.invoice_conference(CONFERENCE, idempotency_key="k", caller="eva")
    assert await runner.invoice_conference(CONFERENCE, idempotency_key="k", caller="jan") == first


@pytest.mark.parametrize(
    ("fault", "code"),
    [(unavailable("billing"), "SYSTEM_UNAVAILABLE"), (RuntimeError("a bug"), "INTERNAL")],
    ids=["a system is down", "a bug"],
)
async def test_a_fault_leaves_the_run_failed_and_its_key_free(fault: Exception, code: str) -> None:
    """The caller gets the fault; the same key runs again, as another run, and succeeds."""
    runs, graph = FakeRuns(), Company().graph()
    graph.fails_after["RecordCharges"] = fault
    runner = a_runner(graph, runs)
    with pytest.raises(type(fault)):
        await runner.invoice_conference(CONFERENCE, idempotency_key="k", caller="eva")
    (failed,) = runs.runs.values()
    assert (failed.state, failed.error, failed.outcome) == ("FAILED", code, None)
    assert await runner.invoice_conference(CONFERENCE, idempotency_key="k", caller="eva") == Prepared("INV-1")
    assert [run.state for run in runs.runs.values()] == ["FAILED", "SUCCEEDED"]


async def test_a_run_left_by_a_dead_process_is_taken_up_under_its_id() -> None:
    """Its steps keep their keys, so what was done is not done twice."""
    runs, graph = FakeRuns(), Company().graph()
    subject = input_hash({"id": CONFERENCE})
    left = await runs.start("invoice-conference", CONFERENCE, key="k", input_hash=subject, caller="eva", now=NOW)
    await a_runner(graph, runs).invoice_conference(CONFERENCE, idempotency_key="k", caller="eva")
    assert list(runs.runs.values()) == [left]
    assert graph.variables("RecordCharges")["key"].startswith(f"invoice-conference:{CONFERENCE}:1:charges-")


async def test_a_caller_who_leaves_does_not_stop_the_run() -> None:
    """It ends, is written down, and the key gives its answer."""
    runs, company = FakeRuns(), Company()
    graph = HeldGraph(company.graph().answers)
    runner = a_runner(graph, runs)
    caller = asyncio.create_task(runner.invoice_conference(CONFERENCE, idempotency_key="k", caller="eva"))
    await graph.reached.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    graph.released.set()
    await runner.close()
    assert runs.runs[f"invoice-conference:{CONFERENCE}:1"].state == "SUCCEEDED"


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


async def test_each_import_is_a_run_of_its_own() -> None:
    """A file given twice is counted as duplicates, not answered from memory."""
    runs = FakeRuns()
    runner = a_runner(BridgeCompany().graph(), runs)
    first = await runner.import_call_records("pbx-praha", format=FORMAT, content=FILE, caller="eva")
    again = await runner.import_call_records("pbx-praha", format=FORMAT, content=FILE, caller="eva")
    assert isinstance(first, Imported)
    assert isinstance(again, Imported)
    assert (first.received, again.received, again.duplicates) == (3, 0, 3)
    assert [run.outcome for run in runs.runs.values()] == [
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
