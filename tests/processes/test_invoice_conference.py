"""From a conference to its draft invoice: what is asked, what is told, and each way to be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from processes.graph import GraphError
from processes.invoice_conference import Prepared, invoice_conference
from processes.rules.refusal import Refusal
from processes.wire import instant_to_wire
from tests.processes.fakes import FakeGraph, unavailable
from tests.processes.rules.cases import WORKED_EXAMPLE, local

CONFERENCE = "CF-2026-000123"
RUN = f"invoice-call:{CONFERENCE}:1"


def a_leg(
    id: str, joined: str, left: str | None, *, service: str | None = "dial-in", end_reason: str = "left"
) -> dict[str, Any]:
    return {
        "id": id,
        "service": service,
        "displayName": id,
        "callerNumber": None,
        "joinedAt": instant_to_wire(local(joined)),
        "leftAt": None if left is None else instant_to_wire(local(left)),
        "endReason": end_reason,
    }


def a_rate(band: str, price: str, *, minimum: str | None = None) -> dict[str, Any]:
    return {
        "service": "dial-in",
        "band": band,
        "pricePerMinute": {"amount": price},
        "firstIncrement": 60,
        "nextIncrement": 6,
        "minimumCharge": minimum and {"amount": minimum},
    }


def a_tariff(*, minimum: str | None = None) -> dict[str, Any]:
    return {
        "__typename": "Tariff",
        "rateVersion": {
            "contract": {"number": "SM-2024-0815", "currency": "CZK"},
            "version": 2,
            "rates": [a_rate("peak", "1.80", minimum=minimum), a_rate("off-peak", "0.95", minimum=minimum)],
        },
        "zone": "Europe/Prague",
        "holidays": ["2026-12-24"],
        "bandRule": "SPLIT",
        "mergeGapsUnderSeconds": 0,
    }


def refused(code: str) -> dict[str, Any]:
    return {"__typename": "Refused", "code": code, "message": f"{code}: do something"}


def an_account(number: str, *, owner: str = "CL-00417") -> dict[str, Any]:
    return {"number": number, "owners": [{"client": {"id": owner}, "validFrom": "2024-09-01", "validTo": None}]}


def a_booking(*accounts: dict[str, Any], chosen: str | None = None, client: str | None = "CL-00417") -> dict[str, Any]:
    return {
        "ref": "BK-2026-000123",
        "endsAt": "2026-11-24T17:30:00Z",
        "client": client and {"id": client, "accountHistory": list(accounts)},
        "account": chosen and {"number": chosen},
    }


@dataclass
class Company:
    """The worked example's conference, and a billing that keeps what it is told."""

    exists: bool = True
    booking: dict[str, Any] | None = field(default_factory=lambda: a_booking(an_account("7700123")))
    legs: list[dict[str, Any]] = field(default_factory=lambda: [a_leg(*leg) for leg in WORKED_EXAMPLE])
    tariff: dict[str, Any] | None = field(default_factory=a_tariff)
    account_known: bool = True
    refuses_charges: str | None = None
    charges: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    dearest: dict[str, str] = field(default_factory=dict)

    def graph(self) -> FakeGraph:
        return FakeGraph(
            {
                "ConferenceToInvoice": self.conference,
                "TariffInForce": self.tariff_in_force,
                "InvoicingOfDraft": lambda variables: {"invoice": self.invoice(variables["invoice"])},
                "RecordCharges": self.record_charges,
                "RecordRatingExceptions": lambda variables: {"recordRatingExceptions": {"__typename": "Recorded"}},
            }
        )

    def invoice(self, id: str) -> dict[str, Any]:
        return {"id": id, "status": "DRAFT", "account": {"number": "7700123", "invoicing": "PERIODIC"}}

    def conference(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        found = {"booking": self.booking, "legs": self.legs, "charges": list(self.charges)}
        return {
            "conference": found if self.exists else None,
            "ratingDecisions": list(self.decisions),
            "ratingLimits": {
                "overrunSeconds": 4 * 3600,
                "longestLegSeconds": 24 * 3600,
                "dearestLeg": [{"currency": currency, "amount": amount} for currency, amount in self.dearest.items()],
            },
        }

    def tariff_in_force(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        return {"billingAccount": {"tariff": self.tariff} if self.account_known else None}

    def record_charges(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        if self.refuses_charges:
            return {"recordCharges": refused(self.refuses_charges)}
        for charge in variables["input"]["charges"]:
            self.charge(charge["leg"])
        return {"recordCharges": {"__typename": "ChargesRecorded", "invoice": {"id": "INV-1"}}}

    def charge(self, leg: str, *, invoice: str = "INV-1", status: str = "DRAFT") -> None:
        self.charges.append({"leg": {"id": leg}, "invoice": {"id": invoice, "status": status}})


async def test_a_conference_becomes_a_draft_invoice() -> None:
    """Ask twice, tell once, each step with a key of its own."""
    graph = Company().graph()
    assert await invoice_conference(graph, CONFERENCE, run=RUN) == Prepared("INV-1")
    assert graph.operations == ["ConferenceToInvoice", "TariffInForce", "RecordCharges"]
    assert graph.variables("TariffInForce") == {"account": "7700123", "at": "2026-11-24T16:30:00Z"}
    assert graph.variables("RecordCharges")["key"].startswith(f"{RUN}:charges-")


async def test_what_billing_is_told_is_the_worked_example() -> None:
    """Every leg with its true duration and its segments; amounts unrounded, all of them strings."""
    graph = Company().graph()
    await invoice_conference(graph, CONFERENCE, run=RUN)
    told = graph.variables("RecordCharges")["input"]
    charges = told.pop("charges")
    assert told == {
        "account": "7700123",
        "conference": CONFERENCE,
        "booking": "BK-2026-000123",
        "conferenceStartedAt": "2026-11-24T16:30:00Z",
        "contract": "SM-2024-0815",
        "rateVersion": 2,
        "currency": "CZK",
        "minimumCharge": None,
        "excluded": [],
        "ruleVersion": "tariff-2",
        "anew": True,
    }
    assert [(charge["leg"], charge["durationSeconds"]) for charge in charges] == [
        ("Alice", 3025),
        ("Bob", 31),
        ("Bob again", 2634),
        ("Carol", 392),
    ]
    boundary = "2026-11-24T17:00:00Z"
    peak = {"service": "dial-in", "band": "peak", "seconds": 1435, "price": "1.80", "amount": "43.0500000000"}
    off_peak = {"service": "dial-in", "band": "off-peak", "seconds": 1199, "price": "0.95", "amount": "18.9841666667"}
    assert charges[2]["segments"] == [
        {**peak, "from": "2026-11-24T16:36:05Z", "to": boundary},
        {**off_peak, "from": boundary, "to": "2026-11-24T17:19:59Z"},
    ]


async def test_minimum_charge_and_excluded_legs_are_told() -> None:
    """What a charge does not hold is not forgotten."""
    company = Company(tariff=a_tariff(minimum="2.00"))
    company.legs = [a_leg("Bob", "17:35:10", "17:35:41"), a_leg("dropped", "17:36:00", "17:36:00")]
    graph = company.graph()
    await invoice_conference(graph, CONFERENCE, run=RUN)
    told = graph.variables("RecordCharges")["input"]
    assert Decimal(told["minimumCharge"]) == Decimal("0.20")
    assert told["excluded"] == [{"leg": "dropped", "durationSeconds": 0, "reason": "zero-duration"}]


async def test_charged_already_gives_the_same_invoice() -> None:
    """Nothing is told twice; an excluded leg beside the charged ones changes nothing."""
    company = Company()
    company.legs.append(a_leg("dropped", "17:36:00", "17:36:00"))
    first = await invoice_conference(company.graph(), CONFERENCE, run=RUN)
    graph = company.graph()
    assert await invoice_conference(graph, CONFERENCE, run="another run") == first
    assert graph.operations == ["ConferenceToInvoice"]


async def test_a_late_leg_is_charged_alone_from_the_conferences_start() -> None:
    """Rule 2: the rate of the first join holds, though that leg is charged already."""
    company = Company()
    await invoice_conference(company.graph(), CONFERENCE, run=RUN)
    company.legs.append(a_leg("late", "18:00:00", "18:02:00"))
    graph = company.graph()
    await invoice_conference(graph, CONFERENCE, run="run 2")
    assert graph.variables("TariffInForce")["at"] == "2026-11-24T16:30:00Z"
    assert [charge["leg"] for charge in graph.variables("RecordCharges")["input"]["charges"]] == ["late"]


async def test_credited_charges_are_charged_again() -> None:
    """A credit note takes a leg back; its correction is a new charge."""
    company = Company()
    for name, _, _ in WORKED_EXAMPLE:
        company.charge(name, invoice="INV-0", status="CREDITED")
    graph = company.graph()
    assert await invoice_conference(graph, CONFERENCE, run=RUN) == Prepared("INV-1")
    assert len(graph.variables("RecordCharges")["input"]["charges"]) == 4


async def test_the_booking_chooses_among_accounts() -> None:
    """Edge case 22: chosen when there are several."""
    accounts = [an_account("7700123"), an_account("7700124")]
    graph = Company(booking=a_booking(*accounts, chosen="7700124")).graph()
    await invoice_conference(graph, CONFERENCE, run=RUN)
    assert graph.variables("RecordCharges")["input"]["account"] == "7700124"


# Refusals


@pytest.mark.parametrize(
    ("company", "code"),
    [
        (Company(booking=None), "unknown-owner"),
        (Company(booking=a_booking(client=None)), "unknown-owner"),
        (Company(booking=a_booking()), "no-account"),
        (Company(booking=a_booking(an_account("7700123", owner="CL-1"))), "no-account"),
        (Company(booking=a_booking(an_account("7700123"), an_account("7700124"))), "ambiguous-account"),
        (Company(booking=a_booking(an_account("7700123"), chosen="7700999")), "foreign-account"),
        (Company(account_known=False), "unknown-account"),
        (Company(tariff=None), "no-contract"),
        (Company(tariff=refused("no-contract")), "no-contract"),
        (Company(tariff=refused("ambiguous-contract")), "ambiguous-contract"),
        (Company(legs=[a_leg("Bob", "17:35:10", "17:35:41", service="dial-out")]), "no-rate"),
        (Company(legs=[a_leg("Bob", "17:35:10", "17:35:41", service=None)]), "no-rate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_refusal_is_noted_on_every_leg_and_answered(company: Company, code: str) -> None:
    """The minutes at risk are in billing's list, with the reason that the caller gets too; nothing is charged."""
    graph = company.graph()
    answer = await invoice_conference(graph, CONFERENCE, run=RUN)
    assert isinstance(answer, Refusal)
    assert answer.code == code
    assert "RecordCharges" not in graph.operations
    noted = graph.variables("RecordRatingExceptions")
    assert noted["key"] == f"{RUN}:exceptions-{code}"
    assert (noted["conference"], noted["code"], noted["message"]) == (CONFERENCE, code, answer.message)
    assert [leg["leg"] for leg in noted["legs"]] == [leg["id"] for leg in company.legs]
    assert all(leg["durationSeconds"] > 0 for leg in noted["legs"])


@pytest.mark.parametrize(
    ("company", "code"),
    [
        (Company(exists=False), "unknown-conference"),
        (Company(legs=[]), "nothing-to-bill"),
        (Company(legs=[a_leg("Bob", "17:35:10", None)]), "not-ended"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_where_there_is_nothing_to_rate_nothing_is_noted(company: Company, code: str) -> None:
    """Such a refusal is about the question, not about a call record."""
    graph = company.graph()
    answer = await invoice_conference(graph, CONFERENCE, run=RUN)
    assert isinstance(answer, Refusal)
    assert answer.code == code
    assert graph.operations == ["ConferenceToInvoice"]


@pytest.mark.parametrize("code", ["nothing-to-bill", "wrong-currency"])
async def test_billings_own_refusal_is_the_answer(code: str) -> None:
    """Billing knows what only its transaction can see."""
    graph = Company(refuses_charges=code).graph()
    assert await invoice_conference(graph, CONFERENCE, run=RUN) == Refusal(code, f"{code}: do something")


async def test_dropped_joins_alone_are_told_as_excluded() -> None:
    """Billing excludes them and says that there is nothing to bill."""
    company = Company(legs=[a_leg("dropped", "17:36:00", "17:36:00")], refuses_charges="nothing-to-bill")
    graph = company.graph()
    await invoice_conference(graph, CONFERENCE, run=RUN)
    told = graph.variables("RecordCharges")["input"]
    assert (told["charges"], [leg["leg"] for leg in told["excluded"]]) == ([], ["dropped"])


# Faults


@pytest.mark.parametrize("step", ["ConferenceToInvoice", "TariffInForce", "RecordCharges"])
async def test_a_system_that_is_down_is_no_business_answer(step: str) -> None:
    """The graph raises; nothing is noted on the legs, no refusal is made up."""
    graph = Company().graph()
    graph.fails_before[step] = unavailable("billing")
    with pytest.raises(GraphError) as raised:
        await invoice_conference(graph, CONFERENCE, run=RUN)
    assert raised.value.codes == ("SYSTEM_UNAVAILABLE",)
    assert "RecordRatingExceptions" not in graph.operations


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["ConferenceToInvoice", "TariffInForce", "RecordCharges"])
async def test_a_crash_between_steps_is_healed_by_a_repeat(step: str, when: str) -> None:
    """Whether the effect or only its answer was lost: one invoice, each leg charged once."""
    company = Company()
    graph = company.graph()
    (graph.fails_before if when == "before" else graph.fails_after)[step] = unavailable("billing")
    with pytest.raises(GraphError):
        await invoice_conference(graph, CONFERENCE, run=RUN)
    assert await invoice_conference(graph, CONFERENCE, run=RUN) == Prepared("INV-1")
    assert sorted(charge["leg"]["id"] for charge in company.charges) == sorted(name for name, _, _ in WORKED_EXAMPLE)


@pytest.mark.parametrize(("end_reason", "minimum"), [("bridge-lost", None), ("left", "6.40")])
async def test_edge_case_10_reconnecting_after_the_bridge_died_has_no_second_minimum_charge(
    end_reason: str, minimum: str | None
) -> None:
    """Also where the first stay was charged before the second began, as a call of its own."""
    stays = [a_leg("1", "17:00:00", "17:01:00", end_reason=end_reason), a_leg("2", "17:05:00", "17:07:00")]
    for stay in stays:
        stay["displayName"] = "Bob"
    company = Company(legs=stays, tariff=a_tariff(minimum="10.00"))
    company.charge("1")
    graph = company.graph()
    assert await invoice_conference(graph, CONFERENCE, run=RUN) == Prepared("INV-1")
    told = graph.variables("RecordCharges")["input"]
    assert [charge["leg"] for charge in told["charges"]] == ["2"]
    assert told["minimumCharge"] == minimum
