"""Subgraphs over HTTP give the same answers as in this process."""

import json
from typing import Any

import pytest

from gateway.http.media_types import MediaType
from gateway.http.writing import written
from gateway.subgraphs.remote.settings import RemoteSettings
from tests.gateway.company import company
from tests.gateway.federation import World, thing
from tests.gateway.subgraphs.remote.serving import http, served

QUERIES = [
    "{ client(id: 1) { name accounts { number currency rate owner { name } } } }",
    "{ clients { id label accounts(last: 1) { balance } mainAccount { number } } }",
    "{ tickets { title subject { __typename ... on Client { name } ... on Invoice { total } ... on Note { text } } } }",
    "{ parties { __typename id label(lang: \"en\") ... on Account { tickets { title reporter { id } } } } }",
    "{ about { ... on Client { name segment } ... on Note { author { legalName } } } }",
    "{ a: account(number: 7) { invoices { total account { rate(plus: 3) } } } b: account(number: 8) { id } }",
    "mutation { one: pay(account: 7, amount: 5) { account { paid owner { name } } } two: pay(account: 8, amount: 1) "
    "{ sequence } }",
    "mutation { pay(account: 7, amount: -5) { sequence } }",
    "{ sureClients { legalName accounts { sureCurrency } } }",
    "{ client(id: 9) { name } __schema { queryType { name } } }",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
async def test_answer_is_that_of_this_process(query: str) -> None:
    """All of the data; and errors at the same places, though only their codes' kind is told."""
    here = await company().ask(query)
    async with served(company()) as there:
        answer = await there.ask(query)
    assert answer.data == here.data
    assert [each.get("path") for each in answer.errors] == [each.get("path") for each in here.errors]


@pytest.mark.parametrize("number", [1, 2])
async def test_variables_go_along(number: int) -> None:
    """Those the subgraph's own operation uses; what is left out has its default there."""
    query = (
        "query($times: Int = 7, $text: String, $in: String) "
        "{ echo(text: $text, times: $times) account(number: 7) { balance(in: $in) } }"
    )
    variables: dict[str, Any] = {"text": 'é \u2028 "x"'} if number == 1 else {"times": 3, "in": "EUR"}
    here = await company().ask(query, variables)
    async with served(company()) as there:
        answer = await there.ask(query, **variables)
    assert (answer.data, answer.errors) == (here.data, ())
    assert here.data["echo"] is not None


async def test_connections_are_used_again() -> None:
    """One after another is one connection."""
    async with served(company()) as there:
        for _ in range(20):
            assert (await there.ask("{ client(id: 1) { name } }")).errors == ()
        assert len(there.servers["sales"].received) == 20
        assert there.servers["sales"].connections == 1


async def test_request_is_as_the_specification_wants_it() -> None:
    """GraphQL over HTTP: POST, JSON, both media types accepted; nothing of the client's but the id."""
    async with served(company()) as there:
        await there.ask("{ client(id: 1) { name } }", there.context(request_id="r-1", headers=HEADERS))
        (received,) = there.servers["sales"].received
    assert received.head.startswith("POST /graphql HTTP/1.1\r\n")
    assert received.header("content-type") == "application/json"
    assert received.header("accept") == "application/graphql-response+json, application/json;q=0.9"
    assert received.header("x-request-id") == "r-1"
    assert not {"authorization", "cookie", "x-tenant", "spojka-caller", "referer"} & {
        line.partition(":")[0].lower() for line in received.head.splitlines()
    }
    assert b'"variables":{}' in received.body


HEADERS = {b"authorization": b"Bearer secret", b"cookie": b"a=b", b"x-tenant": b"acme"}


LONG = [0, 2**63 - 1, 2**64, -(2**70), 10**300, 0.1, "1" * 40]


async def test_integers_of_any_length_keep_their_digits() -> None:
    """Where a scalar of a subgraph's own may hold them, in keys, and in what errors say; up to the client."""
    sdls = {
        "numbers": 'scalar Big type Query { all: [Big] one: One } type One @key(fields: "id") { id: ID! }',
        "names": 'type One @key(fields: "id") { id: ID! name: String }',
    }
    one = thing("One", id=2**90, name="one")
    async with served(World(sdls, [one], query={"all": [], "one": one}), RemoteSettings(mask=False)) as there:
        content = {"data": {"all": LONG, "one": {"id": 2**90}}, "errors": [{"message": "", "extensions": {"n": 2**80}}]}
        there.servers["numbers"].does = lambda _: http(json.dumps(content).encode())
        answer = await there.ask("{ all one { id name } }")
        (received,) = there.servers["names"].received
    assert str(2**90).encode() in received.body
    _, body = written(answer, MediaType.LEGACY)
    assert json.loads(body)["data"] == {"all": LONG, "one": {"id": str(2**90), "name": answer.data["one"]["name"]}}
    assert json.loads(body)["errors"][0]["extensions"]["n"] == 2**80


async def test_plan_tells_what_was_sent() -> None:
    """As for subgraphs in this process: how often each was asked."""
    async with served(company()) as there:
        context = there.context()
        await there.ask("{ client(id: 1) { name accounts { currency } } }", context)
    assert [each.service for each in context.sent] == ["sales", "links", "billing"]
