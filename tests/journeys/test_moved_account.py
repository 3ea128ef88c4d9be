"""An account that changed hands between clients of two salespeople: what is whose, by every way that leads there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from gateway.company import Company
from processes.rules.instants import local_day
from resolvers.nodes import node_id
from sources.demo import cast
from tests.company import ask, viewer

MOVED = cast.MOVED
FORMER = viewer("salesperson", subject="eva.novotna")
PRESENT = viewer("salesperson", subject="jana.kralova")
MANAGER = viewer("manager")

ALL = f"""{{ billingAccount(number: "{MOVED.account}") {{
  client {{ id }}
  owners {{ client {{ id salesperson }} validFrom }}
  periods(last: 50) {{ from to unbilledTotal {{ amount }} client {{ id }} }}
  invoices(last: 50) {{ id number chargesFrom total {{ amount }} client {{ id }} lines {{ conference {{ id }} }} }}
}} }}"""


@dataclass(frozen=True, slots=True)
class Known:
    """What somebody without row rules is told of the account, and of an invoice on either side of the hand-over."""

    account: dict[str, Any]
    former: dict[str, Any]
    present: dict[str, Any]


async def known(company: Company) -> Known:
    answer = await ask(company, ALL, viewer=MANAGER)
    assert answer.errors == []
    account = answer.data["billingAccount"]
    issued = [each for each in account["invoices"] if each["number"]]
    of = {
        client: [each for each in issued if each["client"]["id"] == client] for client in (MOVED.former, MOVED.present)
    }
    assert len(issued) == len(of[MOVED.former]) + len(of[MOVED.present])
    return Known(account, of[MOVED.former][-1], of[MOVED.present][0])


async def test_each_owner_has_the_invoices_and_totals_of_their_own_time(company: Company) -> None:
    """From the hand-over on they are the new owner's; what was before stays the former's."""
    account = (await known(company)).account
    assert account["client"] == {"id": MOVED.present}
    first, then = account["owners"]
    assert (first["client"], then["client"]) == (
        {"id": MOVED.former, "salesperson": FORMER.subject},
        {"id": MOVED.present, "salesperson": PRESENT.subject},
    )
    for each in (*account["invoices"], *account["periods"]):
        since = local_day(datetime.fromisoformat(each.get("chargesFrom") or each["from"])).isoformat()
        assert each["client"]["id"] == (MOVED.present if since >= then["validFrom"] else MOVED.former), each


WAYS = {
    "id": '{ invoice(id: "ID") { FIELDS } }',
    "number": '{ invoice(number: "NUMBER") { FIELDS } }',
    "node": '{ node(id: "NODE") { ... on Invoice { FIELDS } } }',
    "conference": '{ conference(id: "CONFERENCE") { invoices { FIELDS } } }',
    "charges": '{ conference(id: "CONFERENCE") { charges { invoice { FIELDS } } } }',
    "lines": '{ invoice(id: "ID") { lines { charges { invoice { FIELDS } } } } }',
    "period": '{ invoice(id: "ID") { period { openInvoices { id } unbilledTotal { amount } } } }',
    "legs": '{ invoice(id: "ID") { lines { charges { leg { displayName } seconds amount { amount } } } } }',
}
FIELDS = "number total { amount } vat { amount { amount } } lines { text unitPrice { amount } net { amount } }"


@pytest.mark.parametrize("way", WAYS)
async def test_invoice_is_whose_the_account_was(company: Company, way: str) -> None:
    """Its client's salesperson sees all of it, the other one nothing, by whatever way they come."""
    about = await known(company)
    for invoice, mine, other in ((about.former, FORMER, PRESENT), (about.present, PRESENT, FORMER)):
        text = WAYS[way].replace("FIELDS", FIELDS)
        conference = invoice["lines"][0]["conference"]["id"]
        named = {"ID": invoice["id"], "NUMBER": invoice["number"], "NODE": node_id("Invoice", (invoice["id"],))}
        for name, value in {**named, "CONFERENCE": conference}.items():
            text = text.replace(f'"{name}"', f'"{value}"')
        whole, seen, hidden = [await ask(company, text, viewer=each) for each in (MANAGER, mine, other)]
        assert whole.errors == seen.errors == []
        assert seen.data == whole.data
        assert hidden.codes == {"FORBIDDEN"}
        assert values(hidden.data) == []
        assert values(whole.data)


