"""A random valid operation on a schema, with the values of its variables; and how to make a failing one smaller."""

import random
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from graphql import (
    GraphQLCompositeType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
    parse,
    print_ast,
    validate,
)
from graphql.language import DocumentNode, FieldNode, FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode

__all__ = ["RandomQuery", "random_query", "smallest"]

LITERALS: dict[str, list[str]] = {
    "Int": ["4", "7", "null"],
    "String": ['"q"', '"why"', "null"],
    "Boolean!": ["true", "false"],
    "Colour": ["RED", "BLUE", "null"],
    "Filter": ["{at: 5}", '{names: ["n", "m"], colour: GREEN}', "{}", "null"],
    "[ID!]": ['["1", 2]', '"3"', "null"],
}
VALUES: dict[str, list[Any]] = {
    "Int": [4, 11, None],
    "String": ["q", "z", None],
    "Boolean!": [True, False],
    "Colour": ["GREEN", "RED", None],
    "Filter": [{"at": 5}, {"names": ["n"], "colour": "GREEN"}, {}, None],
    "[ID!]": [["1", "2"], [3], "4", None],
}


@dataclass(frozen=True, slots=True)
class RandomQuery:
    """A document with one operation, and its variables."""

    text: str
    variables: dict[str, Any]


def random_query(rng: random.Random, schema: GraphQLSchema) -> RandomQuery:
    """Valid, and the same for the same state of `rng`."""
    kind = "mutation" if schema.mutation_type and rng.random() < 0.15 else "query"
    for aliases, told_apart in ((0.25, False), (0.2, False), (0.1, False), (0.2, True), (0.05, True), (0.0, True)):
        made = _Writing(rng, schema, aliases, told_apart, kind).write()
        if not validate(schema, parse(made.text)):
            return made
    return RandomQuery("{ __typename }", {})


@dataclass(eq=False)
class _Writing:
    rng: random.Random
    schema: GraphQLSchema
    aliases: float  # how often a field has one that may collide
    told_apart: bool  # whether fields with arguments all have aliases of their own
    kind: str
    variables: dict[str, tuple[str, str, Any]] = field(default_factory=dict)  # name -> type, default, value
    fragments: list[str] = field(default_factory=list)
    spread: dict[str, list[str]] = field(default_factory=dict)  # the fragments that are complete, by type
    given: int = 0

    def write(self) -> RandomQuery:
        root = self.schema.query_type if self.kind == "query" else self.schema.mutation_type
        assert root
        body = self._set(root, self.rng.randint(2, 6))
        declared = ", ".join(f"${name}: {of}{default}" for name, (of, default, _) in self.variables.items())
        head = f"{self.kind} Asked{f'({declared})' if declared else ''}"
        given = {name: value for name, (_, _, value) in self.variables.items() if value is not _ABSENT}
        return RandomQuery("\n".join([f"{head} {body}", *self.fragments]), given)

    def _set(self, on: GraphQLCompositeType, depth: int) -> str:
        return "{ " + " ".join(self._selections(on, depth)) + " }"

    def _selections(self, on: GraphQLCompositeType, depth: int) -> list[str]:
        rng = self.rng
        fields = {} if isinstance(on, GraphQLUnionType) else on.fields
        chosen = rng.sample(list(fields.items()), min(len(fields), rng.randint(1, 5)))
        if chosen and rng.random() < 0.15:
            chosen.append(rng.choice(chosen))  # once more: under another alias, or its selections are joined
        found = [text for name, declared in chosen if (text := self._field(name, declared, depth))]
        if not isinstance(on, GraphQLObjectType):
            members = [each for each in self.schema.get_possible_types(on) if rng.random() < 0.6]
            found += [self._fragment(each, depth) for each in members]
        if rng.random() < 0.12 and (related := self._related(on)):
            found.append(self._fragment(rng.choice(related), depth))
        if rng.random() < 0.15:
            found.append(rng.choice(["__typename", "kind: __typename"]) + self._directive())
        rng.shuffle(found)
        return found or ["__typename"]

    def _related(self, on: GraphQLCompositeType) -> list[GraphQLCompositeType]:
        """Types whose objects can be at `on` as well: a fragment on them is valid."""
        here = self._possible(on)
        return [
            each
            for each in self.schema.type_map.values()
            if is_composite_type(each) and not each.name.startswith("__") and self._possible(each) & here
        ]

    def _possible(self, on: GraphQLCompositeType) -> set[str]:
        if isinstance(on, (GraphQLInterfaceType, GraphQLUnionType)):
            return {each.name for each in self.schema.get_possible_types(on)}
        return {on.name}

    def _fragment(self, on: GraphQLCompositeType, depth: int) -> str:
        known = self.spread.get(on.name)
        if known and depth > 0 and self.rng.random() < 0.25:
            return f"...{self.rng.choice(known)}{self._directive()}"
        body = self._set(on, max(depth - 1, 0) if self.rng.random() < 0.5 else depth) if depth > 0 else "{ __typename }"
        if self.rng.random() < 0.3:
            name = f"Part{len(self.fragments)}"
            self.fragments.append("")
            self.fragments[int(name[4:])] = f"fragment {name} on {on.name} {body}"
            self.spread.setdefault(on.name, []).append(name)
            return f"...{name}{self._directive()}"
        return f"... on {on.name}{self._directive()} {body}"

    def _field(self, name: str, declared: GraphQLField, depth: int) -> str | None:
        below = ""
        of = get_named_type(declared.type)
        if is_composite_type(of):
            if depth <= 0:
                return None
            below = " " + self._set(of, depth - 1)
        alias = ""
        if self.rng.random() < self.aliases:
            alias = self.rng.choice(["x", "y", "z", "id", "code", "f0", "f1", "r0", "up"]) + ": "
        elif self.told_apart and (declared.args or is_composite_type(of)):
            self.given += 1
            alias = f"k{self.given}: "
        given = [
            f"{key}: {self._argument(each.type)}"
            for key, each in declared.args.items()
            if is_required_argument(each) or self.rng.random() < 0.7
        ]
        arguments = f"({', '.join(given)})" if given else ""
        return f"{alias}{name}{arguments}{self._directive()}{below}"

    def _argument(self, declared: GraphQLInputType) -> str:
        of = str(declared)
        if of not in LITERALS:
            return self._literal(declared)
        if of == "Filter" and self.rng.random() < 0.3:
            return f"{{at: {self._variable('Int!', [2, 9])}, names: [{self._variable('String!', ['v', 'w'])}]}}"
        if self.rng.random() < 0.5:
            return self.rng.choice(LITERALS[of])
        return self._variable(of, VALUES[of])

    def _literal(self, declared: GraphQLInputType) -> str:
        """A value for an argument of a type that only schemas drawn by others have."""
        match declared:
            case GraphQLNonNull(of_type=of):
                return self._literal(of)
            case GraphQLList(of_type=of):
                return f"[{self._literal(of)}]"
            case GraphQLEnumType():
                return self.rng.choice(list(declared.values))
            case GraphQLInputObjectType(fields=fields):
                needed = (
                    f"{name}: {self._literal(each.type)}"
                    for name, each in fields.items()
                    if is_required_input_field(each)
                )
                return f"{{{', '.join(needed)}}}"
            case _:
                return {"Int": "4", "Float": "1.5", "Boolean": "true"}.get(str(declared), '"1"')

    def _variable(self, of: str, values: list[Any]) -> str:
        name = f"v{len(self.variables)}"
        default, value = "", self.rng.choice(values)
        if self.rng.random() < 0.4 and of in LITERALS:
            default = f" = {self.rng.choice(LITERALS[of])}"
        if self.rng.random() < 0.3 and (default or not of.endswith("!")):
            value = _ABSENT
        self.variables[name] = (of, default, value)
        return f"${name}"

    def _directive(self) -> str:
        if self.rng.random() > 0.12:
            return ""
        fixed = self.rng.choice(["true", "false"])
        condition = fixed if self.rng.random() < 0.5 else self._variable("Boolean!", [True, False])
        return f" @{self.rng.choice(['skip', 'include'])}(if: {condition})"


