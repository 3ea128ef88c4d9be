"""Calls on live switches: those that are over, and what was not taken of what a switch told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Self

import strawberry

from resolvers.access import Scope, asks
from resolvers.context import Context
from resolvers.errors import limited
from resolvers.texts import storable
from sources.bridge import Bridges
from sources.records import calls as records

__all__ = ["CallState", "EndedCall", "HeldLeg", "QuarantinedCall", "ended_calls", "quarantined_calls", "state_of"]

Info = strawberry.Info[Context[Bridges], None]


@strawberry.enum
class CallState(Enum):
    """GOING_ON: somebody is inside, or was just now. ENDED: all have left, and the legs are to become call records."""

    GOING_ON = "GOING_ON"
    ENDED = "ENDED"


def state_of(calls: Sequence[records.LiveCall]) -> CallState | None:
    if not calls:
        return None
    return CallState.ENDED if all(call.is_over for call in calls) else CallState.GOING_ON


@strawberry.federation.type(requires_scopes=asks(Scope.CALLS_WRITE))
class EndedCall:
    """A call that is over: nobody is in the room any more, and spool and polls agree or the grace time is out.

    It is the room's n-th call, `<bridge>:<room>:<n>`, and is there until it is published.
    """

    id: strawberry.ID
    bridge: strawberry.ID
    room: strawberry.ID
    ended_at: datetime

    @classmethod
    def of(cls, record: records.EndedCall) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            bridge=strawberry.ID(record.bridge),
            room=strawberry.ID(record.room),
            ended_at=record.ended_at,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.CALLS_WRITE))
class HeldLeg:
    """A leg that is in quarantine and is no call record: `code` is `clock`, `overlap` or `incomplete`."""

    id: strawberry.ID
    seconds: int = strawberry.field(description="0 where its end lies before its beginning.")
    code: str
    message: str

    @classmethod
    def of(cls, record: records.HeldLeg) -> Self:
        return cls(id=strawberry.ID(record.id), seconds=record.seconds, code=record.code, message=record.message)


@strawberry.federation.type(requires_scopes=asks(Scope.PROCESSES_IMPORT))
class QuarantinedCall:
    """What a live switch told and was not taken. `reason` is `malformed` (an event), or of a leg `changed-duplicate`
    (it was published otherwise before), `clock`, `overlap` or `incomplete`."""

    id: strawberry.ID
    reason: str
    message: str
    text: str = strawberry.federation.field(requires_scopes=asks(Scope.CALLERS_READ))
    noted_at: datetime

    @classmethod
    def of(cls, record: records.QuarantinedCall) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            reason=record.reason,
            message=record.message,
            text=record.text,
            noted_at=record.noted_at,
        )


async def ended_calls(info: Info, first: int = 100) -> list[EndedCall] | None:
    found = await info.context.source.calls.ended(limit=limited("first", first))
    return [EndedCall.of(call) for call in found]


async def quarantined_calls(info: Info, bridge: strawberry.ID, first: int = 50) -> list[QuarantinedCall] | None:
    limit = limited("first", first)
    found = await info.context.source.calls.quarantined(storable("bridge", bridge), limit=limit)
    return [QuarantinedCall.of(each) for each in found]
