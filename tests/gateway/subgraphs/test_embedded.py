"""A strawberry schema in this process as a subgraph: what passes, what is masked, what is done only once."""

import logging
from datetime import UTC, datetime
from typing import Any

import graphql
import pytest
import strawberry
from strawberry.federation import Schema

from gateway.subgraphs.embedded import EmbeddedSubgraph
from gateway.subgraphs.operation import SubgraphOperation
from gateway.subgraphs.protocol import Inputs, RequestContext, SubgraphAnswer

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)


class Refused(Exception):
    """Raised on purpose: it carries a code."""

    extensions = {"code": "TOO_LATE", "until": "noon"}  # noqa: RUF012 - graphql-core reads a plain dict


@strawberry.federation.type(keys=["id"])
class Client:
    id: strawberry.ID

    @strawberry.field
    def name(self) -> str:
        if self.id == "broken":
            raise ValueError("the password is hunter2")
        return f"client {self.id}"


@strawberry.type
class Query:
    @strawberry.field
    def twice(self, number: int) -> int:
        return 2 * number

    @strawberry.field
    def late(self) -> int | None:
        raise Refused("it is past noon")

    @strawberry.field
    def nothing(self) -> int:
        return None  # type: ignore[return-value]

    @strawberry.field
    def whose(self, info: strawberry.Info) -> str:
        return str(info.context)


@pytest.fixture
def subgraph() -> EmbeddedSubgraph:
    schema = Schema(Query, types=[Client], federation_version="2.9")
    return EmbeddedSubgraph("sales", schema._schema, make_context=lambda request: request.caller)


def operation(text: str, *, variables: tuple[str, ...] = (), entities: bool = False) -> SubgraphOperation:
    keys = (("_entities",), ("representations",)) if entities else ((), ())
    return SubgraphOperation(text, "query", variables, *keys)


async def answered(subgraph: EmbeddedSubgraph, asked: SubgraphOperation, **variables: Any) -> SubgraphAnswer:
    return await subgraph.execute(subgraph.compile(asked), Inputs((), variables), RequestContext(now=NOW))


ENTITIES = (
    "query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Client { name } } }"
)


async def test_only_the_variables_that_are_used_are_sent(subgraph: EmbeddedSubgraph) -> None:
    """Others might be of types that this subgraph doesn't know."""
    asked = operation("query($n: Int!) { twice(number: $n) }", variables=("n",))
    answer = await answered(subgraph, asked, n=4, unknown=object())
    assert (answer.data, list(answer.faults)) == ({"twice": 8}, [])


async def test_context_is_made_for_each_execution(subgraph: EmbeddedSubgraph) -> None:
    """Resolvers see who asks."""
    assert (await answered(subgraph, operation("{ whose }"))).data == {"whose": "anonymous"}


async def test_error_raised_on_purpose_passes_with_its_extensions(subgraph: EmbeddedSubgraph) -> None:
    """It has a code, so it was meant to be read outside."""
    (fault,) = (await answered(subgraph, operation("{ late }"))).faults
    assert (fault.message, fault.path) == ("it is past noon", ("late",))
    assert fault.extensions == {"code": "TOO_LATE", "until": "noon", "service": "sales"}


async def test_any_other_error_is_masked_outside_and_logged_inside(
    subgraph: EmbeddedSubgraph, caplog: pytest.LogCaptureFixture
) -> None:
    """The client learns which system failed, the log why."""
    compiled = subgraph.compile(operation(ENTITIES, entities=True))
    sent = [{"__typename": "Client", "id": "1"}, {"__typename": "Client", "id": "broken"}]
    with caplog.at_level(logging.ERROR):
        answer = await subgraph.execute(compiled, Inputs([sent], {}), RequestContext(now=NOW))
    (fault,) = answer.faults
    assert answer.data == {"_entities": [{"name": "client 1"}, None]}
    assert fault.extensions == {"code": "INTERNAL_SERVER_ERROR", "service": "sales"}
    assert "hunter2" not in fault.message
    assert "sales" in fault.message
    assert "hunter2" in caplog.text


async def test_null_where_none_may_be_is_a_fault_of_ours(subgraph: EmbeddedSubgraph) -> None:
    """The resolver broke its own schema's word: nothing of it is the client's doing."""
    answer = await answered(subgraph, operation("{ nothing }"))
    assert answer.data is None
    assert [fault.extensions["code"] for fault in answer.faults] == ["INTERNAL_SERVER_ERROR"]


@pytest.mark.parametrize(
    ("text", "variables"),
    [("query($n: Int!) { twice(number: $n) }", {"n": "many"}), ('{ twice(number: "many") }', {})],
)
async def test_input_that_a_scalar_refuses_is_the_clients_fault(
    subgraph: EmbeddedSubgraph, text: str, variables: dict[str, Any]
) -> None:
    """The API schema doesn't know what a scalar of a subgraph takes, so only the subgraph can refuse it."""
    answer = await answered(subgraph, operation(text, variables=tuple(variables)), **variables)
    assert [fault.extensions["code"] for fault in answer.faults] == ["BAD_USER_INPUT"]
    assert "many" in answer.faults[0].message


async def test_execution_parses_and_validates_nothing(
    subgraph: EmbeddedSubgraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of that is done when the plan is compiled."""
    compiled = subgraph.compile(operation("{ twice(number: 1) }"))

    def never(*_: object, **__: object) -> None:
        raise AssertionError("parsed or validated again")

    for module in (graphql, graphql.language, graphql.validation, graphql.execution.execute):
        for name in ("parse", "validate"):
            monkeypatch.setattr(module, name, never, raising=False)
    monkeypatch.setattr("gateway.subgraphs.embedded.parse", never)
    answer = await subgraph.execute(compiled, Inputs((), {}), RequestContext(now=NOW))
    assert answer.data == {"twice": 2}


async def test_representations_stay_as_they_were(subgraph: EmbeddedSubgraph) -> None:
    """strawberry takes `__typename` out of what it gets; a call that is sent again needs it."""
    compiled = subgraph.compile(operation(ENTITIES, entities=True))
    sent = [{"__typename": "Client", "id": "1"}]
    await subgraph.execute(compiled, Inputs([sent], {}), RequestContext(now=NOW))
    assert sent == [{"__typename": "Client", "id": "1"}]
