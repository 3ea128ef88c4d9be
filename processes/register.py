"""The register of runs, as processes need it: what a run is, what is written of it, who is alive to carry runs out.

The register is what people see and what is resumed from; it knows no business. `sources.processes.Processes` is one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

__all__ = ["ExecutorRow", "FirstAnswer", "MakeExecutor", "MakeStep", "Register", "RunRow"]


class RunRow(Protocol):
    """A run; its id is `<process>:<subject>:<n>`. `input` is JSON. See sources/records/processes.py for the states."""

    @property
    def id(self) -> str: ...
    @property
    def process(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def input(self) -> str: ...
    @property
    def started_by(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def error(self) -> str | None: ...
    @property
    def message(self) -> str | None: ...
    @property
    def waits_for(self) -> str | None: ...
    @property
    def is_live(self) -> bool: ...


@runtime_checkable
class FirstAnswer(Protocol):
    """The key and the input are known: `run` has ended with this answer (a JSON text)."""

    @property
    def run(self) -> RunRow: ...
    @property
    def answer(self) -> str: ...


class ExecutorRow(Protocol):
    """Who carries runs out."""

    @property
    def id(self) -> str: ...


class MakeStep(Protocol):
    def __call__(
        self,
        run: str,
        position: int,
        name: str,
        started_at: datetime,
        ended_at: datetime | None,
        attempts: int,
        error: str | None = None,
    ) -> Any: ...


class MakeExecutor(Protocol):
    def __call__(self, id: str, version: str, started_at: datetime, seen_at: datetime) -> Any: ...


class Register(Protocol):
    """Where runs are written down. `start` raises what carries IDEMPOTENCY_KEY_REUSED for a known key, other input.

    Keys are scoped by process and caller. A key whose run FAILED or was CANCELLED starts a new run; one whose run is
    live gives that run again. A run ends once: what is written of an ended one is left out.
    """

    async def start(
        self, process: str, subject: str, *, key: str, input: str, input_hash: str, caller: str, now: datetime
    ) -> tuple[Any, bool]: ...

    async def start_unless_live(
        self, process: str, subject: str, *, input: str, caller: str, now: datetime
    ) -> tuple[RunRow, bool]: ...

    async def finish(
        self,
        run: str,
        *,
        state: str,
        outcome: str | None,
        answer: str | None,
        error: str | None,
        message: str | None = None,
        now: datetime,
    ) -> None: ...

    async def answer(self, run: str) -> tuple[RunRow, str | None] | None: ...

    async def runs(self, ids: Collection[str]) -> Sequence[RunRow]: ...

    async def failures(self, process: str, subjects: Collection[str]) -> Mapping[str, tuple[int, datetime]]:
        """Of each subject whose last run came to nothing: how many such runs in a row, and when the last one ended."""
        ...

    async def unfinished(self) -> Sequence[RunRow]: ...

    async def begin_step(self, step: Any) -> None: ...

    async def end_step(self, step: Any) -> None: ...

    async def wait(
        self, run: str, *, why: str, until: datetime | None, error: str | None = None, attempts: int = 0
    ) -> None: ...

    async def go_on(self, run: str) -> None: ...

    async def alarm(self, run: str, message: str) -> None: ...

    async def cancel(self, run: str) -> None: ...

    async def is_cancelled(self, run: str) -> bool: ...

    async def beat(self, executor: Any) -> None: ...

    async def executors(self) -> Sequence[ExecutorRow]: ...

    async def silent(self, since: datetime) -> Sequence[ExecutorRow]: ...

    async def forget(self, executor: str) -> None: ...

    async def last_seen(self) -> datetime | None: ...
