"""How each field of the graph is reached: documents that lead from a root to it, made from the schema."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_object_type,
)

__all__ = ["Step", "Way", "coordinates", "document", "fields_of", "found_at", "ways"]


@dataclass(frozen=True, slots=True)
class Step:
    """One field of a way: `Client.contracts`, written `contracts(status: SIGNED)`, leading to an object of type `to`.

    `to` is None for a leaf, `member` says that it is one of a union's types.
    """

    type: str
    field: str
    arguments: str = ""
    to: str | None = None
    member: bool = False

    @property
    def coordinate(self) -> str:
        return f"{self.type}.{self.field}"


Way = tuple[Step, ...]


def fields_of(schema: GraphQLSchema) -> Iterator[tuple[str, str, GraphQLField]]:
    """(type, field, definition) of every object type, the roots first, introspection left out."""
    roots = [root.name for root in (schema.query_type, schema.mutation_type) if root]
    others = [name for name in schema.type_map if name not in roots and not name.startswith("__")]
    for name in [*roots, *others]:
        found = schema.type_map[name]
        if isinstance(found, GraphQLObjectType):
            yield from ((name, field, definition) for field, definition in found.fields.items())


def coordinates(schema: GraphQLSchema) -> list[str]:
    return [f"{type_name}.{field}" for type_name, field, _ in fields_of(schema)]


def ways(
    schema: GraphQLSchema,
    arguments: Mapping[str, str],
    *,
    given: Mapping[str, Mapping[str, str]],
    without: frozenset[str] = frozenset(),
) -> dict[str, Way]:
    """For each coordinate the shortest way to it; queries are preferred to mutations.

    `arguments` has the text of a field's by its coordinate; `given` has others for the ways to some types; no way leads
    by the coordinates in `without`.
    """
    leading = _ways_to_types(schema, without)
    found = {}
    for type_name, field, definition in fields_of(schema):
        if type_name in leading:
            texts = {**arguments, **given.get(type_name, {})}
            whole = (*leading[type_name], _step(type_name, field, definition))
            found[f"{type_name}.{field}"] = tuple(_with_arguments(step, texts) for step in whole)
    return found


def document(way: Way, *, to: int | None = None) -> str:
    """The way as an operation; with `to` only the first so many steps, and `__typename` in place of the next."""
    steps = way if to is None else way[:to]
    text = "" if steps and steps[-1].to is None else "{ __typename }"
    for step in reversed(steps):
        inner = text
        if step.member and inner != "{ __typename }":
            inner = f"{{ __typename ... on {step.to} {inner} }}"
        text = f"{{ {step.field}{step.arguments} {inner} }}"
    return f"{'mutation' if way[0].type == 'Mutation' else 'query'} {text}"


def found_at(data: Any, path: tuple[str, ...], way: Way) -> list[Any]:
    """Every value at `path`, the way's or its beginning's, also nulls; objects of a union's other types left out."""
    values = [data]
    for name, step in zip(path, way, strict=False):
        values = [value[name] for value in _objects(values) if name in value]
        if step.member:
            values = [value for value in _flat(values) if value is None or value.get("__typename") in (None, step.to)]
    return list(_flat(values))


def _objects(values: list[Any]) -> list[dict[str, Any]]:
    return [value for value in _flat(values) if isinstance(value, dict)]


def _flat(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


def _ways_to_types(schema: GraphQLSchema, without: frozenset[str]) -> dict[str, Way]:
    """The shortest way from a root to each object type."""
    found: dict[str, Way] = {}
    for root in (schema.query_type, schema.mutation_type):
        if root is None:
            continue
        found[root.name] = ()
        waiting = deque([root.name])
        while waiting:
            name = waiting.popleft()
            for step in _steps_to_objects(schema, name):
                if step.to is not None and step.to not in found and step.coordinate not in without:
                    found[step.to] = (*found[name], step)
                    waiting.append(step.to)
    return found


def _steps_to_objects(schema: GraphQLSchema, name: str) -> Iterator[Step]:
    for type_name, field, definition in fields_of(schema):
        if type_name != name:
            continue
        target = get_named_type(definition.type)
        if is_object_type(target):
            yield Step(name, field, to=target.name)
        elif isinstance(target, GraphQLUnionType):
            yield from (Step(name, field, to=member.name, member=True) for member in target.types)


def _step(type_name: str, field: str, definition: GraphQLField) -> Step:
    target = get_named_type(definition.type)
    if is_object_type(target):
        return Step(type_name, field, to=target.name)
    if isinstance(target, GraphQLUnionType):
        return Step(type_name, field, to=target.types[0].name, member=True)
    if isinstance(target, GraphQLInterfaceType):  # no way leads on from there: each type has one of its own
        return Step(type_name, field, to=target.name)
    return Step(type_name, field)


def _with_arguments(step: Step, texts: Mapping[str, str]) -> Step:
    return Step(step.type, step.field, texts.get(step.coordinate, ""), step.to, step.member)
