"""Variables are coerced as graphql-core does it, or not at all."""

from __future__ import annotations

import random
from typing import Any

import pytest
from graphql import GraphQLError, OperationDefinitionNode, build_schema, parse
from graphql.execution.values import get_variable_values

from gateway.coercing import Coercing, Unsure

SCHEMA = build_schema(
    """
    scalar Instant
    enum Band { PEAK OFF_PEAK }
    input Segment { band: Band!, seconds: Int!, price: Float = 1.5, notes: [String!] = ["none"], at: Instant }
    input Charge { leg: ID!, segments: [Segment!]!, isFree: Boolean = false, matrix: [[Int]] }
    input Tree { name: String, below: [Tree!] }
    input Either @oneOf { id: ID, name: String }
    type Query { f(
        charge: Charge, charges: [Charge!]!, tree: Tree, either: Either, id: ID!, band: Band = PEAK, flags: [Boolean]
    ): Int }
    """
)
DOCUMENT = """query (
  $charge: Charge, $charges: [Charge!]! = [], $tree: Tree, $either: Either, $id: ID!, $band: Band = OFF_PEAK,
  $flags: [Boolean]
) { f(charge: $charge, charges: $charges, tree: $tree, either: $either, id: $id, band: $band, flags: $flags) }"""
OPERATION: OperationDefinitionNode = parse(DOCUMENT).definitions[0]  # type: ignore[assignment]

SEGMENT = {"band": "PEAK", "seconds": 60}
CHARGE = {"leg": "pbx:1", "segments": [SEGMENT]}
ODD: tuple[Any, ...] = (
    None,
    1,
    -(2**31),
    2**31,
    1.0,
    1.5,
    True,
    "",
    "PEAK",
    "peak",
    [],
    [None],
    {},
    {"leg": "x"},
    SEGMENT,
)


def expected(given: dict[str, Any]) -> dict[str, Any] | list[GraphQLError]:
    found = get_variable_values(SCHEMA, OPERATION.variable_definitions or (), given)
    return found if isinstance(found, list) else found.coerced


@pytest.mark.parametrize(
    "given",
    [
        {"id": "7"},
        {"id": "7", "charge": None, "band": "PEAK", "flags": [True, None]},
        {"id": "7", "charges": [CHARGE, {**CHARGE, "isFree": None, "matrix": [[1, None], None]}]},
        {"id": "7", "charge": {"leg": "x", "segments": [{**SEGMENT, "price": 2, "at": "2026-11-24T00:00:00Z"}]}},
        {"id": "7", "charge": {"leg": "x", "segments": [{**SEGMENT, "notes": None}]}, "unknown": 1},
    ],
)
def test_what_surely_fits_is_coerced_without_graphql_core(given: dict[str, Any]) -> None:
    """Defaults of variables and of fields are filled in; a number is a Float; a null stays one."""
    assert Coercing(SCHEMA).coerce(OPERATION, given) == expected(given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"id": None},
        {"id": 7},
        {"id": "7", "charges": None},
        {"id": "7", "charges": CHARGE},
        {"id": "7", "charges": [None]},
        {"id": "7", "charge": {"leg": "x"}},
        {"id": "7", "charge": {**CHARGE, "extra": 1}},
        {"id": "7", "band": "DAWN"},
        {"id": "7", "flags": [1]},
        {"id": "7", "tree": {"below": [{"name": "x"}]}},
        {"id": "7", "either": {"id": "x"}},
    ],
)
def test_of_anything_else_it_is_unsure(given: dict[str, Any]) -> None:
    with pytest.raises(Unsure):
        Coercing(SCHEMA).coerce(OPERATION, given)


def test_random_values_are_coerced_as_graphql_core_does_it_or_not_at_all() -> None:
    """Seeded; the type of each value too, as 1, 1.0 and true are equal in Python."""
    chance, coercing, taken = random.Random(5), Coercing(SCHEMA), 0
    for _ in range(4_000):
        given: dict[str, Any] = {"id": chance.choice(["7", "7", "7", 7, None])}
        for name in ("charge", "charges", "tree", "either", "band", "flags"):
            if chance.random() < 0.5:
                given[name] = a_value(chance, name)
        try:
            found = coercing.coerce(OPERATION, given)
        except Unsure:
            continue
        taken += 1
        assert repr(found) == repr(expected(given)), given
    assert 400 < taken < 3_600


def a_value(chance: random.Random, name: str) -> Any:
    """Of its type mostly, and odd somewhere now and then."""
    if chance.random() < 0.06:
        return chance.choice(ODD)
    match name:
        case "charge":
            charge = {"leg": a_value(chance, "leg"), "segments": [a_value(chance, "segment") for _ in range(2)]}
            extra = {each: a_value(chance, each) for each in ("isFree", "matrix") if chance.random() < 0.4}
            return {**extra, **charge}
        case "charges":
            return [a_value(chance, "charge") for _ in range(chance.randint(0, 2))]
        case "segment":
            extra = {each: a_value(chance, each) for each in ("price", "notes", "at") if chance.random() < 0.4}
            return {"seconds": chance.randint(0, 9), "band": chance.choice(["PEAK", "OFF_PEAK"]), **extra}
        case "flags":
            return [chance.choice([True, False, None]) for _ in range(2)]
        case "matrix":
            return [[chance.randint(-2, 2), None], None]
        case "notes":
            return [chance.choice(["", "ř"])]
        case "either":
            return {"id": "x"}
        case "tree":
            return {"name": "a"}
        case _:
            return chance.choice(
                {"band": ["PEAK"], "isFree": [True], "price": [1, 1.5], "at": [{"a": [1]}, "x"]}.get(name, ["x"])
            )
