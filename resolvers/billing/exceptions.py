"""What could not be rated and waits for somebody: the list, who works on it, and what was decided."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry

from processes.rules.exceptions import waits_for
from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.billing.entities import Conference, Info
from resolvers.billing.stubs import Leg
from resolvers.errors import limited
from resolvers.grouping import grouped
from resolvers.resolutions import Resolution
from sources.records import exceptions as records

__all__ = ["Client", "ExceptionEvent", "RatingException"]


@strawberry.enum
class WaitsFor(Enum):
    """What has to happen before the leg can be rated.

    CONTRACT, RATE, ACCOUNT: it is there, and one. OWNER: somebody says whose the call was. DECISION: somebody looks at
    the leg itself.
    """

    CONTRACT = "CONTRACT"
    RATE = "RATE"
    ACCOUNT = "ACCOUNT"
    OWNER = "OWNER"
    DECISION = "DECISION"


@strawberry.enum
class ExceptionEventKind(Enum):
    """NOTED: why it can't be rated. ASSIGNED: who works on it. RESOLVED: what was decided."""

    NOTED = "NOTED"
    ASSIGNED = "ASSIGNED"
    RESOLVED = "RESOLVED"


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_EXCEPTIONS))
class ExceptionEvent:
    """One thing that happened to an exception: who did it, when and why.

    `message` is why it was NOTED, with its `code`, or the reason of a resolution.
    """

    kind: ExceptionEventKind
    at: datetime
    by: str
    code: str | None
    message: str | None
    assigned_to: str | None
    resolution: Resolution | None

    @classmethod
    def of(cls, record: records.ExceptionEvent) -> Self:
        kind = ExceptionEventKind(record.kind)
        return cls(
            kind=kind,
            at=record.done_at,
            by=record.done_by,
            code=record.code if kind is ExceptionEventKind.NOTED else None,
            message=record.message,
            assigned_to=record.assignee,
            resolution=Resolution(record.code) if kind is ExceptionEventKind.RESOLVED else None,
        )


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CLIENTS_READ))
class Client(Entity):
    """A client of sales, known here by its id alone."""

    id: strawberry.ID

    @batched(description="Calls of theirs that could not be rated, the longest waiting first.")
    @staticmethod
    async def rating_exceptions(
        parents: strawberry.Parent[list[Client]], info: Info, first: int = 50
    ) -> list[list[RatingException] | None]:
        ids = [client.id for client in parents]
        found = await info.context.source.exceptions_of_clients(ids, limit=limited("first", first))
        waiting = grouped(found, lambda exception: exception.client)
        return [[RatingException.of(exception) for exception in waiting.get(id, [])] for id in ids]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls(id=strawberry.ID(str(key["id"]))) for key in keys]


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_EXCEPTIONS))
class RatingException:
    """A leg that could not be rated and waits for somebody; its `seconds` are at risk. `code` is kebab-case.

    `client` is whose call it is, where that is known: their salesperson is asked. `triedAt` is when its conference was
    last tried.
    """

    id: strawberry.ID
    leg: Leg | None
    conference: Conference | None
    client: Client | None
    seconds: int
    code: str
    message: str
    waits_for: WaitsFor
    recorded_at: datetime
    tried_at: datetime | None
    assigned_to: str | None
    assigned_at: datetime | None

    @batched(description="All that happened to it, in order of time.")
    @staticmethod
    async def history(parents: strawberry.Parent[list[RatingException]], info: Info) -> list[list[ExceptionEvent]]:
        ids = [exception.id for exception in parents]
        found = grouped(await info.context.source.exception_events(ids), lambda event: event.exception)
        return [[ExceptionEvent.of(event) for event in found.get(id, [])] for id in ids]

    @classmethod
    def of(cls, record: records.RatingException) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            leg=Leg(id=strawberry.ID(record.leg)),
            conference=Conference(id=strawberry.ID(record.conference)),
            client=Client(id=strawberry.ID(record.client)) if record.client else None,
            seconds=record.duration_seconds,
            code=record.reason,
            message=record.message,
            waits_for=WaitsFor(waits_for(record.reason).value),
            recorded_at=record.recorded_at,
            tried_at=record.tried_at,
            assigned_to=record.assigned_to,
            assigned_at=record.assigned_at,
        )
