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


# What is told


ORDER = {
    "client": "CL-1",
    "title": "Porada",
    "organiser": "Alice",
    "localStart": "2026-12-01T10:00",
    "localEnd": "2026-12-01T11:00",
    "timeZone": "Europe/Prague",
    "expectedParticipants": 3,
}
RECORDED = """{
  __typename
  ... on BookingRecorded {
    booking { ref room status revision startsAt endsAt localStart title bridge provisionedRevision }
  }
  ... on Refused { code message }
}"""
CREATE = f"mutation ($input: CreateBookingInput!) {{ createBooking(input: $input, idempotencyKey: 1) {RECORDED} }}"
CHANGE = f"""mutation ($revision: Int!, $input: ChangeBookingInput!) {{
  changeBooking(ref: "BK-1-0", revision: $revision, input: $input, idempotencyKey: "k") {RECORDED}
}}"""


async def told(reservations: Reservations, call: str) -> dict[str, Any]:
    answer = await ask(schema, reservations, f"mutation {{ told: {call} {RECORDED} }}")
    assert answer.errors == []
    found: dict[str, Any] = answer.data["told"]
    return found


async def test_booking_is_made_of_local_times(reservations: Reservations) -> None:
    """The instants are computed; the reference is of the year in which it is booked."""
    answer = await ask(schema, reservations, CREATE, input=ORDER)
    assert answer.data["createBooking"] == {
        "__typename": "BookingRecorded",
        "booking": {
            "ref": "BK-2026-000124",
            "room": "bk-2026-000124",
            "status": "CONFIRMED",
            "revision": 1,
            "startsAt": "2026-12-01T09:00:00Z",
            "endsAt": "2026-12-01T10:00:00Z",
            "localStart": "2026-12-01T10:00",
            "title": "Porada",
            "bridge": None,
            "provisionedRevision": None,
        },
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"localStart": "2026-10-25T02:30"}, "ambiguous-time"),
        ({"localEnd": "2027-03-28T02:30"}, "no-such-time"),
        ({"localEnd": "2026-12-01T10:00"}, "ends-before-start"),
        ({"localEnd": "2026-12-02T10:01"}, "too-long"),
        ({"timeZone": "Mars/Olympus"}, "unknown-zone"),
        ({"localStart": "tomorrow"}, "not-a-local-time"),
    ],
)
async def test_times_that_are_none_are_refused(reservations: Reservations, changes: dict[str, str], code: str) -> None:
    """As an answer, before anything is written; a change is refused the same way."""
    answer = await ask(schema, reservations, CREATE, input={**ORDER, **changes})
    assert answer.data["createBooking"]["code"] == code
    assert answer.statements == 0
    whole = {name: ORDER[name] for name in ("localStart", "localEnd", "timeZone")}
    changed = await ask(schema, reservations, CHANGE, revision=1, input={**whole, **changes})
    assert changed.data["changeBooking"]["code"] == code


@pytest.mark.parametrize(
    "changes",
    [{"title": ""}, {"client": "\0"}, {"organiser": "x" * 256}, {"expectedParticipants": 0}, {"account": ""}],
)
async def test_input_that_no_database_can_store_is_bad(reservations: Reservations, changes: dict[str, Any]) -> None:
    """BAD_USER_INPUT that names the argument."""
    answer = await ask(schema, reservations, CREATE, input={**ORDER, **changes})
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0].message.startswith("input.")


async def test_change_is_the_next_revision_and_waits_for_its_room(reservations: Reservations) -> None:
    """Only the times are given, on the clocks of the zone it has; the title stays, and so does the room."""
    await told(reservations, 'recordRoom(ref: "BK-1-0", revision: 1, bridge: "j", room: "101", idempotencyKey: 1)')
    moved = {"localStart": "2026-12-01T10:00", "localEnd": "2026-12-01T11:00"}
    answer = await ask(schema, reservations, CHANGE, revision=1, input=moved)
    booking = answer.data["changeBooking"]["booking"]
    assert booking == {
        "ref": "BK-1-0",
        "room": "101",
        "status": "CONFIRMED",
        "revision": 2,
        "startsAt": "2026-12-01T09:00:00Z",
        "endsAt": "2026-12-01T10:00:00Z",
        "localStart": "2026-12-01T10:00",
        "title": "Porada vedení",
        "bridge": "j",
        "provisionedRevision": 1,
    }
    again = await ask(schema, reservations, CHANGE, revision=1, input=moved)
    assert again.data == answer.data


