"""The recipients of mailings, taken in the name of the person who asks: they see no more than that person does."""

from __future__ import annotations

from typing import Annotated

import strawberry

from processes.rules.refusal import Refusal
from resolvers.access import Scope, asks
from resolvers.processes.entities import Campaign
from resolvers.processes.starting import Info
from resolvers.refused import Refused
from resolvers.texts import storable

__all__ = ["Mailing"]


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_WRITE))
class RecipientsTaken:
    """The mailing with its recipients; its letters are being made. Approve it when they are.

    `rows` is how many the audience had, `recipients` how many of them meet the conditions; null where the same key had
    them taken before.
    """

    campaign: Campaign
    rows: int | None
    recipients: int | None


TakingOutcome = Annotated[RecipientsTaken | Refused, strawberry.union("TakingOutcome")]


async def take_recipients(info: Info, campaign: strawberry.ID, idempotency_key: strawberry.ID) -> TakingOutcome:
    context = info.context
    taken = await context.runner.take_recipients(
        storable("campaign", campaign),
        seen=context.seen,
        idempotency_key=storable("idempotencyKey", idempotency_key),
        caller=context.caller,
    )
    if isinstance(taken, Refusal):
        return Refused(code=taken.code, message=taken.message)
    return RecipientsTaken(
        campaign=Campaign(id=campaign),
        rows=taken.rows if taken else None,
        recipients=taken.recipients if taken else None,
    )


@strawberry.type
class Mailing:
    """The mutation, to be one of the subgraph's."""

    take_recipients: TakingOutcome = strawberry.federation.mutation(
        resolver=take_recipients,
        requires_scopes=asks(Scope.MAILING_WRITE),
        description="Ask a mailing's audience, as you see the graph, and make letters for its recipients: for a draft, "
        "or anew until it is approved. Refused `unknown-mailing`, `wrong-state`, `bad-audience`, `bad-value`, "
        "`other-round`.",
    )
