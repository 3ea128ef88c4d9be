"""A run carried out: step by step, each noted in the register, each answer kept by whoever executes it.

    step        noted, done, its answer kept: a run resumed after a crash gets the kept answer and goes on behind it
    system down noted as what the run waits for; asked again, ever more slowly, until it answers
    cancelled   looked at before every step and while waiting
    the end     SUCCEEDED or REFUSED with an answer, FAILED with a code and a sentence, CANCELLED

What a step's `keep` does is the executor's: DBOS writes it down (durable.py), without it nothing is kept and a run
that is carried out again does every step again, which their idempotency keys make harmless (here.py).
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn, Protocol

from processes.graph import Graph, GraphError
from processes.masking import has_masks, masked, unmasked
from processes.register import MakeStep, Register, RunRow
from processes.rules.refusal import Refusal
from processes.run import Done, Process

__all__ = ["Enqueue", "Interrupted", "Keep", "RunCancelled", "Surroundings", "canonical", "carry_out", "code_of"]

_log = logging.getLogger("spojka.processes")

TRANSIENT = frozenset(
    {
        "SYSTEM_UNAVAILABLE",
        "SYSTEM_BUSY",
        "BRIDGE_DOWN",
        "PRINTER_DOWN",
        "REQUEST_TIMEOUT",
        "OUTCOME_UNKNOWN",  # its key makes asking again harmless
        "RATE_LIMITED",
        "SUBGRAPH_HTTP_ERROR",
        "SUBGRAPH_MALFORMED_RESPONSE",
        "SUBGRAPH_TIMEOUT",
        "SUBGRAPH_UNAVAILABLE",
        "KEYS_UNAVAILABLE",
        "AUDIT_UNAVAILABLE",
        "UNREACHABLE",
    }
)
"""Codes of errors that go away by themselves: never a decision about the business (design.md, Processes)."""

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.2, 30.0, 2.0
"""Seconds before a system that is down is asked again."""

LOOK_SECONDS = 0.5
"""How often a waiting run looks whether it is time, or cancelled."""

_OPERATION = re.compile(r"\b(?:query|mutation)\s+(\w+)")

Keep = Callable[[str, Callable[[], Awaitable[Any]]], Awaitable[Any]]
Enqueue = Callable[[RunRow], Awaitable[None]]


class RunCancelled(Exception):
    """Somebody asked the run to end."""


class Interrupted(Exception):
    """Whoever carries the run out is about to stop; another goes on with it."""


async def _interrupted() -> NoReturn:
    raise Interrupted


class Stopping(Protocol):
    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all runs of an executor share. `make_step` makes the register's record of a step.

    Once `stopping` is set, no step is begun and nothing waited for: a run comes to `interrupt`, which never returns.
    """

    graph: Graph
    register: Register
    clock: Callable[[], datetime]
    make_step: MakeStep
    enqueue: Enqueue
    stopping: Stopping = field(default_factory=asyncio.Event)
    interrupt: Callable[[], Awaitable[NoReturn]] = _interrupted
    pause: float = FIRST_PAUSE


async def carry_out(process: Process, row: RunRow, around: Surroundings, keep: Keep) -> Done | Refusal:
    """Carry the run out and write down how it ended.

    Raises what made it fail, after it was written down; RunCancelled; Interrupted, where nothing is written.
    """
    stepped = SteppedRun(row.id, around, keep)
    try:
        answer = await process.carry_out(stepped, row.subject, json.loads(row.input))
    except (Interrupted, asyncio.CancelledError):
        raise
    except RunCancelled as cancelled:
        await stepped.finish(state="CANCELLED", message=str(cancelled) or None)
        raise
    except Exception as fault:
        _log.exception("run %s failed", row.id)
        await stepped.finish(state="FAILED", error=code_of(fault), message=said_of(fault))
        raise
    if isinstance(answer, Refusal):
        kept = {"refused": {"code": answer.code, "message": answer.message}}
        await stepped.finish(state="REFUSED", outcome=answer.code, answer=canonical(kept), message=answer.message)
    else:
        await stepped.finish(state="SUCCEEDED", outcome=answer.outcome, answer=canonical(answer.answer))
    return answer


