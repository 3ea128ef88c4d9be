"""The subgraph billing alone: what it answers, and in how many statements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete

from processes.rules.papers import Party
from resolvers.billing import schema
from resolvers.billing.issuing import BillingContext
from resolvers.billing.papers import party
from resolvers.billing.rules import RULES
from resolvers.billing.settings import BillingSettings
from sources.billing import METADATA, Billing
from sources.billing.tables import PERIODS
from sources.demo import SELLER
from sources.records.billing import Invoice
from tests.asking import Answer, ask, entities
from tests.calls import (
    NOVEMBER,
    OCTOBER,
    a_charged_leg,
    a_party,
    a_period,
    a_rate_of_the_cnb,
    an_account,
    charges,
    the_parties,
    worked_charges,
)
from tests.conftest import MakeDatabase

NOW = datetime(2026, 11, 25, 11, tzinfo=UTC)
ACCOUNTS = [an_account(), an_account("7700555", currency="EUR"), *(an_account(f"78{n:05}") for n in range(20))]

RECORD = """
mutation ($input: RecordChargesInput!, $key: ID! = "k") {
  recordCharges(input: $input, idempotencyKey: $key) {
    __typename
    ... on ChargesRecorded { invoice { id number status total { amount currency } } }
    ... on Refused { code message }
  }
}
"""

ISSUE = """
mutation ($id: ID!, $key: ID! = "k") {
  issueInvoice(id: $id, idempotencyKey: $key) {
    __typename
    ... on InvoiceIssued { invoice { id number status issuedOn taxPointOn dueOn } }
    ... on Refused { code message }
  }
}
"""

TRACE = """
query ($id: ID, $number: ID) {
  invoice(id: $id, number: $number) {
    status number total { amount currency } vat { rate base { amount } amount { amount } amountInCzk { amount } }
    account { number currency }
    lines {
      text quantity baseQuantity unitPrice { amount } net { amount }
      rateVersion { contract { number } version }
      charges { leg { id } band seconds amount { amount } invoice { id } }
      conference { id }
    }
  }
}
"""

PROFILE = """
... on BillingAccount {
  currency
  currentPeriod { from to status unbilledTotal { amount currency } openInvoices { id number } }
  invoices(last: 3) { number issuedOn status total { amount currency } }
}
"""


@pytest.fixture
def billing(database: MakeDatabase) -> Billing:
    fill = partial(
        Billing.fill,
        accounts=ACCOUNTS,
        periods=[a_period(OCTOBER, NOVEMBER, status="CLOSED"), a_period()],
        invoices=[],
        lines=[],
        vat=[],
        calls=[],
        exchange_rates=[a_rate_of_the_cnb()],
    )
    return Billing(database("billing", METADATA, fill))


async def draft(billing: Billing, key: str = "k", **changes: Any) -> Invoice:
    made = await billing.record_charges(worked_charges(**changes), caller="tests", key=key, now=NOW, rules=RULES)
    assert isinstance(made, Invoice)
    return made


async def asked(billing: Billing, document: str, **variables: Any) -> Answer:
    context = BillingContext(source=billing, now=NOW, settings=BillingSettings(seller=SELLER), find_buyer=found)
    return await ask(schema, billing, document, context=context, **variables)


async def found(_: str) -> Party:
    """Whom the other systems would name."""
    return party(a_party())


def an_input(**changes: Any) -> dict[str, Any]:
    """The worked example's Bob, as a process tells it."""
    segment = {"service": "dial-in", "band": "peak", "seconds": 60, "price": "1.80", "amount": "1.8000000000"}
    return {
        "account": "7700123",
        "conference": "CF-2026-000123",
        "booking": "BK-2026-000123",
        "conferenceStartedAt": "2026-11-24T16:30:00Z",
        "contract": "SM-2024-0815",
        "rateVersion": 2,
        "currency": "CZK",
        "charges": [{"leg": "pbx-praha:1.1", "durationSeconds": 31, "segments": [segment]}],
        "excluded": [{"leg": "pbx-praha:1.2", "durationSeconds": 0, "reason": "zero-duration"}],
        "minimumCharge": None,
        "ruleVersion": "tariff-1",
        **changes,
    }


