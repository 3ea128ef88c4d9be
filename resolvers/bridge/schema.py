"""What the bridge is asked and told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.federation import Schema

from resolvers.access import Scope, asks
from resolvers.assembling import BridgePosition, ConferenceInput, bridge_positions
from resolvers.bridge.entities import (
    AssembledConferences,
    Booking,
    Conference,
    Info,
    Leg,
    LiveCall,
    PositionedConference,
    PublishedCall,
    ReceivedCallRecords,
)
from resolvers.call_records import CallRecordFormat, QuarantinedLine
from resolvers.calls import EndedCall, QuarantinedCall, ended_calls, quarantined_calls
from resolvers.errors import BadInput, limited
from resolvers.feeds import feed_position, known_files, note_feed_position
from resolvers.grouping import by_key
from resolvers.refused import Refused
from resolvers.rooms import RoomMutation, RoomQuery
from resolvers.scalars import configuration
from resolvers.simulating import SimulationMutation
from resolvers.texts import storable
from sources.records.refusal import Refusal

__all__ = ["make_schema", "schema"]

MOST_CONFERENCES = 10_000
MOST_AT_ONCE = 1_000
MOST_UNASSEMBLED = 1_000

PublishingOutcome = Annotated[PublishedCall | Refused, strawberry.union("PublishingOutcome")]
ReceivingOutcome = Annotated[ReceivedCallRecords | Refused, strawberry.union("ReceivingOutcome")]


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


async def bridges_to_assemble(info: Info) -> list[strawberry.ID] | None:
    return [strawberry.ID(bridge) for bridge in await info.context.source.to_assemble()]


async def quarantined_lines(info: Info, bridge: strawberry.ID, first: int = 50) -> list[QuarantinedLine] | None:
    limit = limited("first", first)
    found = await info.context.source.quarantined_lines(storable("bridge", bridge), limit=limit)
    return [QuarantinedLine.of(line) for line in found]


async def live_calls(info: Info, first: int = 100) -> list[LiveCall] | None:
    return [LiveCall.of(call) for call in await info.context.source.calls.going_on(limit=limited("first", first))]


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
    bridges_to_assemble: list[strawberry.ID] | None = strawberry.federation.field(
        resolver=bridges_to_assemble,
        requires_scopes=asks(Scope.CALLS_WRITE),
        description="Bridges that have legs in no conference.",
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
    live_calls: list[LiveCall] | None = strawberry.federation.field(
        resolver=live_calls,
        requires_scopes=asks(Scope.CALLS_WRITE),
        description="Calls on live bridges that go on in rooms of bookings.",
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


@strawberry.federation.type(requires_scopes=asks(Scope.CALLS_WRITE))
class HeldLegsReleased:
    """Those of the legs that a bridge had held: call records now. Legs that were never held are not among them."""

    legs: list[Leg]


async def release_held_legs(info: Info, ids: list[strawberry.ID], idempotency_key: strawberry.ID) -> HeldLegsReleased:
    context = info.context
    limited("ids", len(ids))
    key = storable("idempotencyKey", idempotency_key)
    legs = await context.source.release([storable("ids", id) for id in ids], caller=context.caller, key=key)
    return HeldLegsReleased(legs=[Leg.of(leg) for leg in legs])


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
    release_held_legs: HeldLegsReleased = strawberry.federation.mutation(
        resolver=release_held_legs,
        requires_scopes=asks(Scope.CALLS_WRITE),
        description="Make call records of legs that a live bridge held, as a person accepts them.",
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
