"""Reservations: bookings by reference, client and room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sources.records.reservations import Booking
from sources.reservations import METADATA, Reservations
from tests.conftest import MakeDatabase
from tests.world import a_booking

START = datetime(2026, 11, 24, 8, tzinfo=UTC)


def at(hour: int, ref: str, **changes: object) -> Booking:
    start = START + timedelta(hours=hour)
    return a_booking(ref, starts_at=start, ends_at=start + timedelta(hours=1), **changes)


BOOKINGS = [
    at(2, "BK-3", client="CL-1", room="101"),
    at(0, "BK-1", client="CL-1", room="101"),
    at(1, "BK-2", client="CL-1", room="102"),
    at(1, "BK-4", client="CL-2", room="103", account=None),
]


@pytest.fixture
def reservations(database: MakeDatabase) -> Reservations:
    made = database("reservations", METADATA, lambda connection: Reservations.fill(connection, bookings=BOOKINGS))
    return Reservations(made)


def refs(bookings: list[Booking]) -> list[str]:
    return [booking.ref for booking in bookings]


async def test_a_booking_comes_back_as_it_was(reservations: Reservations) -> None:
    """Every field of the record, on every database."""
    assert await reservations.bookings(["BK-4", "unknown"]) == [BOOKINGS[3]]


async def test_the_last_bookings_are_of_each_client(reservations: Reservations) -> None:
    """The latest N of every client, in ascending order, by one statement."""
    before = reservations.database.statements
    assert refs(await reservations.last_of_clients(["CL-1", "CL-2"], last=2)) == ["BK-2", "BK-4", "BK-3"]
    assert reservations.database.statements == before + 1


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [(0, 3, ["BK-1", "BK-2", "BK-3"]), (1, 2, ["BK-2"]), (0.5, 0.6, ["BK-1"]), (3, 9, []), (-5, 0, [])],
)
async def test_bookings_of_rooms_overlap_the_time(
    reservations: Reservations, since: float, until: float, found: list[str]
) -> None:
    """[since, until) against [start, end): one that ends when the other begins doesn't overlap."""
    hours = [START + timedelta(hours=hour) for hour in (since, until)]
    assert refs(await reservations.of_rooms(["101", "102"], since=hours[0], until=hours[1])) == found
