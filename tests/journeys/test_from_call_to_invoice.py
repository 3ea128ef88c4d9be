"""From a switch's file to an issued invoice: the worked example of the domain, to the haléř, once and twice."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.company import Company, open_company
from gateway.config import Settings
from tests.company import ask

MASTER = (Path(__file__).parents[2] / "examples" / "Master.csv").read_text(encoding="utf-8")
IMPORT = """mutation Import($bridge: ID!, $content: String!) {
  importCallRecords(bridge: $bridge, format: ASTERISK_CSV, content: $content) {
    received duplicates quarantined { line reason } conferences { id legs { id seconds } }
  }
}"""
INVOICE = """mutation Invoice($id: ID!, $key: ID!) {
  invoiceConference(id: $id, idempotencyKey: $key) {
    __typename
    ... on InvoicePrepared {
      invoice { id number status base { amount } total { amount currency } vat { amount { amount } } }
    }
    ... on Refused { code message }
  }
}"""
ISSUE = """mutation Issue($id: ID!, $key: ID!) {
  issueInvoice(id: $id, idempotencyKey: $key) {
    __typename
    ... on InvoiceIssued { invoice { id number status total { amount } } }
    ... on Refused { code }
  }
}"""


async def test_worked_example_comes_out_to_the_haler(company_anywhere: Company) -> None:
    """Rules 1 to 8 of domain.md: 144.85 + 30.42 = 175.27 CZK, however often it is imported and invoiced."""
    first = await ask(company_anywhere, IMPORT, bridge="pbx-praha", content=MASTER)
    again = await ask(company_anywhere, IMPORT, bridge="pbx-praha", content=MASTER)
    counted = [answer.data["importCallRecords"] for answer in (first, again)]
    assert [(each["received"], each["duplicates"], each["quarantined"]) for each in counted] == [(4, 0, []), (0, 4, [])]
    assert counted[0]["conferences"] == counted[1]["conferences"]
    assert [each["id"] for each in counted[0]["conferences"]] == ["CF-2026-000123"]

    invoices = [await ask(company_anywhere, INVOICE, id="CF-2026-000123", key=key) for key in ("a", "b", "a")]
    prepared = [answer.data["invoiceConference"]["invoice"] for answer in invoices]
    assert prepared[0] == prepared[1] == prepared[2]
    assert prepared[0]["base"] == {"amount": "144.85"}
    assert prepared[0]["vat"] == [{"amount": {"amount": "30.42"}}]
    assert prepared[0]["total"] == {"amount": "175.27", "currency": "CZK"}
    assert (prepared[0]["number"], prepared[0]["status"]) == (None, "DRAFT")

    issued = await ask(company_anywhere, ISSUE, id=prepared[0]["id"], key="issue")
    repeated = await ask(company_anywhere, ISSUE, id=prepared[0]["id"], key="issue")
    assert issued.data == repeated.data
    assert issued.data["issueInvoice"]["invoice"]["status"] == "ISSUED"

    traced = await ask(company_anywhere, "TraceInvoice", number=issued.data["issueInvoice"]["invoice"]["number"])
    lines = traced.data["invoice"]["lines"]
    assert [(each["quantity"], each["net"]["amount"]) for each in lines] == [("3385", "101.55"), ("2735", "43.30")]
    found = [
        (charge["leg"]["displayName"], charge["from"][11:19], charge["to"][11:19], charge["seconds"], charge["band"])
        for charge in traced.data["invoice"]["trace"]
    ]
    assert sorted(found) == [
        ("Alice Nováková", "16:30:00", "17:00:00", 1800, "peak"),
        ("Alice Nováková", "17:00:00", "17:20:25", 1230, "off-peak"),
        ("Bob Novák", "16:35:10", "16:35:41", 60, "peak"),
        ("Bob Novák", "16:36:05", "17:00:00", 1435, "peak"),
        ("Bob Novák", "17:00:00", "17:19:59", 1199, "off-peak"),
        ("Carol Dvořáková", "16:58:30", "17:00:00", 90, "peak"),
        ("Carol Dvořáková", "17:00:00", "17:05:02", 306, "off-peak"),
    ]
    assert {charge["ruleVersion"] for charge in traced.data["invoice"]["trace"]} == {"tariff-2"}


@pytest.mark.parametrize(
    ("conference", "code"),
    [
        ("CF-2026-000124", "ambiguous-account"),
        ("CF-2026-000125", "no-contract"),
        ("CF-2026-000126", "ambiguous-contract"),
        ("nowhere", "unknown-conference"),
    ],
)
async def test_refusal_says_why(company: Company, conference: str, code: str) -> None:
    """What can't be invoiced is an answer with a reason, and the same one for the same key."""
    for _ in range(2):
        answer = await ask(company, INVOICE, id=conference, key="once")
        assert answer.errors == []
        refused = answer.data["invoiceConference"]
        assert (refused["__typename"], refused["code"]) == ("Refused", code)
        assert refused["message"]


async def test_room_without_a_booking_is_refused_as_unknown_owner(company: Company) -> None:
    """Domain, edge case 4: the call is kept, its conference has no booking, and nobody is charged by guess."""
    content = MASTER.replace("20260123,", "99999999,").replace("17955", "27955")
    imported = await ask(company, IMPORT, bridge="pbx-praha", content=content)
    (conference,) = imported.data["importCallRecords"]["conferences"]
    answer = await ask(company, INVOICE, id=conference["id"], key="k")
    assert answer.data["invoiceConference"]["code"] == "unknown-owner"


