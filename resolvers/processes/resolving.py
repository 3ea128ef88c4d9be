"""Exceptions resolved by people: the decision is kept by a process, which has their conferences rated anew."""

from __future__ import annotations

from typing import Annotated

import strawberry

from processes.rules.refusal import Refusal
from resolvers.access import Scope, asks
from resolvers.processes.entities import Conference
from resolvers.processes.starting import Info
from resolvers.refused import Refused
from resolvers.resolutions import ResolutionInput, exception_ids
from resolvers.texts import storable

__all__ = ["Resolving"]

RESOLVING = "resolve-exceptions"


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_RESOLVE))
class ExceptionsResolved:
    """The decision is kept. The conferences of these exceptions are rated anew: see `invoicing`."""

    conferences: list[Conference]


ResolvingOutcome = Annotated[ExceptionsResolved | Refused, strawberry.union("ResolvingOutcome")]


async def resolve_exception(
    info: Info, ids: list[strawberry.ID], decision: ResolutionInput, idempotency_key: strawberry.ID
) -> ResolvingOutcome:
    context = info.context
    named = exception_ids(ids)
    outcome = await context.runner.answer(
        RESOLVING,
        named[0],
        {"ids": named, "decision": decision.wire("decision"), "decidedBy": context.caller},
        key=storable("idempotencyKey", idempotency_key),
        caller=context.caller,
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return ExceptionsResolved(conferences=[Conference(id=strawberry.ID(id)) for id in outcome["conferences"]])


@strawberry.type
class Resolving:
    """The mutation, to be one of the subgraph's."""

    resolve_exception: ResolvingOutcome = strawberry.federation.mutation(
        resolver=resolve_exception,
        requires_scopes=asks(Scope.BILLING_RESOLVE),
        description="Decide about exceptions, all of them alike, and have their conferences rated anew.",
    )
