"""Starts runs of processes: one run per key, its answer kept, its failure named (design.md, Processes).

    same key, same input      the first answer again; a refusal is an answer too
    same key, other input     IDEMPOTENCY_KEY_REUSED, raised by the store of runs
    the run failed            it stays FAILED with the error's code; the same key runs anew
    this process died in it   it stays RUNNING; the same key runs it again, under its own id and so its own step keys

A caller who leaves does not stop a run: it goes on to its end.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from processes.graph import Graph
from processes.import_call_records import Imported, import_call_records
from processes.invoice_conference import Prepared, invoice_conference
from processes.rules.refusal import Refusal

__all__ = ["FirstAnswer", "Run", "Runner", "Runs", "input_hash"]


class Run(Protocol):
    """A run that has begun; its id is `<process>:<subject>:<n>`."""

    @property
    def id(self) -> str: ...


@runtime_checkable
class FirstAnswer(Protocol):
    """The key and the input are known: `run` has ended with this answer (a JSON text)."""

    @property
    def run(self) -> Run: ...
    @property
    def answer(self) -> str: ...


class Runs(Protocol):
    """The store of runs. `start` raises what carries IDEMPOTENCY_KEY_REUSED for a known key with another input.

    Keys are scoped by process and caller. A key whose run is FAILED starts a new run; one whose run is still RUNNING
    gives that run again. `state` is SUCCEEDED, REFUSED or FAILED.
    """

    async def start(
        self, process: str, subject: str, *, key: str, input_hash: str, caller: str, now: datetime
    ) -> Run | FirstAnswer: ...

    async def finish(
        self, run: str, *, state: str, outcome: str | None, answer: str | None, error: str | None, now: datetime
    ) -> None: ...


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Work(Generic[T]):
    """One request for a run: whose, of what, with which input; how to do it, and how to keep its answer."""

    process: str
    subject: str
    key: str
    input: Mapping[str, Any]
    caller: str
    do: Callable[[str], Awaitable[T | Refusal]]
    outcome: Callable[[T], str]
    keep: Callable[[T], Mapping[str, Any]]
    recall: Callable[[Mapping[str, Any]], T]


class Runner:
    """Runs processes over `graph`, written down in `runs`. `clock` and `new_key` bring the edge's time and chance."""

    def __init__(self, runs: Runs, graph: Graph, *, clock: Callable[[], datetime], new_key: Callable[[], str]) -> None:
        self._runs = runs
        self._graph = graph
        self._clock = clock
        self._new_key = new_key
        self._going: set[asyncio.Task[Any]] = set()

    async def invoice_conference(self, id: str, *, idempotency_key: str, caller: str) -> Prepared | Refusal:
        """The draft invoice that holds the conference's charges, or why there is none."""
        return await self._started(
            Work(
                process="invoice-conference",
                subject=id,
                key=idempotency_key,
                input={"id": id},
                caller=caller,
                do=lambda run: invoice_conference(self._graph, id, run=run),
                outcome=lambda prepared: prepared.invoice,
                keep=lambda prepared: {"invoice": prepared.invoice},
                recall=lambda kept: Prepared(kept["invoice"]),
            )
        )

    async def import_call_records(self, bridge: str, *, format: str, content: str, caller: str) -> Imported | Refusal:
        """What came of the file. Each import is a run of its own: a file given twice is counted as duplicates."""
        return await self._started(
            Work(
                process="import-call-records",
                subject=bridge,
                key=self._new_key(),
                input={"bridge": bridge, "format": format, "content": content},
                caller=caller,
                do=lambda run: import_call_records(self._graph, bridge, format=format, content=content, run=run),
                outcome=lambda imported: imported.summary,
                keep=lambda imported: imported.kept,
                recall=Imported.recalled,
            )
        )

    async def close(self) -> None:
        """Wait for the runs that are under way; called when no new one can begin."""
        await asyncio.gather(*self._going, return_exceptions=True)

    async def _started(self, work: Work[T]) -> T | Refusal:
        begun = await self._runs.start(
            work.process,
            work.subject,
            key=work.key,
            input_hash=input_hash(work.input),
            caller=work.caller,
            now=self._clock(),
        )
        if isinstance(begun, FirstAnswer):
            return recalled(work, begun.answer)
        running = self._carried_out(work, begun.id)
        return await self._to_its_end(running)

    async def _to_its_end(self, run: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(run)
        self._going.add(task)
        task.add_done_callback(self._over)
        return await asyncio.shield(task)

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._going.discard(task)
        if not task.cancelled():
            task.exception()  # it is written down with the run; nobody may be left to hear it

    async def _carried_out(self, work: Work[T], run: str) -> T | Refusal:
        try:
            answer = await work.do(run)
        except Exception as fault:
            await self._finish(run, state="FAILED", error=code_of(fault))
            raise
        if isinstance(answer, Refusal):
            kept = {"refused": {"code": answer.code, "message": answer.message}}
            await self._finish(run, state="REFUSED", outcome=answer.code, answer=canonical(kept))
        else:
            await self._finish(
                run, state="SUCCEEDED", outcome=work.outcome(answer), answer=canonical(work.keep(answer))
            )
        return answer

    async def _finish(
        self, run: str, *, state: str, outcome: str | None = None, answer: str | None = None, error: str | None = None
    ) -> None:
        await self._runs.finish(run, state=state, outcome=outcome, answer=answer, error=error, now=self._clock())


def recalled(work: Work[T], answer: str) -> T | Refusal:
    kept = json.loads(answer)
    if "refused" in kept:
        return Refusal(**kept["refused"])
    return work.recall(kept)


def code_of(fault: Exception) -> str:
    """The code that the fault carries for the outside; without one it is INTERNAL, and the log has the rest."""
    extensions = getattr(fault, "extensions", None) or {}
    return str(extensions.get("code", "INTERNAL"))


def input_hash(values: Mapping[str, Any]) -> str:
    """The same for the same input, whatever the order of its keys."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def canonical(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