@dataclass(slots=True)
class SteppedRun:
    """The Run of `processes.run` over an executor's surroundings."""

    id: str
    around: Surroundings
    keep: Keep
    position: int = 0

    async def execute(
        self, document: str, variables: Mapping[str, Any], *, until: datetime | None = None
    ) -> dict[str, Any]:
        """GraphQL errors come out of the step as a value, since a kept step is data; no secret is kept with it."""
        fresh: dict[str, Any] = {}

        async def ask(attempts: Attempts) -> Any:
            fresh.update(await self._asked(document, variables, until, attempts))
            return masked(fresh)

        answer = await self._step(operation_name(document), ask)
        if fresh:
            answer = fresh
        elif has_masks(answer):  # the run was resumed behind this step
            again = await self._asked(document, variables, until, Attempts())
            answer = again if "errors" in again else unmasked(answer, again)
        if "errors" in answer:
            raise GraphError(answer["errors"])
        data: dict[str, Any] = answer["data"]
        return data

    async def now(self) -> datetime:
        async def read(_: Attempts) -> str:
            return self.around.clock().isoformat()

        return datetime.fromisoformat(await self._step("now", read, is_noted=False))

    async def wait(self, until: datetime, why: str) -> None:
        """No step: the instant is known, so a resumed run waits for the rest of it."""
        await self._check()
        if self.around.clock() >= until:
            return
        await self._write(lambda: self.around.register.wait(self.id, why=why, until=until))
        while (left := (until - self.around.clock()).total_seconds()) > 0:
            await asyncio.sleep(min(left, LOOK_SECONDS))
            await self._check()
        await self._write(lambda: self.around.register.go_on(self.id))

    async def start(self, process: str, subject: str, input: Mapping[str, Any]) -> None:
        async def begin(_: Attempts) -> str:
            row, _is_new = await self._write(
                lambda: self.around.register.start_unless_live(
                    process, subject, input=canonical(input), caller=self.id, now=self.around.clock()
                )
            )
            await self._write(lambda: self.around.enqueue(row))
            return str(row.id)

        await self._step(f"start {process}", begin)

    async def alarm(self, code: str, message: str) -> None:
        async def tell(_: Attempts) -> None:
            _log.warning("run %s: %s: %s", self.id, code, message)
            await self._write(lambda: self.around.register.alarm(self.id, f"{code}: {message}"))

        await self._step(f"alarm {code}", tell)

    async def finish(
        self,
        *,
        state: str,
        outcome: str | None = None,
        answer: str | None = None,
        error: str | None = None,
        message: str | None = None,
    ) -> None:
        ending = {"state": state, "outcome": outcome, "answer": answer, "error": error, "message": message}
        await self._write(lambda: self.around.register.finish(self.id, **ending, now=self.around.clock()))  # type: ignore[arg-type]

    async def _step(self, name: str, do: Callable[[Attempts], Awaitable[Any]], *, is_noted: bool = True) -> Any:
        await self._check()
        self.position += 1
        position, attempts = self.position, Attempts()

        async def noted() -> Any:
            if not is_noted:
                return await do(attempts)
            started_at = self.around.clock()
            begun = self.around.make_step(self.id, position, name, started_at, None, 0)
            await self._write(lambda: self.around.register.begin_step(begun))
            answer = await do(attempts)
            ended = self.around.make_step(
                self.id, position, name, started_at, self.around.clock(), attempts.failed + 1, attempts.error
            )
            await self._write(lambda: self.around.register.end_step(ended))
            return answer

        return await self.keep(name, noted)

    async def _asked(
        self, document: str, variables: Mapping[str, Any], until: datetime | None, attempts: Attempts
    ) -> dict[str, Any]:
        """{"data": ...} or {"errors": [...]}; a system that is down is asked again until it answers, or `until`."""
        while True:
            try:
                data = await self.around.graph.execute(document, variables)
            except GraphError as error:
                if not TRANSIENT.intersection(error.codes) or (until is not None and self.around.clock() >= until):
                    return {"errors": [dict(each) for each in error.errors]}
                attempts.note(error)
            except (ConnectionError, TimeoutError, OSError) as error:
                attempts.note(error)
            else:
                if attempts.failed:
                    await self._write(lambda: self.around.register.go_on(self.id))
                return {"data": data}
            await self._note_waiting(attempts)
            await self._pause(attempts, until)

    async def _note_waiting(self, attempts: Attempts) -> None:
        await self._write(
            lambda: self.around.register.wait(
                self.id, why=attempts.error or "", until=None, error=attempts.code, attempts=attempts.failed
            )
        )

    async def _pause(self, attempts: Attempts, until: datetime | None) -> None:
        seconds = min(self.around.pause * GROWTH ** (attempts.failed - 1), LONGEST_PAUSE)
        if until is not None:
            seconds = max(0.0, min(seconds, (until - self.around.clock()).total_seconds()))
        while seconds > 0:
            await asyncio.sleep(min(seconds, LOOK_SECONDS))
            seconds -= LOOK_SECONDS
            await self._check()

    async def _check(self) -> None:
        if self.around.stopping.is_set():
            await self.around.interrupt()
        if await self._write(lambda: self.around.register.is_cancelled(self.id)):
            raise RunCancelled(f"{self.id} was cancelled")

    async def _write(self, what: Callable[[], Awaitable[Any]]) -> Any:
        """The register may be down itself: it is asked again, as there is nowhere to say so."""
        failed = 0
        while True:
            try:
                return await what()
            except Exception as error:
                if code_of(error) not in TRANSIENT:
                    raise
                if self.around.stopping.is_set() and failed:
                    await self.around.interrupt()  # an error would be kept as the step's answer
                failed += 1
                if failed == 1:
                    _log.warning("run %s: the register doesn't answer: %s", self.id, error)
            await asyncio.sleep(min(self.around.pause * GROWTH ** (failed - 1), LONGEST_PAUSE))


@dataclass(slots=True)
class Attempts:
    """Those of a step that failed, and what the last one said."""

    failed: int = 0
    error: str | None = None
    code: str | None = None

    def note(self, error: Exception) -> None:
        self.failed += 1
        self.error = said_of(error)
        self.code = code_of(error) if isinstance(error, GraphError) else "UNREACHABLE"


def operation_name(document: str) -> str:
    found = _OPERATION.search(document)
    if found is None:
        raise ValueError("a process's document names its operation: it is the name of the step")
    return found[1]


def code_of(fault: BaseException) -> str:
    """The code that the fault carries for the outside; without one it is INTERNAL, and the log has the rest."""
    extensions = getattr(fault, "extensions", None) or {}
    return str(extensions.get("code", "INTERNAL"))


def said_of(fault: BaseException) -> str:
    """For people: of a GraphQL error its message; anything else is only in the log."""
    return str(fault) if isinstance(fault, GraphError) else f"an internal fault ({type(fault).__name__}); see the log"


def canonical(values: Mapping[str, Any]) -> str:
    return json.dumps({**values}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
