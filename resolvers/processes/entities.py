"""Runs and their steps, and what they are about: conferences, bookings, mailings, invoices."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.grouping import by_key, grouped
from resolvers.processes.starting import Info
from sources.records import processes as records

__all__ = ["Booking", "Campaign", "Conference", "Invoice", "Process", "ProcessState", "ProcessStep"]

INVOICING = "invoice-call"
PROVISIONING = "provision-conference"
DELIVERING = "deliver-mailing"


@strawberry.enum
class ProcessState(Enum):
    """REFUSED: it ended with a reason why there is nothing to do. FAILED: it could not go on; its error says why.

    WAITING: for an instant, or for a system that is down; it goes on by itself.
    """

    RUNNING = "RUNNING"
    WAITING = "WAITING"
    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@strawberry.federation.type(requires_scopes=asks(Scope.PROCESSES_READ))
class ProcessStep:
    """One step of a run: an operation on the graph, a run that was started, an alarm. `attempts` counts failed ones."""

    name: str
    started_at: datetime
    ended_at: datetime | None
    attempts: int
    error: str | None = strawberry.field(description="What the last failed attempt said.")

    @classmethod
    def of(cls, record: records.Step) -> Self:
        return cls(
            name=record.name,
            started_at=record.started_at,
            ended_at=record.ended_at,
            attempts=record.attempts,
            error=record.error,
        )


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
    error: str | None = strawberry.field(description="The code of what went wrong last.")
    message: str | None = strawberry.field(description="What went wrong, or why nothing was to be done.")
    waits_for: str | None
    waits_until: datetime | None = strawberry.field(description="When it goes on by itself, if that is known.")
    attempts: int = strawberry.field(description="How often its present step has failed.")
    alarm: str | None = strawberry.field(description="What a person should look at.")

    @batched(description="In order. A step that is under way has not ended.")
    @staticmethod
    async def steps(parents: strawberry.Parent[list[Process]], info: Info) -> list[list[ProcessStep] | None]:
        found = await info.context.source.steps([run.id for run in parents])
        steps = grouped(found, lambda step: step.run)
        return [[ProcessStep.of(step) for step in steps.get(run.id, [])] for run in parents]

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
            message=record.message,
            waits_for=record.waits_for,
            waits_until=record.waits_until,
            attempts=record.attempts,
            alarm=record.alarm,
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


@strawberry.federation.type(keys=["ref"], requires_scopes=asks(Scope.BOOKINGS_READ))
class Booking(Entity):
    """A booking of reservations, known here by its reference alone."""

    ref: strawberry.ID

    @batched(description="The latest run that has its room made, changed or closed.")
    @staticmethod
    async def process(parents: strawberry.Parent[list[Booking]], info: Info) -> list[Process | None]:
        refs = [booking.ref for booking in parents]
        found = by_key(await info.context.source.latest_of_subjects(PROVISIONING, refs), lambda run: run.subject)
        return [Process.of(found[ref]) if ref in found else None for ref in refs]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls(ref=strawberry.ID(str(key["ref"]))) for key in keys]


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.MAILING_READ))
class Campaign(Entity):
    """A mailing, known here by its id alone."""

    id: strawberry.ID

    @batched(description="The latest run that has it rendered, printed or announced.")
    @staticmethod
    async def delivery(parents: strawberry.Parent[list[Campaign]], info: Info) -> list[Process | None]:
        ids = [campaign.id for campaign in parents]
        found = by_key(await info.context.source.latest_of_subjects(DELIVERING, ids), lambda run: run.subject)
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
