"""What the bridge knows, as entities and values: bookings by their reference, conferences, legs, calls."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from processes.rules.tariff import duration_seconds
from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.call_records import QuarantinedLine
from resolvers.calls import CallState, HeldLeg, state_of
from resolvers.context import Context
from resolvers.grouping import by_key, grouped
from resolvers.rooms import Room, latest
from sources.bridge import Bridges
from sources.records import bridge as records
from sources.records.calls import LiveCall as LiveRecord
from sources.records.calls import PublishedCall as PublishedRecord

__all__ = [
    "AssembledConferences",
    "Booking",
    "Conference",
    "Info",
    "Leg",
    "LiveCall",
    "PositionedConference",
    "PublishedCall",
    "ReceivedCallRecords",
]

Info = strawberry.Info[Context[Bridges], None]


@strawberry.federation.type(keys=["ref"], requires_scopes=asks(Scope.BOOKINGS_READ))
class Booking(Entity):
    """A booking of reservations, known here by its reference alone."""

    ref: strawberry.ID

    @batched(description="The conference that came of it; null while nobody's call record has come.")
    @staticmethod
    async def conference(parents: strawberry.Parent[list[Booking]], info: Info) -> list[Conference | None]:
        refs = [booking.ref for booking in parents]
        held = await info.context.source.conferences_of_bookings(refs)
        found = by_key(held, lambda conference: conference.booking)
        return [Conference.of(found[ref]) if ref in found else None for ref in refs]

    @batched(
        description="Of the call in its room: whether one goes on, or is over and waits to be published; else null."
    )
    @staticmethod
    async def call_state(parents: strawberry.Parent[list[Booking]], info: Info) -> list[CallState | None]:
        refs = [booking.ref for booking in parents]
        calls = grouped(await info.context.source.calls.of_bookings(refs), lambda call: call.booking)
        return [state_of(calls.get(ref, [])) for ref in refs]

    @batched(description="The room on a switch that it has, or had last; null while none was made.")
    @staticmethod
    async def bridge_room(parents: strawberry.Parent[list[Booking]], info: Info) -> list[Room | None]:
        refs = [booking.ref for booking in parents]
        rooms = grouped(await info.context.source.rooms.of_bookings(refs), lambda room: room.booking)
        return [latest(rooms.get(ref, [])) for ref in refs]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls(ref=strawberry.ID(str(key["ref"]))) for key in keys]


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CALLS_READ))
class Conference(Entity):
    """The legs of one room that belong together, from the first join to the last leave."""

    id: strawberry.ID
    bridge: strawberry.ID | None
    room: strawberry.ID | None
    booking: Booking | None = strawberry.field(description="Null when nobody had booked the room: an unknown owner.")
    started_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None

    @batched(description="In order of joining. A rejoin is a leg of its own.")
    @staticmethod
    async def legs(parents: strawberry.Parent[list[Conference]], info: Info) -> list[list[Leg] | None]:
        found = await info.context.source.legs_of_conferences([conference.id for conference in parents])
        legs = grouped(found, lambda leg: leg.conference)
        return [[Leg.of(leg) for leg in legs.get(conference.id, [])] for conference in parents]

    @classmethod
    def of(cls, record: records.Conference) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            bridge=strawberry.ID(record.bridge),
            room=strawberry.ID(record.room),
            booking=Booking(ref=strawberry.ID(record.booking)) if record.booking else None,
            started_at=record.started_at,
            ended_at=record.ended_at,
            duration_seconds=duration_seconds(record.started_at, record.ended_at),
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        ids = [str(key["id"]) for key in keys]
        found = by_key(await info.context.source.conferences(ids), lambda conference: conference.id)
        return [cls.of(found[id]) if id in found else None for id in ids]


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CALLS_READ))
class Leg(Entity):
    """One participant from joining to leaving; its `id` is the identity of the call record."""

    id: strawberry.ID
    bridge: strawberry.ID | None
    room: strawberry.ID | None
    service: str | None = strawberry.field(description="dial-in, dial-out or toll-free.")
    display_name: str | None = strawberry.federation.field(requires_scopes=asks(Scope.PARTICIPANTS_READ))
    caller_number: str | None = strawberry.federation.field(requires_scopes=asks(Scope.CALLERS_READ))
    joined_at: datetime | None
    left_at: datetime | None
    seconds: int | None = strawberry.field(description="Whole seconds between the two, counted in UTC.")
    end_reason: str | None
    held_by: strawberry.Private[str | None]

    @batched(description="Null until the leg is assembled.")
    @staticmethod
    async def conference(parents: strawberry.Parent[list[Leg]], info: Info) -> list[Conference | None]:
        ids = {leg.held_by for leg in parents if leg.held_by}
        found = by_key(await info.context.source.conferences(ids) if ids else (), lambda conference: conference.id)
        return [Conference.of(found[leg.held_by]) if leg.held_by else None for leg in parents]

    @classmethod
    def of(cls, record: records.Leg) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            bridge=strawberry.ID(record.bridge),
            room=strawberry.ID(record.room),
            service=record.service,
            display_name=record.display_name,
            caller_number=record.caller_number,
            joined_at=record.joined_at,
            left_at=record.left_at,
            seconds=duration_seconds(record.joined_at, record.left_at),
            end_reason=record.end_reason,
            held_by=record.conference,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        ids = [str(key["id"]) for key in keys]
        found = by_key(await info.context.source.legs(ids), lambda leg: leg.id)
        return [cls.of(found[id]) if id in found else None for id in ids]


@strawberry.federation.type(requires_scopes=asks(Scope.CALLS_WRITE))
class ReceivedCallRecords:
    """What came of each line of a file: new legs, duplicates of known ones, no conference's calls, or quarantine."""

    received: int
    duplicates: int
    skipped: int
    quarantined: list[QuarantinedLine]
    identities: strawberry.Private[tuple[str, ...]]

    @batched(description="The legs of the file's good lines, new and known ones, in its order.")
    @staticmethod
    async def legs(parents: strawberry.Parent[list[ReceivedCallRecords]], info: Info) -> list[list[Leg] | None]:
        ids = [id for file in parents for id in file.identities]
        found = by_key(await info.context.source.legs(ids), lambda leg: leg.id)
        return [[Leg.of(found[id]) for id in file.identities if id in found] for file in parents]

    @batched(description="The conferences that hold any of these legs now, in order of their start.")
    @staticmethod
    async def conferences(
        parents: strawberry.Parent[list[ReceivedCallRecords]], info: Info
    ) -> list[list[Conference] | None]:
        # One mutation, one file: there is no batch to make of them.
        found = [await info.context.source.conferences_of_legs(file.identities) for file in parents]
        return [[Conference.of(conference) for conference in held] for held in found]

    @classmethod
    def of(cls, file: records.ReceivedFile) -> Self:
        return cls(
            received=file.received,
            duplicates=file.duplicates,
            skipped=file.skipped,
            quarantined=[QuarantinedLine.of(line) for line in file.quarantined],
            identities=file.legs,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.CALLS_WRITE))
