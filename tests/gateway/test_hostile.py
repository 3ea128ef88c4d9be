"""Documents that want to be expensive, and requests that are none: a coded error, quickly, never an exception."""

from time import perf_counter
from typing import Any

import pytest

from gateway.request import GraphQLRequest
from gateway.subgraphs.protocol import RequestContext
from tests.gateway.company import company
from tests.gateway.federation import NOW, World

DEEP = "{ client(id: 1) " + "{ best " * 100 + "{ name }" + " }" * 101
BOMB = " ".join(
    ["{ client(id: 1) { ...F0 } }"]
    + [f"fragment F{n} on Client {{ a: best {{ ...F{n + 1} }} b: best {{ ...F{n + 1} }} }}" for n in range(20)]
    + ["fragment F20 on Client { name }"]
)
SPREADS = " ".join(
    ["{ client(id: 1) { ...F0 } }"]
    + [f"fragment F{n} on Client {{ ...F{n + 1} ...F{n + 1} }}" for n in range(20)]
    + ["fragment F20 on Client { name }"]
)


@pytest.fixture(scope="module")
def world() -> World:
    return company()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("", "GRAPHQL_PARSE_FAILED"),
        ("# nothing", "GRAPHQL_PARSE_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ('{ client(id: "\\ud800") { name } }', "GRAPHQL_PARSE_FAILED"),
        ("{ client(id: 1) " + "{ best " * 100_000, "GRAPHQL_PARSE_FAILED"),
        ("fragment A on Client { name }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ client(id: 1) { ...A } } fragment A on Client { best { ...A } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ client { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { clients { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ("type Query { a: Int }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ _entities(representations: []) { __typename } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "OPERATION_RESOLUTION_FAILURE"),
        ("{ client(id: 1) {" + " name" * 3000 + "} }", "QUERY_TOO_COMPLEX"),
        ("{" + " client(id: 1) { id name }" * 400 + "}", "QUERY_TOO_COMPLEX"),
        ("{" + " __typename" * 3990 + "}", "QUERY_TOO_COMPLEX"),
        ("{" + " ... on Query { client(id: 1) { id name } }" * 300 + "}", "QUERY_TOO_COMPLEX"),
        ("{ " + " ".join(f"s{n}: __schema {{ types {{ name }} }}" for n in range(700)) + " }", "QUERY_TOO_COMPLEX"),
        (DEEP, "DOCUMENT_TOO_DEEP"),
        (BOMB, "DOCUMENT_TOO_LARGE"),
        (SPREADS, "DOCUMENT_TOO_LARGE"),
    ],
)
async def test_what_is_refused_before_anybody_is_asked(world: World, document: str, code: str) -> None:
    """A code, no `data`, no request, and no long thinking."""
    started = perf_counter()
    answer = await world.ask(document)
    assert perf_counter() - started < 5
    assert (answer.executed, answer.data, world.asked) == (False, None, [])
    assert {each["extensions"]["code"] for each in answer.errors} == {code}


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("query($n: Int!) { clients(first: $n) { name } }", {}),
        ("query($n: Int!) { clients(first: $n) { name } }", {"n": None}),
        ("query($n: Int!) { clients(first: $n) { name } }", {"n": "1"}),
        ("query($n: Int!) { clients(first: $n) { name } }", {"n": 2**31}),
        ("query($n: Int!) { clients(first: $n) { name } }", {"n": [[1, 2]]}),
        ("query($w: Wanted) { echo(wanted: $w) }", {"w": {"colour": 1}}),
        ("query($w: Wanted) { echo(wanted: $w) }", {"w": {"segment": "HUGE"}}),
        ("query($if: Boolean = true) { clients { name @include(if: $if) } }", {"if": None}),
    ],
)
async def test_variables_that_dont_fit(world: World, document: str, variables: dict[str, Any]) -> None:
    """BAD_USER_INPUT names the variable; nobody is asked."""
    answer = await world.ask(document, variables)
    assert (answer.executed, world.asked) == (False, [])
    assert [each["extensions"]["code"] for each in answer.errors] == ["BAD_USER_INPUT"]
    assert "$" in answer.errors[0]["message"]


async def test_an_unknown_operation_is_named_with_those_there_are(world: World) -> None:
    """Whoever mistyped the name sees the right one."""
    answer = await world.ask("query A { __typename } query B { __typename }", operation_name="C")
    assert "'C'" in answer.errors[0]["message"]
    assert "A, B" in answer.errors[0]["message"]


async def test_a_mutation_where_only_queries_may_be(world: World) -> None:
    """HTTP GET: nothing is changed."""
    request = GraphQLRequest(query="mutation { pay(account: 7, amount: 1) { sequence } }", allow_mutations=False)
    world.asked.clear()
    answer = await world.gateway.answer(request, RequestContext(now=NOW))
    assert (answer.executed, world.asked) == (False, [])


@pytest.mark.parametrize(
    "document",
    [
        "{ client(id: 1) {" + " ".join(f"a{n}: name" for n in range(3000)) + "} }",
        "{" + " ".join(f"a{n}: client(id: {n}) {{ name accounts {{ rate }} }}" for n in range(300)) + "}",
        "{" + " ".join(f"a{n}: parties {{ id ... on Account {{ tickets {{ title }} }} }}" for n in range(100)) + "}",
        "{ client(id: " + "9" * 5000 + ") { name } }",
    ],
)
async def test_wide_documents_are_answered(world: World, document: str) -> None:
    """Wide alone is no crime below the limits, and planning stays linear."""
    started = perf_counter()
    answer = await world.ask(document)
    assert perf_counter() - started < 10
    assert not answer.errors
