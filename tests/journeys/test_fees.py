"""Bookings that come to nothing, in the whole company: what the contract asks is on the next invoice, once."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from gateway.company import Company
from sources.demo import cast
from tests.company import ALL_SCOPES, ask
from tests.journeys.test_booking import CANCEL, booked
from tests.journeys.test_from_call_to_invoice import INVOICE, ISSUE

RUNS = """query ($booking: ID!) {
  processes(filter: { name: "charge-fee", subject: $booking }) { state outcome }
}"""
PAPER = """query ($id: ID!) {
  invoice(id: $id) {
    id status number lines { text quantity net { amount } conference { id } } total { amount }
    documents { kind contentBase64 }
  }
}"""
CREDIT = """mutation ($id: ID!) {
  createCreditNote(invoice: $id, reason: "as a courtesy", idempotencyKey: "k") { __typename }
}"""
RECORD = """mutation ($input: RecordFeeInput!, $key: ID!) {
  recordFee(input: $input, idempotencyKey: $key) {
    ... on FeeRecorded { invoice { id } }
    ... on Refused { code }
  }
}"""
LATE = {"localStart": "2026-11-25T10:00", "localEnd": "2026-11-25T11:00"}
"""Fifteen hours from now; the contract's deadline is 24 hours before."""


def a_fee(**changes: str) -> dict[str, Any]:
    """The input of `recordFee`, of a no-show."""
    return {
        "booking": cast.MAIN.booking,
        "kind": "NO_SHOW",
        "account": cast.MAIN.accounts[0],
        "contract": cast.MAIN.contracts[0],
        "rateVersion": 2,
        "currency": "CZK",
        "amount": "120.00",
        "arisenAt": "2026-11-24T18:00:00Z",
        **changes,
    }


async def outcome_of(company: Company, booking: str) -> str:
    for _ in range(500):
        [*runs] = (await ask(company, RUNS, booking=booking)).data["processes"]
        if runs and runs[0]["state"] != "RUNNING" and runs[0]["outcome"]:
            outcome: str = runs[0]["outcome"]
            return outcome
        await asyncio.sleep(0.02)
    raise AssertionError(f"nothing came of the fee of {booking}")


async def cancelled(company: Company, key: str, **changes: Any) -> str:
    ref: str = (await booked(company, key, ALL_SCOPES, **changes))["booking"]["ref"]
    [found] = (await ask(company, CANCEL, ref=ref, key=key)).data.values()
    assert found["__typename"] == "BookingCancelled"
    return ref


async def test_edge_case_11_late_cancellation_is_a_line_of_the_next_invoice(company: Company) -> None:
    """Beside the period's calls, issued and documented with them, and charged anew after a credit note."""
    called = (await ask(company, INVOICE, id=cast.MAIN.conference, key="calls")).data["invoiceConference"]
    ref = await cancelled(company, "late", **LATE)
    invoice = await outcome_of(company, ref)
    if called["__typename"] == "InvoicePrepared":
        assert called["invoice"]["id"] == invoice
    draft = (await ask(company, PAPER, id=invoice)).data["invoice"]
    fee = {
        "text": f"Booking {ref}, late cancellation",
        "quantity": "1",
        "net": {"amount": "250.00"},
        "conference": None,
    }
    assert draft["lines"][-1] == fee
    assert [line for line in draft["lines"] if line["conference"] is None] == [fee]

    again = a_fee(booking=ref, kind="LATE_CANCELLATION", amount="250.00")
    assert (await ask(company, RECORD, input=again, key="again")).data["recordFee"] == {"invoice": {"id": invoice}}
    assert (await ask(company, PAPER, id=invoice)).data["invoice"]["lines"] == draft["lines"]

    issued = (await ask(company, ISSUE, id=invoice, key="issue")).data["issueInvoice"]["invoice"]
    assert issued["status"] == "ISSUED"
    papers = (await ask(company, PAPER, id=invoice)).data["invoice"]["documents"]
    xml = next(base64.b64decode(each["contentBase64"]) for each in papers if each["kind"] == "UBL")
    assert f"Rezervace {ref}, pozdní zrušení".encode() in xml
    assert (await ask(company, CREDIT, id=invoice)).data["createCreditNote"]["__typename"] == "CreditNoteCreated"
    anew = (await ask(company, RECORD, input=again, key="anew")).data["recordFee"]["invoice"]["id"]
    assert anew != invoice


async def test_who_cancels_in_time_or_agreed_to_nothing_pays_nothing(company: Company) -> None:
    """No line, and no draft for it."""
    in_time = {"localStart": "2026-11-25T19:01", "localEnd": "2026-11-25T20:00"}
    for key, changes in (("in time", in_time), ("no terms", {**LATE, "client": cast.EURO.client})):
        ref = await cancelled(company, key, **changes)
        assert await outcome_of(company, ref) == "no-fee"


WITHDRAW = """mutation ($booking: ID!, $key: ID!) {
  withdrawFee(booking: $booking, kind: NO_SHOW, idempotencyKey: $key) {
    ... on FeeWithdrawn { invoice { id lines { text } } }
    ... on Refused { code }
  }
}"""


async def test_fee_is_taken_off_a_draft_and_not_off_an_invoice(company: Company) -> None:
    """Records came after all; what is issued is for a person, who credits it."""
    told = a_fee()
    nothing = await ask(company, WITHDRAW, booking=cast.MAIN.booking, key="nothing")
    assert nothing.data["withdrawFee"] == {"invoice": None}
    charged = (await ask(company, RECORD, input=told, key="one")).data["recordFee"]["invoice"]
    withdrawn = (await ask(company, WITHDRAW, booking=cast.MAIN.booking, key="two")).data["withdrawFee"]["invoice"]
    assert withdrawn["id"] == charged["id"]
    assert not any(cast.MAIN.booking in line["text"] for line in withdrawn["lines"])
    await ask(company, RECORD, input=told, key="three")
    await ask(company, ISSUE, id=charged["id"], key="four")
    late = await ask(company, WITHDRAW, booking=cast.MAIN.booking, key="five")
    assert late.data["withdrawFee"] == {"code": "issued"}


async def test_fee_in_another_currency_is_refused(company: Company) -> None:
    """As charges are: one invoice, one currency (I4)."""
    told = a_fee(currency="EUR", amount="5.00")
    assert (await ask(company, RECORD, input=told, key="k")).data["recordFee"] == {"code": "wrong-currency"}
    unknown = {**told, "account": "none", "currency": "CZK"}
    assert (await ask(company, RECORD, input=unknown, key="l")).data["recordFee"] == {"code": "unknown-account"}
    wrong = await ask(company, RECORD, input={**told, "arisenAt": "2036-11-24T18:00:00Z"}, key="m")
    assert wrong.codes == {"BAD_USER_INPUT"}
