"""What the edge hands the engine, and what it gets back: the two values of one GraphQL request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Explain", "GraphQLRequest", "GraphQLResponse"]

Explain = Literal["no", "beside", "only"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """One operation as the client sent it: nothing parsed or checked yet.

    `allow_mutations` is False where the transport may not change anything (HTTP GET). `explain`: whether the answer has
    the plan beside the data, or instead of it ("only": nothing is executed). `headers` are HTTP's, their names in lower
    case, and `request_id` is what logs and subgraphs know it by.
    """

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    allow_mutations: bool = True
    explain: Explain = "no"
    headers: Mapping[bytes, bytes] = field(default_factory=dict, repr=False, compare=False)
    request_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLResponse:
    """The answer: `errors` are already in the form a client sees ({message, locations, path, extensions}).

    `executed` is False when the request failed before anything ran (syntax, validation, variables); the response then
    has no `data` entry and HTTP may say 4xx. `data` is None with `executed` True when a null bubbled up to the root.
    `extensions` are the response's own (GraphQL spec, 7.1); `headers` are HTTP's, beside those of the edge.
    """

    data: Any = None
    errors: tuple[Mapping[str, Any], ...] = ()
    executed: bool = True
    extensions: Mapping[str, Any] = field(default_factory=dict)
    headers: Sequence[tuple[bytes, bytes]] = ()
