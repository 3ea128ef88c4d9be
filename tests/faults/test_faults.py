"""Ten runs of the campaign on each database; the long form is `python -m tests.faults --runs 200`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.campaign import run_once
from tests.faults.stage import OnPostgreSQL, OnSQLite
from tests.postgresql import running_server

SEEDS = range(10)


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> OnSQLite:
    return OnSQLite.made(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_leg_is_billed_once_on_sqlite(seed: int, on_sqlite: OnSQLite, tmp_path: Path) -> None:
    """Whatever is killed, stopped, locked or full; the seed prints its faults."""
    outcome = await run_once(seed, on_sqlite, tmp_path / "run")
    assert outcome.problems == (), (outcome.faults, outcome.log[-3000:])


@pytest.mark.service
async def test_every_leg_is_billed_once_on_postgresql(tmp_path: Path) -> None:
    """The server is restarted besides; all runs in one test, as they share a server that nobody else may be on."""
    with running_server() as server:
        stage = await asyncio.to_thread(OnPostgreSQL.made, server.url, tmp_path, server.restart)
        for seed in SEEDS:
            outcome = await run_once(seed, stage, tmp_path / f"run-{seed}")
            assert outcome.problems == (), (seed, outcome.faults, outcome.log[-3000:])
