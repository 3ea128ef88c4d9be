"""What can be asked of processes, and told: runs as they are, and the mutations that start or steer one."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.federation import Schema

from processes.rules.refusal import Refusal
from resolvers.access import Scope, asks
from resolvers.call_records import CallRecordFormat, QuarantinedLine
from resolvers.errors import limited
from resolvers.processes.backlog import Backlog
from resolvers.processes.entities import Booking, Campaign, Conference, Invoice, Process, ProcessState
from resolvers.processes.mailing import Mailing
from resolvers.processes.orders import Ordering
from resolvers.processes.resolving import Resolving
from resolvers.processes.starting import ImportRefused, Info
from resolvers.refused import Refused
from resolvers.scalars import configuration
from resolvers.texts import storable

__all__ = ["make_schema", "schema"]


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


@strawberry.federation.type(requires_scopes=asks(Scope.PROCESSES_STEER))
class ProcessSteered:
    """The run that goes on, or that will end."""

    process: Process


SteeringOutcome = Annotated[ProcessSteered | Refused, strawberry.union("SteeringOutcome")]


async def process(info: Info, id: strawberry.ID) -> Process | None:
    found = await info.context.source.runs([id])
    return Process.of(found[0]) if found else None


@strawberry.input
class ProcessFilter:
    """Runs that are all of this."""

    name: str | None = None
    subject: strawberry.ID | None = None
    state: ProcessState | None = None


async def processes(
    info: Info, state: ProcessState | None = None, filter: ProcessFilter | None = None, first: int = 50
) -> list[Process] | None:
    limit = limited("first", first)
    wanted = filter or ProcessFilter()
    state = wanted.state or state
    found = await info.context.source.latest_runs(
        limit=limit,
        state=state.value if state else None,
        process=None if wanted.name is None else storable("filter.name", wanted.name),
        subject=None if wanted.subject is None else storable("filter.subject", wanted.subject),
    )
    return [Process.of(run) for run in found]


@strawberry.type
class Query:
    process: Process | None = strawberry.federation.field(
        resolver=process, requires_scopes=asks(Scope.PROCESSES_READ), description="The run with this id."
    )
    processes: list[Process] | None = strawberry.federation.field(
        resolver=processes,
        requires_scopes=asks(Scope.PROCESSES_READ),
        description="The latest runs (in this state, that the filter takes), the last started first.",
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


async def retry_process(info: Info, id: strawberry.ID) -> SteeringOutcome:
    return await steered(info, await info.context.runner.retry(storable("id", id), caller=info.context.caller))


async def cancel_process(info: Info, id: strawberry.ID) -> SteeringOutcome:
    return await steered(info, await info.context.runner.cancel(storable("id", id)))


async def steered(info: Info, outcome: str | Refusal) -> SteeringOutcome:
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    [run] = await info.context.source.runs([outcome])
    return ProcessSteered(process=Process.of(run))


@strawberry.type
class Mutation(Backlog, Mailing, Ordering, Resolving):
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
    retry_process: SteeringOutcome = strawberry.federation.mutation(
        resolver=retry_process,
        requires_scopes=asks(Scope.PROCESSES_STEER),
        description="Begin a new run with the input of one that failed, was refused or cancelled.",
    )
    cancel_process: SteeringOutcome = strawberry.federation.mutation(
        resolver=cancel_process,
        requires_scopes=asks(Scope.PROCESSES_STEER),
        description="Ask a run that isn't over to end: it does so before its next step. What it did stays done.",
    )


def make_schema() -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[Process, Conference, Booking, Campaign],
        federation_version="2.9",
        config=configuration(),
    )


schema = make_schema()
