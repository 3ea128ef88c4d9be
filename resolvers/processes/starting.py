"""What starts runs, as this subgraph needs it: the runner of its context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import strawberry

from processes.rules.refusal import Refusal
from resolvers.call_records import Quarantined
from resolvers.context import Context
from sources.processes import Processes

__all__ = ["ImportRefused", "Info", "Orders", "ProcessesContext", "Runner"]


class Orders(Protocol):
    """What starts these runs; each answers with the booking's reference. `seen` is the graph as the caller sees it."""

    async def book_conference(
        self, client: str, order: Mapping[str, Any], *, seen: Any, idempotency_key: str, caller: str
    ) -> str | Refusal: ...

    async def move_conference(
        self,
        ref: str,
        changes: Mapping[str, Any],
        *,
        revision: int | None,
        seen: Any,
        idempotency_key: str,
        caller: str,
    ) -> str | Refusal: ...

    async def cancel_conference(
        self, ref: str, *, revision: int | None, seen: Any, idempotency_key: str, caller: str
    ) -> str | Refusal: ...


class PreparedInvoice(Protocol):
    """`invoice` is the id of the draft that holds a conference's charges."""

    @property
    def invoice(self) -> str: ...


class ImportedFile(Protocol):
    """What came of a file; `conferences` are the ids of those that hold its legs."""

    @property
    def received(self) -> int: ...
    @property
    def duplicates(self) -> int: ...
    @property
    def skipped(self) -> int: ...
    @property
    def quarantined(self) -> Sequence[Quarantined]: ...
    @property
    def conferences(self) -> Sequence[str]: ...


class TakenRecipients(Protocol):
    """How many rows the audience had, and how many of them met the conditions."""

    @property
    def rows(self) -> int: ...
    @property
    def recipients(self) -> int: ...


class Runner(Orders, Protocol):
    """What starts runs and waits for their end. A fault comes out as an exception that carries its code."""

    async def start(self, process: str, subject: str, input: Mapping[str, Any], *, caller: str) -> str: ...

    async def retry(self, id: str, *, caller: str) -> str | Refusal: ...

    async def cancel(self, id: str) -> str | Refusal: ...

    async def answer(
        self, process: str, subject: str, input: Mapping[str, Any], *, key: str, caller: str
    ) -> Mapping[str, Any] | Refusal: ...

    async def take_recipients(
        self, campaign: str, *, seen: Any, idempotency_key: str, caller: str
    ) -> TakenRecipients | Refusal | None: ...

    async def invoice_conference(self, id: str, *, idempotency_key: str, caller: str) -> PreparedInvoice | Refusal: ...

    async def import_call_records(
        self, bridge: str, *, format: str, content: str, caller: str
    ) -> ImportedFile | Refusal: ...


@dataclass(frozen=True, kw_only=True)
class ProcessesContext(Context[Processes]):
    """The context of this subgraph has a runner besides; `seen` is the whole graph as the caller sees it."""

    runner: Runner
    seen: Any = None


Info = strawberry.Info[ProcessesContext, None]


class ImportRefused(Exception):
    """A file that was refused as a whole. Its code is the refusal's: `no-cdr-zone` is NO_CDR_ZONE."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.extensions: dict[str, object] = {"code": refusal.code.replace("-", "_").upper()}
