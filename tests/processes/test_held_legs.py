"""Legs that wait for a person: held while their conference goes on, and rated as the person decided."""

from __future__ import annotations

from typing import Any

import pytest

from processes.invoice_conference import Prepared, invoice_conference
from processes.rules.refusal import Refusal
from tests.processes.test_invoice_conference import CONFERENCE, RUN, Company, a_booking, a_leg, an_account

FINE = a_leg("fine", "17:30:00", "18:20:00")
BACKWARDS = a_leg("backwards", "17:40:00", "17:39:00")
PHANTOM = a_leg("phantom", "17:40:00", "2026-12-24 17:40:00")
LONGER_THAN_A_MONTH = a_leg("phantom", "17:40:00", "2027-01-24 17:40:00")


def called(leg: dict[str, Any], number: str) -> dict[str, Any]:
    return {**leg, "displayName": "Bob", "callerNumber": number}


TWICE = [
    called(a_leg("one", "17:35:00", "18:00:00"), "420601111222"),
    called(a_leg("other", "17:59:59", "18:10:00"), "420601111222"),
]


def decided(leg: str, resolution: str, **changes: Any) -> dict[str, Any]:
    nothing = {"endsAt": None, "booking": None, "client": None, "account": None}
    return {"leg": {"id": leg}, "resolution": resolution, **nothing, **changes}


async def told(company: Company) -> tuple[Any, list[str], dict[str, str]]:
    """(outcome, the legs that were charged, leg -> why it is held)."""
    graph = company.graph()
    outcome = await invoice_conference(graph, CONFERENCE, run=RUN)
    charged = [
        charge["leg"]
        for name, variables in graph.asked
        if name == "RecordCharges"
        for charge in variables["input"]["charges"]
    ]
    noted = [variables for name, variables in graph.asked if name == "RecordRatingExceptions"]
    held = {leg["leg"]: leg.get("code", each["code"]) for each in noted for leg in each["legs"]}
    return outcome, charged, held


@pytest.mark.parametrize(
    ("legs", "held"),
    [
        ([BACKWARDS], {"backwards": "clock"}),
        ([PHANTOM], {"phantom": "over-long-leg"}),
        ([LONGER_THAN_A_MONTH], {"phantom": "over-long-leg"}),
        (TWICE, {"one": "overlap", "other": "overlap"}),
    ],
    ids=["clock", "30 days", "over 31 days", "overlap"],
)
async def test_leg_is_held_and_the_others_are_invoiced(legs: list[dict[str, Any]], held: dict[str, str]) -> None:
    """A phantom on an invoice is a complaint, a conference that it blocks is money: neither happens."""
    assert await told(Company(legs=[FINE, *legs])) == (Prepared("INV-1"), ["fine"], held)


async def test_without_another_leg_the_answer_is_why() -> None:
    """And no tariff is asked for."""
    company = Company(legs=[PHANTOM])
    graph = company.graph()
    outcome = await invoice_conference(graph, CONFERENCE, run=RUN)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "over-long-leg"
    assert graph.operations == ["ConferenceToInvoice", "RecordRatingExceptions"]
    noted = graph.variables("RecordRatingExceptions")
    assert noted["client"] == "CL-00417"
    assert noted["legs"] == [
        {"leg": "phantom", "durationSeconds": 2_592_000, "code": "over-long-leg", "message": outcome.message}
    ]


async def test_leg_that_is_dear_is_held() -> None:
    """Alice's 50 minutes cost more than Bob's one."""
    company = Company(legs=[FINE, a_leg("short", "17:31:00", "17:32:00")], dearest={"CZK": "10.00"})
    assert await told(company) == (Prepared("INV-1"), ["short"], {"fine": "over-long-leg"})
    company = Company(legs=[FINE], dearest={"CZK": "10.00"})
    outcome, charged, held = await told(company)
    assert (outcome.code, charged, held) == ("over-long-leg", [], {"fine": "over-long-leg"})


async def test_a_refusal_of_the_call_leaves_each_held_leg_its_own_reason() -> None:
    """Whose the call was is one question, how long the leg lasted another."""
    outcome, charged, held = await told(Company(booking=None, legs=[FINE, PHANTOM]))
    assert (outcome.code, charged) == ("unknown-owner", [])
    assert held == {"fine": "unknown-owner", "phantom": "over-long-leg"}


async def test_a_backwards_leg_does_not_say_when_the_conference_began() -> None:
    """Its join may be years ago; the rates are those of the first join that is believed."""
    company = Company(legs=[FINE, a_leg("clock", "1999-01-01 00:00:00", "1998-01-01 00:00:00")])
    graph = company.graph()
    await invoice_conference(graph, CONFERENCE, run=RUN)
    assert graph.variables("TariffInForce")["at"] == "2026-11-24T16:30:00Z"


# Decided


