"""The subgraph of reservations, alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from resolvers.reservations import schema
from sources.records.reservations import Booking
from sources.reservations import METADATA, Reservations
from tests.asking import ask, entities
from tests.conftest import MakeDatabase
from tests.world import a_booking

START = datetime(2026, 11, 24, 8, tzinfo=UTC)


def at(hour: int, ref: str, **changes: Any) -> Booking:
    start = START + timedelta(hours=hour)
    return a_booking(ref, starts_at=start, ends_at=start + timedelta(hours=1), **changes)


BOOKINGS = [
    a_booking(),
    *(at(hour, f"BK-1-{hour}", client="CL-1", room="101") for hour in range(4)),
    at(1, "BK-2-1", client="CL-2", room="102", account=None),
]


@pytest.fixture
def reservations(database: MakeDatabase) -> Reservations:
    made = database("reservations", METADATA, lambda connection: Reservations.fill(connection, bookings=BOOKINGS))
    return Reservations(made)


async def test_a_booking_with_everything(reservations: Reservations) -> None:
    """Instants in UTC; client and account as keys for whoever knows them."""
    answer = await ask(
        schema,
        reservations,
        """{ booking(ref: "BK-2026-000123") {
          ref title organiser room startsAt endsAt timeZone expectedParticipants status revision
          client { id } account { number } } }""",
    )
    assert answer.data == {
        "booking": {
            "ref": "BK-2026-000123",
            "title": "Porada vedení",
            "organiser": "Alice Nováková",
            "room": "20260123",
            "startsAt": "2026-11-24T16:30:00Z",
            "endsAt": "2026-11-24T17:30:00Z",
            "timeZone": "Europe/Prague",
            "expectedParticipants": 4,
            "status": "CONFIRMED",
            "revision": 1,
            "client": {"id": "CL-00417"},
            "account": {"number": "7700123"},
        }
    }
    assert answer.statements == 1


@pytest.mark.parametrize("ref", ["unknown", "", "\0", "\ud800"])
async def test_an_unknown_booking_is_null(reservations: Reservations, ref: str) -> None:
    """No error, whatever the reference looks like."""
    answer = await ask(schema, reservations, "query ($ref: ID!) { booking(ref: $ref) { ref } }", ref=ref)
    assert (answer.data, answer.errors) == ({"booking": None}, [])


async def test_the_last_bookings_of_many_clients(reservations: Reservations) -> None:
    """The N latest of each, ascending, by one statement."""
    keys = [{"__typename": "Client", "id": id} for id in ("CL-1", "CL-2", "unknown")]
    answer = await entities(schema, reservations, keys, "... on Client { bookings(last: 2) { ref } }")
    refs = [[booking["ref"] for booking in client["bookings"]] for client in answer.data]
    assert refs == [["BK-1-2", "BK-1-3"], ["BK-2-1"], []]
    assert answer.statements == 1


@pytest.mark.parametrize("last", [0, -1, 101, 2_000_000_000])
async def test_limits_are_named(reservations: Reservations, last: int) -> None:
    """`last` is 1 to 100; a refused one costs no statement."""
    keys = [{"__typename": "Client", "id": "CL-1"}]
    answer = await entities(schema, reservations, keys, f"... on Client {{ bookings(last: {last}) {{ ref }} }}")
    assert answer.data == [{"bookings": None}]
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0].message == f"last: {last} is not between 1 and 100"
    assert answer.statements == 0


async def test_bookings_by_reference_are_one_batch(reservations: Reservations) -> None:
    """In the order asked for; an account that isn't named is null."""
    keys = [{"__typename": "Booking", "ref": ref} for ref in ("BK-2-1", "unknown", "BK-1-0")]
    answer = await entities(schema, reservations, keys, "... on Booking { ref account { number } }")
    assert answer.data == [
        {"ref": "BK-2-1", "account": None},
        None,
        {"ref": "BK-1-0", "account": {"number": "7700123"}},
    ]
    assert answer.statements == 1


ROOMS = "query ($from: DateTime!, $to: DateTime!) { bookingsOfRooms(rooms: [101, 102], from: $from, to: $to) { ref } }"


async def test_bookings_of_rooms(reservations: Reservations) -> None:
    """Those that overlap the time, in any zone it is written in."""
    variables = {"from": "2026-11-24T10:30:00+01:00", "to": "2026-11-24T10:00:00Z"}
    answer = await ask(schema, reservations, ROOMS, **variables)
    assert [booking["ref"] for booking in answer.data["bookingsOfRooms"]] == ["BK-1-1", "BK-2-1"]


async def test_time_that_runs_backwards_is_refused(reservations: Reservations) -> None:
    """`to` is later than `from`."""
    variables = {"from": "2026-11-24T10:00:00Z", "to": "2026-11-24T10:00:00Z"}
    answer = await ask(schema, reservations, ROOMS, **variables)
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_reservations_down(database: MakeDatabase) -> None:
    """Null with an error that names the system, never an empty list."""
    keys = [{"__typename": "Client", "id": "CL-1"}]
    answer = await entities(schema, Reservations(database("reservations")), keys, "... on Client { bookings { ref } }")
    assert answer.data == [{"bookings": None}]
    assert answer.errors[0].extensions == {"code": "SYSTEM_UNAVAILABLE", "system": "reservations"}
