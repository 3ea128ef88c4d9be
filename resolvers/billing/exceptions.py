"""What could not be rated and waits for somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from resolvers.access import Scope, asks
from resolvers.billing.entities import Conference
from resolvers.billing.stubs import Leg
from sources.records import billing as records

__all__ = ["RatingException"]


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_EXCEPTIONS))
class RatingException:
    """A leg that could not be rated and waits for somebody; its `seconds` are at risk. `code` is kebab-case."""

    leg: Leg | None
    conference: Conference | None
    seconds: int
    code: str
    message: str
    recorded_at: datetime

    @classmethod
    def of(cls, record: records.RatingException) -> Self:
        return cls(
            leg=Leg(id=strawberry.ID(record.leg)),
            conference=Conference(id=strawberry.ID(record.conference)),
            seconds=record.duration_seconds,
            code=record.reason,
            message=record.message,
            recorded_at=record.recorded_at,
        )
