"""Ten runs of the campaign on each database; the long form is `python -m tests.faults --runs 200`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from processes.stepping import operation_name
from tests.faults.campaign import OF_LIVE_CALLS, OPERATIONS, Outcome, some_at_once
from tests.faults.stage import OnSQLite
from tests.processes.test_documents import DOCUMENTS

ROOT = Path(__file__).parents[2]
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


@pytest.mark.service
def test_every_leg_is_billed_once_on_postgresql() -> None:
    """The server is restarted besides: one run at a time, as it is the server of all.

    A process of its own: what the campaign's clients had open when the server went away would trouble other tests.
    """
    command = [sys.executable, "-m", "tests.faults", "--runs", "10", "--seed", "0", "--database", "postgresql"]
    campaign = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert campaign.returncode == 0, campaign.stdout[-6000:] + campaign.stderr[-3000:]
    assert "10 runs from seed 0 on" in campaign.stdout


def test_each_step_at_which_a_worker_dies_is_one_of_a_process() -> None:
    """A name that no process has any more would kill nobody."""
    steps = {operation_name(document) for document in DOCUMENTS}
    assert not (OPERATIONS.keys() | OF_LIVE_CALLS.keys()) - steps
