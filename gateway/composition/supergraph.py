"""The supergraph as the planner reads it: which subgraph has which type, key and field, and on what terms.

Read from a supergraph document with the directives of the join spec (v0.1 to v0.5). Nothing here changes after reading.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from graphql import GraphQLSchema, parse, print_ast, value_from_ast_untyped
from graphql.language import (
    ConstDirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
)

from gateway.composition.api_schema import api_schema
from gateway.composition.standard_names import with_standard_names
from gateway.errors import SupergraphError
from gateway.selections import Field, Selections, field_set

__all__ = ["ContextArgument", "FieldJoin", "Graph", "Kind", "Supergraph", "SupergraphField", "SupergraphType", "named"]

Kind = str  # "object" | "interface" | "union"
_KINDS: Mapping[type, Kind] = {
    ObjectTypeDefinitionNode: "object",
    InterfaceTypeDefinitionNode: "interface",
    UnionTypeDefinitionNode: "union",
}


@dataclass(frozen=True, slots=True)
class Graph:
    """One subgraph: `id` is its value in join__Graph, `name` what people call it."""

    id: str
    name: str
    url: str


@dataclass(frozen=True, slots=True, eq=False)
class ContextArgument:
    """An argument that is filled from the nearest ancestor that sets `context` (@fromContext): with its `selection`.

    `coordinate` is how people call it (`Title.text(language:)`), `variable` how Apollo's planner does: by the number of
    the subgraph and of the argument in it.
    """

    coordinate: str
    name: str
    type: str
    context: str
    selection: Selections
    variable: str


@dataclass(frozen=True, slots=True)
class FieldJoin:
    """On what terms one subgraph has a field (`@join__field`).

    With a `label` the subgraph that `overrides` another has the field while the label is active, else the other has it.
    `contexts` are the arguments that are filled from an ancestor (@fromContext).
    """

    external: bool = False
    requires: Selections = ()
    provides: Selections = ()
    type: str | None = None
    overridden: bool = False
    label: str | None = None
    overrides: bool = False
    contexts: tuple[ContextArgument, ...] = ()

    def decided(self, active: frozenset[str]) -> "FieldJoin":
        """The join once it is known which labels are active: then of two subgraphs one has the field, the other not."""
        if self.label is None:
            return self
        return replace(self, overridden=self.overrides != (self.label in active), label=None)

    @property
    def resolvable(self) -> bool:
        """Whether the subgraph answers the field by itself, wherever the type is reached."""
        return not self.external and not self.overridden

    @property
    def conditional(self) -> bool:
        """Whether it answers only one who comes back with more than a key: what the field requires, or its contexts."""
        return bool(self.requires or self.contexts)


@dataclass(frozen=True, slots=True)
class SupergraphField:
    """A field over all subgraphs; `type` is SDL text (`[Leg!]`), `joins` by subgraph id."""

    name: str
    type: str
    joins: Mapping[str, FieldJoin]


@dataclass(frozen=True, slots=True)
class SupergraphType:
    """A composite type over all subgraphs; every mapping is by subgraph id."""

    name: str
    kind: Kind
    keys: Mapping[str, tuple[Selections, ...]]  # resolvable keys only; a subgraph without one has an empty tuple
    interface_object_in: frozenset[str]
    implements: Mapping[str, frozenset[str]]
    members: Mapping[str, frozenset[str]]
    fields: Mapping[str, SupergraphField]
    contexts: frozenset[str] = frozenset()  # those it sets by itself


@dataclass(frozen=True)
class Supergraph:
    """All that planning needs to know. `Supergraph.read(sdl)` makes one."""

    document: DocumentNode
    graphs: Mapping[str, Graph]
    types: Mapping[str, SupergraphType]
    roots: Mapping[str, str]  # "query" -> "Query"
    _possible: dict[tuple[str, str | None], frozenset[str]] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, sdl: str) -> "Supergraph":
        """The supergraph written in `sdl`; SupergraphError when it has no join__Graph."""
        document = with_standard_names(parse(sdl, no_location=True))
        graphs = dict(_graphs(document))
        if not graphs:
            raise SupergraphError("no enum join__Graph with @join__graph values: this is not a supergraph document")
        types = {each.name: each for each in _types(document, _ContextVariables(document, list(graphs)))}
        return cls(document, graphs, types, _roots(document))

    @cached_property
    def labels(self) -> frozenset[str]:
        """The labels of progressive overrides."""
        joins = (
            join for each in self.types.values() for field in each.fields.values() for join in field.joins.values()
        )
        return frozenset(join.label for join in joins if join.label)

    @cached_property
    def contexts(self) -> Mapping[str, frozenset[str]]:
        """The contexts that a value of each type sets: its own, and those of what it may stand for. Types without any
        aren't in it."""
        found: dict[str, frozenset[str]] = {}
        for each in self.types.values():
            implemented = frozenset[str]().union(*each.implements.values())
            for name in self.possible(each.name) | {each.name} if each.contexts else ():
                found[name] = found.get(name, frozenset()) | each.contexts
            for name in implemented:
                if own := self.types[name].contexts if name in self.types else None:
                    found[each.name] = found.get(each.name, frozenset()) | own
        return found

    def may_be_null(self, type_name: str, key: Selections) -> bool:
        """Whether some field of the key is nullable, so that the key doesn't name every object."""
        fields = self.types[type_name].fields if key else {}
        return any(
            not (declared := fields[each.name].type).endswith("!") or self.may_be_null(named(declared), each.selections)
            for each in key
            if isinstance(each, Field) and each.name in fields
        )

    def decided(self, active: frozenset[str]) -> "Supergraph":
        """The supergraph as it is while these labels are active; itself where it has none."""
        return replace(self, types={name: _decided(each, active) for name, each in self.types.items()})

    @cached_property
    def api_schema(self) -> GraphQLSchema:
        """What clients see: join types and everything @inaccessible removed."""
        return api_schema(self.document)

    def possible(self, name: str, graph: str | None = None) -> frozenset[str]:
        """The object types that a value of type `name` can have, in one subgraph or (None) over all."""
        known = self._possible.get((name, graph))
        if known is None:
            known = self._possible[name, graph] = self._find_possible(self.types[name], graph)
        return known

    def join(self, graph: str, type_name: str, field_name: str) -> FieldJoin | None:
        """On what terms `graph` has `type_name.field_name`; None when it has no such field."""
        found = self.types[type_name].fields.get(field_name)
        return found.joins.get(graph) if found else None

    def field_type(self, graph: str, type_name: str, field_name: str) -> str:
        """The field's type as that subgraph declares it, as SDL text."""
        found = self.types[type_name].fields[field_name]
        join = found.joins.get(graph)
        return join.type if join and join.type else found.type

    def is_interface_object(self, graph: str, type_name: str) -> bool:
        """Whether `graph` declares this interface as an object (@interfaceObject)."""
        return graph in self.types[type_name].interface_object_in

    def _find_possible(self, of: SupergraphType, graph: str | None) -> frozenset[str]:
        if of.kind == "object":
            return frozenset({of.name})
        if of.kind == "union":
            chosen = of.members.values() if graph is None else [of.members.get(graph, frozenset())]
            return frozenset().union(*chosen)
        return frozenset(
            each.name
            for each in self.types.values()
            if each.kind == "object"
            and any(of.name in names for where, names in each.implements.items() if graph in (None, where))
        )


