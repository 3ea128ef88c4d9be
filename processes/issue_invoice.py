"""A draft becomes an invoice, made out to its client as sales knows it today (domain.md, I14).

Ask:    whose the draft is, with name, numbers and address
Decide: whether that is enough for an invoice (rules/buyers.py)
Tell:   billing issues it, to this buyer, and makes its documents

Billing keeps the buyer as a snapshot on the invoice and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from processes.graph import Graph
from processes.rules.buyers import buyer_of
from processes.rules.papers import Party
from processes.rules.refusal import Refusal

__all__ = ["DOCUMENTS", "Issued", "ask_for_buyer", "issue_invoice"]

BUYER = """
query BuyerOfInvoice($invoice: ID!) {
  invoice(id: $invoice) {
    client { id name companyNumber vatNumber email postalAddress { street city postalCode country } }
  }
}
"""

ISSUE = """
mutation IssueInvoice($invoice: ID!, $buyer: BuyerInput!, $key: ID!) {
  issueInvoice(id: $invoice, buyer: $buyer, idempotencyKey: $key) {
    __typename
    ... on InvoiceIssued { invoice { id number } }
    ... on Refused { code message }
  }
}
"""

DOCUMENTS = (BUYER, ISSUE)


@dataclass(frozen=True, slots=True)
class Issued:
    """An invoice's id and number."""

    invoice: str
    number: str


async def issue_invoice(graph: Graph, invoice: str, *, run: str) -> Issued | Refusal:
    """Refused as `ask_for_buyer` and billing refuse: `no-exchange-rate`, `not-a-draft`, ..."""
    buyer = await ask_for_buyer(graph, invoice)
    if isinstance(buyer, Refusal):
        return buyer
    data = await graph.execute(
        ISSUE, {"invoice": invoice, "buyer": buyer_input(buyer), "key": f"{run}:issue-{invoice}"}
    )
    answer = data["issueInvoice"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return Issued(answer["invoice"]["id"], answer["invoice"]["number"])


async def ask_for_buyer(graph: Graph, invoice: str) -> Party | Refusal:
    """Whom the invoice is made out to. Refused `unknown-invoice`, `no-buyer`, `no-name`, `no-address`."""
    found = (await graph.execute(BUYER, {"invoice": invoice}))["invoice"]
    if found is None:
        return Refusal("unknown-invoice", f"billing has no invoice {invoice}")
    return buyer_of(invoice, found["client"])


def buyer_input(buyer: Party) -> dict[str, Any]:
    return {
        "name": buyer.name,
        "street": buyer.street,
        "city": buyer.city,
        "postalCode": buyer.postal_code,
        "country": buyer.country,
        "companyNumber": buyer.company_number,
        "vatNumber": buyer.vat_number,
        "email": buyer.email,
    }
