"""What composition takes and gives, beside the rules: servers' SDL, names of graphs, hints, refusals of the given."""

from __future__ import annotations

import pytest
import strawberry
from graphql import build_schema

from gateway.composition import CompositionError, SubgraphSdl, compose
from gateway.composition.composer import graph_names
from tests.gateway.composition.tables import HEADER


@strawberry.federation.type(keys=["id"])
class Client:
    id: strawberry.ID
    name: str | None = strawberry.federation.field(default=None, tags=["internal"])


@strawberry.federation.type(shareable=True, description="An amount\nof a currency")
class Money:
    amount: str


@strawberry.type
class Query:
    client: Client | None = None
    money: Money | None = None


def test_sdl_of_a_strawberry_server_composes() -> None:
    """What a server adds for the gateway (`_service`, `_entities`, `_Any` ...) is not in the supergraph."""
    sdl = strawberry.federation.Schema(query=Query, federation_version="2.9").as_str()
    assert "_entities" in sdl
    supergraph = compose([SubgraphSdl("sales", "http://sales", sdl)]).supergraph_sdl
    assert "_entities" not in supergraph
    assert "_Any" not in supergraph
    schema = build_schema(supergraph)
    assert schema.query_type is not None
    assert set(schema.query_type.fields) == {"client", "money"}
    assert schema.type_map["Money"].description == "An amount\nof a currency"
    assert '@link(url: "https://specs.apollo.dev/tag/v0.3")' in supergraph


def test_sdl_of_a_federation_1_server_composes() -> None:
    """What a Federation 1 server adds for the gateway, and repeats of its directives, is not in the supergraph."""
    sdl = """
        scalar _Any  scalar _FieldSet  union _Entity = T  type _Service { sdl: String }
        directive @key(fields: _FieldSet!) repeatable on OBJECT | INTERFACE
        directive @external on FIELD_DEFINITION
        directive @requires(fields: _FieldSet!) on FIELD_DEFINITION
        directive @extends on OBJECT | INTERFACE
        extend type Query { t: T  _entities(representations: [_Any!]!): [_Entity]!  _service: _Service! }
        type T @key(fields: "id") { id: ID! }
    """
    supergraph = compose([SubgraphSdl("old", "http://old", sdl)]).supergraph_sdl
    schema = build_schema(supergraph)
    assert schema.query_type is not None
    assert set(schema.query_type.fields) == {"t"}
    assert "_Any" not in supergraph
    assert '@join__type(graph: OLD, key: "id")' in supergraph


def test_names_are_given_once() -> None:
    """Two subgraphs of one name can't be told apart."""
    given = SubgraphSdl("sales", "http://sales", HEADER + "type Query { a: Int }")
    with pytest.raises(CompositionError) as refusal:
        compose([given, given])
    assert refusal.value.problems[0].code == "DUPLICATE_SUBGRAPH_NAME"


def test_no_subgraphs_are_no_supergraph() -> None:
    """A supergraph has a query."""
    with pytest.raises(CompositionError) as refusal:
        compose([])
    assert [problem.code for problem in refusal.value.problems] == ["NO_QUERIES"]


def test_graphs_are_named_as_the_join_specification_says() -> None:
    """Upper case, "_" for what a name can't hold, made distinct."""
    names = ["2nd", "a-b.c", "a_b.c", "café", "true", "x", "x_1"]
    assert graph_names(names) == ["_2ND", "A_B_C_1", "A_B_C_2", "CAF_", "TRUE", "X", "X_1_"]


def test_hints_name_what_is_left_out() -> None:
    """What the supergraph doesn't carry is hinted at, not silently dropped."""
    sdl = HEADER + "directive @mine on FIELD_DEFINITION type Query { a: Int @mine }"
    (hint,) = compose([SubgraphSdl("sales", "http://sales", sdl)]).hints
    assert hint.code == "DIRECTIVE_LEFT_OUT"
    assert "@mine" in hint.message
