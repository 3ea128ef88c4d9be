"""`spojka work` that kills itself on a mailing's way: around an operation of the process, or a call of the printer."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from gateway.commands.working import working
from gateway.company import Company
from processes import deliver_mailing
from processes.watches import WATCHES
from sources.mailing.outside import JobState, Printer, PrinterState
from tests.faults.worker import DeadlyGraph, Kill, die, settings_in

__all__ = ["work"]

SILENT_AFTER = timedelta(seconds=0.6)
LOOKS = 0.1
"""Seconds between two looks for mailings, which are two otherwise."""


@dataclass
class DeadlyPrinter:
    """The real printer; this process dies before or after the nth call of one kind."""

    printer: Printer
    kill: Kill
    calls: Counter[str] = field(default_factory=Counter)

    async def create(self, name: str) -> str:
        return str(await self.deadly("create", lambda: self.printer.create(name)))

    async def send(self, job: str, name: str, document: bytes) -> None:
        await self.deadly("send", lambda: self.printer.send(job, name, document))

    async def found(self, job: str, name: str) -> JobState | None:
        return cast("JobState | None", await self.deadly("found", lambda: self.printer.found(job, name)))

    async def state(self) -> PrinterState:
        return await self.printer.state()

    async def close(self) -> None:
        await self.printer.close()

    async def deadly(self, call: str, ask: Callable[[], Awaitable[Any]]) -> Any:
        self.calls[call] += 1
        is_due = (call, self.calls[call]) == (self.kill.operation, self.kill.nth)
        if is_due and self.kill.when == "before":
            die()
        answer = await ask()
        if is_due:
            die()
        return answer


def work(folder: Path, kill: Kill | None) -> None:
    """Until it is killed."""
    log = os.open(folder / "workers.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    asyncio.run(_work(folder, kill))


async def _work(folder: Path, kill: Kill | None) -> None:
    def faulty(company: Company) -> Company:
        if kill is None:
            return company
        printers = cast("dict[str, Printer]", company.delivery.printers)  # subgraphs look for it in the same one
        printers.update({id: DeadlyPrinter(printer, kill) for id, printer in printers.items()})
        return replace(company, around=replace(company.around, graph=DeadlyGraph(company.around.graph, (kill,))))

    watches = [replace(watch, every=LOOKS) for watch in WATCHES if watch.process == deliver_mailing.NAME]
    async with working(settings_in(folder), silent_after=SILENT_AFTER, watches=watches, seen_as=faulty):
        await asyncio.Event().wait()
