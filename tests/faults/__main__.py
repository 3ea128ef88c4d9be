"""The long form: `python -m tests.faults --runs 200 --database postgresql --seed 1`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.faults.campaign import Outcome, some_at_once
from tests.faults.stage import OnPostgreSQL, OnSQLite
from tests.postgresql import running_server


def main() -> int:
    parser = argparse.ArgumentParser(prog="spojka-faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; each further run has the next one")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--at-once", type=int, default=1, help="runs at a time; on PostgreSQL they share a server")
    asked = parser.parse_args()
    seeds = range(asked.seed, asked.seed + asked.runs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.database == "sqlite":
            return campaign(OnSQLite.made(folder), folder, seeds, at_once=asked.at_once)
        with running_server() as server:
            stage = OnPostgreSQL.made(server.url, folder, server.restart)
            return campaign(stage, folder, seeds, at_once=asked.at_once)


def campaign(stage: OnSQLite | OnPostgreSQL, folder: Path, seeds: range, *, at_once: int) -> int:
    """0 when nothing was found."""
    outcomes = asyncio.run(some_at_once(seeds, stage, folder, at_once=at_once, tell=tell))
    deaths, bad = sum(each.deaths for each in outcomes), sum(bool(each.problems) for each in outcomes)
    print(f"{len(seeds)} runs from seed {seeds.start} on, {deaths} deaths of workers, {bad} runs with problems")
    return 1 if bad else 0


def tell(outcome: Outcome) -> None:
    told = ", ".join(outcome.faults) or "no fault"
    print(f"seed {outcome.seed}: {told}; {outcome.deaths} deaths, {outcome.seconds:.1f} s", flush=True)
    for problem in outcome.problems:
        print(f"    {problem}", flush=True)
    if outcome.problems:
        print(outcome.log[-6000:], flush=True)


if __name__ == "__main__":
    sys.exit(main())
