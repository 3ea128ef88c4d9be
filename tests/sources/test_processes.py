"""The system processes: a key is one run, a run has one ending."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from sources.errors import KeyReused
from sources.processes import METADATA, Processes
from sources.records.processes import Executor, FirstAnswer, Run
from tests.conftest import MakeDatabase


@pytest.fixture
def processes(database: MakeDatabase) -> Processes:
    return Processes(database("processes", METADATA))


async def started(processes: Processes, key: str, now: datetime, *, subject: str = "CF-1", **changes: str) -> Run:
    run, _ = await processes.start(
        "invoice-call", subject, **{"key": key, "input": "{}", "input_hash": "a", "caller": "jana", **changes}, now=now
    )
    assert isinstance(run, Run)
    return run


async def finished(processes: Processes, run: Run, state: str, now: datetime, answer: str | None = "{}") -> None:
    await processes.finish(run.id, state=state, outcome="IN-1", answer=answer, error=None, now=now)


async def test_run_is_numbered_by_its_subject(processes: Processes, now: datetime) -> None:
    """A run's id is `<process>:<subject>:<n>`."""
    runs = [await started(processes, key, now) for key in "ab"] + [await started(processes, "c", now, subject="CF-2")]
    assert [run.id for run in runs] == [
        "invoice-call:CF-1:1",
        "invoice-call:CF-1:2",
        "invoice-call:CF-2:1",
    ]


async def test_ended_run_gives_its_answer_again(processes: Processes, now: datetime) -> None:
    """Same key and input: the first answer, of a refusal too."""
    for state in ("SUCCEEDED", "REFUSED"):
        run = await started(processes, state, now)
        await finished(processes, run, state, now, answer='{"invoice": "IN-1"}')
        again, _ = await processes.start(
            "invoice-call", "CF-1", key=state, input="{}", input_hash="a", caller="jana", now=now
        )
        assert isinstance(again, FirstAnswer)
        assert (again.run.state, again.run.ended_at, again.answer) == (state, now, '{"invoice": "IN-1"}')


async def test_run_that_has_not_ended_is_given_again(processes: Processes, now: datetime) -> None:
    """What started it may have died; its steps are idempotent."""
    run = await started(processes, "k", now)
    assert await started(processes, "k", now + timedelta(hours=1)) == run


async def test_failed_run_is_followed_by_a_new_one(processes: Processes, now: datetime) -> None:
    """The same key runs anew after a failure, and its answer is the new run's."""
    run = await started(processes, "k", now)
    await finished(processes, run, "FAILED", now, answer=None)
    again = await started(processes, "k", now)
    assert again.id == "invoice-call:CF-1:2"
    await finished(processes, again, "SUCCEEDED", now)
    answer, _ = await processes.start(
        "invoice-call", "CF-1", key="k", input="{}", input_hash="a", caller="jana", now=now
    )
    assert isinstance(answer, FirstAnswer)
    assert [run.state for run in await processes.latest_runs(limit=5)] == ["SUCCEEDED", "FAILED"]


async def test_key_belongs_to_its_caller_and_input(processes: Processes, now: datetime) -> None:
    """Another caller's equal key is another key; another input under the same key is refused."""
    run = await started(processes, "k", now)
    assert (await started(processes, "k", now, caller="petr")).id != run.id
    with pytest.raises(KeyReused):
        await started(processes, "k", now, input_hash="b")


async def test_run_ends_once(processes: Processes, now: datetime) -> None:
    """A second ending of one run (taken over, then awake again) is left out."""
    run = await started(processes, "k", now)
    await finished(processes, run, "SUCCEEDED", now)
    await finished(processes, run, "FAILED", now + timedelta(seconds=1))
    [found] = await processes.runs([run.id])
    assert (found.state, found.ended_at, found.outcome) == ("SUCCEEDED", now, "IN-1")


async def test_starts_at_once_are_one_run_per_key(processes: Processes, now: datetime) -> None:
    """Six at the same moment under one key are one run, under six keys six runs with six numbers."""
    same = await asyncio.gather(*(started(processes, "k", now) for _ in range(6)))
    assert len({run.id for run in same}) == 1
    six = await asyncio.gather(*(started(processes, f"k{key}", now) for key in range(6)))
    assert sorted(run.id for run in six) == [f"invoice-call:CF-1:{n}" for n in range(2, 8)]


async def test_latest_run_of_each_subject_in_one_statement(processes: Processes, now: datetime) -> None:
    """As many subjects as there are."""
    for subject in ("CF-1", "CF-1", "CF-2"):
        await started(processes, f"{subject}-{processes.database.statements}", now, subject=subject)
    before = processes.database.statements
    found = await processes.latest_of_subjects("invoice-call", ["CF-1", "CF-2", "CF-3"])
    assert processes.database.statements - before == 1
    assert sorted(run.id for run in found) == ["invoice-call:CF-1:2", "invoice-call:CF-2:1"]


async def test_runs_are_found_by_state(processes: Processes, now: datetime) -> None:
    """The last started first."""
    first = await started(processes, "a", now)
    second = await started(processes, "b", now + timedelta(seconds=1))
    assert await processes.latest_runs(limit=5, state="RUNNING") == [second, first]
    assert await processes.latest_runs(limit=1) == [second]
    assert await processes.latest_runs(limit=5, state="FAILED") == []


async def test_work_about_a_subject_has_one_live_run(processes: Processes, now: datetime) -> None:
    """Two who start it at once get one; when it is over there may be another."""

    async def begun(subject: str = "c") -> tuple[Run, bool]:
        return await processes.start_unless_live("collect-call", subject, input="{}", caller="reconcile", now=now)

    for subject in ("a", "b", "c"):  # the moment at which it could go wrong is short
        several = await asyncio.gather(*(begun(subject) for _ in range(6)))
        assert {run.id for run, _ in several} == {f"collect-call:{subject}:1"}
        assert sum(is_new for _, is_new in several) == 1
    both = several
    await finished(processes, both[0][0], "SUCCEEDED", now)
    assert (await begun())[0].id == "collect-call:c:2"


async def test_run_waits_and_goes_on(processes: Processes, now: datetime) -> None:
    """What it waits for is shown while it does; an ended run waits for nothing."""
    run = await started(processes, "k", now)
    await processes.wait(run.id, why="billing", until=now, error="SYSTEM_BUSY", attempts=3)
    [waiting] = await processes.runs([run.id])
    assert (waiting.state, waiting.waits_for, waiting.waits_until, waiting.attempts) == ("WAITING", "billing", now, 3)
    await processes.go_on(run.id)
    [going] = await processes.runs([run.id])
    assert (going.state, going.waits_for, going.waits_until) == ("RUNNING", None, None)
    await processes.cancel(run.id)
    assert await processes.is_cancelled(run.id)
    await finished(processes, run, "CANCELLED", now, answer=None)
    await processes.wait(run.id, why="billing", until=None)
    assert [each.state for each in await processes.runs([run.id])] == ["CANCELLED"]


async def test_silent_executors_are_found(processes: Processes, now: datetime) -> None:
    """By their last heartbeat; one that comes back is entered again."""
    assert await processes.last_seen() is None
    for name, seen in (("a", now), ("b", now - timedelta(minutes=1))):
        await processes.beat(Executor(name, "1", now, seen))
    assert [each.id for each in await processes.silent(now - timedelta(seconds=15))] == ["b"]
    await processes.forget("b")
    assert await processes.silent(now) == []
    await processes.beat(Executor("b", "1", now, now + timedelta(seconds=1)))
    assert await processes.last_seen() == now + timedelta(seconds=1)