def values(data: object) -> list[object]:
    """Every leaf of an answer that says something."""
    match data:
        case dict():
            return [each for value in data.values() for each in values(value)]
        case list():
            return [each for value in data for each in values(value)]
        case _:
            return [] if data is None else [data]


LISTS = f"""{{ billingAccount(number: "{MOVED.account}") {{
  invoices(last: 50) {{ id total {{ amount }} }}
  periods(last: 50) {{ from to status unbilledTotal {{ amount }} openInvoices {{ id total {{ amount }} }} }}
}} }}"""


async def test_lists_of_the_account_hide_what_was_before(company: Company) -> None:
    """The account is its owner's of today. Of the former's time it tells keys and dates, and no sums."""
    about = await known(company)
    theirs = {each["id"] for each in about.account["invoices"] if each["client"]["id"] == MOVED.former}
    before = {each["from"] for each in about.account["periods"] if each["client"]["id"] == MOVED.former}
    whole = (await ask(company, LISTS, viewer=MANAGER)).data["billingAccount"]

    def shown(invoices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**each, "total": None} if each["id"] in theirs else each for each in invoices]

    def told(period: dict[str, Any]) -> dict[str, Any]:
        if period["from"] in before:
            return {**period, "unbilledTotal": None, "openInvoices": None}
        return {**period, "openInvoices": shown(period["openInvoices"])}

    answer = await ask(company, LISTS, viewer=PRESENT)
    assert answer.codes == {"FORBIDDEN"}
    seen = answer.data["billingAccount"]
    assert seen == {"invoices": shown(whole["invoices"]), "periods": [told(each) for each in whole["periods"]]}
    assert (theirs, before) != (set(), set())
    assert seen["periods"][-1]["unbilledTotal"] == whole["periods"][-1]["unbilledTotal"] != {"amount": "0.00"}
    former = await ask(company, LISTS, viewer=FORMER)
    assert (former.data, former.codes) == ({"billingAccount": {"invoices": None, "periods": None}}, {"FORBIDDEN"})


LATE = """mutation ($input: RecordChargesInput!) {
  recordCharges(input: $input, idempotencyKey: "late") { ... on ChargesRecorded { invoice { id } } }
}"""
DRAFT = f"""{{ billingAccount(number: "{MOVED.account}") {{
  currentPeriod {{ status unbilledTotal {{ amount }} openInvoices {{ id }} }} invoices(last: 1) {{ total {{ amount }} }}
}} }}"""


async def test_late_call_of_the_former_owner_hides_the_draft_that_it_came_onto(company: Company) -> None:
    """A call of a closed period goes to the open one, by then another client's: the draft is of both, and nobody's."""
    before = await ask(company, DRAFT, viewer=PRESENT)
    assert before.errors == []
    segment = {"service": "dial-in", "band": "peak", "seconds": 60, "price": "1.80", "amount": "1.80"}
    late = {
        "account": MOVED.account,
        "conference": "CF-late",
        "booking": "BK-late",
        "conferenceStartedAt": "2026-07-31T21:59:59Z",
        "contract": "SM-2025-1020",
        "rateVersion": 1,
        "currency": "CZK",
        "excluded": [],
        "ruleVersion": "tariff-1",
        "charges": [{"leg": "late", "durationSeconds": 60, "segments": [segment]}],
    }
    recorded = await ask(company, LATE, viewer=viewer("processes"), input=late)
    assert recorded.errors == []
    assert recorded.data["recordCharges"]["invoice"]
    after = await ask(company, DRAFT, viewer=PRESENT)
    assert after.data["billingAccount"] == {
        "currentPeriod": {"status": "OPEN", "unbilledTotal": None, "openInvoices": None},
        "invoices": [{"total": None}],
    }
    assert after.codes == {"FORBIDDEN"}
    assert (await ask(company, DRAFT, viewer=MANAGER)).errors == []