async def test_life_of_a_booking(reservations: Reservations) -> None:
    """What is told in order; a revision that is no more the booking's is refused."""
    ref = 'ref: "BK-1-0"'
    story = [
        (f'recordRoom({ref}, revision: 1, bridge: "j", room: "r", idempotencyKey: 1)', "PROVISIONED"),
        (f"recordBookingState({ref}, state: IN_CALL, idempotencyKey: 2)", "IN_CALL"),
        (f'recordCancellation({ref}, revision: 1, at: "2026-11-24T18:00:00Z", idempotencyKey: 3)', "in-call"),
        (f"recordRoomClosed({ref}, revision: 1, idempotencyKey: 4)", "still-open"),
        (f"recordBookingState({ref}, state: NO_SHOW, revision: 1, idempotencyKey: 5)", "not-possible"),
        (f"recordBookingState({ref}, state: COMPLETED, revision: 2, idempotencyKey: 6)", "stale-revision"),
        (f"recordBookingState({ref}, state: COMPLETED, revision: 1, idempotencyKey: 7)", "COMPLETED"),
        (f"recordRoomClosed({ref}, revision: 1, idempotencyKey: 8)", "COMPLETED"),
        (f'recordCancellation({ref}, revision: 1, at: "2026-11-24T18:00:00Z", idempotencyKey: 9)', "not-open"),
        ('recordCancellation(ref: "BK-1-1", revision: 1, at: "2026-11-24T18:00:00Z", idempotencyKey: 10)', "CANCELLED"),
        ('recordRoom(ref: "BK-1-1", revision: 1, bridge: "j", room: "r", idempotencyKey: 11)', "stale-revision"),
        ('recordRoom(ref: "BK-1-1", revision: 2, bridge: "j", room: "r", idempotencyKey: 12)', "not-open"),
        ('recordRoom(ref: "BK-0", revision: 2, bridge: "j", room: "r", idempotencyKey: 13)', "unknown-booking"),
    ]
    for call, expected in story:
        found = await told(reservations, call)
        assert (found["code"] if "code" in found else found["booking"]["status"]) == expected, call


async def test_only_what_can_be_seen_is_a_state_to_record(reservations: Reservations) -> None:
    """Nobody sees that a booking is cancelled."""
    call = 'recordBookingState(ref: "BK-1-0", state: CANCELLED, idempotencyKey: 1)'
    answer = await ask(schema, reservations, f"mutation {{ told: {call} {RECORDED} }}")
    assert answer.codes == ["BAD_USER_INPUT"]


async def test_pin_is_told_and_stays(reservations: Reservations) -> None:
    """Edge case 9: moves and other bridges don't change what the customer was told."""
    made = await ask(schema, reservations, CREATE, input=ORDER)
    ref = made.data["createBooking"]["booking"]["ref"]
    pin = f'{{ booking(ref: "{ref}") {{ pin }} }}'
    before = (await ask(schema, reservations, pin)).data["booking"]["pin"]
    assert before
    for call in (
        f'recordRoom(ref: "{ref}", revision: 1, bridge: "a", room: "r", idempotencyKey: 1)',
        f'changeBooking(ref: "{ref}", revision: 1, input: {{title: "x"}}, idempotencyKey: 2)',
        f'recordRoom(ref: "{ref}", revision: 2, bridge: "b", room: "r", idempotencyKey: 3)',
    ):
        assert (await told(reservations, call))["__typename"] == "BookingRecorded"
    assert (await ask(schema, reservations, pin)).data["booking"]["pin"] == before


async def test_what_is_to_be_provisioned_and_settled(reservations: Reservations) -> None:
    """`at` is two hours after the end; both lists are limited."""
    document = """query ($at: DateTime!) {
      bookingsToProvision(before: $at, first: 2) { ref }
      bookingsToSettle(at: $at, first: 2) { ref }
    }"""
    answer = await ask(schema, reservations, document, now=START, at="2026-11-24T12:00:00Z")
    assert answer.data == {
        "bookingsToProvision": [{"ref": "BK-1-0"}, {"ref": "BK-1-1"}],
        "bookingsToSettle": [{"ref": "BK-1-0"}, {"ref": "BK-1-1"}],
    }
    early = await ask(schema, reservations, document, now=START, at="2026-11-24T10:59:00Z")
    assert early.data["bookingsToSettle"] == []
