"""The graph as processes see it: all of the data of an answer, or an error."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.request import GraphQLRequest, GraphQLResponse
from processes.graph import GraphError

__all__ = ["AnsweredGraph"]


@dataclass(frozen=True, slots=True)
class AnsweredGraph:
    """The graph over whatever answers. Raises GraphError."""

    answer: Callable[[GraphQLRequest], Awaitable[GraphQLResponse]]

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        response = await self.answer(GraphQLRequest(query=document, variables=variables))
        if response.errors or response.data is None:
            raise GraphError(response.errors)
        data: dict[str, Any] = response.data
        return data
