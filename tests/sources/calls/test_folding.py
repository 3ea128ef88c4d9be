"""Observations become legs: tables of what a switch really does, and laws of what may come late, twice or never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.bridge.calls.folding import MOST_SKEW, fold
from sources.records.calls import FoldedLeg, Kind, Observation, Source

START = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
ROOM = "bk-2026-000123"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def event(
    kind: Kind, seconds: float, who: str | None = None, *, late: float = 0.002, session: str | None = None
) -> Observation:
    room = None if kind in (Kind.STARTED, Kind.SHUTDOWN, Kind.SESSION_LOST) else ROOM
    return Observation(
        bridge="b",
        kind=kind,
        at=at(seconds),
        received_at=at(seconds + late),
        room=room,
        participant=who,
        session=session,
    )


def joined(seconds: float, who: str = "alice", **more: object) -> Observation:
    return event(Kind.JOINED, seconds, who, **more)


def left(seconds: float, who: str = "alice", **more: object) -> Observation:
    return event(Kind.LEFT, seconds, who, **more)


def kicked(seconds: float, who: str = "alice") -> Observation:
    return event(Kind.KICKED, seconds, who)


def seen(first: float, until: float, gone: float | None = None, who: str = "alice") -> Observation:
    """`gone` None: still there."""
    return Observation(
        bridge="b",
        kind=Kind.SEEN,
        source=Source.POLL,
        at=at(first),
        received_at=at(first),
        room=ROOM,
        participant=who,
        until=at(until),
        gone_at=None if gone is None else at(gone),
    )


def silent(since: float, who: str = "alice") -> Observation:
    return replace(event(Kind.SILENT, since, who), source=Source.POLL)


STARTED_AT_0 = event(Kind.STARTED, 0)
DESTROYED_AT_60 = event(Kind.DESTROYED, 60)
FOUND_NEW_AT_0 = replace(STARTED_AT_0, source=Source.POLL, until=at(-1))


def told(legs: Sequence[FoldedLeg]) -> list[tuple[object, ...]]:
    """(participant, joined, left, reason), in seconds from START."""
    return [
        (
            leg.participant,
            (leg.joined_at - START).total_seconds(),
            None if leg.left_at is None else (leg.left_at - START).total_seconds(),
            leg.end_reason and str(leg.end_reason),
        )
        for leg in legs
    ]


@pytest.mark.parametrize(
    ("observations", "legs"),
    [
        pytest.param([joined(1), left(31)], [("alice", 1, 31, "left")], id="comes and goes"),
        pytest.param([joined(1)], [("alice", 1, None, None)], id="is inside"),
        pytest.param([joined(1), seen(2, 30)], [("alice", 1, None, None)], id="is inside and seen"),
        pytest.param([joined(1), left(1)], [("alice", 1, 1, "left")], id="dropped at once"),
        pytest.param(
            [joined(1), joined(2, "bob"), DESTROYED_AT_60],
            [("alice", 1, 60, "room-destroyed"), ("bob", 2, 60, "room-destroyed")],
            id="a destroyed room tells of no leave",
        ),
        pytest.param([joined(1), kicked(20), left(20.001)], [("alice", 1, 20, "kicked")], id="a kick tells twice"),
        pytest.param(
            [joined(1), left(10), joined(12), left(20)],
            [("alice", 1, 10, "left"), ("alice", 12, 20, "left")],
            id="a rejoin under the same id is a leg of its own",
        ),
        pytest.param(
            [joined(1), seen(2, 29, 30), event(Kind.STARTED, 50)],
            [("alice", 1, 29, "left")],
            id="left was lost before the switch was",
        ),
        pytest.param(
            [joined(1), seen(2, 29), event(Kind.STARTED, 50)],
            [("alice", 1, 29, "bridge-lost")],
            id="killed: the end is where they were last seen",
        ),
        pytest.param(
            [joined(1), seen(2, 29, 55), event(Kind.STARTED, 50)],
            [("alice", 1, 29, "bridge-lost")],
            id="killed, and the first poll of its next life sees nobody",
        ),
        pytest.param(
            [joined(1), event(Kind.STARTED, 50)], [("alice", 1, 1, "bridge-lost")], id="killed before any poll"
        ),
        pytest.param(
            [joined(1), seen(2, 290), event(Kind.STARTED, 0), replace(FOUND_NEW_AT_0, at=at(300), until=at(290))],
            [("alice", 1, 290, "bridge-lost")],
            id="killed again, and only polls tell of the second start",
        ),
        pytest.param(
            [joined(1), seen(2, 29), replace(FOUND_NEW_AT_0, at=at(50), until=at(30))],
            [("alice", 1, 29, "bridge-lost")],
            id="killed, and only polls tell of the new start",
        ),
        pytest.param(
            [joined(1), event(Kind.SHUTDOWN, 40), event(Kind.STARTED, 50)],
            [("alice", 1, 40, "bridge-shutdown")],
            id="stopped in order",
        ),
        pytest.param(
            [joined(1), seen(2, 90, 91), silent(30), kicked(90), left(90.001)],
            [("alice", 1, 30, "media-timeout")],
            id="silent legs end where they were last heard",
        ),
        pytest.param([joined(1), silent(0.5)], [("alice", 1, 1, "media-timeout")], id="never heard at all"),
        pytest.param(
            [joined(1, session="7"), event(Kind.SESSION_LOST, 62, session="7"), left(62.1)],
            [("alice", 1, 62.1, "controller-timeout")],
            id="the controller died",
        ),
        pytest.param(
            [joined(1, session="7"), event(Kind.SESSION_LOST, 62, session="8"), left(62.1)],
            [("alice", 1, 62.1, "left")],
            id="another controller died",
        ),
        pytest.param([seen(2, 29, 30)], [("alice", 2, 29, "left")], id="polls alone"),
        pytest.param([seen(2, 29)], [("alice", 2, None, None)], id="polls alone, inside"),
        pytest.param([joined(1), seen(2, 29, 30)], [("alice", 1, 29, "left")], id="left is lost"),
        pytest.param([seen(2, 29, 30), left(29.5)], [("alice", 2, 29.5, "left")], id="joined is lost"),
        pytest.param(
            [joined(1), joined(40), left(50), seen(2, 29, 30), seen(41, 49, 50)],
            [("alice", 1, 29, "left"), ("alice", 40, 50, "left")],
            id="left is lost between two joins",
        ),
        pytest.param(
            [joined(1), left(50), seen(2, 29, 30), seen(35, 49, 50)],
            [("alice", 1, 29, "left"), ("alice", 35, 50, "left")],
            id="both events of a pause are lost",
        ),
        pytest.param(
            [joined(1), left(20.5), joined(21.5), left(50), seen(6, 25, 26), seen(27, 54, 55)],
            [("alice", 1, 20.5, "left"), ("alice", 21.5, 50, "left")],
            id="the switch's clock is five seconds behind",
        ),
        pytest.param(
            [joined(1), left(30), seen(2, 200)],
            [("alice", 1, 30, "left"), ("alice", 30, None, None)],
            id="came back at once, and the join is lost",
        ),
        pytest.param(
            [joined(1), left(1.2), joined(5), left(50), seen(6, 49, 50)],
            [("alice", 1, 1.2, "left"), ("alice", 5, 50, "left")],
            id="a stay too short for polls",
        ),
    ],
)
def test_what_was_observed_becomes_legs(observations: list[Observation], legs: list[tuple[object, ...]]) -> None:
    """Every trap that a real switch sets, as a case."""
    assert told(fold(observations)) == legs


def test_leg_is_known_by_switch_life_room_and_participant() -> None:
    """I1; a second leg of the same id, which no controller of ours makes, has a number."""
    legs = fold([STARTED_AT_0, joined(1), left(10), joined(12), joined(3, "bob")])
    own = f"b:20261124T163000Z:{ROOM}"
    assert [leg.id for leg in legs] == [f"{own}:alice", f"{own}:bob", f"{own}:alice:2"]


def test_rejoin_after_a_restart_is_another_leg() -> None:
    """Edge case 10: the same id in the switch's next life."""
    legs = fold([STARTED_AT_0, joined(1), seen(2, 29), event(Kind.STARTED, 50), joined(55), left(80)])
    assert [(leg.epoch, leg.end_reason and str(leg.end_reason)) for leg in legs] == [
        ("20261124T163000Z", "bridge-lost"),
        ("20261124T163050Z", "left"),
    ]
    assert len({leg.id for leg in legs}) == 2


