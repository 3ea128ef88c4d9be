"""The graph as a process sees it: a document and variables in, data out, nothing partial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

__all__ = ["Graph", "GraphError"]


class Graph(Protocol):
    """`document` holds one operation. Raises `GraphError` when the answer has any error at all (design.md, Processes).

    So a null in the data is a fact ("there is none"), never a system that is down.
    """

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]: ...


class GraphError(Exception):
    """The answer had errors: GraphQL errors as in the response, {"message", "path", "extensions": {"code"}}.

    `extensions` are the first error's, so a process that fails fails outside with the code of what stopped it.
    """

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("; ".join(str(error.get("message", "")) for error in errors))
        self.errors = tuple(errors)
        self.codes = tuple(str((error.get("extensions") or {}).get("code", "INTERNAL")) for error in errors)
        self.extensions: dict[str, Any] = dict((errors[0].get("extensions") or {}) if errors else {})
