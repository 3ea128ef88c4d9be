"""Stand-ins for the graph and for a run over it, with just the behaviour that processes rely on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from processes.graph import GraphError

OPERATION = re.compile(r"\b(?:query|mutation)\s+(\w+)")

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]


def unavailable(system: str) -> GraphError:
    """What the graph raises when a system is down."""
    message = f"{system} is not available: its database can't be reached; ask its administrator"
    return GraphError([{"message": message, "extensions": {"code": "SYSTEM_UNAVAILABLE", "system": system}}])


class KeyReused(Exception):
    """As the sources raise it."""

    extensions: Mapping[str, str] = {"code": "IDEMPOTENCY_KEY_REUSED"}


@dataclass
class FakeGraph:
    """Answers an operation by its name; a mutation's key gives its first answer again, or refuses another input.

    `fails_before` and `fails_after` name operations that raise once: the answer is lost with the effect or without it.
    """

    answers: Mapping[str, Answer]
    fails_before: dict[str, Exception] = field(default_factory=dict)
    fails_after: dict[str, Exception] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    keys: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        (name,) = OPERATION.findall(document)
        if fault := self.fails_before.pop(name, None):
            raise fault
        self.asked.append((name, dict(variables)))
        answer = self.answer(name, dict(variables))
        if fault := self.fails_after.pop(name, None):
            raise fault
        return answer

    def answer(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        key = variables.pop("key", None)
        if key is None:
            return self.answers[name](variables)
        if (name, key) not in self.keys:
            self.keys[name, key] = (variables, self.answers[name](variables))
        first, answer = self.keys[name, key]
        if first != variables:
            raise GraphError([{"message": "key", "extensions": dict(KeyReused.extensions)}])
        return answer

    @property
    def operations(self) -> list[str]:
        return [name for name, _ in self.asked]

    def variables(self, name: str) -> dict[str, Any]:
        """Those of the one time `name` was asked."""
        (found,) = [variables for asked, variables in self.asked if asked == name]
        return found


@dataclass
class FakeRun:
    """A Run over a graph, at a time that waiting moves on; what it started and whom it alarmed can be looked at."""

    graph: FakeGraph
    id: str = "a-process:a-subject:1"
    time: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)
    started: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    alarms: list[tuple[str, str]] = field(default_factory=list)
    waited: list[tuple[datetime, str]] = field(default_factory=list)

    async def execute(
        self, document: str, variables: Mapping[str, Any], *, until: datetime | None = None
    ) -> dict[str, Any]:
        """A system that is down is asked again at once; with `until` the time is then that, and the error comes out."""
        while True:
            try:
                return await self.graph.execute(document, variables)
            except GraphError as error:
                if "SYSTEM_UNAVAILABLE" not in error.codes and "BRIDGE_DOWN" not in error.codes:
                    raise
                if until is not None:
                    self.time = max(self.time, until)
                    raise

    async def now(self) -> datetime:
        return self.time

    async def wait(self, until: datetime, why: str) -> None:
        self.waited.append((until, why))
        self.time = max(self.time, until)

    async def start(self, process: str, subject: str, input: Mapping[str, Any]) -> None:
        self.started.append((process, subject, dict(input)))

    async def alarm(self, code: str, message: str) -> None:
        self.alarms.append((code, message))
