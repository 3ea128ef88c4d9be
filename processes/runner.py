"""Starts runs for whoever asks, and answers with what came of them (design.md, Processes).

    same key, same input      the first answer again; a refusal is an answer too
    same key, other input     IDEMPOTENCY_KEY_REUSED, raised by the register
    the run failed            it stays FAILED with the error's code; the same key runs anew
    the run is live           that run again, under its own id and so its own step keys
    a system is down          the run waits for it and goes on by itself; the caller is told so, with its code

A caller who leaves does not stop a run. Who carries it out is the executor's matter: here (here.py) or `spojka work`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from processes.audience import Taken, take_recipients
from processes.book_conference import ORDER, may_book, may_change
from processes.catalogue import ORDERS
from processes.deliver_mailing import NAME as DELIVER_MAILING
from processes.graph import Graph
from processes.import_call_records import Imported
from processes.invoice_conference import Prepared
from processes.register import FirstAnswer, Register, RunRow
from processes.rules.refusal import Refusal
from processes.stepping import canonical

__all__ = ["Executor", "Queued", "RunFailed", "Runner", "input_hash"]

ANSWER_SECONDS = 60.0
LOOK_SECONDS = 0.02
SILENT_AFTER = timedelta(seconds=15)
PATIENCE_SECONDS = 0.3
"""How long a caller waits with a run that waits for a system: a moment's lock is not worth an error."""

Answered = tuple[RunRow, Mapping[str, Any] | Refusal]


class Executor(Protocol):
    """Carries runs out, in this process or another."""

    async def enqueue(self, row: RunRow) -> None: ...

    async def until_over(self, run: str, seconds: float) -> None:
        """Wait that long at most, if it can be told here that the run is over."""
        ...

    async def close(self) -> None: ...


class Enqueues(Protocol):
    async def enqueue(self, row: RunRow) -> None: ...

    def close(self) -> None: ...


class Queued:
    """Runs carried out by `spojka work`, wherever that is: here they are only put into its queue."""

    def __init__(self, queue: Enqueues) -> None:
        self._queue = queue

    async def enqueue(self, row: RunRow) -> None:
        await self._queue.enqueue(row)

    async def until_over(self, run: str, seconds: float) -> None:
        await asyncio.sleep(min(seconds, LOOK_SECONDS))

    async def close(self) -> None:
        await asyncio.to_thread(self._queue.close)


class RunFailed(Exception):
    """The run did not come to an answer; its code is that of what stopped it, or RUN_NOT_OVER."""

    def __init__(self, run: str, code: str, message: str) -> None:
        super().__init__(message)
        self.extensions: dict[str, object] = {"code": code, "run": run}


