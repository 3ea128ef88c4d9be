"""Closing a period and invoicing a call, as steps on a graph that answers as billing does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from processes.close_period import close_period
from processes.invoice_call import invoice_call
from processes.invoice_conference import Prepared
from processes.issue_invoice import Issued, ask_for_buyer
from processes.rules.papers import Party
from processes.rules.refusal import Refusal
from tests.processes.fakes import FakeGraph
from tests.processes.test_invoice_conference import Company

SINCE = "2026-10-31T23:00:00Z"
ADDRESS = {"street": "Dlouhá 12/7", "city": "Praha 1", "postalCode": "110 00", "country": "CZ"}
CLIENT = {
    "id": "CL-00417",
    "name": "Novák Konference s.r.o.",
    "companyNumber": "27604977",
    "vatNumber": "CZ27604977",
    "email": None,
    "postalAddress": ADDRESS,
}


def refused(code: str) -> dict[str, Any]:
    return {"__typename": "Refused", "code": code, "message": f"why {code}"}


@dataclass
class Billing:
    """One period with a draft, unless there is none."""

    draft: str | None = "IN-1"
    client: Mapping[str, Any] | None = None
    refuses: str | None = None
    status: str = "OPEN"

    def graph(self, more: Mapping[str, Any] | None = None) -> FakeGraph:
        return FakeGraph(
            {
                "ClosePeriod": self.close,
                "BuyerOfInvoice": lambda variables: {"invoice": {"client": self.client}},
                "IssueInvoice": self.issue,
                "FinishPeriod": self.finish,
                **(more or {}),
            }
        )

    def close(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        self.status = "CLOSING" if self.draft else "CLOSED"
        draft = {"id": self.draft, "status": "DRAFT"} if self.draft else None
        return {"closePeriod": {"__typename": "PeriodClosed", "draft": draft}}

    def issue(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        if self.refuses:
            return {"issueInvoice": refused(self.refuses)}
        invoice = {"id": variables["invoice"], "number": "2026000001"}
        return {"issueInvoice": {"__typename": "InvoiceIssued", "invoice": invoice}}

    def finish(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        self.status = "CLOSED"
        return {"finishPeriod": {"__typename": "PeriodClosed"}}


async def test_period_is_closed_with_its_invoice() -> None:
    """Close, ask for the buyer, issue to them, finish; each mutation has a key of the run and its step."""
    billing = Billing(client=CLIENT)
    graph = billing.graph()
    assert await close_period(graph, "7700123", SINCE, run="close-period:x:1") == Issued("IN-1", "2026000001")
    assert graph.operations == ["ClosePeriod", "BuyerOfInvoice", "IssueInvoice", "FinishPeriod"]
    assert graph.variables("IssueInvoice")["buyer"]["name"] == "Novák Konference s.r.o."
    assert [key for _, key in graph.keys] == [
        "close-period:x:1:close",
        "close-period:x:1:issue-IN-1",
        "close-period:x:1:finish",
    ]
    assert billing.status == "CLOSED"


async def test_empty_period_is_closed_without_one() -> None:
    """No buyer is asked for."""
    billing = Billing(draft=None)
    graph = billing.graph()
    assert await close_period(graph, "7700123", SINCE, run="r") is None
    assert graph.operations == ["ClosePeriod", "FinishPeriod"]


@pytest.mark.parametrize(
    ("client", "refuses", "code"),
    [
        (None, None, "no-buyer"),
        ({**CLIENT, "postalAddress": None}, None, "no-address"),
        ({**CLIENT, "postalAddress": {**ADDRESS, "city": " "}}, None, "no-address"),
        ({**CLIENT, "name": ""}, None, "no-name"),
        (CLIENT, "no-exchange-rate", "no-exchange-rate"),
    ],
)
async def test_refusal_leaves_the_period_closing(
    client: Mapping[str, Any] | None, refuses: str | None, code: str
) -> None:
    """The reason comes out, the period waits, and the next run can go on."""
    billing = Billing(client=client, refuses=refuses)
    outcome = await close_period(billing.graph(), "7700123", SINCE, run="r")
    assert isinstance(outcome, Refusal)
    assert (outcome.code, billing.status) == (code, "CLOSING")
    if client is not None and refuses is None:
        assert "CL-00417" in outcome.message
        assert "sales" in outcome.message


async def test_somebody_else_issued_it_meanwhile() -> None:
    """That was wanted: the period is closed."""
    billing = Billing(client=CLIENT, refuses="not-a-draft")
    assert await close_period(billing.graph(), "7700123", SINCE, run="r") is None
    assert billing.status == "CLOSED"


async def test_name_is_on_one_line() -> None:
    """What no letter is, and XML has no place for, is a space."""
    billing = Billing(client={**CLIENT, "name": "Novák\nKonference\x07 s.r.o.\u2028"})
    buyer = await ask_for_buyer(billing.graph(), "IN-1")
    assert isinstance(buyer, Party)
    assert buyer.name == "Novák Konference s.r.o."


@pytest.mark.parametrize(("invoicing", "issues"), [("PER_CALL", True), ("PERIODIC", False)])
async def test_per_call_account_gets_its_invoice_at_once(invoicing: str, issues: bool) -> None:
    """A periodic one has a growing draft."""
    company = Company()
    found = {"id": "INV-1", "status": "DRAFT", "account": {"number": "7700123", "invoicing": invoicing}}
    graph = Billing(client=CLIENT).graph({**company.graph().answers, "InvoicingOfDraft": lambda _: {"invoice": found}})
    assert await invoice_call(graph, "CF-2026-000123", run="invoice-call:x:1") == Prepared("INV-1")
    assert ("IssueInvoice" in graph.operations) is issues
