"""How far the conferences of bridges are invoiced."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from resolvers.access import Scope, asks
from resolvers.billing.entities import Info
from resolvers.errors import BadInput
from resolvers.texts import storable
from sources.records import billing as records

__all__ = ["InvoicingPosition", "invoicing_positions", "note_invoicing_position"]


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_READ))
class InvoicingPosition:
    """Of `bridge` everything up to `doneTo` is invoiced or waits for a person; up to `lookedTo` it was looked at.

    What lies between waits for its booked end: at `lookAgainAt` there is something to do.
    """

    bridge: strawberry.ID
    done_to: int
    looked_to: int
    look_again_at: datetime | None

    @classmethod
    def of(cls, record: records.InvoicingPosition) -> Self:
        return cls(
            bridge=strawberry.ID(record.bridge),
            done_to=record.done_to,
            looked_to=record.looked_to,
            look_again_at=record.look_again_at,
        )


async def invoicing_positions(info: Info, again_at: datetime | None = None) -> list[InvoicingPosition] | None:
    found = await info.context.source.invoicing_positions(again_at=again_at)
    return None if found is None else [InvoicingPosition.of(each) for each in found]


async def note_invoicing_position(
    info: Info, bridge: strawberry.ID, done_to: int, looked_to: int, look_again_at: datetime | None = None
) -> InvoicingPosition:
    if not 0 <= done_to <= looked_to:
        raise BadInput(f"doneTo: {done_to} is not between 0 and lookedTo, which is {looked_to}")
    position = records.InvoicingPosition(storable("bridge", bridge), done_to, looked_to, look_again_at)
    await info.context.source.note_invoicing_position(position)
    return InvoicingPosition.of(position)
