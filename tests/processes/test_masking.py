"""A PIN that a step asks for is in the process's hands, and in nothing that is kept of the step."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from processes.graph import GraphError
from processes.stepping import SteppedRun, Surroundings
from sources.processes import METADATA, Processes
from sources.records.processes import Step
from tests.conftest import MakeDatabase
from tests.processes.fakes import FakeGraph, unavailable

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
BOOKING = "query Booking($ref: ID!) { booking(ref: $ref) { ref status pin } }"


class Kept:
    """Keeps what steps answered, and gives it again to a run that is resumed."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.place = 0

    async def keep(self, name: str, do: Callable[[], Awaitable[Any]]) -> Any:
        if self.place == len(self.texts):
            self.texts.append(json.dumps(await do()))
        self.place += 1
        return json.loads(self.texts[self.place - 1])


@pytest.fixture
def register(database: MakeDatabase) -> Processes:
    return Processes(database("processes", METADATA))


async def a_run(register: Processes, graph: FakeGraph, kept: Kept) -> SteppedRun:
    async def nowhere(_: object) -> None:
        raise AssertionError

    row, _ = await register.start_unless_live("provision-conference", "BK-1", input="{}", caller="eva", now=NOW)
    around = Surroundings(
        graph=graph, register=register, clock=lambda: NOW, make_step=Step, enqueue=nowhere, pause=0.001
    )
    kept.place = 0
    return SteppedRun(row.id, around, kept.keep)


async def test_pin_is_not_kept_and_is_asked_for_again_by_a_resumed_run(register: Processes) -> None:
    """All else is what was kept, whatever became of the booking since: the run goes the same way again."""
    booking: dict[str, Any] = {"ref": "BK-1", "status": "CONFIRMED", "pin": "482913"}
    graph = FakeGraph({"Booking": lambda _: {"booking": dict(booking)}})
    kept = Kept()
    first = await (await a_run(register, graph, kept)).execute(BOOKING, {"ref": "BK-1"})
    assert first == {"booking": booking}
    assert len(graph.asked) == 1
    assert "482913" not in kept.texts[0]
    booking["status"] = "CANCELLED"
    graph.fails_before["Booking"] = unavailable("reservations")
    again = await (await a_run(register, graph, kept)).execute(BOOKING, {"ref": "BK-1"})
    assert again == first


@pytest.mark.parametrize("booking", [None, {"ref": "BK-1", "status": "CONFIRMED", "pin": None}])
async def test_answer_without_a_pin_is_kept_as_it_is(register: Processes, booking: Mapping[str, Any] | None) -> None:
    """Nothing is asked again for it."""
    graph = FakeGraph({"Booking": lambda _: {"booking": booking}})
    kept = Kept()
    for _ in range(2):
        assert await (await a_run(register, graph, kept)).execute(BOOKING, {"ref": "BK-1"}) == {"booking": booking}
    assert len(graph.asked) == 1


async def test_error_when_the_pin_is_asked_for_again_is_raised(register: Processes) -> None:
    """As any other error of the graph's."""
    graph = FakeGraph({"Booking": lambda _: {"booking": {"ref": "BK-1", "status": "CONFIRMED", "pin": "482913"}}})
    kept = Kept()
    await (await a_run(register, graph, kept)).execute(BOOKING, {"ref": "BK-1"})
    graph.fails_before["Booking"] = GraphError([{"message": "no", "extensions": {"code": "FORBIDDEN"}}])
    with pytest.raises(GraphError):
        await (await a_run(register, graph, kept)).execute(BOOKING, {"ref": "BK-1"})
