"""Rooms on the switches: made, closed and seen; and how the switches are."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Self

import strawberry

from resolvers.access import Scope, asks
from resolvers.context import Context
from resolvers.errors import BadInput
from resolvers.refused import Refused
from resolvers.texts import storable
from sources.bridge import Bridges
from sources.bridge.switches.switch import RoomOrder
from sources.idempotency import Call, input_hash
from sources.records import rooms as records
from sources.records.refusal import Refusal

__all__ = ["Room", "RoomMutation", "RoomQuery", "latest"]

Info = strawberry.Info[Context[Bridges], None]

LONGEST_PIN = 32


@strawberry.enum
class BridgeState(Enum):
    """Whether the bridge's switch answers now."""

    UP = "UP"
    DOWN = "DOWN"


@strawberry.enum
class RoomState(Enum):
    """PENDING: begun, and not known to be there. LOST: to be gone, and its switch didn't answer."""

    PENDING = "PENDING"
    OPEN = "OPEN"
    LOST = "LOST"
    CLOSED = "CLOSED"


@strawberry.federation.type(requires_scopes=asks(Scope.BRIDGE_READ))
class Bridge:
    """A bridge; `state` is null where it has no switch, and only files of call records come of it."""

    id: strawberry.ID
    kind: str = strawberry.field(description="janus, files, or simulator: nobody calls there.")
    state: BridgeState | None
    since: datetime | None = strawberry.field(description="When the state was first seen, since this process started.")
    rooms_open: int | None = strawberry.field(description="Rooms on the switch now; null when it doesn't answer.")

    @classmethod
    def of(cls, record: records.SwitchState) -> Self:
        return cls(
            id=strawberry.ID(record.bridge),
            kind=record.kind,
            state=None if record.is_up is None else BridgeState.UP if record.is_up else BridgeState.DOWN,
            since=record.since,
            rooms_open=record.rooms,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.BRIDGE_READ))
class Room:
    """A booking's room on the switch of a bridge, as a revision of the booking has it."""

    bridge: strawberry.ID
    room: strawberry.ID
    revision: int
    state: RoomState
    created_at: datetime | None
    closed_at: datetime | None

    @classmethod
    def of(cls, record: records.Room) -> Self:
        return cls(
            bridge=strawberry.ID(record.bridge),
            room=strawberry.ID(record.room),
            revision=record.revision,
            state=RoomState[record.state],
            created_at=record.created_at,
            closed_at=record.closed_at,
        )


def latest(rooms: list[records.Room]) -> Room | None:
    """The one that a booking has now, else the one that it had last."""
    if not rooms:
        return None
    now = {"OPEN": 3, "PENDING": 2, "LOST": 1, "CLOSED": 0}
    return Room.of(max(rooms, key=lambda each: (now[each.state], each.revision, each.bridge, each.room)))


@strawberry.federation.type(requires_scopes=asks(Scope.BRIDGE_PROVISION))
class RoomProvisioned:
    """The room is on its switch as ordered, and the booking has no other."""

    room: Room


@strawberry.federation.type(requires_scopes=asks(Scope.BRIDGE_PROVISION))
class RoomClosed:
    """No switch has a room of the booking any more; these it had."""

    rooms: list[Room]


RoomProvisioningOutcome = Annotated[RoomProvisioned | Refused, strawberry.union("RoomProvisioningOutcome")]
RoomClosingOutcome = Annotated[RoomClosed | Refused, strawberry.union("RoomClosingOutcome")]


async def bridges(info: Info) -> list[Bridge] | None:
    source = info.context.source
    states = await source.rooms.states(await source.bridges(), now=info.context.now)
    return [Bridge.of(each) for each in states]


async def provision_room(
    info: Info,
    booking: strawberry.ID,
    room: strawberry.ID,
    pin: str,
    revision: int,
    idempotency_key: strawberry.ID,
    bridge: strawberry.ID | None = None,
    title: str | None = None,
) -> RoomProvisioningOutcome:
    if not (pin.isascii() and pin.isdigit() and len(pin) <= LONGEST_PIN):
        raise BadInput(f"pin: it has 1 to {LONGEST_PIN} digits, for telephones")
    order = RoomOrder(
        room=storable("room", room),
        pin=pin,
        title=storable("title", title) if title else str(booking),
        booking=word("booking", booking),
        revision=counted_revision(revision),
    )
    where = None if bridge is None else storable("bridge", bridge)
    # Of a PIN, which has few digits, not even a hash is kept.
    call = called(info, "provisionRoom", idempotency_key, [where, order.booking, order.room, revision, order.title])
    outcome = await info.context.source.rooms.open(order, bridge=where, call=call, now=info.context.now)
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return RoomProvisioned(room=Room.of(outcome))


async def close_room(
    info: Info, booking: strawberry.ID, revision: int, idempotency_key: strawberry.ID, only_empty: bool = True
) -> RoomClosingOutcome:
    of = word("booking", booking)
    call = called(info, "closeRoom", idempotency_key, [of, counted_revision(revision), only_empty])
    outcome = await info.context.source.rooms.close(
        of, revision=revision, only_empty=only_empty, call=call, now=info.context.now
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return RoomClosed(rooms=[Room.of(each) for each in outcome])


def called(info: Info, mutation: str, key: str, asked: list[object]) -> Call:
    return Call(mutation, info.context.caller, storable("idempotencyKey", key), input_hash(asked))


def word(argument: str, value: str) -> str:
    """A booking's reference, which a switch keeps in a mark of words."""
    text = storable(argument, value)
    if not text.isprintable() or " " in text:
        raise BadInput(f"{argument}: it has a space or what can't be printed in it")
    return text


def counted_revision(revision: int) -> int:
    if revision < 0:
        raise BadInput(f"revision: {revision} is below 0")
    return revision


@strawberry.type
class RoomQuery:
    """What of Query is about switches."""

    bridges: list[Bridge] | None = strawberry.federation.field(
        resolver=bridges, requires_scopes=asks(Scope.BRIDGE_READ), description="Every bridge, by id, as it is now."
    )


@strawberry.type
class RoomMutation:
    """What of Mutation is about rooms on switches."""

    provision_room: RoomProvisioningOutcome = strawberry.federation.mutation(
        resolver=provision_room,
        requires_scopes=asks(Scope.BRIDGE_PROVISION),
        description="Have a booking's room on one switch: without `bridge` where it is already, else on the first. "
        "Refused: stale-revision, room-closed, room-taken, in-call, no-bridge, unknown-bridge.",
    )
    close_room: RoomClosingOutcome = strawberry.federation.mutation(
        resolver=close_room,
        requires_scopes=asks(Scope.BRIDGE_PROVISION),
        description="Have no room of a booking on any switch. Only a later revision makes one again. "
        "Refused: stale-revision, in-call.",
    )
