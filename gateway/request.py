"""What the edge hands the engine, and what it gets back: the two values of one GraphQL request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Explain", "GraphQLRequest", "GraphQLResponse"]

Explain = Literal["no", "beside", "only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """One operation as the client sent it: nothing parsed or checked yet.

    `allow_mutations` is False where the transport may not change anything (HTTP GET). `explain`: whether the answer has
    the plan beside the data, or instead of it ("only": nothing is executed).
    """

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    allow_mutations: bool = True
    explain: Explain = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLResponse:
    """The answer: `errors` are already in the form a client sees ({message, locations, path, extensions}).

    `executed` is False when the request failed before anything ran (syntax, validation, variables); the response then
    has no `data` entry and HTTP may say 4xx. `data` is None with `executed` True when a null bubbled up to the root.
    `extensions` are the response's own (GraphQL spec, 7.1).
    """

    data: Any = None
    errors: tuple[Mapping[str, Any], ...] = ()
    executed: bool = True
    extensions: Mapping[str, Any] = field(default_factory=dict)