class Runner:
    """Runs processes by `executor`, written down in `register`; `clock` and `new_key` bring time and chance.

    `graph` is the one that processes see."""

    def __init__(
        self,
        register: Register,
        executor: Executor,
        *,
        graph: Graph,
        clock: Callable[[], datetime],
        new_key: Callable[[], str],
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._register = register
        self._executor = executor
        self._graph = graph
        self._clock = clock
        self._new_key = new_key
        self._seconds = seconds

    async def invoice_conference(self, id: str, *, idempotency_key: str, caller: str) -> Prepared | Refusal:
        """The draft invoice that holds the conference's charges, or why there is none."""
        answer = await self.answer("invoice-call", id, {}, key=idempotency_key, caller=caller)
        return answer if isinstance(answer, Refusal) else Prepared(answer["invoice"])

    async def import_call_records(self, bridge: str, *, format: str, content: str, caller: str) -> Imported | Refusal:
        """What came of the file. Each import is a run of its own: a file given twice is counted as duplicates."""
        input = {"format": format, "content": content}
        answer = await self.answer("import-call-records", bridge, input, key=self._new_key(), caller=caller)
        return answer if isinstance(answer, Refusal) else Imported.recalled(answer)

    async def book_conference(
        self, client: str, order: Mapping[str, Any], *, seen: Graph, idempotency_key: str, caller: str
    ) -> str | Refusal:
        """The reference of the new booking. `seen` is the graph as the caller sees it."""
        if why := await may_book(seen, client):
            return why
        input = {**order, ORDER: input_hash({"caller": caller, "key": idempotency_key})}
        answer = await self.answer("book-conference", client, input, key=idempotency_key, caller=caller)
        return answer if isinstance(answer, Refusal) else str(answer["booking"])

    async def move_conference(
        self,
        ref: str,
        changes: Mapping[str, Any],
        *,
        revision: int | None,
        seen: Graph,
        idempotency_key: str,
        caller: str,
    ) -> str | Refusal:
        """The reference of the changed booking."""
        if why := await may_change(seen, ref):
            return why
        input = {"changes": changes, "revision": revision}
        answer = await self.answer("move-conference", ref, input, key=idempotency_key, caller=caller)
        return answer if isinstance(answer, Refusal) else str(answer["booking"])

    async def cancel_conference(
        self, ref: str, *, revision: int | None, seen: Graph, idempotency_key: str, caller: str
    ) -> str | Refusal:
        """The reference of the cancelled booking."""
        if why := await may_change(seen, ref):
            return why
        answer = await self.answer("cancel-conference", ref, {"revision": revision}, key=idempotency_key, caller=caller)
        return answer if isinstance(answer, Refusal) else str(answer["booking"])

    async def take_recipients(
        self, campaign: str, *, seen: Graph, idempotency_key: str, caller: str
    ) -> Taken | Refusal | None:
        """What came of it, None where this key had them taken before; its letters are being made."""
        taken = await take_recipients(seen, self._graph, campaign, caller=caller, key=idempotency_key)
        if not isinstance(taken, Refusal):
            await self.start(DELIVER_MAILING, campaign, {}, caller=caller)
        return taken

    async def answer(
        self, process: str, subject: str, input: Mapping[str, Any], *, key: str, caller: str
    ) -> Mapping[str, Any] | Refusal:
        """Start a run, or find the one of this key, and wait for its answer.

        Raises RunFailed where there is none.
        """
        begun, _ = await self._register.start(
            process,
            subject,
            key=key,
            input=canonical(input),
            input_hash=input_hash({"subject": subject, **input}),
            caller=caller,
            now=self._clock(),
        )
        if isinstance(begun, FirstAnswer):
            return recalled(begun.answer)
        await self._executor.enqueue(begun)
        return await self._until_answered(begun.id)

    async def start(self, process: str, subject: str, input: Mapping[str, Any], *, caller: str) -> str:
        """The id of the live run about the subject, begun now if there was none. Nobody waits for it."""
        row, _ = await self._register.start_unless_live(
            process, subject, input=canonical(input), caller=caller, now=self._clock()
        )
        await self._executor.enqueue(row)  # whoever began it may have died before; put in twice, it is in once
        return row.id

    async def retry(self, id: str, *, caller: str) -> str | Refusal:
        """A new run with the input of one that FAILED, was REFUSED or CANCELLED; its id."""
        rows = await self._register.runs([id])
        if not rows:
            return Refusal("unknown-run", f"there is no run {id}: look for it in `processes`")
        if rows[0].is_live or rows[0].state == "SUCCEEDED":
            return Refusal("not-failed", f"run {id} is {rows[0].state}: there is nothing to do again")
        if rows[0].process in ORDERS:
            return Refusal("ask-again", f"run {id} is an order: whoever may book for the client orders it anew")
        return await self.start(rows[0].process, rows[0].subject, json.loads(rows[0].input), caller=caller)

    async def cancel(self, id: str) -> str | Refusal:
        """Ask a live run to end; it does so before its next step."""
        rows = await self._register.runs([id])
        if not rows:
            return Refusal("unknown-run", f"there is no run {id}: look for it in `processes`")
        if not rows[0].is_live:
            return Refusal("over", f"run {id} is over: it {rows[0].state}")
        await self._register.cancel(id)
        return id

    async def close(self) -> None:
        """Wait for what is under way here; called when no new run can begin."""
        await self._executor.close()

    async def _until_answered(self, run: str) -> Mapping[str, Any] | Refusal:
        loop = asyncio.get_running_loop()
        end, waits_since = loop.time() + self._seconds, None
        while True:
            await self._executor.until_over(run, LOOK_SECONDS)
            found = await self._register.answer(run)
            if found is None:
                raise RunFailed(run, "INTERNAL", f"run {run} is not in the register")
            row, answer = found
            if answer is not None:
                return recalled(answer)
            if not row.is_live:
                raise RunFailed(run, row.error or row.state, row.message or f"run {run} was {row.state.lower()}")
            waits_since = (waits_since or loop.time()) if row.state == "WAITING" else None
            if waits_since is not None and loop.time() - waits_since >= PATIENCE_SECONDS:
                code = row.error or "RUN_NOT_OVER"
                raise RunFailed(run, code, f"{row.waits_for}. The run {run} goes on by itself as soon as it can")
            if loop.time() >= end:
                raise RunFailed(run, "RUN_NOT_OVER", await self._why_not_over(row))

    async def _why_not_over(self, row: RunRow) -> str:
        seen = await self._register.last_seen()
        if seen is None or self._clock() - seen > SILENT_AFTER:
            return f"the run {row.id} is written down, but nobody carries runs out: start `spojka work`"
        return f"the run {row.id} takes longer: it goes on, see `process(id:)`"


def recalled(answer: str) -> Mapping[str, Any] | Refusal:
    kept: dict[str, Any] = json.loads(answer)
    return Refusal(**kept["refused"]) if "refused" in kept else kept


def input_hash(values: Mapping[str, Any]) -> str:
    """The same for the same input, whatever the order of its keys."""
    return hashlib.sha256(canonical(values).encode()).hexdigest()
