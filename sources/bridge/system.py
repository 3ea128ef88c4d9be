"""Bridges: batches of keys in, records out; and the two things that happen to call records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, select, update

from sources.bridge.assembling import assemble
from sources.bridge.calls.publishing import Calls
from sources.bridge.calls.releasing import release
from sources.bridge.receiving import digest_of, outcome_as_json, outcome_from_json, read_file, store
from sources.bridge.rooms import Rooms
from sources.bridge.simulating import simulate
from sources.bridge.switches.simulator import Part
from sources.bridge.switches.switch import Switch
from sources.bridge.tables import (
    BRIDGES,
    CONFERENCE_POSITIONS,
    CONFERENCES,
    FEEDS,
    FILES,
    KEYS,
    LEGS,
    QUARANTINE,
    conference_of,
    leg_of,
    quarantined_of,
)
from sources.columns import Instant
from sources.database import Database, one_of
from sources.errors import SourceError
from sources.idempotency import Call, input_hash, write_once
from sources.records.bridge import Bridge, Conference, ConferenceGroup, Leg, QuarantinedLine, ReceivedFile
from sources.records.refusal import Refusal
from sources.records.rooms import SimulatedCall
from sources.rows import insert_all, insert_new, row_of

__all__ = ["Bridges"]

CONFERENCES_BY_ID = select(CONFERENCES).where(one_of(CONFERENCES.c.id))
CONFERENCES_BY_BOOKING = select(CONFERENCES).where(one_of(CONFERENCES.c.booking))
CONFERENCES_BY_LEG = (
    select(CONFERENCES)
    .where(CONFERENCES.c.id.in_(select(LEGS.c.conference).where(one_of(LEGS.c.id))))
    .order_by(CONFERENCES.c.started_at, CONFERENCES.c.id)
)
CONFERENCES_BETWEEN = (
    select(CONFERENCES)
    .where(
        CONFERENCES.c.bridge == bindparam("bridge"),
        CONFERENCES.c.started_at >= bindparam("earliest", type_=Instant),
        CONFERENCES.c.started_at < bindparam("end", type_=Instant),
    )
    .order_by(CONFERENCES.c.started_at, CONFERENCES.c.id)
    .limit(bindparam("limit"))
)
AFTER_POSITION = (
    select(CONFERENCE_POSITIONS.c.position, CONFERENCES)
    .join_from(CONFERENCE_POSITIONS, CONFERENCES, CONFERENCES.c.id == CONFERENCE_POSITIONS.c.conference)
    .where(CONFERENCE_POSITIONS.c.bridge == bindparam("of"), CONFERENCE_POSITIONS.c.position > bindparam("after"))
    .order_by(CONFERENCE_POSITIONS.c.position)
    .limit(bindparam("limit"))
)
LAST_POSITIONS = (
    select(BRIDGES.c.id, BRIDGES.c.kind, func.max(CONFERENCE_POSITIONS.c.position))
    .join_from(BRIDGES, CONFERENCE_POSITIONS, CONFERENCE_POSITIONS.c.bridge == BRIDGES.c.id)
    .group_by(BRIDGES.c.id, BRIDGES.c.kind)
    .order_by(BRIDGES.c.id)
)
BRIDGES_IN_ORDER = select(BRIDGES).order_by(BRIDGES.c.id)
LEGS_BY_ID = select(LEGS).where(one_of(LEGS.c.id))
LEGS_BY_CONFERENCE = select(LEGS).where(one_of(LEGS.c.conference)).order_by(LEGS.c.joined_at, LEGS.c.left_at, LEGS.c.id)
UNASSEMBLED = (
    select(LEGS)
    .where(LEGS.c.bridge == bindparam("bridge"), LEGS.c.conference.is_(None))
    .order_by(LEGS.c.joined_at, LEGS.c.id)
    .limit(bindparam("limit"))
)
TO_ASSEMBLE = select(LEGS.c.bridge).where(LEGS.c.conference.is_(None)).distinct().order_by(LEGS.c.bridge)
FEED_POSITION = select(FEEDS.c.position).where(FEEDS.c.bridge == bindparam("of"), FEEDS.c.source == bindparam("which"))
MOVE_FEED = (
    update(FEEDS)
    .where(FEEDS.c.bridge == bindparam("of"), FEEDS.c.source == bindparam("which"))
    .values(position=bindparam("to"))
)
KNOWN_FILES = select(FILES.c.sha256).where(FILES.c.bridge == bindparam("bridge"), one_of(FILES.c.sha256))
QUARANTINED = (
    select(QUARANTINE)
    .join(FILES, and_(FILES.c.bridge == QUARANTINE.c.bridge, FILES.c.sha256 == QUARANTINE.c.file))
    .where(QUARANTINE.c.bridge == bindparam("of"))
    .order_by(FILES.c.received_at.desc(), QUARANTINE.c.file, QUARANTINE.c.line)
    .limit(bindparam("limit"))
)


class Bridges:
    """The source of the system bridge. Answers of batches are in no particular order unless said otherwise.

    `switches` are those that can be asked, by their bridges' ids; `rooms` is what they are asked.
    """

    def __init__(self, database: Database, switches: Mapping[str, Switch] | None = None) -> None:
        self.database = database
        self.calls = Calls(database)
        self.rooms = Rooms(database, switches or {})

    async def conferences(self, ids: Collection[str]) -> list[Conference]:
        return await self._conferences(CONFERENCES_BY_ID, ids)

    async def conferences_of_bookings(self, refs: Collection[str]) -> list[Conference]:
        return await self._conferences(CONFERENCES_BY_BOOKING, refs)

    async def conferences_of_legs(self, legs: Collection[str]) -> list[Conference]:
        """The conferences that hold any of these legs, in order of start."""
        return await self._conferences(CONFERENCES_BY_LEG, legs)

    async def conferences_between(
        self, bridge: str, earliest: datetime, end: datetime, *, limit: int
    ) -> list[Conference]:
        """Conferences of `bridge` that started in [earliest, end), in order of start."""
        parameters = {"bridge": bridge, "earliest": earliest, "end": end, "limit": limit}
        return await self.database.read(
            lambda connection: [conference_of(row) for row in connection.execute(CONFERENCES_BETWEEN, parameters)]
        )

    async def conferences_after(self, bridge: str, position: int, *, limit: int) -> list[tuple[int, Conference]]:
        """(position, conference) of those of `bridge` that last took a leg after this position, in that order."""
        parameters = {"of": bridge, "after": position, "limit": limit}
        return await self.database.read(
            lambda connection: [
                (row.position, Conference(*row[1:])) for row in connection.execute(AFTER_POSITION, parameters)
            ]
        )

    async def last_positions(self) -> list[tuple[str, str, int]]:
        """(bridge, its kind, its last position) of every bridge that has one, by bridge."""
        return await self.database.read(
            lambda connection: [(id, kind, last) for id, kind, last in connection.execute(LAST_POSITIONS)]
        )

    async def bridges(self) -> list[Bridge]:
        """Every bridge, by id."""
        return await self.database.read(
            lambda connection: [Bridge(*row) for row in connection.execute(BRIDGES_IN_ORDER)]
        )

    async def legs(self, ids: Collection[str]) -> list[Leg]:
        return await self._legs(LEGS_BY_ID, ids)

    async def legs_of_conferences(self, conferences: Collection[str]) -> list[Leg]:
        """In order of joining."""
        return await self._legs(LEGS_BY_CONFERENCE, conferences)

    async def unassembled_legs(self, bridge: str, *, limit: int) -> list[Leg]:
        """The earliest legs of `bridge` that are in no conference yet, in order of joining."""
        parameters = {"bridge": bridge, "limit": limit}
        return await self.database.read(
            lambda connection: [leg_of(row) for row in connection.execute(UNASSEMBLED, parameters)]
        )

    async def quarantined_lines(self, bridge: str, *, limit: int) -> list[QuarantinedLine]:
        """What was not taken of `bridge`'s files, the last file first, by line."""
        parameters = {"of": bridge, "limit": limit}
        return await self.database.read(
            lambda connection: [quarantined_of(row) for row in connection.execute(QUARANTINED, parameters)]
        )

    async def known_files(self, bridge: str, digests: Collection[str]) -> list[str]:
        """Those of `digests` (see digest_of) whose file of `bridge` was received."""
        parameters = {"bridge": bridge, "keys": digests}
        return await self.database.read(lambda connection: list(connection.execute(KNOWN_FILES, parameters).scalars()))

    async def feed_position(self, bridge: str, source: str) -> str | None:
        """How far whoever feeds `source` to `bridge` has come, in the feeder's own words; None where nobody began."""
        parameters = {"of": bridge, "which": source}
        return await self.database.read(
            lambda connection: connection.execute(FEED_POSITION, parameters).scalar_one_or_none()
        )

    async def note_feed_position(self, bridge: str, source: str, position: str) -> None:
        """The last word holds. SourceError UNKNOWN_BRIDGE for a bridge that isn't there."""

        def work(connection: Connection) -> None:
            if connection.execute(select(BRIDGES.c.id).where(BRIDGES.c.id == bridge)).one_or_none() is None:
                raise SourceError(f"bridge {bridge} is not known: enter it first", code="UNKNOWN_BRIDGE")
            if not insert_new(connection, FEEDS, {"bridge": bridge, "source": source, "position": position}):
                connection.execute(MOVE_FEED, {"of": bridge, "which": source, "to": position})

        await self.database.write(work)

    async def receive_call_records(
        self, bridge: str, content: str, *, format: str, caller: str, key: str, now: datetime
    ) -> ReceivedFile | Refusal:
        """Take a file of `bridge` (formats: sources/feeds). Refused `unknown-bridge` or `no-cdr-zone`, taking nothing.

        A file whose hash is known changes nothing; a line with a known identity is a duplicate, or in quarantine if its
        content differs (domain.md 4.5). Idempotent by caller and key; KeyReused for another file under the same key.
        """
        # The file is read before the transaction: a large one must not keep the bridge's writers waiting.
        file = await self.database.read(
            lambda connection: read_file(connection, bridge, format=format, content=content)
        )
        call = Call("receiveCallRecords", caller, key, input_hash([bridge, digest_of(format, content)]))

        def effect(connection: Connection) -> dict[str, object]:
            return outcome_as_json(file if isinstance(file, Refusal) else store(connection, file, now))

        answer = await write_once(self.database, KEYS, call=call, effect=effect)
        return outcome_from_json(answer, legs=() if isinstance(file, Refusal) else file.identities)

    async def simulate_call(
        self, *, booking: str | None, room: str | None, parts: Sequence[Part], speed: int, caller: str, key: str
    ) -> SimulatedCall | Refusal:
        """A call on a bridge that is a simulator; see simulating.py."""
        return await simulate(
            self.database, self.rooms, booking=booking, room=room, parts=parts, speed=speed, caller=caller, key=key
        )

    async def to_assemble(self) -> list[str]:
        """The bridges that have legs in no conference. None where nothing can be written."""
        if self.database.is_read_only:
            return []
        return await self.database.read(lambda connection: list(connection.execute(TO_ASSEMBLE).scalars()))

    async def release(self, legs: Collection[str], *, caller: str, key: str) -> list[Leg]:
        """Those of these legs that a live bridge held: call records from now on. Idempotent by caller and key."""
        call = Call("releaseHeldLegs", caller, key, input_hash(sorted(legs)))
        answer = await write_once(
            self.database, KEYS, call=call, effect=lambda connection: release(connection, sorted(legs))
        )
        return await self.legs(answer["legs"])

    async def assemble_conferences(
        self, groups: Sequence[ConferenceGroup], *, caller: str, key: str
    ) -> list[Conference]:
        """Put legs into conferences, as a rule grouped them; the conferences that hold them, in order of start.

        A leg that is in a conference stays there. SourceError UNKNOWN_LEG for one that isn't of that bridge and room.
        Idempotent by caller and key.
        """
        call = Call("assembleConferences", caller, key, input_hash(list(groups)))

        def effect(connection: Connection) -> dict[str, object]:
            return {"conferences": assemble(connection, groups)}

        answer = await write_once(self.database, KEYS, call=call, effect=effect)
        found = await self.conferences(answer["conferences"])
        return sorted(found, key=lambda conference: (conference.started_at, conference.id))

    @staticmethod
    def fill(
        connection: Connection, *, bridges: Iterable[Bridge], conferences: Iterable[Conference], legs: Iterable[Leg]
    ) -> None:
        """First rows, for a company in the making."""
        insert_all(connection, BRIDGES, map(row_of, bridges))
        insert_all(connection, CONFERENCES, map(row_of, conferences))
        insert_all(connection, LEGS, map(row_of, legs))

    async def _conferences(self, statement: Select[*tuple[Any, ...]], keys: Collection[str]) -> list[Conference]:
        parameters = {"keys": keys}
        return await self.database.read(
            lambda connection: [conference_of(row) for row in connection.execute(statement, parameters)]
        )

    async def _legs(self, statement: Select[*tuple[Any, ...]], keys: Collection[str]) -> list[Leg]:
        parameters = {"keys": keys}
        return await self.database.read(
            lambda connection: [leg_of(row) for row in connection.execute(statement, parameters)]
        )
