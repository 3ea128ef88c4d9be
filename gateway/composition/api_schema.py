"""The API schema: the supergraph as clients may see it (federation spec, "API schema").

Definitions of the join and link specs go, so does everything marked @inaccessible, and what only those would use.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from graphql import GraphQLSchema, build_ast_schema
from graphql.language import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    NamedTypeNode,
    SchemaDefinitionNode,
    UnionTypeDefinitionNode,
)

__all__ = ["api_schema"]

_KEPT_DIRECTIVES = {"deprecated", "specifiedBy", "oneOf"}
_SPEC_PREFIXES = ("join__", "link__", "federation__", "core__", "requiresScopes__", "policy__", "context__")
_EXECUTABLE = {
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
}
_SPEC_NAMES = {"_Any", "_Entity", "_Service"}


def api_schema(document: DocumentNode) -> GraphQLSchema:
    """The schema that client documents are validated against; raises TypeError where nothing valid is left."""
    hidden = {definition.name.value for definition in _types(document) if _inaccessible(definition)}
    kept = [_visible(definition, hidden) for definition in _types(document) if definition.name.value not in hidden]
    roots = [_plain(each) for each in document.definitions if isinstance(each, SchemaDefinitionNode)]
    return build_ast_schema(DocumentNode(definitions=(*roots, *kept, *_executable(document))))


def _executable(document: DocumentNode) -> Iterable[DirectiveDefinitionNode]:
    """Directives that clients may write, with the places where they may."""
    for definition in document.definitions:
        if isinstance(definition, DirectiveDefinitionNode):
            places = tuple(each for each in definition.locations if each.value in _EXECUTABLE)
            if places and definition.name.value not in ("skip", "include"):
                yield replace(definition, locations=places)


def _types(document: DocumentNode) -> Iterable[Any]:
    """Every type definition that is not the spec's own (`Any`: graphql-core has no common class with a name)."""
    for definition in document.definitions:
        if isinstance(definition, (DirectiveDefinitionNode, SchemaDefinitionNode)):
            continue
        name = definition.name.value  # type: ignore[attr-defined]
        if not name.startswith(_SPEC_PREFIXES) and name not in _SPEC_NAMES:
            yield definition


def _visible(definition: Any, hidden: set[str]) -> Any:
    changes: dict[str, tuple[Any, ...]] = {}
    if isinstance(definition, EnumTypeDefinitionNode):
        changes["values"] = tuple(_plain(value) for value in definition.values or () if not _inaccessible(value))
    elif isinstance(definition, UnionTypeDefinitionNode):
        changes["types"] = tuple(member for member in definition.types or () if member.name.value not in hidden)
    elif getattr(definition, "fields", None):
        changes["fields"] = tuple(_field(each, hidden) for each in definition.fields if not _gone(each, hidden))
    if getattr(definition, "interfaces", None):
        changes["interfaces"] = tuple(each for each in definition.interfaces if each.name.value not in hidden)
    return _plain(definition, **changes)


def _field(node: Any, hidden: set[str]) -> Any:
    arguments = getattr(node, "arguments", None) or ()
    visible = tuple(_plain(each) for each in arguments if not _gone(each, hidden))
    return _plain(node, arguments=visible) if arguments else _plain(node)


def _gone(node: Any, hidden: set[str]) -> bool:
    return _inaccessible(node) or _named(node.type) in hidden


def _named(node: Any) -> str:
    while not isinstance(node, NamedTypeNode):
        node = node.type
    return node.name.value


def _inaccessible(node: Any) -> bool:
    return any(directive.name.value == "inaccessible" for directive in node.directives or ())


def _plain(node: Any, **changes: tuple[Any, ...]) -> Any:
    """The node without the directives of the specs; clients keep seeing @deprecated and @specifiedBy."""
    directives: Iterable[ConstDirectiveNode] = node.directives or ()
    kept = tuple(each for each in directives if each.name.value in _KEPT_DIRECTIVES)
    return replace(node, directives=kept, **changes)
