"""The reconciler starts what is due, once, and puts into the queue what is live."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

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


@dataclass
class QueueOfTests:
    """`put` are the runs that were put in; `ended` those that it takes for ended."""

    put: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)

    async def enqueue(self, row: RunRow) -> None:
        self.put.append(row.id)

    async def begin_ended_anew(self, runs: Collection[str]) -> list[str]:
        found = [run for run in runs if run in self.ended]
        self.ended -= {*found}
        self.put += found
        return found


def around(
    graph: FakeGraph, register: Processes, queue: QueueOfTests, clock: Callable[[], datetime] = lambda: NOW
) -> Surroundings:
    return Surroundings(graph=graph, register=register, clock=clock, make_step=Step, enqueue=queue.enqueue)


async def test_what_is_due_is_started_once(register: Processes) -> None:
    """Exceptions that were not tried lately: one run for each conference, none beside a live one."""
    graph = FakeGraph({"ConferencesToRetry": lambda _: {"conferencesToRetry": ["CF-1", "CF-2"]}})
    queue = QueueOfTests()
    reconciler = Reconciler(around(graph, register, queue), queue, WATCHES)
    [watch] = [each for each in WATCHES if "ConferencesToRetry" in each.document]
    assert await reconciler.look(watch) == 2
    assert await reconciler.look(watch) == 0
    assert graph.asked[0][1] == {"notTriedSince": "2026-11-25T07:50:00Z"}
    assert queue.put == ["invoice-call:CF-1:1", "invoice-call:CF-2:1"]
    runs = await register.unfinished()
    assert {run.started_by for run in runs} == {"reconcile"}

    queue.put.clear()
    await reconciler.put_in()
    await reconciler.put_in()
    assert sorted(queue.put) == ["invoice-call:CF-1:1", "invoice-call:CF-2:1"]


@pytest.mark.parametrize(
    ("position", "looked", "due", "files", "switches"),
    [
        (7, None, False, ["pbx"], ["janus"]),
        (7, 6, False, ["pbx"], ["janus"]),
        (7, 7, False, [], []),
        (7, 7, True, ["pbx"], ["janus"]),
        (3, 7, False, ["pbx"], ["janus"]),
    ],
    ids=["never looked", "more came", "all looked at", "somebody's call is over", "restored from a copy"],
)
def test_a_bridge_is_invoiced_as_far_as_it_has_come(
    position: int, looked: int | None, due: bool, files: list[str], switches: list[str]
) -> None:
    """By positions, and by when something is to be looked at again; a live bridge's calls have runs of their own."""
    data = {
        "bridgePositions": [
            {"bridge": "janus", "kind": "janus", "position": position},
            {"bridge": "pbx", "kind": "files", "position": position},
        ],
        "invoicingPositions": [{"bridge": each, "lookedTo": looked} for each in ("janus", "pbx") if looked is not None],
        "due": [{"bridge": each} for each in ("janus", "pbx") if due],
    }
    often, seldom = [each for each in WATCHES if each.process == "invoice-backlog"]
    assert often.every < 10 < 60 < seldom.every
    assert [each.subject for each in often.due(data, NOW)] == files
    assert [each.subject for each in seldom.due(data, NOW)] == switches
    assert [*often.due({**data, "invoicingPositions": None}, NOW)] == []  # billing is only read


async def test_run_that_its_executor_dropped_is_put_in_again(register: Processes) -> None:
    """It is live in the register, and the queue has it as ended: else it would stand still for ever."""
    queue = QueueOfTests()
    reconciler = Reconciler(around(FakeGraph({}), register, queue), queue, ())
    row, _ = await register.start_unless_live("invoice-call", "CF-1", input="{}", caller="eva", now=NOW)
    await reconciler.put_in()
    queue.ended.add(row.id)
    await reconciler.put_in()
    await reconciler.put_in()
    assert queue.put == [row.id, row.id]


async def test_work_that_comes_to_nothing_again_and_again_is_tried_ever_more_seldom(register: Processes) -> None:
    """Twice as long after each run, an hour at last; from the sixth on with an alarm. One that succeeds begins anew."""
    time = NOW
    queue = QueueOfTests()
    period = {"account": {"number": "7700123"}, "from": "2026-10-31T23:00:00Z"}
    graph = FakeGraph({"PeriodsToClose": lambda _: {"periodsToClose": [period]}})
    reconciler = Reconciler(around(graph, register, queue, lambda: time), queue, ())
    watch = replace(next(each for each in WATCHES if each.process == "close-period"), every=10.0)

    async def ends(state: str) -> None:
        ending = {"outcome": "no-exchange-rate", "answer": None, "error": None, "now": time}
        await register.finish(queue.put[-1], state=state, **ending)  # type: ignore[arg-type]

    assert await reconciler.look(watch) == 1
    for pause in (10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600):
        await ends("REFUSED")
        time += timedelta(seconds=pause - 1)
        assert await reconciler.look(watch) == 0
        time += timedelta(seconds=1)
        assert await reconciler.look(watch) == 1
    await ends("SUCCEEDED")
    assert await reconciler.look(watch) == 1
    runs = {run.id: run for run in await register.latest_runs(limit=20)}
    alarms = [runs[id].alarm for id in queue.put]
    assert alarms[:5] == [None] * 5
    assert alarms[5] is not None
    assert "the 5 runs before this one came to nothing" in alarms[5]
    assert alarms[-1] is None
