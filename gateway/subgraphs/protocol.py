"""The seam between the engine and whatever answers: a subgraph compiles what it is sent once, then executes it often.

compile  a request of a plan -> whatever this kind of subgraph can run fastest (kept with the plan)
execute  the compiled request + representations + variables + the client request's context -> its answer
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from gateway.doors.viewer import ANONYMOUS, Viewer
from gateway.subgraphs.operation import SubgraphOperation

__all__ = ["Inputs", "RequestContext", "Sent", "Subgraph", "SubgraphAnswer", "SubgraphFault"]

Compiled = TypeVar("Compiled")
JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """One call of a subgraph, for the plan's request `request`: how many entities it named, and how long it took.

    In seconds; `started` is of a clock that tells times of one process apart and nothing else.
    """

    service: str
    representations: int
    seconds: float
    request: int
    started: float


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What is known of the client's request: its instant (aware UTC), who asks, its headers (names in lower case).

    `sent` grows while it is answered, and `returned`: headers of subgraphs' answers that the client's answer gets.
    """

    now: datetime
    viewer: Viewer = ANONYMOUS
    sent: list[Sent] = field(default_factory=list)
    headers: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)
    request_id: str = ""
    returned: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def caller(self) -> str:
        """The name of who asks: idempotency keys are each caller's own."""
        return self.viewer.subject


@dataclass(frozen=True, slots=True)
class Inputs:
    """What varies from one execution to the next: a list of representations for each entity call, and variables."""

    representations: Sequence[Sequence[JsonObject]]
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SubgraphFault:
    """One error of a subgraph's answer; `path` in its own terms, `extensions` with at least a `code`."""

    message: str
    path: tuple[str | int, ...]
    extensions: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SubgraphAnswer:
    """`data` in the shape of a GraphQL response; None when nothing could be answered, and then `faults` says why."""

    data: JsonObject | None
    faults: Sequence[SubgraphFault] = ()


class Subgraph(Protocol[Compiled]):
    """One system on the graph, in this process or elsewhere."""

    name: str

    def compile(self, operation: SubgraphOperation) -> Compiled:
        """Everything that can be done before the first execution."""
        ...

    async def execute(self, compiled: Compiled, inputs: Inputs, context: RequestContext) -> SubgraphAnswer:
        """Never raises: what goes wrong is a fault in the answer."""
        ...