_ABSENT: Any = object()


async def smallest(
    query: RandomQuery, schema: GraphQLSchema, fails: Callable[[RandomQuery], Awaitable[bool]]
) -> RandomQuery:
    """The query with every selection taken out that it fails without."""
    shrunk, start = True, 0  # one pass after the other, each going on where it found something
    while shrunk or start:
        shrunk, start = False, start if shrunk else 0
        for number, text in enumerate(islice(_without_one(parse(query.text, no_location=True)), start, None), start):
            tried = RandomQuery(_tidied(text), query.variables)
            if not validate(schema, parse(tried.text)) and await fails(tried):
                query, shrunk, start = tried, True, number
                break
    return query


def _tidied(text: str) -> str:
    """Without variables and fragments that nobody uses any more."""
    document = parse(text, no_location=True)
    definitions = []
    for each in document.definitions:
        if isinstance(each, FragmentDefinitionNode) and not re.search(rf"\.\.\.{each.name.value}\b", text):
            continue
        if isinstance(each, OperationDefinitionNode):
            used = [
                v for v in each.variable_definitions or () if len(re.findall(rf"\${v.variable.name.value}\b", text)) > 1
            ]
            each = _with(each, variable_definitions=tuple(used))
        definitions.append(each)
    tidied = print_ast(DocumentNode(definitions=tuple(definitions)))
    return tidied if len(tidied) == len(text) else _tidied(tidied)


def _without_one(document: DocumentNode) -> Iterator[str]:
    """Every document that has one selection less, or an inline fragment or a spread's contents instead."""
    for number, definition in enumerate(document.definitions):
        assert isinstance(definition, (OperationDefinitionNode, FragmentDefinitionNode))
        others = list(document.definitions)
        if isinstance(definition, FragmentDefinitionNode):
            yield print_ast(DocumentNode(definitions=tuple(others[:number] + others[number + 1 :])))
        for smaller in _smaller_sets(definition.selection_set):
            others[number] = _with(definition, selection_set=smaller)
            yield print_ast(DocumentNode(definitions=tuple(others)))


def _smaller_sets(selections: SelectionSetNode) -> Iterator[SelectionSetNode]:
    nodes = list(selections.selections)
    for index, node in enumerate(nodes):
        if len(nodes) > 1:
            yield SelectionSetNode(selections=tuple(nodes[:index] + nodes[index + 1 :]))
        inner = getattr(node, "selection_set", None)
        if inner:
            if not isinstance(node, FieldNode):
                yield SelectionSetNode(selections=(*nodes[:index], *inner.selections, *nodes[index + 1 :]))
            for smaller in _smaller_sets(inner):
                changed = [*nodes[:index], _with(node, selection_set=smaller), *nodes[index + 1 :]]
                yield SelectionSetNode(selections=tuple(changed))
        for changed_node in _plainer(node):
            yield SelectionSetNode(selections=(*nodes[:index], changed_node, *nodes[index + 1 :]))


def _plainer(node: Any) -> Iterator[Any]:
    if node.directives:
        yield _with(node, directives=())
    if isinstance(node, FieldNode) and node.alias:
        yield _with(node, alias=None)
    if isinstance(node, FieldNode) and node.arguments:
        yield _with(node, arguments=())


def _with(node: Any, **changes: Any) -> Any:
    return type(node)(**{key: getattr(node, key) for key in node.keys if key != "loc"} | changes)
