"""The reconciler starts what is due, once, and puts into the queue what is live."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from processes.reconcile import Reconciler
from processes.register import RunRow
from processes.stepping import Surroundings
from processes.watches import WATCHES
from sources.processes import METADATA, Processes
from sources.records.processes import Step
from tests.conftest import MakeDatabase
from tests.processes.fakes import FakeGraph

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


@pytest.fixture
def register(database: MakeDatabase) -> Processes:
    return Processes(database("processes", METADATA))


async def test_what_is_due_is_started_once(register: Processes) -> None:
    """Exceptions that were not tried lately: one run for each conference, none beside a live one."""
    graph = FakeGraph({"ConferencesToRetry": lambda _: {"conferencesToRetry": ["CF-1", "CF-2"]}})
    queue: list[str] = []

    async def enqueue(row: RunRow) -> None:
        queue.append(row.id)

    around = Surroundings(graph=graph, register=register, clock=lambda: NOW, make_step=Step, enqueue=enqueue)
    reconciler = Reconciler(around, enqueue, WATCHES)
    [watch] = [each for each in WATCHES if "ConferencesToRetry" in each.document]
    assert await reconciler.look(watch) == 2
    assert await reconciler.look(watch) == 0
    assert graph.asked[0][1] == {"notTriedSince": "2026-11-25T07:50:00Z"}
    assert queue == ["invoice-call:CF-1:1", "invoice-call:CF-2:1"]
    runs = await register.unfinished()
    assert {run.started_by for run in runs} == {"reconcile"}

    queue.clear()
    await reconciler.put_in()
    await reconciler.put_in()
    assert sorted(queue) == ["invoice-call:CF-1:1", "invoice-call:CF-2:1"]
