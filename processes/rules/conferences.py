"""Which legs are one conference (domain.md edge case 26).

A booking owns its room from 30 minutes before its start to its cap: 4 hours after its booked end, or earlier, when the
next booking of the room begins. A leg belongs where its join lies. Outside every window the owner is unknown: legs that
overlap in time are one conference.

    10:00 ---- A ---- 10:40      11:00 ---- B ---- 12:00
    [09:30          A       10:40)[10:40     B               16:00)

Between two close bookings a join after A's booked end and less than 30 minutes before B's start is B's: guests come
early to a conference more often than they come to one that is over. So windows of one room never overlap.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

__all__ = ["EARLIEST", "OVERRUN", "Booking", "Conference", "Leg", "Window", "assemble", "windows_of"]

EARLIEST = timedelta(minutes=30)
OVERRUN = timedelta(hours=4)

OWNING = frozenset({"CONFIRMED", "PROVISIONED", "IN_CALL", "COMPLETED", "NO_SHOW"})
"""A draft owns no room yet, a cancelled or failed booking no more. NO_SHOW does: its records may only be late."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A stay in a room; `id` is the call record's identity."""

    id: str
    room: str
    joined_at: datetime
    left_at: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """`status` as reservations names it; [starts_at, ends_at) as booked."""

    ref: str
    room: str
    starts_at: datetime
    ends_at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch [opens, closes) in which joins to `room` belong to `booking`."""

    room: str
    booking: str
    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True)
class Conference:
    """Legs of one room, in order of joining. `booking` None: unknown owner."""

    room: str
    booking: str | None
    legs: tuple[str, ...]


def assemble(legs: Iterable[Leg], bookings: Iterable[Booking]) -> tuple[Conference, ...]:
    """Group `legs` into conferences: the booked ones, then those of unknown owner, each kind by its first join.

    The order of the arguments' items does not matter. Legs that come late are grouped among themselves; the bridge,
    which gave the ids, puts them to the conference it has already for that booking, or that they overlap.
    """
    windows = windows_of(bookings)
    booked: dict[Window, list[Leg]] = {}
    strays: list[Leg] = []
    for leg in in_order(legs):
        window = window_of(leg, windows)
        booked.setdefault(window, []).append(leg) if window else strays.append(leg)
    found = [conference(group, window.booking) for window, group in booked.items()]
    found += [conference(group, None) for group in overlapping(strays)]
    return tuple(found)


def conference(group: Sequence[Leg], booking: str | None) -> Conference:
    return Conference(group[0].room, booking, tuple(leg.id for leg in in_order(group)))


def windows_of(bookings: Iterable[Booking]) -> dict[str, list[Window]]:
    """The windows of each room, in order of time, none overlapping another."""
    rooms: dict[str, list[Booking]] = {}
    for booking in sorted(bookings, key=lambda booking: (booking.starts_at, booking.ref)):
        if booking.status in OWNING:
            rooms.setdefault(booking.room, []).append(booking)
    return {room: list(room_windows(booked)) for room, booked in rooms.items()}


def room_windows(bookings: Sequence[Booking]) -> Iterator[Window]:
    """Of one room's bookings in order of start. A window closes at its cap or where the next one opens."""
    opens = [bookings[0].starts_at - EARLIEST]
    for before, booking in pairwise(bookings):
        # Early, but not into the booked time of the one before; a double-booked room changes hands at the later start.
        opens.append(min(booking.starts_at, max(booking.starts_at - EARLIEST, before.ends_at)))
    for booking, begin, until in zip(bookings, opens, [*opens[1:], None], strict=True):
        cap = booking.ends_at + OVERRUN
        yield Window(booking.room, booking.ref, begin, cap if until is None else min(cap, until))


def window_of(leg: Leg, windows: dict[str, list[Window]]) -> Window | None:
    candidates = windows.get(leg.room, [])
    place = bisect_right(candidates, leg.joined_at, key=lambda window: window.opens) - 1
    if place < 0 or leg.joined_at >= candidates[place].closes:
        return None
    return candidates[place]


def overlapping(legs: Iterable[Leg]) -> Iterator[list[Leg]]:
    """Legs of one room whose stays overlap or touch, followed from one to the next."""
    for room_legs in by_room(legs).values():
        group = [room_legs[0]]
        until = room_legs[0].left_at
        for leg in room_legs[1:]:
            if leg.joined_at > until:
                yield group
                group = []
            group.append(leg)
            until = max(until, leg.left_at)
        yield group


def by_room(legs: Iterable[Leg]) -> dict[str, list[Leg]]:
    rooms: dict[str, list[Leg]] = {}
    for leg in in_order(legs):
        rooms.setdefault(leg.room, []).append(leg)
    return rooms


def in_order(legs: Iterable[Leg]) -> list[Leg]:
    return sorted(legs, key=lambda leg: (leg.joined_at, leg.left_at, leg.id))
