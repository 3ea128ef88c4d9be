"""What a resolver may use besides its arguments: one system, the time, who asks, and the batches under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

__all__ = ["Context"]

Source = TypeVar("Source")


@dataclass(frozen=True, kw_only=True)
class Context(Generic[Source]):
    """The context of one execution of one subgraph; `Info` of a subgraph is `strawberry.Info[Context[Sales], None]`.

    `source` is the subgraph's own system, `now` the request's time (UTC, read once at the edge), `caller` who asks
    (idempotency keys are theirs). `settings` are the subgraph's own, None where it is served with the usual ones.
    `batches` are the loaders of this execution, so a context must not serve two.
    """

    source: Source
    now: datetime
    caller: str = "anonymous"
    settings: Any = None
    batches: dict[Any, Any] = field(default_factory=dict)
