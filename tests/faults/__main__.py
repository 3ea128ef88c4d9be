"""The long form: `python -m tests.faults --runs 200 --database postgresql --seed 1`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.faults.campaign import run_once
from tests.faults.stage import OnPostgreSQL, OnSQLite
from tests.postgresql import running_server


def main() -> int:
    parser = argparse.ArgumentParser(prog="spojka-faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; each further run has the next one")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seeds = range(asked.seed, asked.seed + asked.runs)
        if asked.database == "sqlite":
            return campaign(OnSQLite.made(folder), folder, seeds)
        with running_server() as server:
            return campaign(OnPostgreSQL.made(server.url, folder, server.restart), folder, seeds)


def campaign(stage: OnSQLite | OnPostgreSQL, folder: Path, seeds: range) -> int:
    """0 when nothing was found."""
    bad = deaths = 0
    for seed in seeds:
        outcome = asyncio.run(run_once(seed, stage, folder / f"run-{seed}"))
        deaths += outcome.deaths
        bad += bool(outcome.problems)
        told = ", ".join(outcome.faults) or "no fault"
        print(f"seed {seed}: {told}; {outcome.deaths} deaths, {outcome.seconds:.1f} s", flush=True)
        for problem in outcome.problems:
            print(f"    {problem}", flush=True)
        if outcome.problems:
            print(outcome.log[-6000:], flush=True)
    print(f"{len(seeds)} runs, {deaths} deaths of workers, {bad} runs with problems")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