def test_start_that_polls_find_is_the_one_that_events_told_of() -> None:
    """A poll finds a new life some time after the event of its start; it is no third one."""
    found = replace(FOUND_NEW_AT_0, at=at(0.4))
    again = [event(Kind.STARTED, 50), replace(found, at=at(51), until=at(30))]
    legs = fold([STARTED_AT_0, found, joined(1), seen(2, 29), *again, joined(55), left(80)])
    assert [leg.epoch for leg in legs] == ["20261124T163000Z", "20261124T163050Z"]


def test_late_event_for_a_leg_that_polls_inferred_is_the_same_leg() -> None:
    """Edge case 25: one identity, however it became known."""
    by_polls = fold([STARTED_AT_0, seen(2, 29, 30)])
    by_both = fold([STARTED_AT_0, seen(2, 29, 30), joined(1.5, late=100), left(29.5, late=100)])
    assert [leg.id for leg in by_polls] == [leg.id for leg in by_both]
    assert told(by_both) == [("alice", 1.5, 29.5, "left")]


@pytest.mark.parametrize(
    ("observations", "agreed"),
    [
        ([joined(1), left(30), seen(2, 29, 30)], True),
        ([joined(1), left(1.3)], True),
        ([joined(1), left(30), seen(2, 29)], False),  # the next poll will tell
        ([joined(1), seen(2, 29, 30)], False),  # the leave may still come
        ([seen(2, 29, 30), left(30)], False),
    ],
)
def test_leg_is_agreed_when_events_and_polls_tell_the_same(observations: list[Observation], agreed: bool) -> None:
    """Then nothing is to be waited for."""
    (leg,) = fold(observations)
    assert leg.is_agreed is agreed