async def test_invoice_is_traced_to_legs_conference_and_rates(billing: Billing) -> None:
    """I15: from a line to its charges, legs, conference and rate version in one query, by id as by number."""
    made = await draft(billing)
    await billing.issue_invoice(made.id, the_parties(), caller="tests", key="i", now=NOW, rules=RULES)
    answer = await asked(billing, TRACE, number="2026000001")
    assert answer.errors == []
    assert (await asked(billing, TRACE, id=made.id)).data == answer.data
    invoice = answer.data["invoice"]
    lines = invoice.pop("lines")
    assert invoice == {
        "status": "ISSUED",
        "number": "2026000001",
        "total": {"amount": "175.27", "currency": "CZK"},
        "vat": [{"rate": "21", "base": {"amount": "144.85"}, "amount": {"amount": "30.42"}, "amountInCzk": None}],
        "account": {"number": "7700123", "currency": "CZK"},
    }
    peak_charges = lines[0].pop("charges")
    assert lines[0] == {
        "text": "Conference 2026-11-24 17:30, dial-in, peak",
        "quantity": "3385",
        "baseQuantity": "60",
        "unitPrice": {"amount": "1.80"},
        "net": {"amount": "101.55"},
        "rateVersion": {"contract": {"number": "SM-2024-0815"}, "version": 2},
        "conference": {"id": "CF-2026-000123"},
    }
    assert [(charge["leg"]["id"], charge["seconds"], charge["amount"]["amount"]) for charge in peak_charges] == [
        ("pbx-praha:alice", 1800, "54.00"),
        ("pbx-praha:bob", 60, "1.80"),
        ("pbx-praha:bob-again", 1435, "43.05"),
        ("pbx-praha:carol", 90, "2.70"),
    ]
    off_peak = {charge["leg"]["id"]: charge["amount"]["amount"] for charge in lines[1]["charges"]}
    assert off_peak["pbx-praha:bob-again"] == "18.9841666667"
    assert lines[1]["net"] == {"amount": "43.30"}
    assert {charge["invoice"]["id"] for charge in [*peak_charges, *lines[1]["charges"]]} == {made.id}


async def test_trace_takes_as_many_statements_for_many_lines(billing: Billing) -> None:
    """Invoice, VAT, account, lines, charges, the charges' invoices: six statements, for one line or forty."""
    made = await draft(billing)
    few = await asked(billing, TRACE, id=made.id)
    for n in range(20):
        legs = [a_charged_leg(f"pbx-praha:{n}.{m}", off_peak=6) for m in range(2)]
        call = charges(*legs, conference=f"CF-{n}")
        await billing.record_charges(call, caller="tests", key=f"more-{n}", now=NOW, rules=RULES)
    many = await asked(billing, TRACE, id=made.id)
    assert len(many.data["invoice"]["lines"]) == 42
    assert few.statements == many.statements == 6


@pytest.mark.parametrize("count", [1, 20])
async def test_profiles_of_accounts_take_as_many_statements_for_many(billing: Billing, count: int) -> None:
    """Accounts, current periods (written or not), drafts, open invoices, latest invoices."""
    await draft(billing)
    keys = [{"__typename": "BillingAccount", "number": account.number} for account in [ACCOUNTS[0], *ACCOUNTS[2:]]]
    answer = await entities(schema, billing, [*keys[: count + 1]], PROFILE, now=NOW)
    assert answer.errors == []
    assert answer.data[0] == {
        "currency": "CZK",
        "currentPeriod": {
            "from": "2026-10-31T23:00:00Z",
            "to": "2026-11-30T23:00:00Z",
            "status": "OPEN",
            "unbilledTotal": {"amount": "144.85", "currency": "CZK"},
            "openInvoices": [],
        },
        "invoices": [
            {"number": None, "issuedOn": None, "status": "DRAFT", "total": {"amount": "175.27", "currency": "CZK"}}
        ],
    }
    assert answer.data[1]["currentPeriod"]["unbilledTotal"] == {"amount": "0.00", "currency": "CZK"}
    assert answer.statements == 5


