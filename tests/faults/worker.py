"""`spojka work`, made of the same parts, with faults of its own: it kills itself, or its disk is full.

A kill names an operation, when (`before` it is asked, `inside`, `after` it was answered and before that is kept) and
which time it is asked. `full` is from when, and for how many seconds, no file of SQLite may grow.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from gateway.commands.working import working
from gateway.company import SYSTEMS, Company
from gateway.config import Settings, read_settings
from processes.graph import Graph
from processes.stepping import operation_name
from processes.watches import WATCHES

__all__ = ["Kill", "settings_in", "work"]

SILENT_AFTER = timedelta(seconds=2)
LOOKS = 1.0
"""Seconds between two looks of the reconciler for one kind of work, which are minutes otherwise."""


@dataclass(frozen=True, slots=True)
class Kill:
    """`nth` time that `operation` is asked; `inside` is so many seconds after it was asked."""

    operation: str
    when: str
    nth: int
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"kill {self.operation}/{self.when}/{self.nth}"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class DeadlyGraph:
    """The graph, at some of whose operations this process dies."""

    graph: Graph
    kills: tuple[Kill, ...]
    asked: Counter[str] = field(default_factory=Counter)

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        name = operation_name(document)
        self.asked[name] += 1
        due = {kill.when: kill for kill in self.kills if (kill.operation, kill.nth) == (name, self.asked[name])}
        if "before" in due:
            die()
        if "inside" in due:
            threading.Timer(due["inside"].seconds, die).start()
        answer = await self.graph.execute(document, variables)
        if "after" in due:
            die()
        return answer


def starved(company: Company, since: float, seconds: float) -> None:
    """No page is added to any SQLite file for a while, as on a full disk."""
    loop = asyncio.get_running_loop()
    begins = loop.time() + since

    def limit(connection: Any, *_: Any) -> None:
        is_full = begins <= loop.time() < begins + seconds
        pages = connection.execute("PRAGMA page_count").fetchone()[0] if is_full else 2**30
        connection.execute(f"PRAGMA max_page_count = {max(pages, 1)}")

    for database in company.databases.values():
        if database.engines.file is not None:
            event.listen(database.engines.write, "checkout", limit)


def settings_in(folder: Path) -> Settings:
    """Those of the run in this folder: databases and bridges, as a settings file says."""
    return read_settings(folder, {}, systems=tuple(SYSTEMS), file=folder / "spojka.toml")


def work(folder: Path, kills: tuple[Kill, ...], full: tuple[float, float] | None) -> None:
    """Until it is killed."""
    log = os.open(folder / "workers.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    asyncio.run(_work(settings_in(folder), kills, full))


async def _work(settings: Settings, kills: tuple[Kill, ...], full: tuple[float, float] | None) -> None:
    def faulty(company: Company) -> Company:
        if full:
            starved(company, *full)
        return replace(company, around=replace(company.around, graph=DeadlyGraph(company.around.graph, kills)))

    watches = tuple(replace(watch, every=min(watch.every, LOOKS)) for watch in WATCHES)
    async with working(settings, silent_after=SILENT_AFTER, watches=watches, seen_as=faulty):
        print("works", flush=True)
        await asyncio.Event().wait()
