"""What the pipeline keeps between requests, and for how long."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.composition import SubgraphSdl, compose
from gateway.composition.supergraph import Supergraph
from gateway.pipeline import Gateway
from gateway.request import GraphQLRequest
from gateway.subgraphs.operation import SubgraphOperation
from gateway.subgraphs.protocol import Inputs, RequestContext, SubgraphAnswer

SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
type Query { number(plus: Int = 0): Int }
type Mutation { count: Int }
"""


class Counting:
    """A subgraph that answers with the number of its executions, and counts what it compiles."""

    name = "numbers"

    def __init__(self) -> None:
        self.compiled = 0
        self.executed = 0

    def compile(self, operation: SubgraphOperation) -> str:
        self.compiled += 1
        return operation.kind

    async def execute(self, compiled: str, inputs: Inputs, context: RequestContext) -> SubgraphAnswer:
        self.executed += 1
        return SubgraphAnswer({"number" if compiled == "query" else "count": self.executed})


@pytest.fixture
def numbers() -> Counting:
    return Counting()


@pytest.fixture
def gateway(numbers: Counting) -> Gateway:
    supergraph = Supergraph.read(compose([SubgraphSdl("numbers", "", SDL)]).supergraph_sdl)
    return Gateway(supergraph, {"numbers": numbers}, cached=3)


async def ask(gateway: Gateway, text: str, variables: Mapping[str, Any] | None = None, **more: Any) -> Any:
    request = GraphQLRequest(query=text, variables=variables or {}, **more)
    return await gateway.answer(request, RequestContext(now=datetime(2026, 11, 24, tzinfo=UTC)))


async def test_one_document_is_planned_once_for_all_its_variables(gateway: Gateway, numbers: Counting) -> None:
    """Only what @skip and @include ask makes another plan."""
    text = "query($n: Int, $no: Boolean = false) { number(plus: $n) @skip(if: $no) }"
    answers = [await ask(gateway, text, {"n": n}) for n in range(3)]
    assert [answer.data for answer in answers] == [{"number": n} for n in (1, 2, 3)]
    assert numbers.compiled == 1
    assert (await ask(gateway, text, {"no": True})).data == {}
    assert numbers.executed == 3


async def test_what_was_not_used_for_longest_is_forgotten(gateway: Gateway, numbers: Counting) -> None:
    """A flood of unique documents can't fill the memory."""
    for name in "abcd":
        await ask(gateway, f"{{ {name}: number }}")
    assert numbers.compiled == 4
    await ask(gateway, "{ d: number }")
    assert numbers.compiled == 4
    await ask(gateway, "{ a: number }")
    assert numbers.compiled == 5


async def test_mutation_is_refused_where_only_queries_may_be(gateway: Gateway, numbers: Counting) -> None:
    """HTTP GET may not change anything: nothing is sent."""
    answer = await ask(gateway, "mutation { count }", allow_mutations=False)
    assert not answer.executed
    assert answer.errors[0]["extensions"]["code"] == "MUTATION_NOT_ALLOWED"
    assert numbers.executed == 0
    assert (await ask(gateway, "mutation { count }")).data == {"count": 1}


async def test_request_error_has_no_data_and_says_where(gateway: Gateway) -> None:
    """GraphQL spec, 7.1: an error before execution has locations, and the response no data."""
    answer = await ask(gateway, "{ number nobody }")
    assert (answer.executed, answer.data) == (False, None)
    assert answer.errors[0]["locations"] == [{"line": 1, "column": 10}]


async def test_large_document_is_not_kept(gateway: Gateway, numbers: Counting) -> None:
    """A thousand documents of a megabyte each would be a gigabyte: it is planned anew each time, and answered."""
    large = f"# {'x' * 20_000}\n{{ number }}"
    answers = [await ask(gateway, large) for _ in range(2)]
    assert [answer.data for answer in answers] == [{"number": 1}, {"number": 2}]
    assert numbers.compiled == 2
