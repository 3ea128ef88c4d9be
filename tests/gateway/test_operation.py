"""From a document to an operation: what is refused, and what spreading fragments may not make of it."""

from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema

from gateway.coercing import Coercing
from gateway.errors import BadVariables, OperationNotFound, OverLimit, SyntaxRefused, ValidationRefused
from gateway.operation import Operation, choose, coerce, conditions, prepare, read
from gateway.selections import Field, Selections

SCHEMA = build_schema(
    """
    interface Node { id: ID! }
    type Query { user(id: ID = "1", page: Int): User  node: Node }
    type User implements Node { id: ID!  name: String  friend: User }
    type Robot implements Node { id: ID!  serial: String }
    """
)


def prepared(text: str, schema: GraphQLSchema = SCHEMA, **variables: Any) -> Operation:
    document = read(text, schema)
    operation = choose(document, None)
    return prepare(document, operation, variables=coerce(operation, variables, Coercing(schema)), schema=schema)


def shown(selections: Selections) -> str:
    """`user{name}`, `...User{id}`: enough to compare."""
    return " ".join(
        (each.name if isinstance(each, Field) else f"...{each.on}")
        + (f"{{{shown(each.selections)}}}" if each.selections else "")
        for each in selections
    )


def test_fragments_are_spread_and_equal_fields_joined() -> None:
    """One place, one field: what several fragments ask of it is put together."""
    text = (
        "query { user { ...A ...B friend { id } } } fragment A on User { friend { name } } fragment B on User { name }"
    )
    assert shown(prepared(text).selections) == "user{friend{name id} name}"


def test_fragment_on_a_wider_type_is_opened_for_an_object() -> None:
    """Every User is a Node; what no object can be both of is dropped."""
    assert shown(prepared("{ user { ... on Node { id } } }").selections) == "user{id}"
    assert shown(prepared("{ node { ... on User { name } ... on Robot { serial } } }").selections) == (
        "node{...User{name} ...Robot{serial}}"
    )
    assert shown(prepared("{ node { ... on User { ... on Node { ... on Robot { serial } } id } } }").selections) == (
        "node{...User{id}}"
    )


@pytest.mark.parametrize(
    ("directive", "kept"),
    [("@skip(if: true)", False), ("@include(if: true)", True), ("@include(if: $no)", False), ("@skip(if: $no)", True)],
)
@pytest.mark.parametrize(
    "place", ["friend %s { name }", "... %s { friend { name } }", "... on User %s { friend { name } }"]
)
def test_conditions_are_applied_wherever_they_stand(directive: str, kept: bool, place: str) -> None:
    """@skip and @include on fields and on fragments (GraphQL spec, 3.13)."""
    operation = prepared(
        f"query($no: Boolean! = false) {{ user {{ id {place % directive} }} a: user @include(if: $no) {{ id }} }}"
    )
    assert shown(operation.selections) == ("user{id friend{name}}" if kept else "user{id}")


def test_conditions_tell_plans_apart_and_nothing_else_does() -> None:
    """Only the variables that @skip and @include ask are part of a plan's key."""
    document = read("query($a: Boolean!, $id: ID) { user(id: $id) { id name @skip(if: $a) } }", SCHEMA)
    assert document.condition_variables == ("a",)
    assert conditions(document, {"a": True, "id": "7"}) == (True,)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{ user", SyntaxRefused),
        ("", SyntaxRefused),
        ("# nothing", SyntaxRefused),
        ("{ nobody }", ValidationRefused),
        ("fragment A on User { ...A }", ValidationRefused),
        ("query A { user { id } } query B { user { id } }", OperationNotFound),
        ("query($n: Int!) { user(page: $n) { id } }", BadVariables),
    ],
)
def test_what_is_no_operation_is_refused_by_its_own_class(text: str, error: type[Exception]) -> None:
    """Each has its code, and none gets as far as a subgraph."""
    with pytest.raises(error):
        prepared(text)


def test_unknown_operation_is_named_with_those_there_are() -> None:
    """The message holds the remedy."""
    document = read("query A { user { id } } query B { user { id } }", SCHEMA)
    with pytest.raises(OperationNotFound, match=r"no operation named 'C'; it has: A, B"):
        choose(document, "C")


def test_fragments_that_multiply_are_refused() -> None:
    """Twenty fragments that each spread the next one twice are a million fields in a small document."""
    bomb = "".join(
        f"fragment F{n} on User {{ a{n}: friend {{ ...F{n + 1} }} b{n}: friend {{ ...F{n + 1} }} }} " for n in range(20)
    )
    with pytest.raises(OverLimit) as refused:
        prepared(f"{{ user {{ ...F0 }} }} {bomb} fragment F20 on User {{ id }}")
    assert refused.value.code == "DOCUMENT_TOO_LARGE"


def test_depth_hidden_in_fragments_is_refused() -> None:
    """No bracket of the text is deep, but the operation is."""
    chain = "".join(f"fragment F{n} on User {{ friend {{ ...F{n + 1} }} }} " for n in range(40))
    with pytest.raises(OverLimit) as refused:
        prepared(f"{{ user {{ ...F0 }} }} {chain} fragment F40 on User {{ id }}")
    assert refused.value.code == "DOCUMENT_TOO_DEEP"
