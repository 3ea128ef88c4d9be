"""Reservations: bookings by reference, client and room; how they are made and changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sources.errors import KeyReused
from sources.idempotency import Call, input_hash
from sources.records.refusal import Refusal
from sources.records.reservations import Booking, Order
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


# What is written


def an_order(hour: int = 5, **changes: object) -> Order:
    start = START + timedelta(hours=hour)
    order = Order(
        client="CL-1",
        account=None,
        title="Porada",
        organiser="Alice",
        local_start="2026-11-24T14:00",
        local_end="2026-11-24T15:00",
        time_zone="Europe/Prague",
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        expected_participants=3,
    )
    return replace(order, **changes)  # type: ignore[arg-type]


async def create(reservations: Reservations, *, key: str = "k", year: int = 2026, **changes: object) -> Booking:
    return await reservations.create(an_order(**changes), year=year, caller="me", key=key)  # type: ignore[arg-type]


async def edit(reservations: Reservations, ref: str, key: str, **changes: object) -> Booking | Refusal:
    call = Call("test", "me", key, input_hash(sorted(changes)))
    return await reservations.edit(ref, lambda booking: replace(booking, **changes), call=call)


async def test_new_booking_has_a_reference_a_room_and_a_pin(reservations: Reservations) -> None:
    """The room is called as the booking; the PIN is six digits."""
    made = await create(reservations)
    assert (made.ref, made.room, made.status, made.revision) == ("BK-2026-000001", "bk-2026-000001", "CONFIRMED", 1)
    assert made.pin is not None
    assert made.pin.isdigit()
    assert len(made.pin) == 6
    assert (made.bridge, made.provisioned_revision) == (None, None)
    assert made.pin not in repr(made)
    assert await reservations.bookings([made.ref]) == [made]


async def test_references_are_gapless_in_a_year(reservations: Reservations) -> None:
    """Many at once and some again: no number twice, none left out, and each key has one booking."""
    keys = [f"k{n}" for n in range(12)]
    made = await asyncio.gather(*(create(reservations, key=key) for key in [*keys, *keys[:5]]))
    assert sorted({booking.ref for booking in made}) == [f"BK-2026-{n:06}" for n in range(1, 13)]
    assert [booking.ref for booking in made[12:]] == [booking.ref for booking in made[:5]]
    assert (await create(reservations, key="next year", year=2027)).ref == "BK-2027-000001"


async def test_references_go_on_after_those_that_are_there(database: MakeDatabase) -> None:
    """Bookings that were loaded otherwise keep theirs; what is no number of that year doesn't count."""
    there = [a_booking("BK-2026-000123"), a_booking("BK-2025-000900"), a_booking("BK-2026-000124x")]
    made = database("reservations", METADATA, lambda connection: Reservations.fill(connection, bookings=there))
    assert (await create(Reservations(made))).ref == "BK-2026-000124"


async def test_same_key_with_another_order_is_refused(reservations: Reservations) -> None:
    """And nothing is made of it."""
    await create(reservations)
    with pytest.raises(KeyReused):
        await create(reservations, title="other")
    assert (await create(reservations, key="k2")).ref == "BK-2026-000002"


async def test_edit_is_made_once(reservations: Reservations) -> None:
    """The same key gives the first answer again: a revision is raised once."""
    made = await create(reservations)

    def moved(booking: Booking) -> Booking:
        return replace(booking, revision=booking.revision + 1, title="moved")

    call = Call("test", "me", "k", input_hash([]))
    for _ in range(2):
        assert await reservations.edit(made.ref, moved, call=call) == replace(made, revision=2, title="moved")


async def test_edits_at_once_see_each_other(reservations: Reservations) -> None:
    """Each decides on what the one before it left."""
    made = await create(reservations)

    def raised(booking: Booking) -> Booking:
        return replace(booking, revision=booking.revision + 1)

    calls = [Call("test", "me", f"k{n}", input_hash([])) for n in range(10)]
    await asyncio.gather(*(reservations.edit(made.ref, raised, call=call) for call in calls))
    [found] = await reservations.bookings([made.ref])
    assert found.revision == 11


async def test_refused_edit_changes_nothing_and_is_an_answer(reservations: Reservations) -> None:
    """Also about a booking that there isn't."""
    refusal = Refusal("no", "because")
    call = Call("test", "me", "k", input_hash([]))
    for _ in range(2):
        assert await reservations.edit("BK-1", lambda _: refusal, call=call) == refusal
    unknown = await edit(reservations, "BK-0", "k2", title="x")
    assert unknown == Refusal("unknown-booking", "there is no booking BK-0: check its reference")


async def test_bookings_that_need_a_room(reservations: Reservations) -> None:
    """Confirmed ones until they are over, from when somebody wants to; cancelled ones that still have a room."""
    for ref, key, changes in (
        ("BK-1", "1", {"status": "PROVISIONED", "provisioned_revision": 1}),
        ("BK-2", "2", {"status": "CANCELLED", "provisioned_revision": 1, "revision": 2}),
        ("BK-4", "4", {"status": "CANCELLED"}),
    ):
        await edit(reservations, ref, key, **changes)

    async def due(before: float, now: float, limit: int = 9) -> list[str]:
        times = [START + timedelta(hours=hours) for hours in (before, now)]
        return refs(await reservations.to_provision(before=times[0], now=times[1], limit=limit))

    assert await due(3, 0) == ["BK-2", "BK-3"]
    assert await due(3, 0, limit=1) == ["BK-2"]
    assert await due(2, 0) == ["BK-2"]
    assert await due(9, 2.99) == ["BK-2", "BK-3"]
    assert await due(9, 3) == ["BK-2"]


async def test_bookings_that_are_to_be_settled(reservations: Reservations) -> None:
    """Those that ended and are not over, and those that are and still have a room."""
    for ref, key, changes in (
        ("BK-1", "1", {"status": "PROVISIONED", "provisioned_revision": 1}),
        ("BK-2", "2", {"status": "COMPLETED", "provisioned_revision": 1}),
        ("BK-4", "4", {"status": "NO_SHOW"}),
    ):
        await edit(reservations, ref, key, **changes)
    assert refs(await reservations.to_settle(ended=START + timedelta(hours=1), limit=9)) == ["BK-1"]
    assert refs(await reservations.to_settle(ended=START + timedelta(hours=3), limit=9)) == ["BK-1", "BK-2", "BK-3"]
