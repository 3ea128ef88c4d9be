"""Calls on a bridge that is a simulator: for who has no bridge, and wants to see what comes of a call."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from resolvers.access import Scope, asks
from resolvers.context import Context
from resolvers.errors import BadInput, limited
from resolvers.refused import Refused
from resolvers.texts import storable
from sources.bridge import Bridges
from sources.bridge.switches.simulator import Part
from sources.records.refusal import Refusal

__all__ = ["SimulationMutation"]

Info = strawberry.Info[Context[Bridges], None]

MOST_PARTICIPANTS = 100
LONGEST = 24 * 60 * 60
FASTEST = 3600


@strawberry.enum
class Leaving(Enum):
    """How a simulated participant's stay ends."""

    LEFT = "left"
    KICKED = "kicked"


@strawberry.input
class SimulatedParticipantInput:
    """One stay, in seconds of the call; who comes again is there twice."""

    display_name: str
    stays_for: int
    joins_after: int = 0
    leaving: Leaving = Leaving.LEFT

    def part(self, place: str) -> Part:
        if self.stays_for < 1:
            raise BadInput(f"{place}.staysFor: {self.stays_for} is less than 1 second")
        if self.joins_after < 0:
            raise BadInput(f"{place}.joinsAfter: {self.joins_after} is before the call")
        if self.joins_after + self.stays_for > LONGEST:
            raise BadInput(f"{place}: it ends more than {LONGEST} seconds after the call began")
        return Part(storable(f"{place}.displayName", self.display_name), self.joins_after, self.stays_for, self.how)

    @property
    def how(self) -> str:
        return self.leaving.value


@strawberry.federation.type(requires_scopes=asks(Scope.BRIDGE_SIMULATE))
class CallSimulated:
    """Its legs become call records when everybody has left, at `endsAt`; they say that they are simulated."""

    bridge: strawberry.ID
    room: strawberry.ID
    starts_at: datetime
    ends_at: datetime


SimulationOutcome = Annotated[CallSimulated | Refused, strawberry.union("SimulationOutcome")]


async def simulate_call(
    info: Info,
    participants: list[SimulatedParticipantInput],
    idempotency_key: strawberry.ID,
    booking: strawberry.ID | None = None,
    room: strawberry.ID | None = None,
    speed: int = 1,
) -> SimulationOutcome:
    if (booking is None) == (room is None):
        raise BadInput("simulateCall: give either booking or room")
    limited("participants", len(participants), largest=MOST_PARTICIPANTS)
    outcome = await info.context.source.simulate_call(
        booking=None if booking is None else storable("booking", booking),
        room=None if room is None else storable("room", room),
        parts=[each.part(f"participants[{n}]") for n, each in enumerate(participants)],
        speed=limited("speed", speed, largest=FASTEST),
        caller=info.context.caller,
        key=storable("idempotencyKey", idempotency_key),
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return CallSimulated(
        bridge=strawberry.ID(outcome.bridge),
        room=strawberry.ID(outcome.room),
        starts_at=outcome.starts_at,
        ends_at=outcome.ends_at,
    )


@strawberry.type
class SimulationMutation:
    """What of Mutation is about calls that nobody makes."""

    simulate_call: SimulationOutcome = strawberry.federation.mutation(
        resolver=simulate_call,
        requires_scopes=asks(Scope.BRIDGE_SIMULATE),
        description="Have a call played in a booking's room, on a bridge that is a simulator. With a `speed` it is "
        "over so many times sooner, and told as if it had ended just then. Over 30 minutes before the booked start "
        "it is nobody's call. Refused: not-simulated, no-room.",
    )
