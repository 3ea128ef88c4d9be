"""The states of a booking, as tables of cases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processes.rules import bookings as rules
from processes.rules.bookings import Booking, Ended, Times, end_of, misfit, over, times_of
from processes.rules.instants import instant_of
from processes.rules.refusal import Refusal

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
STATUSES = ("DRAFT", "CONFIRMED", "PROVISIONED", "IN_CALL", "COMPLETED", "NO_SHOW", "CANCELLED", "FAILED")


def a_booking(status: str = "CONFIRMED", **changes: Any) -> Booking:
    return Booking(**{"ref": "BK-1", "status": status, "revision": 3, "room": "bk-1", **changes})


def told(verdict: rules.Verdict) -> str:
    """`status revision`, or the refusal's code."""
    return verdict.code if isinstance(verdict, Refusal) else f"{verdict.status} {verdict.revision}"


AT = datetime(2026, 11, 24, 18, tzinfo=UTC)
CHANGED = ("DRAFT 4", "CONFIRMED 4", "CONFIRMED 4", "in-call", "not-open", "not-open", "not-open", "CONFIRMED 4")
CANCELLED = (*["CANCELLED 4"] * 3, "in-call", "not-open", "not-open", "CANCELLED 3", "CANCELLED 4")
PROVISIONED = ("not-open", "PROVISIONED 3", "PROVISIONED 3", "IN_CALL 3", *["not-open"] * 3, "PROVISIONED 3")
CLOSED = (*["still-open"] * 4, "COMPLETED 3", "NO_SHOW 3", "CANCELLED 3", "FAILED 3")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (lambda one: rules.changed(one, revision=3), CHANGED),
        (lambda one: rules.cancelled(one, revision=3, at=AT), CANCELLED),
        (lambda one: rules.provisioned(one, revision=3, bridge="b", room="r"), PROVISIONED),
        (lambda one: rules.closed(one, revision=3), CLOSED),
    ],
)
def test_what_may_become_of_each_status(rule: Callable[[Booking], rules.Verdict], expected: tuple[str, ...]) -> None:
    """A change and a cancellation raise the revision; a call that goes on is not taken away."""
    assert tuple(told(rule(a_booking(status))) for status in STATUSES) == expected


@pytest.mark.parametrize("revision", [2, 4])
def test_revision_wins(revision: int) -> None:
    """Whoever speaks of another revision than the booking's is refused, whatever they want."""
    for verdict in (
        rules.changed(a_booking(), revision=revision),
        rules.cancelled(a_booking(), revision=revision, at=AT),
        rules.provisioned(a_booking(), revision=revision, bridge="b", room="r"),
        rules.closed(a_booking("CANCELLED"), revision=revision),
        rules.in_state(a_booking(), state="NO_SHOW", revision=revision),
    ):
        assert isinstance(verdict, Refusal)
        assert verdict.code == "stale-revision"
        assert verdict.message == f"booking BK-1 has revision 3, not {revision}: look at it again, then decide"


def test_it_is_known_since_when_it_is_cancelled() -> None:
    """The first time counts; one that had no room cost nobody anything."""
    once = rules.cancelled(a_booking(), revision=3, at=AT)
    assert isinstance(once, Booking)
    assert once.cancelled_at == AT
    assert rules.cancelled(once, revision=4, at=AT + timedelta(days=9)) == once
    failed = rules.cancelled(a_booking("FAILED"), revision=3, at=AT)
    assert isinstance(failed, Booking)
    assert failed.cancelled_at is None


def test_room_is_known_by_bridge_name_and_revision() -> None:
    """And no more once it is closed; where it was is still known."""
    made = rules.provisioned(a_booking(), revision=3, bridge="janus", room="r-9")
    assert made == a_booking("PROVISIONED", bridge="janus", room="r-9", provisioned_revision=3)
    gone = rules.closed(a_booking("CANCELLED", bridge="janus", provisioned_revision=2), revision=3)
    assert gone == a_booking("CANCELLED", bridge="janus", provisioned_revision=None)


@pytest.mark.parametrize(
    ("state", "before"),
    [
        ("IN_CALL", {"CONFIRMED", "PROVISIONED", "IN_CALL", "COMPLETED", "NO_SHOW", "FAILED"}),
        ("COMPLETED", {"CONFIRMED", "PROVISIONED", "IN_CALL", "COMPLETED", "NO_SHOW", "FAILED"}),
        ("NO_SHOW", {"CONFIRMED", "PROVISIONED", "NO_SHOW"}),
        ("FAILED", {"CONFIRMED", "PROVISIONED", "FAILED"}),
    ],
)
def test_what_is_seen_of_a_call(state: str, before: set[str]) -> None:
    """Records that come late make a NO_SHOW COMPLETED; nothing makes a call that was seen a NO_SHOW."""
    found = {status: rules.in_state(a_booking(status), state=state) for status in STATUSES}
    assert {status for status, verdict in found.items() if told(verdict) == f"{state} 3"} == before
    assert {told(found[status]) for status in found.keys() - before} == {"not-possible"}


