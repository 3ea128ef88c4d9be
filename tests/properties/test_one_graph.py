"""The law: a federated graph answers like one graph.

A random schema with random data is split over random subgraphs; random queries through the gateway must give exactly
what graphql-core gives on the unsplit schema. `--law-cases N` runs N cases, `--law-seed S` starts at another place;
a failure prints the seed, the subgraphs and the smallest query that still fails.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, build_schema

from gateway.request import GraphQLResponse
from tests.gateway.federation import one_graph
from tests.properties.census import INTERFACE_OBJECTS, SHAPES, took_part
from tests.properties.random_contexts import random_contexts
from tests.properties.random_graph import RandomGraph, random_graph
from tests.properties.random_interface_objects import random_interface_objects
from tests.properties.random_query import RandomQuery, random_query, smallest

QUERIES_PER_GRAPH = 10


GRAPHS = [random_graph, random_interface_objects, random_contexts]


@pytest.mark.parametrize("make", GRAPHS, ids=lambda make: make.__name__)
async def test_a_federated_graph_answers_like_one_graph(
    make: Callable[[random.Random], RandomGraph], law_cases: int, law_seed: int
) -> None:
    """Splitting a graph over subgraphs changes no answer, and gives no error where nothing failed."""
    for seed in range(law_seed, law_seed + max(1, law_cases // QUERIES_PER_GRAPH)):
        rng = random.Random(f"one graph {seed}")
        graph = make(rng)
        schema = build_schema(graph.sdl)
        for _ in range(QUERIES_PER_GRAPH):
            graph.world.drawn = rng.random() * 100
            query = random_query(rng, graph.world.supergraph.api_schema)
            if await _differs(graph, schema, query):
                pytest.fail(await _story(seed, graph, schema, query))


@pytest.mark.parametrize(
    ("make", "shapes", "rich"),
    [(random_graph, SHAPES, [173, 138, 171, 66, 7, 14, 35]), (random_interface_objects, INTERFACE_OBJECTS, [])],
    ids=["graph", "objects"],
)
async def test_every_shape_takes_part(
    make: Callable[[random.Random], RandomGraph], shapes: frozenset[str], rich: list[int]
) -> None:
    """What the law holds for is drawn, and used: each shape within 500 graphs.

    The rich ones come first, and it stops where all shapes have been seen: that saves time.
    """
    lacking = set(shapes)
    for seed in (*rich, *range(500)):
        rng = random.Random(f"one graph {seed}")
        graph = make(rng)
        for _ in range(QUERIES_PER_GRAPH // 2):
            graph.world.drawn = rng.random() * 100
            query = random_query(rng, graph.world.supergraph.api_schema)
            answer = await graph.world.ask(query.text, query.variables)
            lacking.difference_update(took_part(graph, query, answer.errors))
        if not lacking:
            return
    pytest.fail(f"in no case: {sorted(lacking)}")


async def _differs(graph: RandomGraph, schema: GraphQLSchema, query: RandomQuery) -> str | None:
    """What is wrong with the gateway's answer; None when it is the one graph's."""
    expected = await one_graph(graph.world, schema, query.text, query.variables)
    assert graph.hides or not expected.errors, f"the case itself is wrong: {expected.errors}"
    try:
        answer = await graph.world.ask(query.text, query.variables)
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"
    return _wrong_errors(answer, expected) or difference(answer.data, expected.data, "data")


def _wrong_errors(answer: GraphQLResponse, expected: ExecutionResult) -> str | None:
    """What clients may not see is null, and each such null that the one graph tells of is told at its path."""
    if answer.errors and not expected.errors:
        return f"errors: {answer.errors}"
    told = [each.get("path") for each in answer.errors]
    missing = [each.message for each in expected.errors or () if each.path not in told]
    return f"not told: {missing}, but {answer.errors}" if missing else None


def difference(found: Any, expected: Any, at: str) -> str | None:
    """The first place where two answers differ, the order of keys included."""
    match found, expected:
        case dict(), dict() if list(found) == list(expected):
            return next(filter(None, (difference(found[key], expected[key], f"{at}.{key}") for key in found)), None)
        case list(), list() if len(found) == len(expected):
            pairs = enumerate(zip(found, expected, strict=True))
            return next(filter(None, (difference(*each, f"{at}.{index}") for index, each in pairs)), None)
        case _:
            same = type(found) is type(expected) and found == expected
            return None if same else f"at {at}: answered {found}, expected {expected}"


async def _story(seed: int, graph: RandomGraph, schema: GraphQLSchema, query: RandomQuery) -> str:
    async def fails(tried: RandomQuery) -> bool:
        try:
            return await _differs(graph, schema, tried) is not None
        except AssertionError:
            return False

    small = await smallest(query, schema, fails)
    subgraphs = "\n".join(f"# {name}\n{sdl}" for name, sdl in graph.subgraphs.items())
    return f"seed {seed}\n{subgraphs}\n{small.text}\n{small.variables}\n{await _differs(graph, schema, small)}"
