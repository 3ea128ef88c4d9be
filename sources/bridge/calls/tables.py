"""The tables of live calls: what was observed, how far a bridge was watched, and which calls are published."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table

from sources.bridge.tables import METADATA
from sources.columns import Instant, MadeOfText, Prose, Text
from sources.mapping.requirements import only_for_writing

__all__ = [
    "CALLS",
    "OBSERVATIONS",
    "OBSERVED_ROOMS",
    "POSITIONS",
    "QUARANTINED_CALLS",
    "STRETCHES",
    "TAKEN_LEGS",
    "WATCHES",
]

OBSERVATIONS = Table(
    "observations",
    METADATA,
    Column("id", Text, primary_key=True),  # a digest of what was observed: the same event twice is one
    Column("bridge", Text, nullable=False),
    Column("room", Text),  # null: of the whole switch
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("participant", Text),
    Column("display", Prose),
    Column("session", Text),
    Column("until", Instant),
    Index("observations_of_rooms", "bridge", "room", "at"),
    info=only_for_writing(),
)

# Stretches of polls that saw a participant. While `gone_at` is null, it lasts to the watch's last poll.
STRETCHES = Table(
    "presences",
    METADATA,
    Column("id", Text, primary_key=True),  # a digest of bridge, room, participant and the first poll
    Column("bridge", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("participant", Text, nullable=False),
    Column("display", Prose),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant),
    Column("gone_at", Instant),
    Column("silent_since", Instant),
    Index("presences_of_rooms", "bridge", "room"),
    info=only_for_writing(),
)
Index("open_presences", STRETCHES.c.bridge, STRETCHES.c.gone_at)

WATCHES = Table(
    "bridge_watches",
    METADATA,
    Column("bridge", Text, primary_key=True),
    Column("polled_at", Instant),  # the last poll that saw every room
    Column("epoch", Instant),
    Column("spool_file", BigInteger, nullable=False),
    Column("spool_offset", BigInteger, nullable=False),
    Column("service", Text),
    Column("is_simulated", Boolean),
    Column("poller", Text),
    Column("poller_until", Instant),
    info=only_for_writing(),
)

OBSERVED_ROOMS = Table(
    "observed_rooms",
    METADATA,
    Column("bridge", Text, primary_key=True),
    Column("room", Text, primary_key=True),
    Column("call_number", Integer, nullable=False),  # of the call that is going on, or the next one
    Column("state", Text, nullable=False),  # OPEN: look at it; ENDED: to be published; QUIET: all is published
    Column("changed_at", Instant, nullable=False),  # by our clock
    Column("ended_at", Instant),
    Index("observed_rooms_by_state", "state", "bridge"),
    info=only_for_writing(),
)

# Each leg that was published or held, as it was then, so that it never is again.
TAKEN_LEGS = Table(
    "taken_legs",
    METADATA,
    Column("id", MadeOfText, primary_key=True),
    Column("bridge", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("participant", Text, nullable=False),
    Column("joined_at", Instant, nullable=False),
    Column("left_at", Instant, nullable=False),
    Column("end_reason", Text, nullable=False),
    Index("taken_legs_of_rooms", "bridge", "room"),
    info=only_for_writing(),
)

CALLS = Table(
    "published_calls",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("bridge", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("ended_at", Instant, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("legs", Prose, nullable=False),  # JSON: ids
    Column("held", Prose, nullable=False),  # JSON: HeldLeg
    Index("published_calls_of_rooms", "bridge", "room", "ended_at"),
    info=only_for_writing(),
)

# One row, locked until the call that takes a position is there: positions appear in their order.
POSITIONS = Table(
    "call_positions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
    info=only_for_writing(),
)

QUARANTINED_CALLS = Table(
    "quarantined_calls",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("bridge", Text, nullable=False),
    Column("id", Prose, nullable=False),  # of the leg; of an event its digest
    Column("reason", Text, nullable=False),
    Column("message", Prose, nullable=False),
    Column("text", Prose, nullable=False),
    Column("noted_at", Instant, nullable=False),
    Index("quarantined_calls_by_time", "bridge", "noted_at"),
    info=only_for_writing(),
)
