"""Stand-ins for the graph and the store of runs, with just the behaviour that processes rely on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
    id: str
    input_hash: str
    state: str = "RUNNING"
    outcome: str | None = None
    answer: str | None = None
    error: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class FakeFirstAnswer:
    run: FakeRun
    answer: str


@dataclass
class FakeRuns:
    """Runs by process, caller and key; ids are numbered per process and subject."""

    by_key: dict[tuple[str, str, str], FakeRun] = field(default_factory=dict)
    runs: dict[str, FakeRun] = field(default_factory=dict)

    async def start(
        self, process: str, subject: str, *, key: str, input_hash: str, caller: str, now: datetime
    ) -> FakeRun | FakeFirstAnswer:
        known = self.by_key.get((process, caller, key))
        if known and known.input_hash != input_hash:
            raise KeyReused
        if known and known.state == "RUNNING":
            return known
        if known and known.state != "FAILED":
            assert known.answer is not None
            return FakeFirstAnswer(known, known.answer)
        before = [run for run in self.runs if run.startswith(f"{process}:{subject}:")]
        run = FakeRun(f"{process}:{subject}:{len(before) + 1}", input_hash)
        self.runs[run.id] = self.by_key[process, caller, key] = run
        return run

    async def finish(
        self, run: str, *, state: str, outcome: str | None, answer: str | None, error: str | None, now: datetime
    ) -> None:
        found = self.runs[run]
        found.state, found.outcome, found.answer, found.error, found.ended_at = state, outcome, answer, error, now