async def test_good_lines_are_taken_and_bad_ones_named(company: Company) -> None:
    """Nothing is lost and nothing is guessed: each bad line comes back with its number and why."""
    lines = MASTER.splitlines()
    backwards = lines[0].replace("2026-11-24 17:20:25", "2026-11-24 15:20:25").replace("1795537800.26", "1.1")
    content = "\n".join([lines[0], "not,a,record", backwards, lines[1]]) + "\n"
    answer = await ask(company, IMPORT, bridge="pbx-praha", content=content)
    imported = answer.data["importCallRecords"]
    assert imported["received"] == 2
    assert imported["quarantined"] == [{"line": 2, "reason": "malformed"}, {"line": 3, "reason": "clock"}]
    changed = lines[0].replace("3025,3025", "3024,3024").replace("17:20:25", "17:20:24")
    answer = await ask(company, IMPORT, bridge="pbx-praha", content=changed + "\n")
    assert answer.data["importCallRecords"]["quarantined"] == [{"line": 1, "reason": "changed-duplicate"}]


async def test_autumn_double_hour_is_refused_not_guessed(company: Company) -> None:
    """Domain, edge case 24: 02:30 on 25 October 2026 was twice in Prague; a file in local time can't say which."""
    local = MASTER.splitlines()[0].replace("2026-11-24 16:30:00", "2026-10-25 02:30:00")
    local = local.replace("2026-11-24 17:20:25", "2026-10-25 02:40:00").replace("3025,3025", "600,600")
    answer = await ask(company, IMPORT, bridge="pbx-brno", content=local + "\n")
    assert answer.data["importCallRecords"]["quarantined"] == [{"line": 1, "reason": "ambiguous-time"}]


@pytest.mark.parametrize(("bridge", "code"), [("nowhere", "UNKNOWN_BRIDGE"), ("pbx-old", "NO_CDR_ZONE")])
async def test_file_that_can_not_be_read_is_refused_whole(company: Company, bridge: str, code: str) -> None:
    """A bridge nobody knows, or one that hasn't said in which zone its clock is."""
    answer = await ask(company, IMPORT, bridge=bridge, content=MASTER)
    assert answer.codes == {code}
    assert bridge in answer.errors[0]["message"]


async def test_twenty_at_once_make_one_invoice(company_anywhere: Company) -> None:
    """Whoever comes first charges; the others get the same invoice (I1)."""
    # The EUR client's conference: PostgreSQL's company is shared, and no other test there invoices it.
    answers = await asyncio.gather(
        *(ask(company_anywhere, INVOICE, id="CF-2026-000127", key=f"{number}") for number in range(20))
    )
    prepared: list[Any] = [answer.data["invoiceConference"] for answer in answers]
    assert {each["__typename"] for each in prepared} == {"InvoicePrepared"}
    assert len({each["invoice"]["id"] for each in prepared}) == 1
    totals = {each["invoice"]["total"]["amount"] for each in prepared}
    assert len(totals) == 1
    assert Decimal(totals.pop()) > 0


async def test_one_room_of_two_bridges_is_not_one_conference(company: Company) -> None:
    """The same calls by another switch with a room of that name: who they are of is not guessed, nobody pays twice."""
    await ask(company, IMPORT, bridge="pbx-praha", content=MASTER)
    other = await ask(company, IMPORT, bridge="pbx-brno", content=an_hour_later(MASTER))
    (stranger,) = other.data["importCallRecords"]["conferences"]
    assert stranger["id"] != "CF-2026-000123"
    refused = await ask(company, INVOICE, id=stranger["id"], key="stranger")
    assert refused.data["invoiceConference"]["code"] == "unknown-owner"
    paid = await ask(company, INVOICE, id="CF-2026-000123", key="ours")
    assert paid.data["invoiceConference"]["invoice"]["total"]["amount"] == "175.27"


def an_hour_later(content: str) -> str:
    """The same instants by a clock in Prague."""
    return re.sub(r"2026-11-24 (\d\d)", lambda found: f"2026-11-24 {int(found[1]) + 1}", content)


async def test_who_paid_then_pays_though_the_account_has_changed_hands(files: Path) -> None:
    """The account was the client's on the day of the conference; that it is nobody's now changes nothing."""
    with sqlite3.connect(files / "links.sqlite") as links:
        links.execute("UPDATE account_links SET valid_to = '2026-11-26' WHERE account = '7700123'")
    links.close()
    settings = Settings(data=files)
    later = await asyncio.to_thread(open_company, settings, clock=lambda: datetime(2026, 11, 28, 12, tzinfo=UTC))
    try:
        await ask(later, IMPORT, bridge="pbx-praha", content=MASTER)
        answer = await ask(later, INVOICE, id="CF-2026-000123", key="later")
        assert answer.data["invoiceConference"]["invoice"]["total"]["amount"] == "175.27"
    finally:
        await later.close()


async def test_late_legs_are_led_to_their_draft_however_often_asked(company: Company) -> None:
    """After the invoice was issued a late leg makes a new draft; that one is shown from then on."""
    lines = MASTER.splitlines(keepends=True)
    await ask(company, IMPORT, bridge="pbx-praha", content="".join(lines[:3]))
    first = await ask(company, INVOICE, id="CF-2026-000123", key="first")
    issued = first.data["invoiceConference"]["invoice"]["id"]
    await ask(company, ISSUE, id=issued, key="issue")
    await ask(company, IMPORT, bridge="pbx-praha", content=lines[3])
    drafts = [(await ask(company, INVOICE, id="CF-2026-000123", key=f"late {n}")).data for n in range(2)]
    ids = {each["invoiceConference"]["invoice"]["id"] for each in drafts}
    assert len(ids) == 1
    assert issued not in ids
