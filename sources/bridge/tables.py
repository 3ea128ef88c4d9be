"""The tables of the system bridge, and its rows as records."""

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    UniqueConstraint,
)

from sources.columns import Instant, Prose, Text
from sources.idempotency import keys_table
from sources.mapping.requirements import may_be_absent, one_of_these, only_for_writing
from sources.records.bridge import Conference, Leg, QuarantinedLine

__all__ = [
    "BRIDGES",
    "CONFERENCES",
    "CONFERENCE_POSITIONS",
    "FEEDS",
    "FILES",
    "KEYS",
    "LEGS",
    "METADATA",
    "QUARANTINE",
    "ROOMS",
    "ROOM_ORDERS",
    "conference_of",
    "leg_of",
    "quarantined_of",
]

METADATA = MetaData()
KEYS = keys_table(METADATA)

BRIDGES = Table(
    "bridges",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("cdr_zone", Text),
    Column("kind", Text, nullable=False),
    Column("service", Text, nullable=False),
    info=only_for_writing(),  # asked when a file comes
)

CONFERENCES = Table(
    "conferences",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("bridge", Text, ForeignKey("bridges.id"), nullable=False),
    Column("room", Text, nullable=False),
    Column("booking", Text, unique=True),  # one conference per booking
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Index("conferences_by_start", "bridge", "started_at"),
    Index("conferences_by_room", "room"),
)

CONFERENCE_POSITIONS = Table(  # of each conference that was assembled here: where it stands among them now
    "conference_positions",
    METADATA,
    Column("conference", Text, ForeignKey("conferences.id"), primary_key=True),
    Column("bridge", Text, ForeignKey("bridges.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Index("conferences_by_position", "bridge", "position"),
    info=only_for_writing(),
)

LEGS = Table(
    "legs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("bridge", Text, ForeignKey("bridges.id"), nullable=False),
    Column("room", Text, nullable=False),
    Column("service", Text, nullable=False, info=one_of_these("dial-in", "dial-out", "toll-free")),
    Column("display_name", Prose),
    Column("caller_number", Prose),
    Column("joined_at", Instant, nullable=False),
    Column("left_at", Instant, nullable=False),
    Column("end_reason", Text),
    Column("conference", Text, ForeignKey("conferences.id"), index=True),
)
Index(
    "unassembled_legs",
    LEGS.c.bridge,
    LEGS.c.joined_at,
    sqlite_where=LEGS.c.conference.is_(None),
    postgresql_where=LEGS.c.conference.is_(None),
)

FILES = Table(
    "received_files",
    METADATA,
    Column("bridge", Text, ForeignKey("bridges.id"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("received_at", Instant, nullable=False),
    Column("received", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    info=may_be_absent("no file was received"),
)

FEEDS = Table(
    "feed_positions",
    METADATA,
    Column("bridge", Text, ForeignKey("bridges.id"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("position", Prose, nullable=False),
    info=only_for_writing(),
)

QUARANTINE = Table(
    "quarantined_lines",
    METADATA,
    Column("bridge", Text, primary_key=True),
    Column("file", Text, primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("message", Prose, nullable=False),
    Column("text", Prose, nullable=False),
    ForeignKeyConstraint(["bridge", "file"], ["received_files.bridge", "received_files.sha256"]),
    info=may_be_absent("no line is in quarantine"),
)

# The latest word on the room of a booking: which revision, and whether it is to be there at all. One request at a time
# works on it, until `held_until` at most, as a switch is no part of the transaction.
ROOM_ORDERS = Table(
    "room_orders",
    METADATA,
    Column("booking", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("is_closed", Boolean, nullable=False),
    Column("held_by", Text),
    Column("held_until", Instant),
    info=only_for_writing(),
)

# What came of it on the switches. `occupies` is true, and null once it is CLOSED: a room is one booking's at a time.
ROOMS = Table(
    "rooms",
    METADATA,
    Column("booking", Text, primary_key=True),
    Column("bridge", Text, ForeignKey("bridges.id"), primary_key=True),
    Column("room", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", Text, nullable=False, info=one_of_these("PENDING", "OPEN", "LOST", "CLOSED")),
    Column("created_at", Instant),
    Column("closed_at", Instant),
    Column("occupies", Boolean),
    UniqueConstraint("bridge", "room", "occupies"),
    info=may_be_absent("no room was made on a switch"),
)


def leg_of(row: Row[*tuple[Any, ...]]) -> Leg:
    """A row of all columns of `legs`, in their order."""
    return Leg(*row)


def conference_of(row: Row[*tuple[Any, ...]]) -> Conference:
    """A row of all columns of `conferences`, in their order."""
    return Conference(*row)


def quarantined_of(row: Row[*tuple[Any, ...]]) -> QuarantinedLine:
    return QuarantinedLine(row.line, row.reason, row.message, row.text)
