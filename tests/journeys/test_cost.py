"""What a request costs: subgraph requests and SQL statements, which must not grow with what is answered."""

from __future__ import annotations

import pytest

from gateway.company import Company
from tests.company import ask

REQUESTS = {
    "ClientProfile": ({"id": "CL-00417"}, ["billing", "bridge", "links", "reservations", "sales"]),
    "Clients": ({}, ["billing", "links", "sales"]),
    "LatestRates": ({"number": "7700123"}, ["billing", "links", "sales"]),
}
TRACE = "query Some($id: ID!) { client(id: $id) { billingAccounts { invoices(last: 1) { id } } } }"


@pytest.mark.parametrize("document", list(REQUESTS))
async def test_each_subgraph_is_asked_once(company: Company, document: str) -> None:
    """The plan's promise, counted where the subgraphs are asked: 5, 3 and 3 requests."""
    variables, expected = REQUESTS[document]
    answer = await ask(company, document, **variables)
    assert sorted(answer.requests) == expected


async def test_trace_of_an_invoice_takes_five_requests(company: Company) -> None:
    """Sales is asked once, for the booking's client and the account's, which is known earlier and can wait."""
    found = await ask(company, TRACE, id="CL-00417")
    invoice = found.data["client"]["billingAccounts"][0]["invoices"][0]["id"]
    answer = await ask(company, "TraceInvoice", id=invoice)
    assert sorted(answer.requests) == ["billing", "bridge", "links", "reservations", "sales"]


async def test_statements_are_the_same_for_one_and_for_twenty_clients(company: Company) -> None:
    """Every level is one batch, however many parents it has."""
    one = await ask(company, "Clients", search="27604977")
    twenty = await ask(company, "Clients")
    assert (len(one.data["clients"]["edges"]), len(twenty.data["clients"]["edges"])) == (1, 20)
    assert one.statements == twenty.statements


async def test_statements_of_a_profile_do_not_grow_with_its_bookings(company: Company) -> None:
    """A client with many bookings and accounts costs what one with few costs."""
    many = await ask(company, "ClientProfile", id="CL-00418")
    few = await ask(company, "ClientProfile", id="CL-00417")
    assert len(many.data["client"]["billingAccounts"]) == 2
    assert many.statements == few.statements
    everyone = "{ clients(first: %d) { edges { node { bookings(last: 5) { conference { legs { seconds } } } } } } }"
    assert (await ask(company, everyone % 2)).statements == (await ask(company, everyone % 100)).statements


@pytest.mark.parametrize(
    "document",
    [
        '{ client(id: "CL-00417") { bookings { client { bookings { client { bookings { ref } } } } } } }',
        '{ conference(id: "C") { ' + "legs { conference { " * 4 + "legs { id } " + "} } " * 4 + "} }",
        "{ clients(first: 100) { edges { node { billingAccounts { invoices(last: 100) { lines { text } } } } } } }",
    ],
)
async def test_short_document_that_asks_for_millions_is_refused(company: Company, document: str) -> None:
    """Nothing of its text is large; no system is asked."""
    answer = await ask(company, document)
    assert answer.codes == {"QUERY_TOO_COMPLEX"}
    assert answer.requests == []
