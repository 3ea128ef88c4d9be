"""Ten runs of the campaign on each database; the long form is `python -m tests.faults --runs 200`."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable
from pathlib import Path

import pytest

from processes.stepping import operation_name
from tests.faults.campaign import OF_LIVE_CALLS, OPERATIONS, Outcome, some_at_once
from tests.faults.stage import OnPostgreSQL, OnSQLite
from tests.postgresql import running_server
from tests.processes.test_documents import DOCUMENTS

SEEDS = range(10)
AT_ONCE = 5


def told(outcomes: Iterable[Outcome]) -> str:
    """Nothing where all is well."""
    bad = [each for each in outcomes if each.problems]
    return "\n".join(f"seed {each.seed}: {each.faults}: {each.problems}\n{each.log[-3000:]}" for each in bad)


def test_every_leg_is_billed_once_on_sqlite(tmp_path: Path) -> None:
    """Whatever is killed, stopped, locked or full; a failure names its seed and faults."""
    outcomes = asyncio.run(some_at_once(SEEDS, OnSQLite.made(tmp_path), tmp_path, at_once=AT_ONCE))
    assert told(outcomes) == ""


# What the campaign's own clients had open when the server was restarted is left to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.service
def test_every_leg_is_billed_once_on_postgresql(tmp_path: Path) -> None:
    """The server is restarted besides: one run at a time, as it is the server of all."""
    with running_server() as server:
        stage = OnPostgreSQL.made(server.url, tmp_path, server.restart)
        outcomes = asyncio.run(some_at_once(SEEDS, stage, tmp_path, at_once=1))
        gc.collect()  # here, and not in the midst of another test
        assert told(outcomes) == ""


def test_each_step_at_which_a_worker_dies_is_one_of_a_process() -> None:
    """A name that no process has any more would kill nobody."""
    steps = {operation_name(document) for document in DOCUMENTS}
    assert not (OPERATIONS.keys() | OF_LIVE_CALLS.keys()) - steps