def _decided(of: SupergraphType, active: frozenset[str]) -> SupergraphType:
    if not any(join.label for each in of.fields.values() for join in each.joins.values()):
        return of
    fields = {
        name: replace(each, joins={graph: join.decided(active) for graph, join in each.joins.items()})
        for name, each in of.fields.items()
    }
    return replace(of, fields=fields)


def named(type_text: str) -> str:
    """`[Leg!]!` -> `Leg`."""
    return type_text.replace("[", "").replace("]", "").replace("!", "")


def _graphs(document: DocumentNode) -> Iterable[tuple[str, Graph]]:
    for definition in document.definitions:
        if isinstance(definition, EnumTypeDefinitionNode) and definition.name.value == "join__Graph":
            for value in definition.values or ():
                for given in _given(value.directives, "join__graph"):
                    name = value.name.value
                    yield name, Graph(name, given["name"], given.get("url", ""))


def _roots(document: DocumentNode) -> Mapping[str, str]:
    declared = {
        each.operation.value: each.type.name.value
        for definition in document.definitions
        if isinstance(definition, SchemaDefinitionNode)
        for each in definition.operation_types
    }
    return declared or {"query": "Query", "mutation": "Mutation"}


class _ContextVariables:
    """Names for the contextual arguments: in each subgraph they are counted in the order of their coordinates."""

    def __init__(self, document: DocumentNode, graphs: Sequence[str]) -> None:
        found: dict[str, set[str]] = {}
        for definition in document.definitions:
            for each in getattr(definition, "fields", None) or ():
                for given in _given(each.directives, "join__field"):
                    for argument in given.get("contextArguments") or ():
                        coordinate = f"{definition.name.value}.{each.name.value}({argument['name']}:)"  # type: ignore[attr-defined]
                        found.setdefault(given["graph"], set()).add(coordinate)
        self._names = {
            (graph, coordinate): f"contextualArgument_{graphs.index(graph) + 1}_{number}"
            for graph, coordinates in found.items()
            for number, coordinate in enumerate(sorted(coordinates))
        }

    def arguments(self, given: Mapping[str, Any], field: str) -> Iterator[ContextArgument]:
        """Those of one @join__field on `field` (`Title.text`)."""
        for argument in given.get("contextArguments") or ():
            coordinate = f"{field}({argument['name']}:)"
            selection = str(argument["selection"]).strip()
            selected = field_set(selection[1:-1] if selection.startswith("{") else selection)
            variable = self._names[given["graph"], coordinate]
            yield ContextArgument(
                coordinate, argument["name"], argument["type"], argument["context"], selected, variable
            )


