"""One run of a process, as the process sees it: a graph whose every answer is kept, a clock, waiting, other runs.

    execute   one operation on the graph is one step: done once it is answered, and never asked again after a crash
    now       the time, as it was when the run first asked
    wait      until an instant, for a reason that people can read; a crash meanwhile loses nothing
    start     a run of another process about another subject; one that is live already is left alone
    alarm     something that a person should look at now; the run goes on

A process is deterministic between its steps: time, chance and the outside come in through its run alone. Its mutations
take `<run>:<step>` as their idempotency key (design.md, Processes).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from processes.rules.refusal import Refusal

__all__ = ["Done", "Process", "Run"]


class Run(Protocol):
    """A run satisfies `processes.graph.Graph`, so whatever asks a graph can be handed a run."""

    @property
    def id(self) -> str:
        """`<process>:<subject>:<n>`."""
        ...

    async def execute(
        self, document: str, variables: Mapping[str, Any], *, until: datetime | None = None
    ) -> dict[str, Any]:
        """The whole data of the answer. While a system that it needs is down it is asked again and again.

        Raises GraphError for any other error at once, and for a system that is still down at `until`.
        """
        ...

    async def now(self) -> datetime: ...

    async def wait(self, until: datetime, why: str) -> None: ...

    async def start(self, process: str, subject: str, input: Mapping[str, Any]) -> None: ...

    async def alarm(self, code: str, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Done:
    """The run has done its work. `outcome` says in a word or an id what came of it; `answer` is what callers get."""

    outcome: str
    answer: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Process:
    """A process by its name. A Refusal is an end too: there is nothing to do, and this is why."""

    name: str
    carry_out: Callable[[Run, str, Mapping[str, Any]], Awaitable[Done | Refusal]]
