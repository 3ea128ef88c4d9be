"""How many objects an operation may make, estimated before anything is asked."""

from typing import Any

import pytest
from graphql import build_schema

from gateway.cost import objects_of
from gateway.operation import choose, coerce, prepare, read

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


def estimated(text: str, **variables: Any) -> int:
    document = read(text, SCHEMA)
    operation = choose(document, None)
    values = coerce(operation, variables, SCHEMA)
    prepared = prepare(document, operation, variables=values, schema=SCHEMA)
    return objects_of(prepared.selections, "Query", schema=SCHEMA, variables=values)


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