def _types(document: DocumentNode, variables: _ContextVariables) -> Iterable[SupergraphType]:
    for definition in document.definitions:
        kind = _KINDS.get(type(definition))
        if kind is not None and not definition.name.value.startswith(("join__", "link__")):  # type: ignore[attr-defined]
            yield _type(definition, kind, variables)


def _type(node: Any, kind: Kind, variables: _ContextVariables) -> SupergraphType:
    joins = _given(node.directives, "join__type")
    graphs = [given["graph"] for given in joins]
    extended = {graph: _key_fields(joins, graph) for graph in graphs}
    return SupergraphType(
        name=node.name.value,
        kind=kind,
        keys={graph: _keys(joins, graph) for graph in graphs},
        interface_object_in=frozenset(given["graph"] for given in joins if given.get("isInterfaceObject")),
        implements=_collected(_given(node.directives, "join__implements"), "interface"),
        members=_collected(_given(node.directives, "join__unionMember"), "member"),
        fields={
            each.name.value: _field(each, node.name.value, graphs, extended, variables)
            for each in getattr(node, "fields", None) or ()
        },
        contexts=frozenset(given["name"] for given in _given(node.directives, "context")),
    )


def _key_fields(joins: Iterable[Mapping[str, Any]], graph: str) -> frozenset[str]:
    """The key fields of an extension: its own, though Federation 1 has them @external (rule 5)."""
    keys = (
        field_set(given["key"])
        for given in joins
        if given["graph"] == graph and given.get("extension") and given.get("key")
    )
    return frozenset(each.name for key in keys for each in key if isinstance(each, Field))


def _keys(joins: Iterable[Mapping[str, Any]], graph: str) -> tuple[Selections, ...]:
    return tuple(
        field_set(given["key"])
        for given in joins
        if given["graph"] == graph and given.get("key") and given.get("resolvable", True)
    )


def _collected(given: Iterable[Mapping[str, Any]], what: str) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for each in given:
        found[each["graph"]] = found.get(each["graph"], frozenset()) | {each[what]}
    return found


def _field(
    node: FieldDefinitionNode,
    of: str,
    graphs: Iterable[str],
    extended: Mapping[str, frozenset[str]],
    variables: _ContextVariables,
) -> SupergraphField:
    """Without @join__field a field is in every subgraph of its type, on plain terms (join spec, "join__field")."""
    given = _given(node.directives, "join__field")
    joins = (
        {
            each["graph"]: _join(
                each,
                tuple(variables.arguments(each, f"{of}.{node.name.value}")),
                own=node.name.value in extended.get(each["graph"], ()),
            )
            for each in given
            if "graph" in each
        }
        if given
        else {graph: FieldJoin() for graph in graphs}
    )
    return SupergraphField(node.name.value, _text(node.type), joins)


def _join(given: Mapping[str, Any], contexts: tuple[ContextArgument, ...], *, own: bool) -> FieldJoin:
    return FieldJoin(
        external=bool(given.get("external")) and not own,
        requires=field_set(given["requires"]) if given.get("requires") else (),
        provides=field_set(given["provides"]) if given.get("provides") else (),
        type=given.get("type"),
        overridden=bool(given.get("usedOverridden")),
        label=given.get("overrideLabel"),
        overrides=bool(given.get("override")),
        contexts=contexts,
    )


def _given(directives: Iterable[ConstDirectiveNode] | None, name: str) -> list[Mapping[str, Any]]:
    return [
        {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}
        for directive in directives or ()
        if directive.name.value == name
    ]


def _text(node: TypeNode) -> str:
    return print_ast(node)
