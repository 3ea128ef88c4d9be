"""Legs that a person looks at before they are billed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from processes.rules.review import LONGEST_BILLABLE, Limits, Stay, doubtful, too_dear
from processes.rules.tariff import Charge, Rating, Segment
from tests.processes.rules.cases import local

BOOKED_END = local("18:30:00")
LIMITS = Limits(overrun=timedelta(hours=4), longest=timedelta(hours=6))
BOB = "420601111222\nBob"


def a_stay(id: str, joined: str, left: str, *, person: str | None = None, **changes: bool) -> Stay:
    return Stay(id, local(joined), local(left), person, **changes)


def codes(*stays: Stay, booked: bool = True) -> dict[str, str]:
    held = doubtful(stays, booked_end=BOOKED_END if booked else None, limits=LIMITS)
    return {each.leg: each.code for each in held}


def lasting(time: timedelta, *, is_accepted: bool = False) -> Stay:
    joined = local("17:30:00")
    return Stay("long", joined, joined + time, is_accepted=is_accepted)


@pytest.mark.parametrize(
    ("stays", "held"),
    [
        ([a_stay("a", "17:30:00", "18:20:00"), a_stay("b", "17:30:00", "18:20:00")], {}),
        ([a_stay("a", "17:30:00", "17:30:00")], {}),
        ([a_stay("a", "17:30:00", "17:29:59")], {"a": "clock"}),
        ([a_stay("a", "17:30:00", "17:29:59", is_accepted=True)], {"a": "clock"}),
        ([a_stay("a", "17:30:00", "22:30:00")], {}),
        ([a_stay("a", "17:30:00", "22:30:01")], {"a": "over-long-leg"}),
        ([a_stay("a", "17:30:00", "22:30:01", is_accepted=True)], {}),
        ([a_stay("a", "17:30:00", "22:30:01", is_settled=True)], {}),
    ],
    ids=["fine", "dropped join", "backwards", "backwards all the same", "at the cap", "past it", "accepted", "charged"],
)
def test_leg_is_held_for_its_own_times(stays: list[Stay], held: dict[str, str]) -> None:
    """Past the cap, which is the booked end and 4 h, nobody is billed unseen; a negative leg never is."""
    assert codes(*stays) == held


def test_leg_of_a_room_that_nobody_booked_has_a_limit_too() -> None:
    """Without a booked end it is the longest leg."""
    assert codes(lasting(timedelta(hours=6)), booked=False) == {}
    assert codes(lasting(timedelta(hours=6, seconds=1)), booked=False) == {"long": "over-long-leg"}


def test_nobody_can_have_over_31_days_billed() -> None:
    """Billing takes no such charge; so the leg stays with the person, who is told why, and its conference goes on."""
    assert codes(lasting(LONGEST_BILLABLE, is_accepted=True), booked=False) == {}
    too_long = lasting(LONGEST_BILLABLE + timedelta(seconds=1), is_accepted=True)
    assert codes(too_long, booked=False) == {"long": "over-long-leg"}


@pytest.mark.parametrize(
    ("stays", "held"),
    [
        ([("a", "17:30:00", "17:40:00", BOB), ("b", "17:39:59", "17:50:00", BOB)], {"a", "b"}),
        ([("a", "17:30:00", "17:40:00", BOB), ("b", "17:40:00", "17:50:00", BOB)], set()),
        ([("a", "17:30:00", "17:40:00", BOB), ("b", "17:31:00", "17:32:00", "other")], set()),
        ([("a", "17:30:00", "17:40:00", None), ("b", "17:31:00", "17:32:00", None)], set()),
        ([("a", "17:30:00", "18:00:00", BOB), ("b", "17:31:00", "17:32:00", BOB)], {"a", "b"}),
        ([("a", "17:30:00", "17:40:00", BOB), ("b", "17:35:00", "17:35:00", BOB)], set()),
    ],
    ids=["one second", "right after", "somebody else", "who knows", "twice within one", "a dropped join"],
)
def test_overlap_is_only_where_it_is_sure(stays: list[tuple[str, str, str, str | None]], held: set[str]) -> None:
    """Edge case 25: one participant can't be there twice; which leg is the true one a person says."""
    found = codes(*(a_stay(id, joined, left, person=person) for id, joined, left, person in stays))
    assert found == dict.fromkeys(sorted(held), "overlap")


def test_overlap_with_a_charged_leg_holds_the_late_one() -> None:
    """What is charged stays charged; an accepted one is billed, the other is not by itself."""
    late = a_stay("late", "17:31:00", "17:35:00", person=BOB)
    for first in ({"is_settled": True}, {"is_accepted": True}):
        assert codes(a_stay("first", "17:30:00", "18:00:00", person=BOB, **first), late) == {"late": "overlap"}


def test_phantom_does_not_take_the_rejoin_with_it() -> None:
    """The telephone vanished, its leg went on, the person called again: only the phantom is held."""
    phantom = a_stay("phantom", "17:30:00", "23:50:00", person=BOB)
    assert codes(phantom, a_stay("rejoin", "17:45:00", "18:20:00", person=BOB)) == {"phantom": "over-long-leg"}


def test_leg_that_costs_too_much_is_held() -> None:
    """By currency; what isn't named has no such limit, and what was accepted has none."""
    segment = Segment("dial-out", "peak", 3600, Decimal("20.00"), Decimal("1200.00"), 0, 3600)
    rating = Rating((Charge("dear", 3600, (segment,)),), (), Decimal("0.00"))
    limits = Limits(dearest={"CZK": Decimal("1199.99")})
    (held,) = too_dear(rating, "CZK", limits=limits, accepted=())
    assert (held.leg, held.code, held.seconds) == ("dear", "over-long-leg", 3600)
    assert "1200.00 CZK" in held.message
    assert too_dear(rating, "EUR", limits=limits, accepted=()) == ()
    assert too_dear(rating, "CZK", limits=limits, accepted={"dear"}) == ()
    assert too_dear(rating, "CZK", limits=Limits(dearest={"CZK": Decimal("1200")}), accepted=()) == ()
