"""Conferences in the making: the legs that are one, and how far a bridge has come with them."""

from __future__ import annotations

import strawberry

from resolvers.access import Scope, asks
from resolvers.building import built_at_once
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.texts import storable
from sources.bridge import Bridges
from sources.records import bridge as records

__all__ = ["BridgePosition", "ConferenceInput", "bridge_positions"]

Info = strawberry.Info[Context[Bridges], None]


@built_at_once
@strawberry.input
class ConferenceInput:
    """Legs that are one conference. `booking` is null where nobody had booked the room."""

    bridge: strawberry.ID
    room: strawberry.ID
    legs: list[strawberry.ID]
    booking: strawberry.ID | None = None

    def group(self, place: str) -> records.ConferenceGroup:
        if not self.legs:
            raise BadInput(f"{place}.legs: the conference in room {self.room} has none; name at least one")
        return records.ConferenceGroup(
            bridge=storable(f"{place}.bridge", self.bridge),
            room=storable(f"{place}.room", self.room),
            booking=None if self.booking is None else storable(f"{place}.booking", self.booking),
            legs=tuple(self.legs),
        )


@strawberry.federation.type(requires_scopes=asks(Scope.CALLS_READ))
class BridgePosition:
    """The position of the conference of the bridge that last took a leg; `kind` is the bridge's, as in `bridges`."""

    bridge: strawberry.ID
    kind: str
    position: int


async def bridge_positions(info: Info) -> list[BridgePosition] | None:
    found = await info.context.source.last_positions()
    return [BridgePosition(bridge=strawberry.ID(id), kind=kind, position=position) for id, kind, position in found]
