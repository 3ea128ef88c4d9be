"""Runs carried out in this process, for commands and tests that have no `spojka work` beside them.

Nothing is kept of a step: what is left RUNNING when this process dies is carried out anew by whoever comes, and the
idempotency keys of its steps see to it that nothing happens twice. A run that only waits, or asks a system that is
down, is left for later when this process ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from processes.register import Register, RunRow
from processes.rules.refusal import Refusal
from processes.run import Done, Process
from processes.stepping import Surroundings, carry_out

__all__ = ["Here"]


async def _not_kept(_: str, do: Callable[[], Awaitable[Any]]) -> Any:
    return await do()


class Here:
    """An executor without a memory. `around.enqueue` may be anything: it is set to this executor's own."""

    def __init__(self, processes: Mapping[str, Process], around: Surroundings) -> None:
        self._processes = processes
        self._stopping = asyncio.Event()
        self._around = replace(around, enqueue=self.enqueue, stopping=self._stopping)
        self._going: dict[str, asyncio.Task[Done | Refusal]] = {}

    @property
    def register(self) -> Register:
        return self._around.register

    async def enqueue(self, row: RunRow) -> None:
        """Begin to carry the run out, unless it is under way."""
        if row.id in self._going:
            return
        task = asyncio.create_task(
            carry_out(self._processes[row.process], row, self._around, _not_kept), name=f"run {row.id}"
        )
        self._going[row.id] = task
        task.add_done_callback(lambda done: self._over(row.id, done))

    async def until_over(self, run: str, seconds: float) -> None:
        """Wait for the run's end for that long at most."""
        if task := self._going.get(run):
            await asyncio.wait([task], timeout=seconds)

    async def close(self) -> None:
        """What works comes to its end; what waits is left as it is. Called when no new run can begin."""
        self._stopping.set()
        await asyncio.gather(*self._going.values(), return_exceptions=True)

    def _over(self, run: str, task: asyncio.Task[Done | Refusal]) -> None:
        self._going.pop(run, None)
        if not task.cancelled():
            task.exception()  # it is written down with the run; nobody may be left to hear it
