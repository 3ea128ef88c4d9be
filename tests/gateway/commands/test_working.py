"""Executors of `spojka work`: what one leaves behind another one takes over, whatever became of the one that died."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import dbos._queue
import pytest
from sqlalchemy.exc import OperationalError

from gateway.commands.working import working
from gateway.company import Company, open_company, queued
from gateway.config import Settings
from gateway.databases import durable_engine
from processes.durable import Durable, Queue
from sources.demo import cast
from sources.errors import SystemUnavailable
from sources.records.processes import Run
from tests.faults.stage import FORKING
from tests.faults.worker import Kill, work

SECONDS = 30


async def run_in(company: Company, *states: str) -> Run:
    async with asyncio.timeout(SECONDS):
        while True:
            runs = [run for run in await company.around.register.runs([RUN]) if run.state in states]
            if runs:
                return runs[0]  # type: ignore[return-value]
            await asyncio.sleep(0.05)


RUN = f"invoice-call:{cast.NO_CONTRACT.conference}:1"


async def test_runs_of_an_executor_that_nobody_knows_are_taken_over(files: Path) -> None:
    """It died before its first heartbeat, or was forgotten as dead, woke up, took runs, and died."""
    settings = Settings(data=files)
    company = await asyncio.to_thread(partial(open_company, settings, executor=queued(settings)))
    (files / "spojka.toml").touch()
    died = FORKING.Process(target=work, args=(files, (Kill("ConferenceToInvoice", "before", 1),), None))
    try:
        await company.runner.start("invoice-call", cast.NO_CONTRACT.conference, {}, caller="eva")
        died.start()
        await asyncio.to_thread(died.join, SECONDS)
        assert died.exitcode == -signal.SIGKILL
        for each in await company.around.register.executors():
            await company.around.register.forget(each.id)
        async with working(settings, watches=()):
            assert (await run_in(company, "REFUSED")).outcome == "no-contract"
    finally:
        await company.close()


async def test_executor_is_known_before_it_takes_a_run(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whoever looks who has runs and isn't known finds the dead alone."""
    settings = Settings(data=files)
    company = await asyncio.to_thread(partial(open_company, settings))
    known: list[str] = []
    launch = Durable.launch

    async def launched(durable: Durable) -> None:
        known.extend(each.id for each in await company.around.register.executors())
        await launch(durable)

    monkeypatch.setattr(Durable, "launch", launched)
    try:
        async with working(settings, watches=()) as name:
            assert known == [name]
    finally:
        await company.close()


@pytest.mark.parametrize("times", [1, 3], ids=["for a moment", "for longer"])
async def test_register_that_is_down_when_a_run_is_taken_does_not_end_the_run(files: Path, times: int) -> None:
    """The database was restarted at that moment: the run is carried out when it is back."""
    settings = Settings(data=files)
    company = await asyncio.to_thread(partial(open_company, settings, executor=queued(settings)))
    left = [times]

    def forgetful(opened: Company) -> Company:
        runs = opened.around.register.runs

        async def down(ids: Any) -> Any:
            if left[0] > 0:
                left[0] -= 1
                raise SystemUnavailable("processes")
            return await runs(ids)

        opened.around.register.runs = down  # type: ignore[method-assign]
        return opened

    try:
        await company.runner.start("invoice-call", cast.NO_CONTRACT.conference, {}, caller="eva")
        async with working(settings, watches=(), seen_as=forgetful):
            assert (await run_in(company, "REFUSED")).outcome == "no-contract"
        assert left == [0]
    finally:
        await company.close()


async def test_run_that_was_dropped_without_an_end_is_carried_out_anew(files: Path) -> None:
    """A fault of the executor's own: DBOS takes the run for ended, the register doesn't."""
    settings = Settings(data=files)
    company = await asyncio.to_thread(partial(open_company, settings, executor=queued(settings)))
    faults = [ValueError("a bug")]

    def faulty(opened: Company) -> Company:
        runs = opened.around.register.runs

        async def broken(ids: Any) -> Any:
            if faults:
                raise faults.pop()
            return await runs(ids)

        opened.around.register.runs = broken  # type: ignore[method-assign]
        return opened

    try:
        await company.runner.start("invoice-call", cast.NO_CONTRACT.conference, {}, caller="eva")
        async with working(settings, watches=(), seen_as=faulty):
            assert (await run_in(company, "REFUSED")).outcome == "no-contract"
        assert faults == []
    finally:
        await company.close()


async def test_run_that_another_one_has_begun_anew_is_let_alone(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two look at once, or one is asleep between its look and what it does: the run is under way by then."""
    settings = Settings(data=files)
    company = await asyncio.to_thread(partial(open_company, settings, executor=queued(settings)))
    engine = durable_engine(settings)
    queue = Queue(engine)
    both_looked = asyncio.Barrier(2)
    look = queue._client.list_workflows_async

    async def slowly(**which: Any) -> Any:
        found = await look(**which)
        await both_looked.wait()
        return found

    try:
        await company.runner.start("invoice-call", cast.NO_CONTRACT.conference, {}, caller="eva")
        async with working(settings, watches=()):
            await run_in(company, "REFUSED")
            async with asyncio.timeout(SECONDS):
                while True:
                    if await look(workflow_ids=[RUN], status="SUCCESS"):
                        break
                    await asyncio.sleep(0.05)
        monkeypatch.setattr(queue._client, "list_workflows_async", slowly)
        begun = await asyncio.gather(queue.begin_ended_anew([RUN]), queue.begin_ended_anew([RUN]))
        assert sorted(begun) == [[], [RUN]]
        assert [each.status for each in await look(workflow_ids=[RUN])] == ["ENQUEUED"]
    finally:
        await company.close()
        queue.close()
        engine.dispose()


async def test_run_that_was_taken_and_not_begun_is_given_back(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database went away between the two: the run is this executor's, which is alive, and stands still."""
    settings = Settings(data=files)
    company = await asyncio.to_thread(partial(open_company, settings, executor=queued(settings)))
    begin = dbos._queue.execute_dequeued_workflow
    lost: list[Any] = []

    def begin_nothing(*args: Any, **more: Any) -> Any:
        if lost:
            return begin(*args, **more)
        lost.append(args)
        raise OperationalError("SELECT 1", {}, Exception("the server was restarted"))

    monkeypatch.setattr(dbos._queue, "execute_dequeued_workflow", begin_nothing)
    try:
        await company.runner.start("invoice-call", cast.NO_CONTRACT.conference, {}, caller="eva")
        async with working(settings, silent_after=timedelta(seconds=1), watches=()):
            assert (await run_in(company, "REFUSED")).outcome == "no-contract"
        assert len(lost) == 1
    finally:
        await company.close()