@pytest.mark.parametrize(
    ("decisions", "charged", "held"),
    [
        ([decided("phantom", "ACCEPT")], ["fine", "phantom"], {}),
        ([decided("phantom", "EXCLUDE")], ["fine"], {}),
        ([decided("phantom", "RETRY")], ["fine"], {"phantom": "over-long-leg"}),
        ([decided("phantom", "ACCEPT", endsAt="2026-11-24T17:00:00Z")], ["fine", "phantom"], {}),
        ([decided("phantom", "ACCEPT", endsAt="2026-11-24T16:00:00Z")], ["fine"], {"phantom": "clock"}),
    ],
    ids=["accepted", "excluded", "tried again", "another end", "an end before the join"],
)
async def test_a_decision_holds(decisions: list[dict[str, Any]], charged: list[str], held: dict[str, str]) -> None:
    """A person looked at the leg; an excluded one is never told to billing again."""
    assert await told(Company(legs=[FINE, PHANTOM], decisions=decisions)) == (Prepared("INV-1"), charged, held)


async def test_the_end_by_hand_is_what_is_billed() -> None:
    """20 minutes of true duration, whatever the bridge said."""
    company = Company(legs=[PHANTOM], decisions=[decided("phantom", "ACCEPT", endsAt="2026-11-24T17:00:00Z")])
    graph = company.graph()
    await invoice_conference(graph, CONFERENCE, run=RUN)
    (charge,) = graph.variables("RecordCharges")["input"]["charges"]
    assert charge["durationSeconds"] == 1200


async def test_nobody_can_accept_over_31_days() -> None:
    """Billing would not take it: the run would fail, and the conference with it."""
    company = Company(legs=[FINE, LONGER_THAN_A_MONTH], decisions=[decided("phantom", "ACCEPT")])
    assert await told(company) == (Prepared("INV-1"), ["fine"], {"phantom": "over-long-leg"})


async def test_excluding_one_of_two_lets_the_other_through() -> None:
    """An overlap with what is not billed is none."""
    company = Company(legs=TWICE, decisions=[decided("other", "EXCLUDE")])
    assert await told(company) == (Prepared("INV-1"), ["one"], {})


async def test_all_excluded_is_nothing_to_bill() -> None:
    """Neither an exception nor a charge."""
    outcome, charged, held = await told(Company(legs=[PHANTOM], decisions=[decided("phantom", "EXCLUDE")]))
    assert (outcome.code, charged, held) == ("nothing-to-bill", [], {})


OTHERS = {"id": "CL-00418", "accountHistory": [an_account("7700200", owner="CL-00418")]}
OTHER_BOOKING = {**a_booking(an_account("7700200", owner="CL-00418"), client="CL-00418"), "ref": "BK-2026-000999"}


@pytest.mark.parametrize(
    ("named", "account", "booking"),
    [
        ({"client": OTHERS, "account": {"number": "7700200"}}, "7700200", None),
        ({"booking": OTHER_BOOKING}, "7700200", "BK-2026-000999"),
    ],
    ids=["a client and an account", "a booking"],
)
@pytest.mark.parametrize("booked", [None, a_booking(an_account("7700123"))], ids=["nobody's", "another's"])
async def test_owner_by_hand_pays(
    booked: dict[str, Any] | None, named: dict[str, Any], account: str, booking: str | None
) -> None:
    """Edge case 4: assigned by hand; and a wrong booking is overruled."""
    company = Company(booking=booked, legs=[FINE], decisions=[decided("fine", "OWNER", **named)])
    graph = company.graph()
    assert await invoice_conference(graph, CONFERENCE, run=RUN) == Prepared("INV-1")
    told_billing = graph.variables("RecordCharges")["input"]
    assert (told_billing["account"], told_billing["booking"]) == (account, booking)


async def test_owner_by_hand_must_own_the_account() -> None:
    """A slip of the hand is held like any other wrong account."""
    decisions = [decided("fine", "OWNER", client=OTHERS, account={"number": "7700123"})]
    outcome, charged, held = await told(Company(booking=None, legs=[FINE], decisions=decisions))
    assert (outcome.code, charged, held) == ("foreign-account", [], {"fine": "foreign-account"})
    assert "by hand" in outcome.message


async def test_the_last_word_counts() -> None:
    """Corrected once more, by the later of two decisions."""
    decisions = [
        decided("fine", "OWNER", client=OTHERS, account={"number": "7700200"}),
        decided("fine", "OWNER", booking=a_booking(an_account("7700123"))),
    ]
    company = Company(booking=None, legs=[FINE], decisions=decisions)
    graph = company.graph()
    await invoice_conference(graph, CONFERENCE, run=RUN)
    assert graph.variables("RecordCharges")["input"]["account"] == "7700123"


@pytest.mark.parametrize("code", ["wrong-currency", "unknown-account"])
async def test_what_billing_refuses_for_its_account_is_noted_too(code: str) -> None:
    """Never skipped in silence: somebody has to see to it."""
    outcome, _, held = await told(Company(legs=[FINE], refuses_charges=code))
    assert (outcome.code, held) == (code, {"fine": code})
