"""A subgraph's declarations -> its schema as frozen values, normalised.

Normalised means: definitions and extensions are one type, root types are called Query, Mutation and Subscription,
federation's directives have the specification's names, and @shareable and @external of a type stand on its fields.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graphql import (
    ConstDirectiveNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    EnumValueNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ListTypeNode,
    Node,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    StringValueNode,
    TypeExtensionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    print_ast,
    value_from_ast_untyped,
)
from graphql.utilities.sort_value_node import sort_value_node

from gateway.composition.document import Declaration, Document, read_document
from gateway.composition.elements import (
    Applied,
    EnumType,
    EnumValue,
    Field,
    InputType,
    InputValue,
    InterfaceType,
    ListOf,
    Named,
    NonNull,
    ObjectType,
    ScalarType,
    TypeDef,
    TypeRef,
    UnionType,
    has,
)
from gateway.composition.problems import Report

__all__ = ["Subgraph", "SubgraphSdl", "read_subgraph"]

_BUILT_IN = ("deprecated", "specifiedBy", "oneOf")
_LEFT_OUT = ("cost", "listSize", "context", "cacheTag")  # federation's, but not carried yet
_PUSHED_DOWN = ("shareable", "external")
T = TypeVar("T", Field, InputValue, EnumValue)


@dataclass(frozen=True, slots=True)
class SubgraphSdl:
    """What composition is given of one subgraph: its name, where it is asked, its Federation 2 SDL."""

    name: str
    url: str
    sdl: str


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A subgraph read: `graph` is its name in the supergraph's join__Graph enum."""

    name: str
    url: str
    graph: str
    types: Mapping[str, TypeDef]

    def object_or_interface(self, name: str) -> ObjectType | InterfaceType | None:
        """The type of that name if it has fields."""
        found = self.types.get(name)
        return found if isinstance(found, ObjectType | InterfaceType) else None

    def field(self, type_name: str, name: str) -> Field | None:
        """The field `name` of the type, if the subgraph has both."""
        found = self.object_or_interface(type_name)
        return found.fields.get(name) if found else None

    def implementations(self, interface: str) -> list[ObjectType | InterfaceType]:
        """Every type of this subgraph that says it implements the interface."""
        return [
            found
            for found in self.types.values()
            if isinstance(found, ObjectType | InterfaceType) and interface in found.interfaces
        ]


def read_subgraph(given: SubgraphSdl, graph: str, *, report: Report) -> Subgraph | None:
    """The subgraph's schema; None when a problem was reported that leaves nothing to read on with."""
    document = read_document(given.sdl, given.name, report=report)
    if document is None:
        return None
    reader = _Reader(document, given.name, report)
    types = {}
    for name, nodes in document.declarations.items():
        standard = document.roots.get(name, name)
        found = reader.type_def(standard, nodes)
        if not (isinstance(found, ObjectType) and not found.fields and standard == "Query"):
            types[standard] = found
    reader.say_what_is_left_out(document.schema_directives)
    return Subgraph(given.name, given.url, graph, types)


