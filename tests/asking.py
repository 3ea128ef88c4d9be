"""Asking one subgraph alone, as plain strawberry serves it, and counting what it costs."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from strawberry.federation import Schema

from resolvers.context import Context

__all__ = ["Answer", "ask", "entities"]

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answer:
    """`codes` are the errors' codes in order of their paths; `statements` how many statements the answer took."""

    data: Any
    errors: list[Any]
    statements: int

    @property
    def codes(self) -> list[str | None]:
        return [(error.extensions or {}).get("code") for error in self.errors]


async def ask(
    schema: Schema, source: Any, document: str, *, now: datetime = NOON, context: Any = None, **variables: Any
) -> Answer:
    """The answer of `schema` over `source` (a system's source with its `database`), in this context or a plain one."""
    before = source.database.statements
    result = await schema.execute(document, variables, context_value=context or Context(source=source, now=now))
    errors = sorted(result.errors or [], key=lambda error: str(error.path))
    return Answer(result.data, errors, source.database.statements - before)


async def entities(
    schema: Schema, source: Any, representations: list[dict[str, Any]], selection: str, *, now: datetime = NOON
) -> Answer:
    """What `_entities` answers to these representations; `data` is the list of entities."""
    document = f"query ($keys: [_Any!]!) {{ _entities(representations: $keys) {{ {selection} }} }}"
    keys = deepcopy(representations)  # strawberry takes them apart
    answer = await ask(schema, source, document, now=now, keys=keys)
    return Answer(answer.data and answer.data["_entities"], answer.errors, answer.statements)
