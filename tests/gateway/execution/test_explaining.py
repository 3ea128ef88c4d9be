"""What a client is told of the plan: by whom it may be seen, and what it says."""

from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry

from gateway.composition import SubgraphSdl, compose
from gateway.composition.supergraph import Supergraph
from gateway.doors.viewer import Viewer
from gateway.pipeline import Gateway
from gateway.request import Explain, GraphQLRequest, GraphQLResponse
from gateway.subgraphs.embedded import EmbeddedSubgraph
from gateway.subgraphs.protocol import RequestContext

PLANNER = Viewer("jana", frozenset({"plan:read"}))
QUERY = "{ cats { name lives } }"


def make_gateway(calls: list[str]) -> Gateway:
    @strawberry.federation.type(keys=["name"])
    class Cat:
        name: str

    @strawberry.type
    class Query:
        @strawberry.field
        def cats(self) -> list[Cat]:
            calls.append("names")
            return [Cat(name="Micka"), Cat(name="Mourek")]

    @strawberry.type
    class NoQuery:
        @strawberry.field
        def unused(self) -> int:
            return 0

    @strawberry.federation.type(keys=["name"], name="Cat")
    class LivingCat:
        name: str

        @classmethod
        def resolve_reference(cls, name: str) -> "LivingCat":
            return cls(name=name)

        @strawberry.field
        def lives(self) -> int:
            calls.append("lives")
            return 9

    schemas = {
        "names": strawberry.federation.Schema(Query, types=[Cat], federation_version="2.9"),
        "lives": strawberry.federation.Schema(NoQuery, types=[LivingCat], federation_version="2.9"),
    }
    composed = compose([SubgraphSdl(name, "", schema.as_str()) for name, schema in schemas.items()])
    subgraphs = {
        name: EmbeddedSubgraph(name, schema._schema, make_context=lambda _: None) for name, schema in schemas.items()
    }
    return Gateway(Supergraph.read(composed.supergraph_sdl), subgraphs)


async def ask(viewer: Viewer, explain: Explain, calls: list[str] | None = None) -> GraphQLResponse:
    gateway = make_gateway([] if calls is None else calls)
    context = RequestContext(now=datetime(2026, 11, 24, tzinfo=UTC), viewer=viewer)
    return await gateway.answer(GraphQLRequest(query=QUERY, explain=explain), context)


async def test_plan_beside_the_answer_says_how_it_went() -> None:
    """Each request of the plan with its place, what it waits for, what it is sent, and how long that took."""
    response = await ask(PLANNER, "beside")
    assert response.data == {"cats": [{"name": "Micka", "lives": 9}, {"name": "Mourek", "lives": 9}]}
    first, second = response.extensions["plan"]["requests"]
    assert (first["service"], first["kind"], first["paths"], first["waitsFor"]) == ("names", "query", [""], [])
    assert (second["service"], second["kind"], second["paths"]) == ("lives", "entities", ["cats.@"])
    assert second["waitsFor"] == [first["id"]]
    assert "_entities(representations: $representations)" in second["document"]
    (sent,) = second["sent"]
    assert sent["entities"] == 2
    assert sent["startMs"] >= first["sent"][0]["startMs"] + first["sent"][0]["durationMs"] - 0.02  # each is rounded


async def test_plan_alone_executes_nothing() -> None:
    """So that a page can draw what a mutation would do without doing it."""
    calls: list[str] = []
    response = await ask(PLANNER, "only", calls)
    assert response.data == {}
    assert [each["sent"] for each in response.extensions["plan"]["requests"]] == [None, None]
    assert calls == []


@pytest.mark.parametrize("viewer", [Viewer("petr", frozenset({"clients:read"})), Viewer("petr")])
async def test_plan_is_for_those_who_may_see_it(viewer: Viewer) -> None:
    """A plan tells how a company is built; whoever may not see it gets the answer without it, or a refusal."""
    calls: list[str] = []
    refused = await ask(viewer, "only", calls)
    assert (refused.executed, refused.extensions, calls) == (False, {}, [])
    assert [error["extensions"]["code"] for error in refused.errors] == ["FORBIDDEN"]
    beside = await ask(viewer, "beside")
    assert beside.extensions == {}
    assert beside.data is not None


async def test_nobody_gets_a_plan_unasked() -> None:
    """The usual answer has no extensions at all."""
    nothing: dict[str, Any] = {}
    assert (await ask(PLANNER, "no")).extensions == nothing
