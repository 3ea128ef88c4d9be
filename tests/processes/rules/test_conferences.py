"""Legs grouped into conferences (domain.md edge case 26)."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations

import pytest

from processes.rules.conferences import Booking, Conference, Leg, assemble
from tests.processes.rules.cases import local


def clock(text: str) -> datetime:
    return local(text if len(text) != 5 else f"{text}:00")


def a_leg(id: str, joined: str, left: str, *, room: str = "20260123") -> Leg:
    return Leg(id, room, clock(joined), clock(left))


def a_booking(ref: str, starts: str, ends: str, *, room: str = "20260123", status: str = "COMPLETED") -> Booking:
    return Booking(ref, room, clock(starts), clock(ends), status)


BOOKED = a_booking("BK-A", "10:00", "11:00")


@pytest.mark.parametrize(
    ("joined", "owner"),
    [
        ("09:29:59", None),
        ("09:30:00", "BK-A"),
        ("10:59", "BK-A"),
        ("11:30", "BK-A"),
        ("14:59:59", "BK-A"),
        ("15:00:00", None),
    ],
    ids=["too early", "half an hour early", "in time", "overrun", "just before the cap", "at the cap"],
)
def test_a_bookings_window(joined: str, owner: str | None) -> None:
    """From 30 minutes before its start to 4 hours after its end, by the join."""
    assert assemble([a_leg("1", joined, "16:00")], [BOOKED]) == (Conference("20260123", owner, ("1",)),)


@pytest.mark.parametrize(
    ("joined", "owner"),
    [
        ("10:35", "BK-A"),
        ("10:59:59", "BK-A"),
        ("11:00:00", "BK-B"),
        ("11:14", "BK-B"),
        ("15:59:59", "BK-B"),
        ("16:00", None),
    ],
    ids=["A, also within B's half hour", "A to its end", "B after A's end", "B early", "B to its cap", "nobody's"],
)
def test_the_next_booking_ends_the_window(joined: str, owner: str | None) -> None:
    """B at 11:15 begins when A's booked time is over, so no join has two owners."""
    bookings = [a_booking("BK-B", "11:15", "12:00"), BOOKED]
    assert [found.booking for found in assemble([a_leg("1", joined, "17:00")], bookings)] == [owner]


def test_a_room_booked_twice_changes_hands_at_the_later_start() -> None:
    """It should not happen; if it does, no leg is lost and none counted twice."""
    bookings = [BOOKED, a_booking("BK-B", "10:30", "11:30")]
    legs = [a_leg("1", "10:29", "11:00"), a_leg("2", "10:30", "11:00")]
    assert assemble(legs, bookings) == (Conference("20260123", "BK-A", ("1",)), Conference("20260123", "BK-B", ("2",)))


@pytest.mark.parametrize("status", ["DRAFT", "CANCELLED", "FAILED"])
def test_a_booking_that_does_not_hold_its_room(status: str) -> None:
    """Its legs have no known owner."""
    assert assemble([a_leg("1", "10:00", "11:00")], [a_booking("BK-A", "10:00", "11:00", status=status)]) == (
        Conference("20260123", None, ("1",)),
    )


def test_another_rooms_booking_owns_nothing_here() -> None:
    """Rooms are compared, not only times."""
    found = assemble([a_leg("1", "10:00", "11:00")], [a_booking("BK-A", "10:00", "11:00", room="other")])
    assert [one.booking for one in found] == [None]


def test_a_conference_holds_all_legs_of_its_window_in_order_of_joining() -> None:
    """Also those that don't overlap: one booking, one conference."""
    legs = [a_leg("3", "13:00", "13:10"), a_leg("1", "10:00", "10:20"), a_leg("2", "10:05", "10:10")]
    assert assemble(legs, [BOOKED]) == (Conference("20260123", "BK-A", ("1", "2", "3")),)


def test_unbooked_legs_are_grouped_by_overlap() -> None:
    """Followed from one to the next; touching is together; a gap of a second parts."""
    legs = [
        a_leg("1", "10:00", "10:20"),
        a_leg("2", "10:10", "10:40"),
        a_leg("3", "10:40", "10:50"),
        a_leg("4", "10:50:01", "11:00"),
        a_leg("5", "10:00", "11:00", room="other"),
    ]
    found = assemble(legs, [])
    assert sorted(one.legs for one in found) == [("1", "2", "3"), ("4",), ("5",)]
    assert {one.booking for one in found} == {None}


def test_the_order_of_legs_and_bookings_changes_nothing() -> None:
    """Grouping is a function of sets."""
    legs = [
        a_leg("1", "10:00", "10:20"),
        a_leg("2", "10:10", "10:40"),
        a_leg("3", "20:00", "20:10"),
        a_leg("4", "20:05", "20:06"),
    ]
    bookings = [BOOKED, a_booking("BK-B", "11:15", "12:00")]
    found = {assemble(order, booked) for order in permutations(legs) for booked in (bookings, bookings[::-1])}
    assert len(found) == 1
