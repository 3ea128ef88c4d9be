"""The subgraph of processes: runs as they are, and the mutations that start one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Protocol, Self

import strawberry
from strawberry.federation import Schema
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from processes.rules.refusal import Refusal
from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.call_records import CallRecordFormat, Quarantined, QuarantinedLine
from resolvers.context import Context
from resolvers.errors import limited
from resolvers.grouping import by_key
from resolvers.refused import Refused
from resolvers.scalars import configuration
from resolvers.texts import storable
from sources.processes import Processes
from sources.records import processes as records

__all__ = ["ImportRefused", "ProcessesContext", "Runner", "make_schema", "schema"]

INVOICING = "invoice-conference"


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


class Runner(Protocol):
    """What starts runs and waits for their end. A fault comes out as an exception that carries its code."""

    async def invoice_conference(self, id: str, *, idempotency_key: str, caller: str) -> PreparedInvoice | Refusal: ...

    async def import_call_records(
        self, bridge: str, *, format: str, content: str, caller: str
    ) -> ImportedFile | Refusal: ...


@dataclass(frozen=True, kw_only=True)
class ProcessesContext(Context[Processes]):
    """The context of this subgraph has a runner besides."""

    runner: Runner


Info = strawberry.Info[ProcessesContext, None]


class ImportRefused(Exception):
    """A file that was refused as a whole. Its code is the refusal's: `no-cdr-zone` is NO_CDR_ZONE."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.extensions: dict[str, object] = {"code": refusal.code.replace("-", "_").upper()}


@strawberry.enum
class ProcessState(Enum):
    """REFUSED: it ended with a reason why there is nothing to do. FAILED: it could not go on; its error says why."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.PROCESSES_READ))
class Process(Entity):
    """One run of a process about one `subject`. `outcome` says what came of it, `error` is the code of a failure."""

    id: strawberry.ID
    name: str
    subject: strawberry.ID
    state: ProcessState
    started_at: datetime
    ended_at: datetime | None
    started_by: str
    outcome: str | None
    error: str | None

    @classmethod
    def of(cls, record: records.Run) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            name=record.process,
            subject=strawberry.ID(record.subject),
            state=ProcessState(record.state),
            started_at=record.started_at,
            ended_at=record.ended_at,
            started_by=record.started_by,
            outcome=record.outcome,
            error=record.error,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        ids = [str(key["id"]) for key in keys]
        found = by_key(await info.context.source.runs(ids), lambda run: run.id)
        return [cls.of(found[id]) if id in found else None for id in ids]


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CALLS_READ))
class Conference(Entity):
    """A conference of the bridge, known here by its id alone."""

    id: strawberry.ID

    @batched(description="The latest run that invoices it.")
    @staticmethod
    async def invoicing(parents: strawberry.Parent[list[Conference]], info: Info) -> list[Process | None]:
        ids = [conference.id for conference in parents]
        found = by_key(await info.context.source.latest_of_subjects(INVOICING, ids), lambda run: run.subject)
        return [Process.of(found[id]) if id in found else None for id in ids]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls(id=strawberry.ID(str(key["id"]))) for key in keys]


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)], requires_scopes=asks(Scope.BILLING_READ)
)
class Invoice:
    """An invoice of billing."""

    id: strawberry.ID


@strawberry.federation.type(requires_scopes=asks(Scope.PROCESSES_INVOICE))
class InvoicePrepared:
    """The draft that holds the conference's charges, or the invoice they were on already."""

    invoice: Invoice


InvoicingOutcome = Annotated[InvoicePrepared | Refused, strawberry.union("InvoicingOutcome")]


@strawberry.federation.type(requires_scopes=asks(Scope.PROCESSES_IMPORT))
class CallRecordsImported:
    """What came of a file's lines, and the conferences that hold its legs, each once.

    `skipped` are lines of no conference: unanswered, or of another application of the switch.
    """

    received: int
    duplicates: int
    skipped: int
    quarantined: list[QuarantinedLine]
    conferences: list[Conference]


async def process(info: Info, id: strawberry.ID) -> Process | None:
    found = await info.context.source.runs([id])
    return Process.of(found[0]) if found else None


async def processes(info: Info, state: ProcessState | None = None, first: int = 50) -> list[Process] | None:
    limit = limited("first", first)
    found = await info.context.source.latest_runs(limit=limit, state=state.value if state else None)
    return [Process.of(run) for run in found]


@strawberry.type
class Query:
    process: Process | None = strawberry.federation.field(
        resolver=process, requires_scopes=asks(Scope.PROCESSES_READ), description="The run with this id."
    )
    processes: list[Process] | None = strawberry.federation.field(
        resolver=processes,
        requires_scopes=asks(Scope.PROCESSES_READ),
        description="The latest runs (in this state), the last started first.",
    )


async def import_call_records(
    info: Info, bridge: strawberry.ID, format: CallRecordFormat, content: str
) -> CallRecordsImported:
    outcome = await info.context.runner.import_call_records(
        storable("bridge", bridge), format=format.value, content=content, caller=info.context.caller
    )
    if isinstance(outcome, Refusal):
        raise ImportRefused(outcome)
    return CallRecordsImported(
        received=outcome.received,
        duplicates=outcome.duplicates,
        skipped=outcome.skipped,
        quarantined=[QuarantinedLine.of(line) for line in outcome.quarantined],
        conferences=[Conference(id=strawberry.ID(id)) for id in outcome.conferences],
    )


async def invoice_conference(info: Info, id: strawberry.ID, idempotency_key: strawberry.ID) -> InvoicingOutcome:
    outcome = await info.context.runner.invoice_conference(
        storable("id", id), idempotency_key=storable("idempotencyKey", idempotency_key), caller=info.context.caller
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return InvoicePrepared(invoice=Invoice(id=strawberry.ID(outcome.invoice)))


@strawberry.type
class Mutation:
    import_call_records: CallRecordsImported = strawberry.federation.mutation(
        resolver=import_call_records,
        requires_scopes=asks(Scope.PROCESSES_IMPORT),
        description="Take a bridge's file of call records and put its legs into conferences. A file given again "
        "changes nothing. One that can't be taken at all is an error: UNKNOWN_BRIDGE, NO_CDR_ZONE.",
    )
    invoice_conference: InvoicingOutcome = strawberry.federation.mutation(
        resolver=invoice_conference,
        requires_scopes=asks(Scope.PROCESSES_INVOICE),
        description="Rate a conference and put its charges on its account's draft invoice. "
        "Charged already, the answer is that invoice.",
    )


def make_schema() -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[Process, Conference],
        federation_version="2.9",
        config=configuration(),
    )


schema = make_schema()
