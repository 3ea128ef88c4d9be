"""`spojka invoice-backlog`: what it says, with what status it ends, and that it can be stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from processes.commands.catching_up import _Lines, invoice_backlog
from processes.graph import Graph, GraphError
from tests.processes.fakes import unavailable


@dataclass
class Bridges:
    """A graph with bridges that have so many conferences; billing has looked at none of them."""

    conferences: dict[str, int]
    looked: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    down_after: int | None = None
    interrupted_at: int | None = None

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        if "query Backlog" in document:
            positions = [{"bridge": each, "position": last} for each, last in self.conferences.items()]
            return {"bridgePositions": positions, "invoicingPositions": []}
        bridge, first = variables["bridge"], variables["first"]
        if bridge not in self.conferences:
            return {"invoiceBacklog": {"__typename": "Refused", "code": "no-conferences", "message": "there are none"}}
        if len(self.asked) == self.down_after:
            raise unavailable("billing")
        self.asked.append((bridge, first))
        if len(self.asked) == self.interrupted_at:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0.01)
        before, last = self.looked.get(bridge, 0), self.conferences[bridge]
        to = self.looked[bridge] = min(before + first, last)
        counts = {"charged": to - before - 1, "held": 1, "settled": 0, "waiting": 0}
        place = {"lookedTo": to, "last": last, "isThrough": to == last}
        return {"invoiceBacklog": {"__typename": "BacklogInvoiced", **counts, **place}}


def catch_up(graph: Graph, *arguments: str) -> Result:
    @contextlib.asynccontextmanager
    async def opened(url: str | None, data: Path, *, role: str) -> AsyncIterator[Graph]:
        assert role == "billing-specialist"
        yield graph

    return CliRunner().invoke(invoice_backlog, arguments, obj=opened)


def test_every_bridge_is_invoiced_to_its_end() -> None:
    """One after the other, so many conferences at a time; what came of them in a line."""
    graph = Bridges({"pbx-brno": 3, "pbx-praha": 5})
    done = catch_up(graph, "--first", "2")
    assert (done.exit_code, done.stdout) == (
        0,
        "pbx-brno: 1 conference charged, 2 held, 0 settled before, 0 not over yet\n"
        "pbx-praha: 2 conferences charged, 3 held, 0 settled before, 0 not over yet\n",
    )
    assert graph.asked == [("pbx-brno", 2)] * 2 + [("pbx-praha", 2)] * 3


def test_only_the_bridges_that_are_named() -> None:
    graph = Bridges({"pbx-brno": 3, "pbx-praha": 5})
    assert catch_up(graph, "pbx-praha").exit_code == 0
    assert graph.asked == [("pbx-praha", 1000)]
    refused = catch_up(graph, "pbx-nowhere")
    assert (refused.exit_code, refused.stderr) == (1, "Error: no-conferences: there are none\n")


def test_interrupted_it_ends_after_the_conferences_at_hand() -> None:
    """What they came to is told; started again it goes on behind them."""
    graph = Bridges({"pbx-brno": 5, "pbx-praha": 5}, interrupted_at=2)
    stopped = catch_up(graph, "--first", "2")
    assert stopped.exit_code == 1
    assert stopped.stdout == "pbx-brno: 2 conferences charged, 2 held, 0 settled before, 0 not over yet\n"
    assert "stopped; start it again, and it goes on from here" in stopped.stderr
    assert graph.looked == {"pbx-brno": 4}
    assert catch_up(graph, "--first", "2").exit_code == 0
    assert graph.looked == graph.conferences


def test_a_system_that_is_down_ends_it_with_the_remedy() -> None:
    done = catch_up(Bridges({"pbx-praha": 5}, down_after=1), "--first", "2")
    assert done.exit_code == 1
    assert "start it again once that is mended, and it goes on" in done.stderr
    assert GraphError.__name__ not in done.stderr


def test_without_a_terminal_it_tells_how_far_it_is_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Done, all, how fast, how long it still takes."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    lines = _Lines("pbx-praha")
    for seconds, done in ((102.0, 400), (110.0, 2000), (111.0, 2200), (120.0, 4000)):
        now[0] = seconds
        lines.advance(done, 5000)
    assert capsys.readouterr().err.splitlines() == [
        "pbx-praha: 2000 of 5000, 200/s, 15 s left",
        "pbx-praha: 4000 of 5000, 200/s, 5 s left",
    ]
