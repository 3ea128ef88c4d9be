"""How many objects an operation may make, estimated before anything is asked."""

from typing import Any

import pytest
from graphql import build_schema

from gateway.coercing import Coercing
from gateway.cost import check_objects, objects_of
from gateway.errors import OverLimit
from gateway.operation import Operation, choose, coerce, prepare, read

SCHEMA = build_schema(
    """
    type Query { client(id: ID): Client  clients(first: Int = 20): Connection }
    type Connection { edges: [Edge!]!  total: Int }
    type Edge { node: Client! }
    type Client { name: String  bookings(last: Int): [Booking!]  contracts: [Contract!]  grid: [[Contract!]] }
    type Booking { ref: ID!  client: Client }
    type Contract { number: ID! }
    """
)


def prepared(text: str, **variables: Any) -> tuple[Operation, Any]:
    document = read(text, SCHEMA)
    operation = choose(document, None)
    values = coerce(operation, variables, Coercing(SCHEMA))
    return prepare(document, operation, variables=values, schema=SCHEMA), values


def estimated(text: str, **variables: Any) -> int:
    operation, values = prepared(text, **variables)
    return objects_of(operation.selections, "Query", schema=SCHEMA, variables=values)


@pytest.mark.parametrize(
    ("text", "objects"),
    [
        ("{ __typename }", 0),
        ("{ client { name } }", 1),
        ("{ client { contracts { number } } }", 1 + 10),
        ("{ client { grid { number } } }", 1 + 100),
        ("{ client { bookings(last: 5) { ref } } }", 1 + 5),
        ("{ client { bookings { ref } } }", 1 + 100),
        ("{ clients { edges { node { name } } } }", 1 + 20 * 2),
        ("{ clients(first: 3) { edges { node { contracts { number } } } } }", 1 + 3 * (1 + 1 + 10)),
        ("{ client { ... on Client { bookings(last: 2) { ref } } } }", 1 + 2),
        ("{ client { bookings { client { bookings { ref } } } } }", 1 + 100 * (1 + 1 + 100)),
    ],
)
def test_lists_within_lists_multiply(text: str, objects: int) -> None:
    """Sizes that are asked for count, the schema's default where there is one, else what is usual."""
    assert estimated(text) == objects


def test_variable_counts_with_its_value() -> None:
    """And for the most where it has none."""
    text = "query($n: Int) { client { bookings(last: $n) { ref } } }"
    assert estimated(text, n=4) == 1 + 4
    assert estimated(text) == 1 + 100
    assert estimated(text, n=-5) == 1 + 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "{ clients(first: 50) { edges { node { mine: bookings { ref } contracts { number } } } } }",
            "some 5601 objects, more than 5; 5000 of them in the lists at clients.edges.node.mine: "
            "pass `last`, which counts as 100 now, at clients.edges.node.mine, or ask for less below it",
        ),
        (
            "query($n: Int) { clients(first: $n) { edges { node { ... on Client { contracts { number } } } } } }",
            "some 7201 objects, more than 5; 6000 of them in the lists at clients.edges.node.contracts: "
            "pass a smaller `first` at clients, or ask for less below it",
        ),
        (
            "{ client { grid { number } } }",
            "some 101 objects, more than 5; 100 of them in the lists at client.grid: ask for less",
        ),
        (
            "{ a: client { name } b: client { name } c: client { name } d: client { name } e: client { name } "
            "f: client { name } }",
            "some 6 objects, more than 5: ask for less, or in several requests",
        ),
    ],
)
def test_refusal_names_the_costliest_list_and_what_to_pass(text: str, told: str) -> None:
    """By the client's own names; where no size can be passed, less is to be asked for."""
    operation, values = prepared(text, **({"n": 600} if "$n" in text else {}))
    with pytest.raises(OverLimit) as refusal:
        check_objects(operation, SCHEMA, values, most=5)
    assert told in str(refusal.value)