@pytest.mark.parametrize(
    ("status", "took_place", "had_a_room", "by_hand", "expected"),
    [
        ("PROVISIONED", False, True, False, "NO_SHOW"),
        ("PROVISIONED", True, True, False, "COMPLETED"),
        ("CONFIRMED", False, False, False, "FAILED"),
        ("CONFIRMED", False, False, True, "NO_SHOW"),
        ("CONFIRMED", True, False, True, "COMPLETED"),
        ("IN_CALL", False, True, False, "COMPLETED"),
        ("NO_SHOW", True, True, False, "COMPLETED"),
        ("NO_SHOW", False, True, False, None),
        ("COMPLETED", False, True, False, None),
        ("CANCELLED", True, True, False, None),
        ("DRAFT", False, False, True, None),
    ],
)
def test_end_of_a_booking(status: str, took_place: bool, had_a_room: bool, by_hand: bool, expected: str | None) -> None:
    """Without a room to come to nobody failed to come: that is FAILED, never NO_SHOW."""
    assert end_of(Ended(status, took_place, had_a_room, by_hand)) == expected


@pytest.mark.parametrize(
    ("hours", "code"),
    [(0, "ends-before-start"), (-1, "ends-before-start"), (24.1, "too-long"), (24, None), (0.5, None)],
)
def test_length_of_a_conference(hours: float, code: str | None) -> None:
    """More than nothing, at most a day."""
    why = misfit(Times(NOON, NOON + timedelta(hours=hours)))
    assert (why and why.code) == code


def test_what_has_begun_can_be_booked_and_what_is_over_cannot() -> None:
    """People book a room that they need now."""
    times = Times(NOON, NOON + timedelta(hours=1))
    assert over(times, now=NOON + timedelta(minutes=59)) is None
    why = over(times, now=NOON + timedelta(hours=1))
    assert why == Refusal("in-the-past", "it would end at 2026-11-24 13:00Z, and that is over: choose a time to come")


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        ("2026-11-24T17:30", "Europe/Prague", "2026-11-24T16:30:00+00:00"),
        ("2026-07-01T17:30", "Europe/Prague", "2026-07-01T15:30:00+00:00"),
        ("2026-10-25T01:59", "Europe/Prague", "2026-10-24T23:59:00+00:00"),
        ("2026-10-25T02:00", "Europe/Prague", "ambiguous-time"),
        ("2026-10-25T02:59", "Europe/Prague", "ambiguous-time"),
        ("2026-10-25T03:00", "Europe/Prague", "2026-10-25T02:00:00+00:00"),
        ("2027-03-28T01:59", "Europe/Prague", "2027-03-28T00:59:00+00:00"),
        ("2027-03-28T02:00", "Europe/Prague", "no-such-time"),
        ("2027-03-28T03:00", "Europe/Prague", "2027-03-28T01:00:00+00:00"),
        ("2026-10-25T02:30", "UTC", "2026-10-25T02:30:00+00:00"),
        ("2026-11-24T17:30", "Europe/Brno", "unknown-zone"),
        ("2026-11-24T17:30", "Europe", "unknown-zone"),
        ("2026-11-24T17:30", "../etc/passwd", "unknown-zone"),
        ("2026-11-24T17:30", "", "unknown-zone"),
        ("2026-11-24 17:30", "Europe/Prague", "not-a-local-time"),
        ("2026-11-24T17:30:15", "Europe/Prague", "not-a-local-time"),
        ("2026-11-24T17:30Z", "Europe/Prague", "not-a-local-time"),
        ("2026-02-30T17:30", "Europe/Prague", "not-a-local-time"),
    ],
)
def test_local_time_is_an_instant_or_refused(local: str, zone: str, expected: str) -> None:
    """What clocks show twice or never is never guessed."""
    found = instant_of(local, zone=zone)
    assert (found.code if isinstance(found, Refusal) else found.isoformat()) == expected


def test_refused_local_times_say_what_to_do() -> None:
    """The two instants of a double hour, and a way to write the one that is meant."""
    found = times_of("2026-10-25T02:30", "2026-10-25T03:30", zone="Europe/Prague")
    assert isinstance(found, Refusal)
    assert found.message == (
        "2026-10-25T02:30 is twice in Europe/Prague, as clocks go back then (00:30Z and 01:30Z): "
        "take another time, or write it in the zone UTC"
    )


def test_meeting_over_the_change_of_clocks_has_its_true_length() -> None:
    """From 01:30 to 03:30 on the morning when clocks go back are three hours."""
    found = times_of("2026-10-25T01:30", "2026-10-25T03:30", zone="Europe/Prague")
    assert isinstance(found, Times)
    assert found.end - found.start == timedelta(hours=3)