async def test_unbilled_total_is_what_is_not_issued(billing: Billing) -> None:
    """Once the invoice is issued, it is open instead."""
    made = await draft(billing)
    await billing.issue_invoice(made.id, the_parties(), caller="tests", key="i", now=NOW, rules=RULES)
    key = {"__typename": "BillingAccount", "number": "7700123"}
    [account] = (await entities(schema, billing, [key], PROFILE, now=NOW)).data
    assert account["currentPeriod"]["unbilledTotal"]["amount"] == "0.00"
    assert account["currentPeriod"]["openInvoices"] == [{"id": made.id, "number": "2026000001"}]


async def test_unknown_account_and_invoice_are_null(billing: Billing) -> None:
    """Without an error, also as entities."""
    answer = await asked(billing, '{ billingAccount(number: "0") { number } invoice(id: "0") { id } }')
    assert (answer.data, answer.errors) == ({"billingAccount": None, "invoice": None}, [])
    keys = [{"__typename": "BillingAccount", "number": "0"}, {"__typename": "Invoice", "id": "0"}]
    assert (await entities(schema, billing, keys, PROFILE)).data == [None, None]


async def test_periods_tile_up_to_now(billing: Billing) -> None:
    """I7: months in which nothing was charged are periods too, OPEN."""
    document = '{ billingAccount(number: "7700123") { periods(last: 4) { from to status unbilledTotal { amount } } } }'
    answer = await ask(schema, billing, document, now=datetime(2027, 2, 10, tzinfo=UTC))
    periods = answer.data["billingAccount"]["periods"]
    assert [period["from"][:10] for period in periods] == ["2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31"]
    assert [period["from"] for period in periods[1:]] == [period["to"] for period in periods[:-1]]
    assert {period["status"] for period in periods} == {"OPEN"}


async def test_invoice_knows_its_period(billing: Billing) -> None:
    """The stored one; the account's cycle tells one that isn't stored (a mapped system may have none)."""
    made = await draft(billing)
    document = f'{{ invoice(id: "{made.id}") {{ period {{ from to status unbilledTotal {{ amount }} }} }} }}'
    period = {"from": "2026-10-31T23:00:00Z", "to": "2026-11-30T23:00:00Z", "status": "OPEN"}
    whole = {**period, "unbilledTotal": {"amount": "144.85"}}
    assert (await asked(billing, document)).data == {"invoice": {"period": whole}}
    await billing.database.write(lambda connection: connection.execute(delete(PERIODS)))
    assert (await asked(billing, document)).data == {"invoice": {"period": whole}}


async def test_what_came_late_is_charged_since_it_was_called(billing: Billing) -> None:
    """Edge case 6: October is closed, so November's draft has a call of October; issued, it keeps it."""
    document = """{ billingAccount(number: "7700123") { currentPeriod { chargesFrom } invoices { chargesFrom } } }"""

    async def since() -> list[str]:
        found = (await asked(billing, document)).data["billingAccount"]
        return [each["chargesFrom"] for each in (found["currentPeriod"], *found["invoices"])]

    november, called = "2026-10-31T23:00:00Z", "2026-10-03T22:00:00Z"
    assert await since() == [november]
    made = await draft(billing)
    assert await since() == [november, november]
    late = charges(a_charged_leg("late"), conference="CF-late", conference_started_at=OCTOBER + timedelta(days=3))
    assert isinstance(await billing.record_charges(late, caller="tests", key="late", now=NOW, rules=RULES), Invoice)
    assert await since() == [called, called]
    await billing.issue_invoice(made.id, the_parties(), caller="tests", key="i", now=NOW, rules=RULES)
    assert await since() == [november, called]