OFF = MOST_SKEW.total_seconds() + 1


@pytest.mark.parametrize(
    ("observations", "problem"),
    [
        ([joined(1), left(30)], None),
        ([joined(1, late=OFF), left(30, late=OFF)], "clock"),
        ([joined(1, late=-OFF), left(30, late=-OFF)], "clock"),
        ([joined(1, late=OFF), left(30, late=OFF), seen(2, 29, 30)], None),  # delivered late, as polls can tell
        ([joined(1, late=OFF), left(30, late=OFF), seen(302, 329, 330)], "clock"),
        ([joined(100, late=0.1), left(30, late=75)], "clock"),  # left before it joined
        ([left(30)], "incomplete"),
        ([joined(1), joined(40), left(50)], "incomplete"),
    ],
)
def test_what_can_be_no_call_record_says_why(observations: list[Observation], problem: str | None) -> None:
    """Edge case 8: more than two minutes from receipt, or a leave before its join; never clamped in silence."""
    assert next(iter(fold(observations))).problem == problem


def test_simulators_clock_is_never_a_problem() -> None:
    """It is make-believe."""
    (leg,) = fold([joined(1, late=OFF), left(30, late=OFF)], trusts_clock=True)
    assert leg.problem is None


# Laws

STAYS = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(3, 600), st.sampled_from(("left", "kicked"))), min_size=1, max_size=6
)


def calls_events(stays: list[tuple[int, int, str]]) -> list[Observation]:
    """Each stay is a participant's of its own, as a controller makes them."""
    events = [event(Kind.STARTED, -100)]
    for number, (start, length, how) in enumerate(stays):
        who = f"p{number}"
        events += [joined(start + 0.25, who), left(start + length, who)]
        if how == "kicked":
            events.append(kicked(start + length - 0.001, who))
    return events


def polls_of(stays: list[tuple[int, int, str]]) -> list[Observation]:
    """A poll each whole second and a half."""
    polls = []
    for number, (start, length, _) in enumerate(stays):
        saw = [second + 0.5 for second in range(start, start + length)]
        polls.append(seen(saw[0], saw[-1], saw[-1] + 1, f"p{number}"))
    return polls


def plain(legs: Sequence[FoldedLeg]) -> list[FoldedLeg]:
    """Without what only says how sure it is."""
    return [replace(leg, is_agreed=True) for leg in legs]


@settings(max_examples=60, deadline=None)
@given(stays=STAYS, data=st.data())
def test_order_repeats_and_delay_change_no_leg(stays: list[tuple[int, int, str]], data: st.DataObject) -> None:
    """Events that come twice, later or in another order are the same events."""
    events = [*calls_events(stays), *polls_of(stays)]
    again = data.draw(st.lists(st.sampled_from(events)))
    delays = st.integers(0, 100)
    copies = [replace(each, received_at=each.received_at + timedelta(seconds=data.draw(delays))) for each in again]
    mixed = data.draw(st.permutations([*events, *(copy for copy in copies if copy.source is Source.EVENT)]))
    assert fold(mixed) == fold(events)


@settings(max_examples=60, deadline=None)
@given(stays=STAYS, data=st.data())
def test_polls_give_what_lost_events_did_not_within_their_interval(
    stays: list[tuple[int, int, str]], data: st.DataObject
) -> None:
    """Whatever events are lost, each leg is there once, with the same identity, off by a poll's interval at most."""
    events = calls_events(stays)
    kept = [events[0], *data.draw(st.lists(st.sampled_from(events[1:]), unique=True))]
    whole = {leg.id: leg for leg in fold(events)}
    found = {leg.id: leg for leg in fold([*kept, *polls_of(stays)])}
    assert found.keys() == whole.keys()
    for id, leg in found.items():
        assert leg.left_at is not None
        assert abs(leg.joined_at - whole[id].joined_at) <= timedelta(seconds=1)
        assert abs(leg.left_at - (whole[id].left_at or START)) <= timedelta(seconds=1)
        assert leg.problem is None


@settings(max_examples=60, deadline=None)
@given(stays=STAYS, data=st.data())
def test_legs_of_one_participant_never_overlap(stays: list[tuple[int, int, str]], data: st.DataObject) -> None:
    """Even where everybody has the same id and anything is lost: nobody is in a room twice at once."""
    events = [replace(each, participant=each.participant and "p") for each in calls_events(stays)]
    polls = sorted((replace(each, participant="p") for each in polls_of(stays)), key=lambda each: each.at)
    kept = data.draw(st.lists(st.sampled_from([*events, *polls]), unique=True))
    legs = fold(kept)
    assert len({leg.id for leg in legs}) == len(legs)
    for first, second in pairwise(leg for leg in legs if leg.problem is None):
        assert first.left_at is not None
        assert first.left_at <= second.joined_at
