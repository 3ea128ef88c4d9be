"""The laws of access: a federated graph denies like one graph, and no system learns of what was denied.

The oracle is graphql-core on the unsplit schema, in which the resolver of a denied field raises. So nulls go up as the
GraphQL specification has it, in lists, through non-null types, at every place where an object can be met.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute,
    parse,
)
from graphql.language import FieldNode, InlineFragmentNode, SelectionSetNode

from gateway.authorization.access import Access
from gateway.authorization.pruning import Denied
from gateway.authorization.requirements import Denial
from gateway.authorization.row_rules import RowRule
from gateway.composition.supergraph import named
from gateway.doors.viewer import Viewer
from gateway.request import GraphQLResponse
from tests.gateway.federation import Computed, Thing, World, selection_set
from tests.properties.random_graph import RandomGraph, random_graph
from tests.properties.random_query import RandomQuery, random_query, smallest
from tests.properties.test_one_graph import difference

QUERIES_PER_GRAPH = 10
MeantFor = Callable[[Thing, str], bool]
"""Whether a field of an object is for the viewer."""


# scopes
class _DeniedAtRandom(Access):
    """Some fields are denied, whatever the supergraph asks for."""

    def __init__(self, world: World, coordinates: frozenset[tuple[str, str]]) -> None:
        super().__init__(world.supergraph)
        self.coordinates = coordinates

    def denied(self, standing: object) -> Denied:
        def denied(type_name: str, field_name: str) -> Denial | None:
            return Denial("no", "FORBIDDEN") if (type_name, field_name) in self.coordinates else None

        return denied

    def refusal(self, operation: object, standing: object) -> None:
        """Mutations too: their law is another one."""


async def test_denied_fields_are_null_as_on_one_graph(law_cases: int, law_seed: int) -> None:
    """Whatever is denied is null with FORBIDDEN, and the rest stands as it would."""
    for seed in range(law_seed, law_seed + max(1, law_cases // QUERIES_PER_GRAPH // 2)):
        rng = random.Random(f"denied {seed}")
        graph = random_graph(rng, hiding=False, counting=False, weak=False)
        schema = build_schema(graph.sdl)
        everything = [
            (each.name, field)
            for each in schema.type_map.values()
            if isinstance(each, GraphQLObjectType) and not each.name.startswith("__")
            for field in each.fields
        ]
        coordinates = frozenset(each for each in everything if rng.random() < 0.2)
        graph.world.gateway = graph.world.guarded_by(_DeniedAtRandom(graph.world, coordinates))
        law = _Law(
            graph, schema, lambda of, name, denied=coordinates: (of.type, name) not in denied, Viewer("somebody")
        )
        await law.hold_for(rng, f"seed {seed}: {sorted(coordinates)}")


# row rules
async def test_row_rules_hold_as_on_one_graph(law_cases: int, law_seed: int) -> None:
    """Of ruled types a viewer sees keys and their own rows, by whatever way; what others' rows say reaches nobody."""
    for seed in range(law_seed, law_seed + max(1, law_cases // QUERIES_PER_GRAPH)):
        rng = random.Random(f"rows {seed}")
        graph = random_graph(rng, hiding=False, counting=False, weak=False)
        ruled = _Ruled(rng, graph.world)
        graph.world.gateway = graph.world.guarded_by(Access(graph.world.supergraph, rules=ruled.rules.values()))
        law = _Law(graph, build_schema(graph.sdl), ruled.is_meant, Viewer("somebody", claims=ruled.claims))
        await law.hold_for(rng, f"seed {seed}: {ruled.rules} {ruled.claims}")


class _Ruled:
    """Row rules for some of the entities, and a viewer's claims, of which some rows are theirs."""

    def __init__(self, rng: random.Random, world: World) -> None:
        self.world = world
        self.rules: dict[str, RowRule] = {}
        self.claims: dict[str, Any] = {}
        for of in world.supergraph.types.values():
            plain_keys = all("{" not in key for s in world.subgraphs.values() for key in s.keys.get(of.name, ()))
            if any(of.keys.values()) and of.kind == "object" and plain_keys and rng.random() < 0.6:
                path = rng.choice(list(self._paths(of.name, 3)))
                self.rules[of.name] = RowRule(
                    type=of.name, fields=" { ".join(path) + " }" * (len(path) - 1), claim=of.name
                )
                values = [value for each in world.named(of.name) for value in self.values(each, path)]
                self.claims[of.name] = rng.choice([*values, "nothing like it", values])
        self.keys = {
            name: {word for s in world.subgraphs.values() for key in s.keys.get(name, ()) for word in key.split()}
            for name in self.rules
        }

    def _paths(self, type_name: str, longest: int) -> Iterator[tuple[str, ...]]:
        """Of fields without arguments that nothing computes, to an id or a text."""
        for name, declared in self.world.supergraph.types[type_name].fields.items():
            schema_type = self.world.supergraph.api_schema.type_map[type_name]
            assert isinstance(schema_type, GraphQLObjectType)
            target = self.world.supergraph.types.get(named(declared.type))
            if schema_type.fields[name].args or self._is_computed(type_name, name):
                continue
            if named(declared.type) in ("ID", "String", "Int"):
                yield (name,)
            elif target and target.kind == "object" and longest > 1:
                yield from ((name, *rest) for rest in self._paths(target.name, longest - 1))

    def _is_computed(self, type_name: str, name: str) -> bool:
        return any((type_name, name) in each.requires for each in self.world.subgraphs.values())

    def values(self, of: Any, path: tuple[str, ...]) -> list[Any]:
        """What the path leads to."""
        if isinstance(of, list):
            return [value for each in of for value in self.values(each, path)]
        if not path:
            return [of] if of is not None else []
        return self.values(self.world.true_value(of, path[0], {}), path[1:]) if of else []

    def is_meant(self, of: Thing, name: str) -> bool:
        if self.is_own(of) or name in self.keys[of.type]:
            computed = of.values.get(name)
            if not isinstance(computed, Computed) or of.type in self.rules:
                return True
            required = {r for s in self.world.subgraphs.values() if (r := s.requires.get((of.type, name)))}
            return all(self._sees(of, selection_set(each)) for each in required)
        return False

    def is_own(self, of: Thing) -> bool:
        rule = self.rules.get(of.type)
        if rule is None:
            return True
        path = tuple(rule.fields.replace("{", " ").replace("}", " ").split())
        claim = self.claims[of.type]
        claimed = {str(each) for each in (claim if isinstance(claim, list) else [claim])}
        return any(str(each) in claimed for each in self.values(of, path))

    def _sees(self, of: Any, required: SelectionSetNode) -> bool:
        """Whether all that a field of an unruled type requires is the viewer's: else it isn't sent either."""
        if isinstance(of, list):
            return all(self._sees(each, required) for each in of)
        if of is None:
            return True
        for node in required.selections:
            if isinstance(node, InlineFragmentNode):
                assert node.type_condition
                possible = self.world.supergraph.possible(node.type_condition.name.value)
                if of.type in possible and not self._sees(of, node.selection_set):
                    return False
            elif isinstance(node, FieldNode) and node.name.value != "__typename":
                if not self.is_meant(of, node.name.value):
                    return False
                value = self.world.true_value(of, node.name.value, _arguments(self.world, of, node))
                if node.selection_set and not self._sees(value, node.selection_set):
                    return False
        return True


def _arguments(world: World, of: Thing, node: FieldNode) -> Mapping[str, Any]:
    from graphql.execution.values import get_argument_values

    declared = world.supergraph.api_schema.type_map[of.type]
    assert isinstance(declared, GraphQLObjectType)
    return get_argument_values(declared.fields[node.name.value], node)


@dataclass(frozen=True, slots=True)
class _Law:
    """One graph, one viewer: every answer against the oracle's."""

    graph: RandomGraph
    schema: GraphQLSchema
    is_meant: MeantFor
    viewer: Viewer

    async def hold_for(self, rng: random.Random, story: str) -> None:
        for _ in range(QUERIES_PER_GRAPH):
            query = random_query(rng, self.graph.world.supergraph.api_schema)
            if await self.broken(query):

                async def fails(tried: RandomQuery) -> bool:
                    return await self.broken(tried) is not None

                small = await smallest(query, self.schema, fails)
                subgraphs = "\n".join(f"# {name}\n{sdl}" for name, sdl in self.graph.subgraphs.items())
                pytest.fail(f"{story}\n{subgraphs}\n{small.text}\n{small.variables}\n{await self.broken(small)}")

    async def broken(self, query: RandomQuery) -> str | None:
        """What is wrong with the gateway's answer."""
        expected = self.one_graph(query)
        try:
            answer = await self.graph.world.ask(query.text, query.variables, viewer=self.viewer)
        except Exception as problem:
            return f"{type(problem).__name__}: {problem}"
        return self.wrong_errors(answer, expected) or difference(answer.data, expected.data, "data")

    def wrong_errors(self, answer: GraphQLResponse, expected: ExecutionResult) -> str | None:
        """Each denied field is told at its path; where a null has gone up, others that went with it may be too."""
        if any(each["extensions"]["code"] != "FORBIDDEN" for each in answer.errors):
            return f"errors: {answer.errors}"
        told = {tuple(each.get("path", ())) for each in answer.errors}
        missing = [each.path for each in expected.errors or () if tuple(each.path or ()) not in told]
        if missing:
            return f"denied and not told: {missing}"
        return f"told and not denied: {told}" if told and not expected.errors else None

    def one_graph(self, query: RandomQuery) -> ExecutionResult:
        world = self.graph.world

        def resolve(source: Thing | None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
            of = source or world.roots[info.parent_type.name]
            if not self.is_meant(of, info.field_name):
                raise GraphQLError("denied")
            return world.true_value(of, info.field_name, arguments)

        result = execute(
            self.schema,
            parse(query.text),
            variable_values=dict(query.variables),
            field_resolver=resolve,
            type_resolver=lambda value, *_: value.type,
        )
        assert isinstance(result, ExecutionResult)
        return result