async def test_period_is_found_by_its_account_and_its_beginning(billing: Billing) -> None:
    """Stored, next by the account's cycle, or none: no period begins at that instant, or there is no such account."""
    named = [
        ("7700123", "2026-09-30T22:00:00Z"),
        ("7700123", "2026-11-30T23:00:00Z"),
        ("7700555", "2026-10-31T23:00:00Z"),
        ("7700123", "2026-11-15T23:00:00Z"),
        ("7700000", "2026-10-31T23:00:00Z"),
    ]
    keys = [{"__typename": "BillingPeriod", "account": {"number": n}, "from": since} for n, since in named]
    selection = "... on BillingPeriod { account { number } to status unbilledTotal { amount currency } }"
    answer = await entities(schema, billing, keys, selection, now=NOW)
    assert answer.errors == []
    assert [each and (each["to"], each["status"], each["unbilledTotal"]["currency"]) for each in answer.data] == [
        ("2026-10-31T23:00:00Z", "CLOSED", "CZK"),
        ("2026-12-31T23:00:00Z", "OPEN", "CZK"),
        ("2026-11-30T23:00:00Z", "OPEN", "EUR"),
        None,
        None,
    ]


async def test_invoices_by_status(billing: Billing) -> None:
    """Both arguments, under two aliases."""
    made = await draft(billing)
    await billing.issue_invoice(made.id, the_parties(), caller="tests", key="i", now=NOW, rules=RULES)
    fields = "a: invoices(status: ISSUED) { id } b: invoices(status: DRAFT) { id }"
    document = f'{{ billingAccount(number: "7700123") {{ {fields} }} }}'
    answer = await asked(billing, document)
    assert answer.data["billingAccount"] == {"a": [{"id": made.id}], "b": []}


async def test_conference_knows_its_charges_and_invoices(billing: Billing) -> None:
    """From the bridge's conference to what it cost; one that costs nothing has empty lists."""
    made = await draft(billing)
    keys = [{"__typename": "Conference", "id": id} for id in ("CF-2026-000123", "CF-0")]
    selection = "... on Conference { charges { leg { id } band invoice { id status } } invoices { id } }"
    answer = await entities(schema, billing, keys, selection)
    assert len(answer.data[0]["charges"]) == 7
    assert answer.data[0]["charges"][0]["invoice"] == {"id": made.id, "status": "DRAFT"}
    assert answer.data[0]["invoices"] == [{"id": made.id}]
    assert answer.data[1] == {"charges": [], "invoices": []}
    assert answer.statements == 3


async def test_charges_are_recorded_and_issued(billing: Billing) -> None:
    """The two mutations of the way from a call to an invoice, each twice."""
    recorded = [await asked(billing, RECORD, input=an_input()) for _ in range(2)]
    assert recorded[0].errors == []
    assert recorded[0].data == recorded[1].data
    invoice = recorded[0].data["recordCharges"]["invoice"]
    assert invoice["total"] == {"amount": "2.18", "currency": "CZK"}
    issued = [await asked(billing, ISSUE, id=invoice["id"]) for _ in range(2)]
    assert issued[0].data == issued[1].data
    assert issued[0].data["issueInvoice"] == {
        "__typename": "InvoiceIssued",
        "invoice": {
            "id": invoice["id"],
            "number": "2026000001",
            "status": "ISSUED",
            "issuedOn": "2026-11-25",
            "taxPointOn": "2026-11-25",
            "dueOn": "2026-12-09",
        },
    }
    other = await asked(billing, ISSUE, id=invoice["id"], key="other")
    assert other.data["issueInvoice"]["code"] == "not-a-draft"
    assert (await asked(billing, ISSUE, id="IN-0")).codes == ["IDEMPOTENCY_KEY_REUSED"]


async def test_foreign_invoice_shows_vat_in_crowns(billing: Billing) -> None:
    """Once it is issued."""
    made = await draft(billing, account="7700555", currency="EUR")
    await billing.issue_invoice(made.id, the_parties(), caller="tests", key="i", now=NOW, rules=RULES)
    answer = await asked(billing, TRACE, id=made.id)
    assert answer.data["invoice"]["vat"][0]["amountInCzk"] == {"amount": "739.66"}
    assert answer.data["invoice"]["total"]["currency"] == "EUR"


