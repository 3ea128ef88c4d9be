"""The tables of the system reservations."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, Table

from sources.columns import Instant, Prose, Text
from sources.idempotency import keys_table
from sources.mapping.requirements import absent_where_missing, one_of_these, only_for_writing

__all__ = ["BOOKINGS", "KEYS", "METADATA", "NUMBERS"]

METADATA = MetaData()
KEYS = keys_table(METADATA)

STATUSES = ("DRAFT", "CONFIRMED", "PROVISIONED", "IN_CALL", "COMPLETED", "NO_SHOW", "CANCELLED", "FAILED")

BOOKINGS = Table(
    "bookings",
    METADATA,
    Column("ref", Text, primary_key=True),
    Column("client", Text, nullable=False),
    Column("account", Text),
    Column("title", Prose, nullable=False),
    Column("organiser", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("local_start", Text, nullable=False),
    Column("local_end", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("expected_participants", Integer, nullable=False),
    Column("status", Text, nullable=False, info=one_of_these(*STATUSES)),
    Column("revision", Integer, nullable=False),
    Column("pin", Text, info=absent_where_missing()),
    Column("bridge", Text, info=absent_where_missing()),
    Column("provisioned_revision", Integer, info=absent_where_missing()),
    Column("cancelled_at", Instant, info=absent_where_missing()),
    Index("bookings_of_client", "client", "starts_at"),
    Index("bookings_of_room", "room", "starts_at"),
    Index("bookings_by_status", "status", "ends_at"),
    Index("bookings_with_rooms", "provisioned_revision"),
)

NUMBERS = Table(  # gapless: the last number given in a year, raised in the transaction that makes the booking
    "booking_numbers",
    METADATA,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
    info=only_for_writing(),
)
