"""The law: whatever fails in the systems, the answer conforms to the schema and every null has an error.

Random graphs as in test_one_graph; now systems are down, entities can't be resolved and fields fail, at random.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zlib import crc32

import pytest
from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, execute_sync, parse

from gateway.request import GraphQLResponse
from tests.gateway.federation import Faulty, Thing, World, coded, down
from tests.properties.random_contexts import random_contexts
from tests.properties.random_graph import RandomGraph, random_graph
from tests.properties.random_query import RandomQuery, random_query

QUERIES_PER_GRAPH = 10


def random_split(rng: random.Random) -> RandomGraph:
    """Without what this law says nothing of: nulls for hidden parts, and answers that depend on what ran before."""
    return random_graph(rng, hiding=False, counting=False)


@pytest.mark.parametrize("make", [random_split, random_contexts], ids=lambda make: make.__name__)
async def test_under_failures_data_conforms_and_every_null_has_an_error(
    make: Callable[[random.Random], RandomGraph], law_cases: int, law_seed: int
) -> None:
    """What is not null is true; what is null but should not be has an error at, above or below it; no field lies."""
    for seed in range(law_seed, law_seed + max(1, law_cases // QUERIES_PER_GRAPH)):
        rng = random.Random(f"failing systems {seed}")
        graph = make(rng)
        schema = build_schema(graph.sdl)
        for number in range(QUERIES_PER_GRAPH):
            query = random_query(rng, graph.world.supergraph.api_schema)
            _break(graph.world, rng, f"{seed} {number}")
            problem = await _lie(graph, schema, query)
            if problem:
                pytest.fail(_story(seed, graph, query, problem))


def _break(world: World, rng: random.Random, salt: str) -> None:
    likely = rng.choice([0.02, 0.1, 0.3])
    world.faulty = _faulty(salt, likely)
    world.twists = {name: down(name) for name in world.subgraphs if rng.random() < 0.15}


def _faulty(salt: str, likely: float) -> Faulty:
    def faulty(system: str, type_name: str, name: str, of: Thing | None) -> Exception | None:
        place = f"{salt} {system} {type_name}.{name} {of and of.values.get('id')}"
        return coded(f"failed: {place}") if crc32(place.encode()) / 2**32 < likely else None

    return faulty


async def _lie(graph: RandomGraph, schema: GraphQLSchema, query: RandomQuery) -> str | None:
    """What is wrong with the answer; None when nothing is."""
    expected = await graph.world.one_graph(query.text, query.variables)
    answer = await graph.world.ask(query.text, query.variables)
    if any("code" not in each["extensions"] for each in answer.errors):
        return f"an error without a code: {answer.errors}"
    if answer.data is not None:
        confirmed = _confirmed(graph.world, schema, query, answer.data)
        if confirmed.errors or confirmed.data != answer.data:
            return f"answered {answer.data}\nbut {confirmed.errors or confirmed.data}"
    paths = [tuple(each.get("path", ())) for each in answer.errors]
    for null in _nulls(answer.data, expected.data, ()):
        if not any(path[: len(null)] == null or null[: len(path)] == path for path in paths if path):
            return f"a null without an error at {null}: {answer}"
    return None


_Source = tuple[Thing, Mapping[str, Any], tuple[Thing, ...]]
"""A thing, what was answered for it, and the things above it, the nearest first."""


def _confirmed(world: World, schema: GraphQLSchema, query: RandomQuery, data: Mapping[str, Any]) -> Any:
    """The one graph's answer, but null where `data` is: it has errors where that may not be."""

    def resolve(source: _Source, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        of, found, above = source
        truth = world.true_value(of, info.field_name, arguments, above)
        return _paired(truth, found[str(info.path.key)], (of, *above))

    def kind(value: Any, *_: Any) -> str:
        return str(value[0].type)

    document = parse(query.text)
    root = "Mutation" if query.text.startswith("mutation") else "Query"
    return execute_sync(
        schema,
        document,
        root_value=(world.roots[root], data, ()),
        variable_values=dict(query.variables),
        field_resolver=resolve,
        type_resolver=kind,
    )


def _paired(truth: Any, found: Any, above: tuple[Thing, ...]) -> Any:
    if found is None:
        return None
    if isinstance(truth, list):
        return [_paired(*each, above) for each in zip(truth, found, strict=True)]
    return (truth, found, above) if isinstance(truth, Thing) else truth


def _nulls(found: Any, expected: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Where an answer has null and the truth has something."""
    if found is None:
        if expected is not None:
            yield path
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from _nulls(value, expected[key], (*path, key))
    elif isinstance(found, list):
        for index, value in enumerate(found):
            yield from _nulls(value, expected[index], (*path, index))


def _story(seed: int, graph: RandomGraph, query: RandomQuery, problem: str) -> str:
    subgraphs = "\n".join(f"# {name}\n{sdl}" for name, sdl in graph.subgraphs.items())
    return f"seed {seed}\n{subgraphs}\n{query.text}\n{query.variables}\n{problem}"


def test_the_check_itself_sees_a_null_without_an_error() -> None:
    """A law that can't be broken is none."""
    assert list(_nulls({"a": [None, {"b": None}]}, {"a": [1, {"b": 2}]}, ())) == [("a", 0), ("a", 1, "b")]
    assert not list(_nulls(GraphQLResponse(data={"a": None}).data, {"a": None}, ()))
