"""A subgraph's declarations -> its schema as frozen values, normalised.

Normalised means: definitions and extensions are one type, root types are called Query, Mutation and Subscription,
federation's directives have the specification's names, and @shareable and @external of a type stand on its fields
(in a Federation 1 subgraph @external of a type means nothing).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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

from gateway.composition.custom import DirectiveDef, composed_directives
from gateway.composition.document import Declaration, Document, read_document
from gateway.composition.elements import (
    EXTEND,
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
    Written,
    has,
)
from gateway.composition.problems import Report

__all__ = ["Subgraph", "SubgraphSdl", "read_subgraph"]

_BUILT_IN = ("deprecated", "specifiedBy", "oneOf")
_PUSHED_DOWN = ("shareable", "external")
T = TypeVar("T", Field, InputValue, EnumValue)


@dataclass(frozen=True, slots=True)
class SubgraphSdl:
    """What composition is given of one subgraph: its name, where it is asked, its SDL (Federation 1 or 2)."""

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
    federation: tuple[int, int] = (2, 0)
    directives: Mapping[str, DirectiveDef] = field(default_factory=dict)  # its own, by local name
    schema_directives: tuple[Applied, ...] = ()
    local_names: Mapping[str, str] = field(default_factory=dict)  # of federation's directives that it applies

    @property
    def is_federation_1(self) -> bool:
        """Whether it links no federation specification."""
        return self.federation < (2, 0)

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
    reader.read_directives()
    types = {}
    for name, nodes in document.declarations.items():
        standard = document.roots.get(name, name)
        found = reader.type_def(standard, nodes)
        if not (isinstance(found, ObjectType) and not found.fields and standard == "Query"):
            types[standard] = found
    return Subgraph(
        name=given.name,
        url=given.url,
        graph=graph,
        types=types,
        federation=document.names.version,
        directives=reader.directives,
        schema_directives=reader.schema_directives(),
        local_names=reader.local_names,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    document: Document
    subgraph: str
    report: Report
    directives: dict[str, DirectiveDef] = field(default_factory=dict)
    local_names: dict[str, str] = field(default_factory=dict)

    def read_directives(self) -> None:
        """The directives that the subgraph defines itself, before they are met."""
        composed = composed_directives(self.document, self.subgraph, self.report)
        for node in self.document.custom:
            name = node.name.value
            self.directives[name] = DirectiveDef(
                name=name,
                locations=tuple(location.value for location in node.locations),
                repeatable=node.repeatable,
                arguments=_by_name(self._input(argument) for argument in node.arguments or ()),
                description=_description(node),
                source=composed.get(name),
                line=_line(node),
            )

    @property
    def _pushed_down(self) -> tuple[str, ...]:
        return _PUSHED_DOWN if self.document.names.version >= (2, 0) else ()

    def type_def(self, name: str, nodes: Sequence[Declaration]) -> TypeDef:
        first = nodes[0]
        description = _description(first)
        line = _line(first)
        directives = tuple(
            replace(applied, of_extension=isinstance(node, TypeExtensionNode))
            for node in nodes
            for applied in self._applied(node.directives)
        )
        if isinstance(first, TypeExtensionNode):
            directives = (*directives, Applied(EXTEND, line=line))
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
                    self._input(each)
                    for node in nodes
                    if isinstance(node, InputObjectTypeDefinitionNode | InputObjectTypeExtensionNode)
                    for each in node.fields or ()
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
                if applied.name in self._pushed_down
            ]
            fields += [self._field(each, pushed) for each in node.fields or ()]
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
            if name is None:
                if custom := self._composed(node):
                    applied.append(custom)
                else:
                    self._say_left_out(f"@{local}")
                continue
            self.local_names[name] = local
            arguments = {entry.name.value: value_from_ast_untyped(entry.value) for entry in node.arguments or ()}
            unquoted = tuple(
                entry.name.value for entry in node.arguments or () if isinstance(entry.value, EnumValueNode)
            )
            applied.append(Applied(name, arguments, _line(node), unquoted=unquoted))
        return tuple(applied)

    def _composed(self, node: ConstDirectiveNode) -> Applied | None:
        """A directive of the subgraph's own, if it composes it."""
        defined = self.directives.get(node.name.value)
        if defined is None or defined.source is None:
            return None
        arguments = {entry.name.value: Written(print_ast(entry.value)) for entry in node.arguments or ()}
        return Applied(f"@{defined.name}", arguments, _line(node), repeatable=defined.repeatable)

    def schema_directives(self) -> tuple[Applied, ...]:
        """What stands on the schema itself and is carried."""
        nodes = [node for node in self.document.schema_directives if node.name.value != "link"]
        return tuple(applied for applied in self._applied(nodes) if applied.name != "composeDirective")

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