@dataclass(frozen=True, slots=True)
class _Reader:
    document: Document
    subgraph: str
    report: Report

    def type_def(self, name: str, nodes: Sequence[Declaration]) -> TypeDef:
        first = nodes[0]
        description = _description(first)
        line = _line(first)
        directives = tuple(applied for node in nodes for applied in self._applied(node.directives))
        if isinstance(first, TypeExtensionNode):
            directives = (*directives, Applied("extends", line=line))
        match first:
            case ObjectTypeDefinitionNode() | ObjectTypeExtensionNode():
                return ObjectType(name, self._fields(nodes), self._interfaces(nodes), description, directives, line)
            case InterfaceTypeDefinitionNode() | InterfaceTypeExtensionNode():
                return InterfaceType(name, self._fields(nodes), self._interfaces(nodes), description, directives, line)
            case UnionTypeDefinitionNode() | UnionTypeExtensionNode():
                members = tuple(
                    self._renamed(member.name.value)
                    for node in nodes
                    if isinstance(node, UnionTypeDefinitionNode | UnionTypeExtensionNode)
                    for member in node.types or ()
                )
                return UnionType(name, members, description, directives, line)
            case EnumTypeDefinitionNode() | EnumTypeExtensionNode():
                values = _by_name(
                    EnumValue(value.name.value, _description(value), self._applied(value.directives), _line(value))
                    for node in nodes
                    if isinstance(node, EnumTypeDefinitionNode | EnumTypeExtensionNode)
                    for value in node.values or ()
                )
                return EnumType(name, values, description, directives, line)
            case InputObjectTypeDefinitionNode() | InputObjectTypeExtensionNode():
                inputs = _by_name(
                    self._input(field)
                    for node in nodes
                    if isinstance(node, InputObjectTypeDefinitionNode | InputObjectTypeExtensionNode)
                    for field in node.fields or ()
                )
                return InputType(name, inputs, description, directives, line)
            case _:
                return ScalarType(name, description, directives, line)

    def _fields(self, nodes: Sequence[Declaration]) -> Mapping[str, Field]:
        """The fields of all declarations; @shareable and @external reach the fields of their own declaration only."""
        fields = []
        for node in nodes:
            assert isinstance(
                node,
                ObjectTypeDefinitionNode
                | ObjectTypeExtensionNode
                | InterfaceTypeDefinitionNode
                | InterfaceTypeExtensionNode,
            )
            pushed = [
                Applied(applied.name, applied.arguments, applied.line, inherited=True)
                for applied in self._applied(node.directives)
                if applied.name in _PUSHED_DOWN
            ]
            fields += [self._field(field, pushed) for field in node.fields or ()]
        return _by_name(fields)

    def _field(self, node: FieldDefinitionNode, pushed: Iterable[Applied]) -> Field:
        own = Field(
            name=node.name.value,
            type=self._type_ref(node.type),
            arguments=_by_name(self._input(argument) for argument in node.arguments or ()),
            description=_description(node),
            directives=self._applied(node.directives),
            line=_line(node),
        )
        inherited = tuple(applied for applied in pushed if not has(own, applied.name))
        return Field(own.name, own.type, own.arguments, own.description, own.directives + inherited, own.line)

    def _input(self, node: InputValueDefinitionNode) -> InputValue:
        return InputValue(
            name=node.name.value,
            type=self._type_ref(node.type),
            default=print_ast(sort_value_node(node.default_value)) if node.default_value else None,
            description=_description(node),
            directives=self._applied(node.directives),
            line=_line(node),
        )

    def _interfaces(self, nodes: Sequence[Declaration]) -> tuple[str, ...]:
        return tuple(
            self._renamed(interface.name.value)
            for node in nodes
            for interface in getattr(node, "interfaces", None) or ()
        )

    def _type_ref(self, node: TypeNode) -> TypeRef:
        match node:
            case NonNullTypeNode(type=inner):
                of = self._type_ref(inner)
                assert not isinstance(of, NonNull)
                return NonNull(of)
            case ListTypeNode(type=inner):
                return ListOf(self._type_ref(inner))
            case _:
                return Named(self._renamed(node.name.value))  # type: ignore[attr-defined]

    def _renamed(self, name: str) -> str:
        return self.document.roots.get(name, name)

    def _applied(self, nodes: Iterable[ConstDirectiveNode] | None) -> tuple[Applied, ...]:
        """The directives that composition knows; the others are left out, which a hint says once for each."""
        applied = []
        for node in nodes or ():
            local = node.name.value
            name = self.document.names.directives.get(local) or (local if local in _BUILT_IN else None)
            if name is None or name in _LEFT_OUT:
                self._say_left_out(f"@{local}")
            if name is None:
                continue
            arguments = {entry.name.value: value_from_ast_untyped(entry.value) for entry in node.arguments or ()}
            unquoted = tuple(
                entry.name.value for entry in node.arguments or () if isinstance(entry.value, EnumValueNode)
            )
            applied.append(Applied(name, arguments, _line(node), unquoted=unquoted))
        return tuple(applied)

    def say_what_is_left_out(self, schema_directives: Iterable[ConstDirectiveNode]) -> None:
        for node in schema_directives:
            if node.name.value != "link":
                self._say_left_out(f"@{node.name.value}")

    def _say_left_out(self, directive: str) -> None:
        self.report.hint(
            "DIRECTIVE_LEFT_OUT",
            f"{self.subgraph}: {directive} isn't carried into the supergraph",
            subgraphs=[self.subgraph],
        )


def _by_name(elements: Iterable[T]) -> dict[str, T]:
    return {element.name: element for element in elements}


def _line(node: Node) -> int | None:
    return node.loc.start_token.line if node.loc else None


def _description(node: Node) -> str | None:
    found = getattr(node, "description", None)
    return found.value if isinstance(found, StringValueNode) else None
