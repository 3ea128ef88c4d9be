"""A subgraph's SDL as text -> its declarations, without federation's own machinery, checked to be valid GraphQL.

    parse -> roots and @link -> strip -> check

What is stripped is what a subgraph server adds for the gateway (`_service`, `_entities`, `_Any`, `_Entity`, `_Service`)
and what it may repeat of the federation specification (`directive @key ...`, `scalar FieldSet`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    REMOVE,
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    ExecutableDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    ValuesOfCorrectTypeRule,
    Visitor,
    build_ast_schema,
    parse,
    specified_scalar_types,
    validate,
    validate_schema,
    visit,
)
from graphql.validation.validate import validate_sdl

from gateway.composition.definitions import check_definitions
from gateway.composition.links import Names, definition_of, names_of, read_links
from gateway.composition.problems import Report

__all__ = ["Declaration", "Document", "read_document"]

Declaration = TypeDefinitionNode | TypeExtensionNode

ROOTS = ("query", "mutation", "subscription")
_MACHINERY = {"_Any", "_Entity", "_Service", "_FieldSet"}
_WITH_FIELD_SETS = ("key", "requires", "provides", "fromContext")
_SPECIFIED_SCALARS = set(specified_scalar_types)
_MACHINERY_FIELDS = {"_service", "_entities"}
_DEFINITION_OF: Mapping[type[TypeExtensionNode], type[TypeDefinitionNode]] = {
    ScalarTypeExtensionNode: ScalarTypeDefinitionNode,
    ObjectTypeExtensionNode: ObjectTypeDefinitionNode,
    InterfaceTypeExtensionNode: InterfaceTypeDefinitionNode,
    UnionTypeExtensionNode: UnionTypeDefinitionNode,
    EnumTypeExtensionNode: EnumTypeDefinitionNode,
    InputObjectTypeExtensionNode: InputObjectTypeDefinitionNode,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A subgraph's SDL, checked.

    `declarations` by type name, the definition before its extensions; `roots` maps a root type's name to its standard
    one: {"MyQuery": "Query"}; `custom` are the directives that are the subgraph's own.
    """

    declarations: Mapping[str, Sequence[Declaration]]
    roots: Mapping[str, str]
    names: Names
    schema_directives: tuple[ConstDirectiveNode, ...]
    custom: tuple[DirectiveDefinitionNode, ...] = ()


def read_document(sdl: str, subgraph: str, *, report: Report) -> Document | None:
    """The subgraph's declarations; None when a problem was reported."""
    try:
        nodes = parse(sdl).definitions
    except GraphQLSyntaxError as error:
        _invalid(error, subgraph, report)
        return None
    schema_nodes = [node for node in nodes if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode)]
    schema_directives = tuple(directive for node in schema_nodes for directive in node.directives or ())
    links = read_links(schema_directives, subgraph, report=report)
    if links is None or (names := names_of(links, subgraph, report=report)) is None:
        return None
    roots = _roots(schema_nodes)
    declarations = _grouped(_stripped(nodes, names, roots))
    check_definitions(nodes, names, subgraph, report=report)
    _check_root_names(declarations, roots, subgraph, report)
    _check_only_types(nodes, subgraph, report)
    custom = tuple(node for node in nodes if isinstance(node, DirectiveDefinitionNode) and _is_custom(node, names))
    errors = _graphql_errors(declarations, custom, names, roots, schema_directives)
    for found in errors:
        _invalid(found, subgraph, report)
    return None if errors else Document(declarations, roots, names, schema_directives, custom)


def _invalid(error: GraphQLError, subgraph: str, report: Report) -> None:
    report.problem(
        "INVALID_GRAPHQL",
        f"{subgraph}: {error.message}",
        subgraphs=[subgraph],
        line=error.locations[0].line if error.locations else None,
    )


def _roots(nodes: Iterable[SchemaDefinitionNode | SchemaExtensionNode]) -> dict[str, str]:
    """Root types by their local name; without a schema definition they are called Query, Mutation, Subscription."""
    operations = {
        operation.operation.value: operation.type.name.value
        for node in nodes
        for operation in node.operation_types or ()
    }
    local = {root: root.capitalize() for root in ROOTS} | operations
    return {name: root.capitalize() for root, name in local.items()}


def _check_root_names(
    declarations: Mapping[str, object], roots: Mapping[str, str], subgraph: str, report: Report
) -> None:
    for local, standard in roots.items():
        if local != standard and standard in declarations:
            report.problem(
                f"ROOT_{standard.upper()}_USED",
                f"{subgraph} has a type {standard} that isn't its {standard.lower()} root ({local} is): the supergraph"
                f" calls the root {standard}, so give the other type another name",
                subgraphs=[subgraph],
                coordinate=standard,
            )


