"""`spojka processes`: one line for each run, in words."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from processes.commands.watching import cells, processes
from processes.graph import Graph, GraphError

RUN: dict[str, Any] = {
    "id": "invoice-call:CF-1:1",
    "state": "SUCCEEDED",
    "startedAt": "2026-11-24T16:00:00Z",
    "endedAt": "2026-11-24T16:00:01.500000Z",
    "outcome": "IN-1",
    "error": None,
    "message": None,
    "waitsFor": None,
    "waitsUntil": None,
    "attempts": 0,
    "alarm": None,
    "steps": [{"name": "Ask", "endedAt": "2026-11-24T16:00:01Z"}],
}
ASKS = {"name": "Tell", "endedAt": None}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ("1.5 s", "1 done", "IN-1")),
        (
            {"state": "REFUSED", "outcome": "no-contract", "message": "sign one"},
            ("1.5 s", "1 done", "no-contract: sign one"),
        ),
        (
            {
                "state": "WAITING",
                "endedAt": None,
                "outcome": None,
                "waitsFor": "billing is not available",
                "attempts": 3,
                "steps": [*RUN["steps"], ASKS],
            },
            ("", "Tell", "billing is not available (3 attempts)"),
        ),
        (
            {
                "endedAt": None,
                "outcome": None,
                "waitsFor": "a start",
                "waitsUntil": "soon",
                "alarm": "DOWN: x",
            },
            ("", "1 done", "! DOWN: x  a start, until soon"),
        ),
    ],
    ids=["done", "refused", "waiting", "alarmed"],
)
def test_line_of_a_run(changes: dict[str, Any], told: tuple[str, ...]) -> None:
    """What came of it, or what it waits for and how often that was tried."""
    assert tuple(cells({**RUN, **changes}))[3:] == told


class Closed:
    """A graph that lets nobody in."""

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        raise GraphError([{"message": "no token came", "extensions": {"code": "UNAUTHENTICATED"}}])


def test_who_is_not_let_in_is_told_so_in_a_line() -> None:
    """Not by a traceback."""

    @contextlib.asynccontextmanager
    async def opened(url: str | None, data: Path, *, role: str) -> AsyncIterator[Graph]:
        yield Closed()

    result = CliRunner().invoke(processes, ["--once"], obj=opened)
    assert (result.exit_code, result.output) == (1, "Error: no token came\n")
