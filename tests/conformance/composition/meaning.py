"""What a supergraph SDL means, whatever its text: a set of facts, so that two composers can be compared.

    ("field", "Client.name", "String")    ("join", "Client.name", "SALES", "external=true")    ("key", "Client", ...)

A field without @join__field is one that each subgraph of its type resolves plainly, so it gets the facts that say so.
A carried directive counts by its name in its specification, whatever a @link calls it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    ValueNode,
    parse,
    print_ast,
    value_from_ast_untyped,
)
from graphql.language import FieldNode, InlineFragmentNode, OperationDefinitionNode, SelectionSetNode

__all__ = ["Fact", "meaning"]

Fact = tuple[str, ...]

MACHINERY = ("join__", "link__", "core__")
FIELD_SETS = ("key", "requires", "provides")
SCALARS_OF_SPECIFICATIONS = {"requiresScopes__Scope", "policy__Policy", "context__ContextFieldValue"}


def meaning(sdl: str) -> frozenset[Fact]:
    """All facts of the supergraph but descriptions and the machinery of its specifications."""
    nodes = parse(sdl).definitions
    standard = names_in_specifications(nodes)
    facts = (fact for node in nodes for fact in facts_of(node))
    return frozenset(
        (*fact[:2], standard.get(fact[2], fact[2]), *fact[3:]) if fact[0] == "carries" else fact
        for fact in facts
        if fact[0] != "directive" or fact[1] not in standard
    )


def names_in_specifications(nodes: Iterable[DefinitionNode]) -> dict[str, str]:
    """Apollo's directives by the names that the supergraph's @links give them: {"t": "tag"}."""
    names = {}
    for node in nodes:
        for link in named(node, "link") if isinstance(node, SchemaDefinitionNode) else ():
            given = {entry.name.value: value_from_ast_untyped(entry.value) for entry in link.arguments or ()}
            if not str(given["url"]).startswith("https://specs.apollo.dev/"):
                continue
            spec = str(given["url"]).split("/")[-2]
            names[given.get("as") or spec] = spec
            for entry in given.get("import") or []:
                name = entry if isinstance(entry, str) else entry["name"]
                local = name if isinstance(entry, str) else entry.get("as", name)
                names[local.removeprefix("@")] = name.removeprefix("@")
    return names


def facts_of(node: DefinitionNode) -> Iterator[Fact]:
    if isinstance(node, SchemaDefinitionNode):
        for link in node.directives or ():
            url = link_url(link)
            if url and not url.startswith(("https://specs.apollo.dev/link/", "https://specs.apollo.dev/join/")):
                yield "link", url
        for operation in node.operation_types or ():
            yield "root", operation.operation.value, operation.type.name.value
    elif isinstance(node, EnumTypeDefinitionNode) and node.name.value == "join__Graph":
        for value in node.values or ():
            yield "graph", value.name.value, *map(print_ast, value.directives or ())
    elif isinstance(node, TypeDefinitionNode) and is_ours(node.name.value):
        yield from facts_of_type(node)
    elif isinstance(node, DirectiveDefinitionNode) and "__" not in node.name.value:
        locations = sorted(location.value for location in node.locations)
        arguments = [
            " ".join(fact[1:]) for value in node.arguments or () for fact in facts_of_input(value.name.value, value)
        ]
        yield "directive", node.name.value, *locations, str(node.repeatable), *sorted(arguments)


def is_ours(name: str) -> bool:
    return not name.startswith(MACHINERY) and name not in SCALARS_OF_SPECIFICATIONS


def link_url(link: ConstDirectiveNode) -> str | None:
    return next(
        (value_from_ast_untyped(entry.value) for entry in link.arguments or () if entry.name.value == "url"), None
    )


def facts_of_type(node: TypeDefinitionNode) -> Iterator[Fact]:
    name = node.name.value
    yield "type", node.kind, name
    graphs = sorted({argument(join, "graph") for join in named(node, "join__type")})
    for join in named(node, "join__type"):
        yield "has", name, *written(join)
    for join in [*named(node, "join__implements"), *named(node, "join__unionMember")]:
        yield join.name.value, name, *written(join)
    yield from carried(name, node.directives or ())
    match node:
        case ObjectTypeDefinitionNode(fields=fields) | InterfaceTypeDefinitionNode(fields=fields):
            yield from (("implements", name, above.name.value) for above in node.interfaces or ())
            for field in fields or ():
                yield from facts_of_field(name, field, graphs)
        case InputObjectTypeDefinitionNode(fields=inputs):
            for value in inputs or ():
                yield from facts_of_input(f"{name}.{value.name.value}", value)
                yield from joins(f"{name}.{value.name.value}", value, graphs)
        case EnumTypeDefinitionNode(values=values):
            for enum_value in values or ():
                coordinate = f"{name}.{enum_value.name.value}"
                yield from (("value", coordinate, *written(join)) for join in named(enum_value, "join__enumValue"))
                yield from carried(coordinate, enum_value.directives or ())
        case UnionTypeDefinitionNode(types=members):
            yield from (("member", name, member.name.value) for member in members or ())
        case _:
            pass


def facts_of_field(type_name: str, field: FieldDefinitionNode, graphs: Iterable[str]) -> Iterator[Fact]:
    coordinate = f"{type_name}.{field.name.value}"
    yield "field", coordinate, print_ast(field.type)
    yield from joins(coordinate, field, graphs)
    yield from carried(coordinate, field.directives or ())
    for value in field.arguments or ():
        yield from facts_of_input(f"{coordinate}({value.name.value}:)", value)


def facts_of_input(coordinate: str, value: InputValueDefinitionNode) -> Iterator[Fact]:
    default = print_ast(value.default_value) if value.default_value else ""
    yield "input", coordinate, print_ast(value.type), "".join(default.split())
    yield from carried(coordinate, value.directives or ())


def joins(
    coordinate: str, node: FieldDefinitionNode | InputValueDefinitionNode, graphs: Iterable[str]
) -> Iterator[Fact]:
    given = named(node, "join__field")
    if given:
        yield from (("join", coordinate, *written(join)) for join in given)
    else:
        yield from (("join", coordinate, f"graph={graph}") for graph in graphs)


def carried(coordinate: str, directives: Iterable[ConstDirectiveNode]) -> Iterator[Fact]:
    for node in directives:
        if not node.name.value.startswith("join__"):
            yield "carries", coordinate, node.name.value, *written(node)


def named(node: DefinitionNode | FieldDefinitionNode, name: str) -> list[ConstDirectiveNode]:
    return [directive for directive in getattr(node, "directives", None) or () if directive.name.value == name]


def argument(node: ConstDirectiveNode, name: str) -> str:
    return next(print_ast(entry.value) for entry in node.arguments or () if entry.name.value == name)


def written(node: ConstDirectiveNode) -> list[str]:
    """The arguments, sorted, field sets and sets of scopes in one spelling; those that mean nothing are left out."""
    texts = sorted(f"{entry.name.value}={text_of(entry.name.value, entry.value)}" for entry in node.arguments or ())
    defaults = {"resolvable=true", "isInterfaceObject=false", "extension=false", "external=false"}
    return [text for text in texts if text not in defaults]


def text_of(name: str, value: ValueNode) -> str:
    if name in FIELD_SETS and isinstance(value, StringValueNode):
        (operation,) = parse(f"{{{value.value}}}").definitions
        assert isinstance(operation, OperationDefinitionNode)
        return field_set(operation.selection_set)
    if name in ("scopes", "policies"):
        return str(sorted(sorted(entry) for entry in value_from_ast_untyped(value)))
    return "".join(print_ast(value).replace(",", " ").split())


def field_set(node: SelectionSetNode | None) -> str:
    """Sorted, as the order in a field set means nothing."""
    parts = []
    for selection in node.selections if node else ():
        match selection:
            case FieldNode(name=name, selection_set=below):
                given = ",".join(print_ast(entry) for entry in selection.arguments or ())
                parts.append(f"{name.value}({given}){field_set(below)}")
            case InlineFragmentNode(type_condition=condition, selection_set=below):
                parts.append(f"...{condition.name.value if condition else ''}{field_set(below)}")
            case _:
                raise AssertionError(selection)
    return "{" + " ".join(sorted(parts)) + "}" if parts else ""
