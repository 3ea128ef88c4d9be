"""What people decide about exceptions: told to billing, kept, and asked for by whoever rates the legs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self

import strawberry

from processes.rules.exceptions import FOR_PEOPLE, WaitsFor, waits_for
from resolvers.access import Scope, asks
from resolvers.billing.entities import BillingAccount, Conference, Info
from resolvers.billing.exceptions import Client, RatingException
from resolvers.billing.stubs import Booking, Leg
from resolvers.errors import BadInput, limited
from resolvers.refused import Refused
from resolvers.resolutions import LONGEST_REASON, Resolution, ResolutionInput, exception_ids, optional
from resolvers.texts import storable
from sources.records import exceptions as records
from sources.records.refusal import Refusal

__all__ = [
    "AssigningOutcome",
    "ExceptionLegInput",
    "RatingDecision",
    "RecordingOutcome",
    "ResolutionRecorded",
    "assign_exception",
    "conferences_to_retry",
    "rating_decisions",
    "rating_exceptions",
    "record_resolution",
]

LONGEST_SECONDS = 2**31 - 1
"""A switch whose clock was not set may say 1970: such a leg is held like any other."""

MOST_RETRIED = 100
MOST_ASKED = 1_000
"""Conferences asked about at once."""


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_READ))
class RatingDecision:
    """What a person decided about a leg: who, when and why.

    OWNER names a booking, or a client and an account; ACCEPT may give the leg another end, `endsAt`.
    """

    leg: Leg | None
    conference: Conference | None
    resolution: Resolution
    reason: str
    decided_by: str
    decided_at: datetime
    booking: Booking | None
    client: Client | None
    account: BillingAccount | None
    ends_at: datetime | None

    @classmethod
    def of(cls, record: records.ExceptionEvent, account: BillingAccount | None) -> Self:
        return cls(
            leg=Leg(id=strawberry.ID(record.leg)),
            conference=Conference(id=strawberry.ID(record.conference)),
            resolution=Resolution(record.code),
            reason=record.message or "",
            decided_by=record.done_by,
            decided_at=record.done_at,
            booking=Booking(ref=strawberry.ID(record.booking)) if record.booking else None,
            client=Client(id=strawberry.ID(record.client)) if record.client else None,
            account=account,
            ends_at=record.ends_at,
        )


@strawberry.input
class ExceptionLegInput:
    """A leg that could not be rated, and its true duration; `code` and `message` where it has its own."""

    leg: strawberry.ID
    duration_seconds: int
    code: str | None = None
    message: str | None = None

    def record(self, place: str) -> records.ExceptionLeg:
        if not 0 <= self.duration_seconds <= LONGEST_SECONDS:
            raise BadInput(f"{place}.durationSeconds: {self.duration_seconds} is less than 0")
        return records.ExceptionLeg(
            storable(f"{place}.leg", self.leg),
            self.duration_seconds,
            optional(f"{place}.code", self.code),
            optional(f"{place}.message", self.message, longest=LONGEST_REASON),
        )


# Queries


async def rating_exceptions(
    info: Info, code: str | None = None, assigned_to: str | None = None, first: int = 50
) -> list[RatingException] | None:
    limit = limited("first", first)
    found = await info.context.source.rating_exceptions(
        limit=limit, code=optional("code", code), assigned_to=optional("assignedTo", assigned_to)
    )
    return [RatingException.of(exception) for exception in found]


async def rating_decisions(info: Info, conferences: list[strawberry.ID]) -> list[RatingDecision] | None:
    limited("conferences", len(conferences), largest=MOST_ASKED)
    found = await info.context.source.decisions(conferences)
    accounts = await accounts_of(info, found)
    return [RatingDecision.of(decision, accounts.get(decision.account or "")) for decision in found]


async def accounts_of(info: Info, decisions: Iterable[records.ExceptionEvent]) -> dict[str, BillingAccount]:
    numbers = {decision.account for decision in decisions if decision.account}
    found = await info.context.source.accounts(numbers) if numbers else ()
    return {account.number: BillingAccount.of(account) for account in found}


async def conferences_to_retry(
    info: Info, not_tried_since: datetime, first: int = MOST_RETRIED, after: strawberry.ID | None = None
) -> list[strawberry.ID] | None:
    found = await info.context.source.conferences_to_retry(
        limit=limited("first", first),
        after=optional("after", after) or "",
        tried_before=not_tried_since,
        but=FOR_PEOPLE,
    )
    return [strawberry.ID(id) for id in found]


# Mutations


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_RESOLVE))
class ExceptionsAssigned:
    """The exceptions, with who works on them now."""

    exceptions: list[RatingException]


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_WRITE))
class ResolutionRecorded:
    """The decision is kept; these conferences are to be rated anew."""

    conferences: list[Conference]


AssigningOutcome = Annotated[ExceptionsAssigned | Refused, strawberry.union("AssigningOutcome")]
RecordingOutcome = Annotated[ResolutionRecorded | Refused, strawberry.union("RecordingOutcome")]


async def assign_exception(
    info: Info, ids: list[strawberry.ID], idempotency_key: strawberry.ID, to: str | None = None
) -> AssigningOutcome:
    context = info.context
    outcome = await context.source.assign_exceptions(
        exception_ids(ids),
        assignee=optional("to", to),
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return ExceptionsAssigned(exceptions=[RatingException.of(exception) for exception in outcome])


async def record_resolution(
    info: Info, ids: list[strawberry.ID], input: ResolutionInput, decided_by: str, idempotency_key: strawberry.ID
) -> RecordingOutcome:
    context = info.context
    outcome = await context.source.record_resolution(
        exception_ids(ids),
        input.record("input", storable("decidedBy", decided_by)),
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
        may_accept=lambda code: waits_for(code) is WaitsFor.DECISION,
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return ResolutionRecorded(conferences=[Conference(id=strawberry.ID(id)) for id in outcome])
