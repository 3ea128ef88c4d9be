"""What nobody started or finished is found and started: a lost event, a crash between two steps, a clock that struck.

    runs        one that is live in the register and not in the queue is put in (again): harmless, as ids are unique;
                so is one that its executor dropped without writing down an end
    watches     a question to the graph, asked now and then; each of its answers has a run started, unless one is live

A watch asks the owning system what is due, by positions and states and never by what happened meanwhile; so whatever
was missed costs a delay and nothing else (design.md, Processes). Work that comes to nothing again and again is tried
ever more seldom, and somebody is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from processes.graph import GraphError
from processes.register import RunRow
from processes.stepping import TRANSIENT, Surroundings, canonical, code_of

__all__ = ["Due", "Reconciler", "Watch"]

_log = logging.getLogger("spojka.processes")

RECONCILER = "reconcile"
RUNS_EVERY = 2.0


@dataclass(frozen=True, slots=True)
class Due:
    """Work about a subject."""

    subject: str
    input: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """`document` asked every `every` seconds with `variables` of the time; `due` reads the subjects in its data.

    A subject whose runs come to nothing again and again is tried ever more seldom, every `longest` seconds at last;
    after `alarm_after` of them each further run has an alarm. None: it is work for people anyway.
    """

    process: str
    document: str
    every: float
    variables: Callable[[datetime], Mapping[str, Any]]
    due: Callable[[Mapping[str, Any], datetime], Iterable[Due]]
    longest: float = 3600.0
    alarm_after: int | None = 5

    def pause(self, failures: int) -> timedelta:
        """After so many runs in a row that came to nothing."""
        return timedelta(seconds=min(self.every * 2.0 ** (failures - 1), self.longest))


def again_and_again(watch: Watch, failures: int) -> str:
    seconds = round(watch.pause(failures + 1).total_seconds())
    return (
        f"tried-again: the {failures} runs before this one came to nothing; see why, and mend it. "
        f"If this one doesn't either, the next is in {seconds} s"
    )


class Queue(Protocol):
    """The way to executors; `begin_ended_anew` puts in again what none of them takes any more, and says which."""

    async def enqueue(self, row: RunRow) -> None: ...

    async def begin_ended_anew(self, runs: Collection[str]) -> list[str]: ...


class Reconciler:
    """Looks for such work, again and again. A system that is down is passed over until the next time."""

    def __init__(
        self,
        around: Surroundings,
        queue: Queue,
        watches: Sequence[Watch],
    ) -> None:
        self._around = around
        self._queue = queue
        self._watches = watches
        self._put_in: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._forever(self.put_in, RUNS_EVERY))
            for watch in self._watches:
                group.create_task(self._forever(partial(self.look, watch), watch.every))

    async def put_in(self) -> None:
        """Every live run, into the queue; each once by this reconciler, and again where it stopped without an end."""
        live = await self._around.register.unfinished()
        await self._queue.begin_ended_anew([row.id for row in live if row.id in self._put_in])
        for row in live:
            if row.id not in self._put_in:
                await self._queue.enqueue(row)
        self._put_in = frozenset(row.id for row in live)

    async def look(self, watch: Watch) -> int:
        """Start what is due by the watch; how many runs are new."""
        now = self._around.clock()
        data = await self._around.graph.execute(watch.document, watch.variables(now))
        found = list(watch.due(data, now))
        failures = await self._around.register.failures(watch.process, [due.subject for due in found]) if found else {}
        started = 0
        for due in found:
            failed, ended_at = failures.get(due.subject, (0, None))
            if ended_at is not None and self._around.clock() < ended_at + watch.pause(failed):
                continue
            row, is_new = await self._around.register.start_unless_live(
                watch.process, due.subject, input=canonical(due.input), caller=RECONCILER, now=self._around.clock()
            )
            if is_new:
                started += 1
                if watch.alarm_after is not None and failed >= watch.alarm_after:
                    await self._around.register.alarm(row.id, again_and_again(watch, failed))
                await self._queue.enqueue(row)
        return started

    async def _forever(self, look: Callable[[], Awaitable[object]], every: float) -> None:
        is_told = False
        while True:
            try:
                await look()
                is_told = False
            except Exception as fault:
                codes = fault.codes if isinstance(fault, GraphError) else (code_of(fault),)
                if not TRANSIENT.intersection(codes):
                    _log.exception("the reconciler could not look")
                elif not is_told:
                    _log.warning("the reconciler waits: %s", fault)
                    is_told = True
            await asyncio.sleep(every)