def _check_only_types(nodes: Iterable[DefinitionNode], subgraph: str, report: Report) -> None:
    for node in nodes:
        if isinstance(node, ExecutableDefinitionNode):
            found = "an operation or fragment, which isn't part of a schema: remove it"
        elif isinstance(node, Declaration) and node.name.value in _SPECIFIED_SCALARS:
            if isinstance(node, ScalarTypeDefinitionNode):
                continue
            found = f"a type called {node.name.value}, which is GraphQL's own scalar: give it another name"
        else:
            continue
        report.problem(
            "INVALID_GRAPHQL",
            f"{subgraph} has {found}",
            subgraphs=[subgraph],
            line=node.loc.start_token.line if node.loc else None,
        )


def _is_custom(node: DirectiveDefinitionNode, names: Names) -> bool:
    name = node.name.value
    return name not in names.directives and name != "link" and not name.startswith(("federation__", "link__"))


def _stripped(nodes: Iterable[DefinitionNode], names: Names, roots: Mapping[str, str]) -> list[Declaration]:
    kept: list[Declaration] = []
    for node in nodes:
        if not isinstance(node, Declaration):
            continue
        name = node.name.value
        if (
            name in _MACHINERY
            or name in _SPECIFIED_SCALARS
            or name in names.scalars
            or name.startswith(("link__", "federation__"))
        ):
            continue
        if roots.get(name) == "Query" and isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
            node = _without_machinery(node)
        kept.append(node)
    return kept


def _without_machinery(
    node: ObjectTypeDefinitionNode | ObjectTypeExtensionNode,
) -> ObjectTypeDefinitionNode | ObjectTypeExtensionNode:
    fields = tuple(field for field in node.fields or () if field.name.value not in _MACHINERY_FIELDS)
    return type(node)(
        name=node.name, interfaces=node.interfaces, directives=node.directives, fields=fields, loc=node.loc
    )


def _grouped(nodes: Iterable[Declaration]) -> dict[str, list[Declaration]]:
    grouped: dict[str, list[Declaration]] = {}
    for node in nodes:
        grouped.setdefault(node.name.value, []).append(node)
    for declarations in grouped.values():
        declarations.sort(key=lambda node: isinstance(node, TypeExtensionNode))  # stable: extensions keep their order
    return grouped


def _graphql_errors(
    declarations: Mapping[str, Sequence[Declaration]],
    custom: Iterable[DirectiveDefinitionNode],
    names: Names,
    roots: Mapping[str, str],
    schema_directives: Iterable[ConstDirectiveNode],
) -> list[GraphQLError]:
    """What graphql-core says of the schema with federation's definitions added and its licences granted.

    The licences: an extension needs no definition, and there may be no query root, or one without fields.
    """
    definitions: list[Any] = [*custom, *_machinery(names, roots, declarations)]
    for nodes in declarations.values():
        first, *rest = nodes
        definitions += [_as_definition(first), *rest]
    on_schema = tuple(node for node in schema_directives if node.name.value != "link")
    definitions.append(SchemaExtensionNode(directives=on_schema, operation_types=()))
    document = DocumentNode(definitions=tuple(definitions))
    if errors := validate_sdl(document):
        return errors
    try:
        schema = build_ast_schema(document, assume_valid_sdl=True)
        return [*validate_schema(schema), *_wrong_values(document, schema, names)]
    except GraphQLError as error:  # what validation of SDL lets pass: @specifiedBy(url: unquoted)
        return [error]
    except TypeError as error:  # what graphql-core can't validate: a default for an argument of object type
        return [GraphQLError(str(error))]


def _wrong_values(document: DocumentNode, schema: GraphQLSchema, names: Names) -> list[GraphQLError]:
    """Arguments of directives that their type doesn't take. Those of keys and field sets have codes of their own."""
    plain = visit(document, _WithoutFieldSets(names))
    return validate(schema, plain, [ValuesOfCorrectTypeRule])


class _WithoutFieldSets(Visitor):
    """Takes out the directives whose values are checked elsewhere."""

    def __init__(self, names: Names) -> None:
        super().__init__()
        self._names = names

    def enter_directive(self, node: ConstDirectiveNode, *_: object) -> object:
        standard = self._names.directives.get(node.name.value)
        return REMOVE if standard in _WITH_FIELD_SETS else None


def _machinery(names: Names, roots: Mapping[str, str], declarations: Mapping[str, object]) -> Iterable[DefinitionNode]:
    scalars = {standard: local for local, standard in names.scalars.items()}
    lines = [f"scalar {local}" for local in scalars.values()]
    for local, standard in names.directives.items():
        definition = definition_of(standard, names.version)
        for scalar, known_as in scalars.items():
            definition = definition.replace(f"federation__{scalar}", known_as)
        lines.append(f"directive @{local} {definition}")
    operations = []
    for local, standard in roots.items():
        if standard == "Query":
            lines.append(f"{'extend ' if local in declarations else ''}type {local} {{ _service: String }}")
        if standard == "Query" or local in declarations:
            operations.append(f"{standard.lower()}: {local}")
    lines.append(f"schema {{ {' '.join(operations)} }}")
    return parse("\n".join(lines), no_location=True).definitions


def _as_definition(node: Declaration) -> TypeDefinitionNode:
    if isinstance(node, TypeDefinitionNode):
        return node
    members = {key: getattr(node, key) for key in node.keys}
    return _DEFINITION_OF[type(node)](**members)
