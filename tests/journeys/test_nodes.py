"""Relay's object identification over the whole company: what has a nodeId is found again by it."""

from __future__ import annotations

import base64
import json

import pytest

from gateway.company import Company
from resolvers.nodes import node_id, parts_of
from sources.demo import cast
from tests.company import ask, viewer

EVERYTHING = """{
  client(id: "CL-00417") {
    nodeId
    contracts { nodeId rateVersions { nodeId } }
    billingAccounts { nodeId invoices(last: 1) { nodeId lines { conference { nodeId legs { nodeId } } } } }
    bookings(last: 1) { nodeId }
  }
}"""
AGAIN = """query($id: ID!) {
  node(id: $id) {
    __typename
    nodeId
    ... on Client { name }
    ... on Contract { validFrom }
    ... on RateVersion { version rates { band } }
    ... on BillingAccount { currency client { name } }
    ... on Invoice { status }
    ... on Conference { durationSeconds }
    ... on Leg { displayName }
    ... on Booking { title }
  }
}"""


def found(value: object) -> list[str]:
    """Every nodeId in an answer."""
    match value:
        case list():
            return [each for item in value for each in found(item)]
        case dict():
            return [each for name, item in value.items() for each in ([item] if name == "nodeId" else found(item))]
        case _:
            return []


async def test_what_has_a_node_id_is_found_by_it(company: Company) -> None:
    """The same type, the same id, and what the systems know of it."""
    answer = await ask(company, EVERYTHING)
    assert answer.errors == []
    one_of_each = {parts_of(each)[0]: each for each in found(answer.data)}
    assert set(one_of_each) == {
        *("Client", "Contract", "RateVersion", "BillingAccount", "Invoice", "Conference", "Leg", "Booking")
    }
    for name, id in one_of_each.items():
        again = await ask(company, AGAIN, id=id)
        assert again.errors == []
        node = again.data["node"]
        assert (node["__typename"], node["nodeId"]) == (name, id)
        assert all(value is not None for value in node.values())


async def test_ids_need_no_system_and_cost_no_request_where_nobody_asks(company: Company) -> None:
    """An id says all by itself; and links is asked for ids only by whoever selects them."""
    answer = await ask(company, "query($id: ID!) { node(id: $id) { nodeId } }", id=node_id("Booking", ("BK-1",)))
    assert (answer.requests, answer.statements) == (["links"], 0)
    assert (await ask(company, '{ client(id: "CL-00417") { id name } }')).requests == ["sales"]


async def test_what_doesnt_exist_has_nothing_but_its_key(company: Company) -> None:
    """Whether there is such a client only sales knows."""
    absent = node_id("Client", ("CL-none",))
    answer = await ask(company, "query($id: ID!) { node(id: $id) { nodeId ... on Client { id name } } }", id=absent)
    assert answer.data == {"node": {"nodeId": absent, "id": "CL-none", "name": None}}


async def test_node_opens_nothing_that_its_type_keeps_closed(company: Company) -> None:
    """Scopes and row rules hold on this way as on any other."""
    ids = [node_id("Invoice", ("IN-7700123-0001",)), node_id("Client", (cast.EURO.client,))]
    document = """query($id: ID!) { node(id: $id) {
      nodeId ... on Invoice { status } ... on Client { name contracts { number } } } }"""
    mailing = await ask(company, document, viewer=viewer("mailing"), id=ids[0])
    assert mailing.codes == {"FORBIDDEN"}
    stranger = await ask(company, document, viewer=viewer("salesperson", subject="nobody"), id=ids[1])
    assert stranger.codes == {"FORBIDDEN"}
    assert stranger.data["node"]["nodeId"] == ids[1]
    assert stranger.data["node"]["name"]
    assert stranger.data["node"]["contracts"] is None


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "id",
    [
        "",
        "CL-00417",
        "é",
        "A" * 100_000,
        node_id("Client", ("CL-00417",)) + "=",
        node_id("Nothing", ("1",)),
        node_id("Client", (1,)),
        node_id("Client", ()),
        node_id("Client", ("1", "2")),
        node_id("RateVersion", ("SM-1", "1")),
        encoded(["Client", ["CL-00417"]]),
        encoded(["Client", {"id": "CL-00417"}]),
        encoded({"Client": "CL-00417"}),
        encoded([["Client"], "CL-00417"]),
        base64.b64encode(b"[" * 500).decode(),
    ],
)
async def test_what_the_graph_never_gave_is_refused(company: Company, id: str) -> None:
    """One thing has one id, and no other text is taken for it."""
    answer = await ask(company, "query($id: ID!) { node(id: $id) { nodeId } }", id=id)
    assert answer.codes == {"BAD_USER_INPUT"}
    assert answer.data == {"node": None}
