"""`spojka work`, made of the same parts, with faults of its own: it kills itself, or its disk is full.

    python -m tests.faults.worker '{"data": ..., "urls": {}, "kills": [["RecordCharges", "after", 1]], "full": [1, 2]}'

A kill names an operation, when (`before` it is asked, `inside`, `after` it was answered and before that is kept) and
which time it is asked. `full` is from when, and for how many seconds, no file of SQLite may grow.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from gateway.commands.working import working
from gateway.company import Company
from gateway.config import Settings
from processes.graph import Graph
from processes.stepping import operation_name

SILENT_AFTER = timedelta(seconds=2)
INSIDE_SECONDS = 0.004


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class DeadlyGraph:
    """The graph, at some of whose operations this process dies."""

    graph: Graph
    kills: list[tuple[str, str, int]]
    asked: Counter[str] = field(default_factory=Counter)

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        name = operation_name(document)
        self.asked[name] += 1
        when = {kill[1] for kill in self.kills if (kill[0], kill[2]) == (name, self.asked[name])}
        if "before" in when:
            die()
        if "inside" in when:
            threading.Timer(INSIDE_SECONDS, die).start()
        answer = await self.graph.execute(document, variables)
        if "after" in when:
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


async def work(spec: Mapping[str, Any]) -> None:
    settings = Settings(data=Path(spec["data"]), urls=spec["urls"])
    kills = [(name, when, nth) for name, when, nth in spec["kills"]]

    def faulty(company: Company) -> Company:
        if spec.get("full"):
            starved(company, *spec["full"])
        return replace(company, around=replace(company.around, graph=DeadlyGraph(company.around.graph, kills)))

    async with working(settings, silent_after=SILENT_AFTER, seen_as=faulty):
        print("works", flush=True)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(work(json.loads(sys.argv[1])))
