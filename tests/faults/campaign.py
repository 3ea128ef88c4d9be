"""One run: a scene is played on a stage while faults happen; then everything must be as it would have been without.

A  play     files come twice, in pieces and any order; each conference is to be invoiced, by two at once
B  disturb  kill at a step, stop a replica, lock a database, fill the disk, restart the server
C  settle   until no run is live; what was refused because a piece had not come yet is asked again, as a clock would
D  check    checks.py
"""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.company import Company, open_company, queued
from gateway.config import Settings
from processes.rules.refusal import Refusal
from processes.runner import RunFailed
from tests.company import EVENING
from tests.faults.checks import problems
from tests.faults.scene import BRIDGE, Scene, a_scene
from tests.faults.stage import OnPostgreSQL, OnSQLite, Workers

__all__ = ["Outcome", "run_once"]

OPERATIONS = (
    ("ReceiveCallRecords", 6),
    ("UnassembledLegs", 8),
    ("BookingsOfRooms", 4),
    ("AssembleConferences", 4),
    ("ConferenceToInvoice", 6),
    ("TariffInForce", 5),
    ("RecordCharges", 5),
    ("RecordRatingExceptions", 1),
)
WHEN = ("before", "inside", "after")
LONGEST_SECONDS = 90.0


@dataclass(frozen=True)
class Outcome:
    """What happened in a run; `problems` is empty when all is well."""

    seed: int
    faults: tuple[str, ...]
    deaths: int
    problems: tuple[str, ...]
    log: str = ""


@dataclass
class Plan:
    """The faults of a run: what the workers do to themselves, and what is done to them and their databases."""

    specs: list[dict[str, Any]]
    disturbances: list[Callable[[Workers, Settings], Awaitable[None]]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def planned(rng: random.Random, stage: OnSQLite | OnPostgreSQL) -> Plan:
    plan = Plan([{}, {}])
    for spec in plan.specs:
        kills = [(name, rng.choice(WHEN), rng.randint(1, most)) for name, most in rng.sample(OPERATIONS, 2)]
        spec["kills"] = kills if rng.random() < 0.8 else []
        plan.told += [f"kill {'/'.join(map(str, kill))}" for kill in spec["kills"]]
    if rng.random() < 0.5:
        plan.disturbances.append(stopped(rng.randint(0, 1), rng.uniform(0.5, 4), rng.uniform(3, 5)))
        plan.told.append("SIGSTOP")
    if isinstance(stage, OnPostgreSQL):
        if rng.random() < 0.5:
            plan.disturbances.append(restarted(stage, rng.uniform(1, 5)))
            plan.told.append("restart")
        return plan
    if rng.random() < 0.4:
        system = rng.choice(["billing", "bridge", "processes", "steps"])
        plan.disturbances.append(locked(system, rng.uniform(1, 4), rng.choice([0.5, 2.0, 6.0])))
        plan.told.append(f"lock {system}")
    if rng.random() < 0.4:
        plan.specs[rng.randint(0, 1)]["full"] = [rng.uniform(0.2, 2), rng.uniform(0.5, 2)]
        plan.told.append("disk full")
    return plan


def stopped(at: int, since: float, seconds: float) -> Callable[[Workers, Settings], Awaitable[None]]:
    """Longer than a replica may be silent: its runs are taken over, and then it wakes up."""

    async def disturb(workers: Workers, _: Settings) -> None:
        await asyncio.sleep(since)
        workers.signal(at, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        workers.signal(at, signal.SIGCONT)

    return disturb


def locked(system: str, since: float, seconds: float) -> Callable[[Workers, Settings], Awaitable[None]]:
    async def disturb(_: Workers, settings: Settings) -> None:
        await asyncio.sleep(since)
        connection = sqlite3.connect(settings.data / f"{system}.sqlite", isolation_level=None, timeout=0.1)
        try:
            with suppress(sqlite3.OperationalError):
                connection.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(seconds)
                connection.execute("ROLLBACK")
        finally:
            connection.close()

    return disturb


def restarted(stage: OnPostgreSQL, since: float) -> Callable[[Workers, Settings], Awaitable[None]]:
    async def disturb(_: Workers, __: Settings) -> None:
        await asyncio.sleep(since)
        await asyncio.to_thread(stage.restart)

    return disturb


async def run_once(seed: int, stage: OnSQLite | OnPostgreSQL, folder: Path) -> Outcome:
    """Play the run of this seed."""
    rng = random.Random(f"faults {seed}")
    scene, plan = a_scene(rng), planned(rng, stage)
    with stage.copied(folder) as settings:
        workers = Workers(settings, plan.specs)
        workers.start()
        company = await asyncio.to_thread(open_company, settings, clock=lambda: EVENING, executor=queued(settings))
        watch = asyncio.create_task(watched(workers))
        if rng.random() < 0.8:  # else everything is asked for before anybody is there to do it
            await workers.until_one_works()
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                disturbing = asyncio.gather(*(disturb(workers, settings) for disturb in plan.disturbances))
                await played(company, scene, rng)
                await disturbing
                await settled(company)
            found = await problems(company, scene)
        except TimeoutError:
            live = [(run.id, run.state, run.waits_for) for run in await company.around.register.unfinished()]
            found = [f"not settled after {LONGEST_SECONDS} s: {live}"]
        finally:
            watch.cancel()
            workers.stop()
            await company.close()
        return Outcome(seed, tuple(plan.told), workers.deaths, tuple(found), workers.log if found else "")


async def watched(workers: Workers) -> None:
    while True:
        await asyncio.sleep(0.2)
        workers.replace_the_dead()


async def played(company: Company, scene: Scene, rng: random.Random) -> None:
    imports = (import_piece(company, nth, piece) for nth, piece in enumerate(scene.pieces))
    invoices = (invoiced(company, each, f"{by}") for each in scene.conferences for by in ("a", "b"))
    both = [*imports, *invoices]
    rng.shuffle(both)
    await asyncio.gather(*both)
    # A conference may have been invoiced before its last piece came: once more, as the reconciler would.
    for each in scene.conferences:
        await invoiced(company, each, "last")


async def import_piece(company: Company, nth: int, piece: str) -> None:
    input = {"format": "ASTERISK_CSV", "content": piece}
    await insisted(lambda: company.runner.answer("import-call-records", BRIDGE, input, key=f"p{nth}", caller="feed"))


async def invoiced(company: Company, conference: str, key: str) -> Mapping[str, Any] | Refusal:
    return await insisted(
        lambda: company.runner.answer("invoice-call", conference, {}, key=f"{conference}{key}", caller=key)
    )


async def insisted(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask with the same key until there is an answer, as a patient client does."""
    while True:
        try:
            return await ask()
        except RunFailed as failed:
            if failed.extensions["code"] == "INTERNAL":
                raise
        except Exception as error:
            if getattr(error, "code", None) not in ("SYSTEM_UNAVAILABLE", "SYSTEM_BUSY"):
                raise
        await asyncio.sleep(0.2)


async def settled(company: Company) -> None:
    """Until no run is live."""
    while await insisted(company.around.register.unfinished):  # noqa: ASYNC110 - it happens in another process
        await asyncio.sleep(0.1)