async def test_exceptions_are_listed_with_their_seconds(billing: Billing) -> None:
    """Edge case 4: the daily list, with what is at risk."""
    record = """
    mutation ($legs: [ExceptionLegInput!]!) {
      recordRatingExceptions(
        conference: "CF-1", legs: $legs, code: "unknown-owner", message: "nobody", idempotencyKey: "k"
      ) { recorded }
    }
    """
    answer = await asked(billing, record, legs=[{"leg": "pbx-praha:1.1", "durationSeconds": 600}])
    assert answer.data == {"recordRatingExceptions": {"recorded": 1}}
    twice = await asked(billing, record, legs=[{"leg": "pbx-praha:2.2", "durationSeconds": 1}] * 2)
    assert twice.codes == ["BAD_USER_INPUT"]
    listed = await asked(
        billing, "{ ratingExceptions { leg { id } conference { id } seconds code message recordedAt } }"
    )
    assert listed.data["ratingExceptions"] == [
        {
            "leg": {"id": "pbx-praha:1.1"},
            "conference": {"id": "CF-1"},
            "seconds": 600,
            "code": "unknown-owner",
            "message": "nobody",
            "recordedAt": "2026-11-25T11:00:00Z",
        }
    ]


def with_segment(**changes: Any) -> dict[str, Any]:
    [charge] = an_input()["charges"]
    return {"charges": [{**charge, "segments": [{**charge["segments"][0], **changes}]}]}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        (with_segment(amount="1.81"), "input.charges[0].segments[0].amount"),
        (with_segment(price="1.80001", amount="1.80001"), "input.charges[0].segments[0].price"),
        (with_segment(price="-1.80", amount="-1.80"), "input.charges[0].segments[0].price"),
        (with_segment(seconds=-60, amount="-1.80"), "input.charges[0].segments[0].seconds"),
        (with_segment(band=""), "input.charges[0].segments[0]"),
        ({"charges": [{"leg": "x", "durationSeconds": 1, "segments": []}]}, "input.charges[0].segments"),
        ({"excluded": [{"leg": "pbx-praha:1.1", "durationSeconds": 0, "reason": "x"}]}, "input: pbx-praha:1.1"),
        ({"conferenceStartedAt": "9999-01-01T00:00:00Z"}, "input.conferenceStartedAt"),
        ({"minimumCharge": "0.00001"}, "input.minimumCharge"),
        ({"conference": ""}, "input.conference"),
        ({"contract": "x" * 256}, "input.contract"),
    ],
)
async def test_wrong_charges_are_bad_input_that_names_the_place(
    billing: Billing, changes: dict[str, Any], place: str
) -> None:
    """Money is not guessed; nothing is written."""
    answer = await asked(billing, RECORD, input=an_input(**changes))
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0].message.startswith(place)
    assert (await billing.latest_invoices(["7700123"], last=1, status=None)) == []


@pytest.mark.parametrize(
    "document",
    [
        "{ invoice { id } }",
        '{ invoice(id: "1", number: "2") { id } }',
        "{ ratingExceptions(first: 101) { code } }",
        '{ billingAccount(number: "7700123") { invoices(last: 0) { id } } }',
        '{ billingAccount(number: "7700123") { periods(last: 101) { from } } }',
    ],
)
async def test_wrong_arguments_are_bad_input(billing: Billing, document: str) -> None:
    """Limits are named; an invoice is asked for by exactly one of id and number."""
    assert (await asked(billing, document)).codes == ["BAD_USER_INPUT"]


async def test_system_that_is_down_is_an_error_that_names_it(database: MakeDatabase) -> None:
    """Never 0.00, never an empty list."""
    down = Billing(database("billing"))
    keys = [{"__typename": "BillingAccount", "number": "7700123"}, {"__typename": "Conference", "id": "CF-1"}]
    answer = await entities(schema, down, keys, PROFILE + "... on Conference { charges { seconds } }")
    assert answer.data == [None, {"charges": None}]
    assert {error.extensions["system"] for error in answer.errors} == {"billing"}
