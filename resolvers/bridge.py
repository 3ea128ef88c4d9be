"""The subgraph of the bridge: conferences and their legs, as they in fact happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry.federation import Schema

from processes.rules.tariff import duration_seconds
from resolvers.access import Scope, asks
from resolvers.assembling import BridgePosition, ConferenceInput, bridge_positions
from resolvers.batching import Entity, Representation, batched
from resolvers.call_records import CallRecordFormat, QuarantinedLine
from resolvers.calls import EndedCall, HeldLeg, QuarantinedCall, ended_calls, quarantined_calls
from resolvers.context import Context
from resolvers.errors import BadInput, limited
from resolvers.feeds import feed_position, known_files, note_feed_position
from resolvers.grouping import by_key, grouped
from resolvers.refused import Refused
from resolvers.rooms import Room, RoomMutation, RoomQuery, latest
from resolvers.scalars import configuration
from resolvers.simulating import SimulationMutation
from resolvers.texts import storable
from sources.bridge import Bridges
from sources.records import bridge as records
from sources.records.calls import PublishedCall as PublishedRecord
from sources.records.refusal import Refusal

__all__ = ["make_schema", "schema"]

Info = strawberry.Info[Context[Bridges], None]

MOST_CONFERENCES = 10_000
MOST_AT_ONCE = 1_000
MOST_UNASSEMBLED = 1_000


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


PublishingOutcome = Annotated[PublishedCall | Refused, strawberry.union("PublishingOutcome")]
ReceivingOutcome = Annotated[ReceivedCallRecords | Refused, strawberry.union("ReceivingOutcome")]


@strawberry.federation.type(requires_scopes=asks(Scope.CALLS_WRITE))
class AssembledConferences:
    """The conferences that hold the named legs now, in order of their start."""

    conferences: list[Conference]


async def conference(info: Info, id: strawberry.ID) -> Conference | None:
    found = await info.context.source.conferences([id])
    return Conference.of(found[0]) if found else None


async def conferences(
    info: Info,
    bridge: strawberry.ID | None = None,
    since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
    until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
    ids: list[strawberry.ID] | None = None,
) -> list[Conference] | None:
    match (ids, bridge, since, until):
        case (list(), None, None, None):
            return await conferences_named(info, ids)
        case (None, str(), datetime(), datetime()):
            return await conferences_between(info, bridge, since, until)
        case _:
            raise BadInput("conferences: give either ids, or bridge, from and to")


async def conferences_named(info: Info, ids: list[strawberry.ID]) -> list[Conference]:
    if len(ids) > MOST_AT_ONCE:
        raise BadInput(f"ids: there are {len(ids)}; ask for at most {MOST_AT_ONCE} at once")
    found = by_key(await info.context.source.conferences(ids), lambda conference: conference.id)
    return [Conference.of(found[id]) for id in dict.fromkeys(ids) if id in found]


async def conferences_between(info: Info, bridge: str, since: datetime, until: datetime) -> list[Conference]:
    if until <= since:
        raise BadInput("to: it must be later than `from`")
    of = storable("bridge", bridge)
    found = await info.context.source.conferences_between(of, since, until, limit=MOST_CONFERENCES + 1)
    if len(found) > MOST_CONFERENCES:
        raise BadInput(f"from, to: more than {MOST_CONFERENCES} conferences started in between; ask for a shorter time")
    return [Conference.of(conference) for conference in found]


async def conferences_after(
    info: Info, bridge: strawberry.ID, position: int, first: int = 100
) -> list[PositionedConference] | None:
    limit = limited("first", first, largest=MOST_AT_ONCE)
    found = await info.context.source.conferences_after(storable("bridge", bridge), position, limit=limit)
    return [PositionedConference(position=place, conference=Conference.of(each)) for place, each in found]


async def unassembled_legs(info: Info, bridge: strawberry.ID, first: int = MOST_UNASSEMBLED) -> list[Leg] | None:
    limit = limited("first", first, largest=MOST_UNASSEMBLED)
    found = await info.context.source.unassembled_legs(storable("bridge", bridge), limit=limit)
    return [Leg.of(leg) for leg in found]


async def quarantined_lines(info: Info, bridge: strawberry.ID, first: int = 50) -> list[QuarantinedLine] | None:
    limit = limited("first", first)
    found = await info.context.source.quarantined_lines(storable("bridge", bridge), limit=limit)
    return [QuarantinedLine.of(line) for line in found]


async def published_calls(info: Info, after: int = 0, first: int = 100) -> list[PublishedCall] | None:
    found = await info.context.source.calls.published(after=after, limit=limited("first", first))
    return [PublishedCall.of(call) for call in found]


async def bookings_to_restore(info: Info, first: int = 100) -> list[strawberry.ID] | None:
    rooms = await info.context.source.rooms.to_restore(limit=limited("first", first))
    return [strawberry.ID(room.booking) for room in rooms]


@strawberry.type
class Query(RoomQuery):
    bookings_to_restore: list[strawberry.ID] | None = strawberry.federation.field(
        resolver=bookings_to_restore,
        requires_scopes=asks(Scope.BRIDGE_PROVISION),
        description="Bookings whose room is gone from a switch that answers: it was started again, and has lost it.",
    )
    conference: Conference | None = strawberry.federation.field(
        resolver=conference, requires_scopes=asks(Scope.CALLS_READ), description="The conference with this id."
    )
    conferences: list[Conference] | None = strawberry.federation.field(
        resolver=conferences,
        requires_scopes=asks(Scope.CALLS_READ, Scope.CLIENTS_ALL),
        description="The conferences of a bridge that started in [from, to), in that order; or those with these ids.",
    )
    conferences_after: list[PositionedConference] | None = strawberry.federation.field(
        resolver=conferences_after,
        requires_scopes=asks(Scope.CALLS_READ, Scope.CLIENTS_ALL),
        description="The next conferences of a bridge that took a leg after this position, in that order.",
    )
    bridge_positions: list[BridgePosition] | None = strawberry.federation.field(
        resolver=bridge_positions,
        requires_scopes=asks(Scope.CALLS_READ, Scope.CLIENTS_ALL),
        description="How far each bridge has come, where conferences were assembled.",
    )
    unassembled_legs: list[Leg] | None = strawberry.federation.field(
        resolver=unassembled_legs,
        requires_scopes=asks(Scope.CALLS_READ, Scope.CLIENTS_ALL),
        description="The earliest legs of a bridge that are in no conference yet.",
    )
    known_files: list[str] | None = strawberry.federation.field(
        resolver=known_files,
        requires_scopes=asks(Scope.PROCESSES_IMPORT),
        description="Those of these files of a bridge that were received. A file's digest is the SHA-256, in hex, "
        "of its format's name, a newline, and its text in UTF-8.",
    )
    feed_position: str | None = strawberry.federation.field(
        resolver=feed_position,
        requires_scopes=asks(Scope.PROCESSES_IMPORT),
        description="How far the feed of this source has come, as its feeder noted it.",
    )
    quarantined_lines: list[QuarantinedLine] | None = strawberry.federation.field(
        resolver=quarantined_lines,
        requires_scopes=asks(Scope.PROCESSES_IMPORT),
        description="What was not taken of a bridge's files, the last file first, by line.",
    )
    ended_calls: list[EndedCall] | None = strawberry.federation.field(
        resolver=ended_calls,
        requires_scopes=asks(Scope.CALLS_WRITE),
        description="Calls on live bridges that are over and not published yet, the longest waiting first.",
    )
    published_calls: list[PublishedCall] | None = strawberry.federation.field(
        resolver=published_calls,
        requires_scopes=asks(Scope.CALLS_WRITE),
        description="Published calls with a higher position than `after`, in that order.",
    )
    quarantined_calls: list[QuarantinedCall] | None = strawberry.federation.field(
        resolver=quarantined_calls,
        requires_scopes=asks(Scope.PROCESSES_IMPORT),
        description="What a live bridge told and was not taken, the last first.",
    )


async def publish_call(info: Info, call: strawberry.ID, idempotency_key: strawberry.ID) -> PublishingOutcome:
    context = info.context
    key = storable("idempotencyKey", idempotency_key)
    outcome = await context.source.calls.publish(
        storable("call", call), caller=context.caller, key=key, now=context.now
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return PublishedCall.of(outcome)


async def receive_call_records(
    info: Info, bridge: strawberry.ID, format: CallRecordFormat, content: str, idempotency_key: strawberry.ID
) -> ReceivingOutcome:
    context = info.context
    outcome = await context.source.receive_call_records(
        storable("bridge", bridge),
        content,
        format=format.value,
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return ReceivedCallRecords.of(outcome)


async def assemble_conferences(
    info: Info, conferences: list[ConferenceInput], idempotency_key: strawberry.ID
) -> AssembledConferences:
    context = info.context
    groups = [group.group(f"conferences[{n}]") for n, group in enumerate(conferences)]
    key = storable("idempotencyKey", idempotency_key)
    found = await context.source.assemble_conferences(groups, caller=context.caller, key=key)
    return AssembledConferences(conferences=[Conference.of(conference) for conference in found])


@strawberry.type
class Mutation(RoomMutation, SimulationMutation):
    receive_call_records: ReceivingOutcome = strawberry.federation.mutation(
        resolver=receive_call_records,
        requires_scopes=asks(Scope.CALLS_WRITE),
        description="Take a file of call records. Good lines are kept, bad ones quarantined, known ones counted.",
    )
    publish_call: PublishingOutcome = strawberry.federation.mutation(
        resolver=publish_call,
        requires_scopes=asks(Scope.CALLS_WRITE),
        description="Make the legs of a call that is over call records. They never change; a call is published once.",
    )
    note_feed_position: str = strawberry.federation.mutation(
        resolver=note_feed_position,
        requires_scopes=asks(Scope.PROCESSES_IMPORT),
        description="Keep how far a feed has come, once what is before it was imported.",
    )
    assemble_conferences: AssembledConferences = strawberry.federation.mutation(
        resolver=assemble_conferences,
        requires_scopes=asks(Scope.CALLS_WRITE),
        description="Put legs into conferences. A leg that is in one stays there; ids are given once.",
    )


def make_schema() -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[Booking, Conference, Leg],
        federation_version="2.9",
        config=configuration(),
    )


schema = make_schema()
