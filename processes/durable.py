"""Runs carried out on DBOS: what a step answered is kept, so a run that is resumed goes on behind its last step.

    Queue      puts runs into DBOS's queue, from any process
    Durable    carries them out in this one; several share one queue, each run is taken by one of them

A run is one DBOS workflow of the same id, with the run's id as its only input: everything else is in the register. An
executor that dies leaves its runs PENDING under its name; `take_over` gives them back to the queue (private calls of
DBOS, which is pinned below 4). Who has runs and isn't known to be alive is dead, whatever became of its heartbeats. A
run taken over is not fenced from one that was only slow: what protects is the constraint in the owning system
(design.md, Processes).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any, NoReturn

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from dbos._error import DBOSException

from processes.register import RunRow
from processes.run import Process
from processes.stepping import LOOK_SECONDS, TRANSIENT, Surroundings, carry_out, code_of

__all__ = ["VERSION", "Durable", "Queue"]

VERSION = "1"
"""Raised when the steps of a process change: a run is resumed only by the version that began it, old ones drain."""

POLL_SECONDS = 0.05
AT_ONCE = 32
"""Runs that one executor carries out at a time; those that wait hold a place."""

LAST_STEPS_SECONDS = 5.0

ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")

QUEUE, WORKFLOW, APPLICATION = "runs", "run", "spojka"

_log = logging.getLogger("spojka.processes")


class Queue:
    """The way into the queue; `engine` (SQLAlchemy's) is on the database of DBOS, whose tables an executor makes."""

    def __init__(self, engine: Any) -> None:
        self._client = DBOSClient(
            system_database_engine=engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    async def enqueue(self, row: RunRow) -> None:
        """Put the run in; one that was put in before is left as it is, one that can't be put in is found later."""
        try:
            await self._client.enqueue_async(
                {
                    "workflow_name": WORKFLOW,
                    "queue_name": QUEUE,
                    "workflow_id": row.id,
                    "application_name": APPLICATION,
                },
                row.id,
            )
        except Exception as fault:
            _log.warning("run %s isn't in the queue yet (%s): `spojka work` finds it", row.id, type(fault).__name__)

    async def begin_ended_anew(self, runs: Collection[str]) -> list[str]:
        """Of these live runs those that DBOS takes for ended: it puts them in again, without the steps that it kept.

        A run ends in the register first. One that DBOS alone has ended was stopped by a fault of its executor's.
        Several may look at once, and one may have slept meanwhile: a run that is no longer ended is let alone.
        """
        if not runs:
            return []
        found = await self._client.list_workflows_async(
            workflow_ids=list(runs), status=list(ENDED), load_input=False, load_output=False
        )
        begun = []
        for each in found:
            with suppress(DBOSException):  # another one was faster
                await self._client.rewind_workflow_async(each.workflow_id, queue_name=QUEUE)
                _log.warning("run %s had stopped without an end: it is carried out anew", each.workflow_id)
                begun.append(each.workflow_id)
        return begun

    def close(self) -> None:
        self._client.destroy()


class Durable:
    """One executor; `id` is unique to it among all, for ever. DBOS allows one in a process of the operating system."""

    def __init__(
        self, id: str, processes: Mapping[str, Process], around: Surroundings, *, engine: Any, queue: Queue
    ) -> None:
        self.id = id
        self._processes = processes
        self._stopping = asyncio.Event()
        self._around = replace(around, enqueue=queue.enqueue, stopping=self._stopping, interrupt=self._interrupt)
        self._at_work = 0
        self._going: Counter[str] = Counter()
        self._idle: dict[str, float] = {}
        self._dbos: Any = None
        self._config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": engine,
            "executor_id": id,
            "application_version": VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "run_migrations": True,
            "log_level": "WARNING",
            "notification_listener_polling_interval_sec": POLL_SECONDS,
        }

    async def launch(self) -> None:
        """Begin to take runs; called on the event loop that they will be carried out on."""
        self._dbos = DBOS(config=self._config)

        @DBOS.workflow(name=WORKFLOW)
        async def carry_out_run(run: str) -> None:
            await self._carried_out(run)

        DBOS.launch()
        await DBOS.register_queue_async(QUEUE, worker_concurrency=AT_ONCE, polling_interval_sec=POLL_SECONDS)

    async def owners(self) -> set[str]:
        """The executors, alive or not, that have taken runs of this version and not ended them."""
        taken = await DBOS.list_workflows_async(
            status="PENDING", name=WORKFLOW, app_version=VERSION, load_input=False, load_output=False
        )
        return {each.executor_id for each in taken if each.executor_id is not None}

    async def take_over(self, executors: Iterable[str]) -> None:
        """Give the runs that these executors left behind back to the queue."""
        await asyncio.to_thread(DBOS._recover_pending_workflows, list(executors))

    async def regain(self, seconds: float) -> list[str]:
        """Give back to the queue what this executor took so long ago and doesn't carry out.

        The database went away between the two: DBOS has the run as this executor's, and nothing of it is going on.
        """
        taken = await DBOS.list_workflows_async(
            status="PENDING", name=WORKFLOW, executor_id=self.id, load_input=False, load_output=False
        )
        now = asyncio.get_running_loop().time()
        idle = [each.workflow_id for each in taken if not self._going[each.workflow_id]]
        self._idle = {run: self._idle.get(run, now) for run in idle}
        left = [run for run, since in self._idle.items() if now - since >= seconds]
        for run in left:
            _log.warning("run %s was taken and not begun: it is given back", run)
            await asyncio.to_thread(self._dbos._sys_db.reenqueue_for_recovery, run, [self.id], QUEUE)
            del self._idle[run]
        return left

    async def close(self) -> None:
        """Steps under way are done, no other is begun; the runs stay this executor's until they are taken over."""
        self._stopping.set()
        for _ in range(int(LAST_STEPS_SECONDS / POLL_SECONDS)):
            if not self._at_work:
                break
            await asyncio.sleep(POLL_SECONDS)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        # DBOS had made a pool of its own the loop's, and has closed it.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())

    async def _carried_out(self, run: str) -> None:
        """The workflow. How the run ended is in the register; what made it fail is there and in the log."""
        self._going[run] += 1
        try:
            row = await self._row(run)
            if row is None or not row.is_live:
                return
            self._at_work += 1
            try:
                with suppress(Exception):  # it is written down
                    await carry_out(self._processes[row.process], row, self._around, _kept)
            finally:
                self._at_work -= 1
        finally:
            self._going[run] -= 1

    async def _row(self, run: str) -> RunRow | None:
        """Asked for until the register answers: for DBOS an error here would be the run's end."""
        while True:
            try:
                rows = await self._around.register.runs([run])
            except Exception as fault:
                if code_of(fault) not in TRANSIENT:
                    raise
                _log.warning("run %s: the register doesn't answer: %s", run, fault)
            else:
                return rows[0] if rows else None
            await asyncio.sleep(LOOK_SECONDS)

    async def _interrupt(self) -> NoReturn:
        """For DBOS an error would be a step's end, or the workflow's; a run that isn't heard of again is neither."""
        self._at_work -= 1
        try:
            while True:
                await asyncio.Event().wait()
        finally:
            self._at_work += 1


async def _kept(name: str, do: Callable[[], Awaitable[Any]]) -> Any:
    return await DBOS.run_step_async({"name": name}, do)