class PublishedCall:
    """A call whose legs are call records for good. `position` rises with each call that is published."""

    id: strawberry.ID
    bridge: strawberry.ID
    room: strawberry.ID
    position: int
    ended_at: datetime
    seconds: int = strawberry.field(description="The sum over all its legs as the switch told them, held ones too.")
    held: list[HeldLeg]
    identities: strawberry.Private[tuple[str, ...]]

    @batched(description="Those that are call records now, in order of joining.")
    @staticmethod
    async def legs(parents: strawberry.Parent[list[PublishedCall]], info: Info) -> list[list[Leg] | None]:
        ids = [id for call in parents for id in call.identities]
        found = by_key(await info.context.source.legs(ids), lambda leg: leg.id)
        return [[Leg.of(found[id]) for id in call.identities if id in found] for call in parents]

    @classmethod
    def of(cls, call: PublishedRecord) -> Self:
        return cls(
            id=strawberry.ID(call.id),
            bridge=strawberry.ID(call.bridge),
            room=strawberry.ID(call.room),
            position=call.position,
            ended_at=call.ended_at,
            seconds=call.seconds,
            held=[HeldLeg.of(each) for each in call.held],
            identities=call.legs,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.CALLS_READ))
class PositionedConference:
    """A conference, and where it stands among those of its bridge: one that takes legs goes behind all others."""

    position: int
    conference: Conference


@strawberry.federation.type(requires_scopes=asks(Scope.CALLS_WRITE))
class LiveCall:
    """A call that goes on in a booking's room; its `id` is that which it has in `endedCalls` later."""

    id: strawberry.ID
    booking: Booking

    @classmethod
    def of(cls, record: LiveRecord) -> Self:
        return cls(id=strawberry.ID(record.id), booking=Booking(ref=strawberry.ID(record.booking or "")))


@strawberry.federation.type(requires_scopes=asks(Scope.CALLS_WRITE))
class AssembledConferences:
    """The conferences that hold the named legs now, in order of their start."""

    conferences: list[Conference]
