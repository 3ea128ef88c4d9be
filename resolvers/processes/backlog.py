"""The conferences of a bridge that nobody has invoiced, some hundred of them at once."""

from __future__ import annotations

from typing import Annotated

import strawberry

from processes.rules.refusal import Refusal
from resolvers.access import Scope, asks
from resolvers.errors import limited
from resolvers.processes.starting import Info
from resolvers.refused import Refused
from resolvers.texts import storable

__all__ = ["Backlog"]

INVOICING = "invoice-backlog"
AT_ONCE = 1_000
"""Whoever waits for the answer wants to see how far it is."""


@strawberry.federation.type(requires_scopes=asks(Scope.PROCESSES_INVOICE))
class BacklogInvoiced:
    """What came of the next conferences: charged now, held for a person, settled before, or not over yet.

    Up to `lookedTo` of the bridge's positions they were looked at; `last` is the bridge's last, and where `isThrough`
    there are no more. Those that are not over are taken up when they are.
    """

    charged: int
    held: int
    settled: int
    waiting: int
    looked_to: int
    last: int
    is_through: bool


BacklogOutcome = Annotated[BacklogInvoiced | Refused, strawberry.union("BacklogOutcome")]


async def invoice_backlog(
    info: Info, bridge: strawberry.ID, idempotency_key: strawberry.ID, first: int = AT_ONCE
) -> BacklogOutcome:
    context = info.context
    outcome = await context.runner.answer(
        INVOICING,
        storable("bridge", bridge),
        {"first": limited("first", first, largest=AT_ONCE)},
        key=storable("idempotencyKey", idempotency_key),
        caller=context.caller,
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return BacklogInvoiced(
        charged=outcome["charged"],
        held=outcome["held"],
        settled=outcome["settled"],
        waiting=outcome["waiting"],
        looked_to=outcome["lookedTo"],
        last=outcome["last"],
        is_through=outcome["isThrough"],
    )


@strawberry.type
class Backlog:
    """The mutation, to be one of the subgraph's."""

    invoice_backlog: BacklogOutcome = strawberry.federation.mutation(
        resolver=invoice_backlog,
        requires_scopes=asks(Scope.PROCESSES_INVOICE),
        description="Invoice the next conferences (1 to 1000) of a bridge that nobody has invoiced, in the order in "
        "which they came; again until `isThrough`. Refused `no-conferences`.",
    )
