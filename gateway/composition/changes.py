"""What a new supergraph changes for whoever lives with the old one.

clients     what they may ask and get (the API schema), what they need to see it (@authenticated, @requiresScopes,
            @policy), and what it counts (@cost, @listSize)
subgraphs   who has what: a system gone, a key gone by which others enter
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    value_from_ast_untyped,
)
from graphql.utilities import BreakingChange, DangerousChange, SchemaChange, find_schema_changes

from gateway.composition.supergraph import Supergraph

__all__ = ["Change", "Weight", "changes_between"]

_ACCESS = {"authenticated": None, "requiresScopes": "scopes", "policy": "policies"}
_COSTS = ("cost", "listSize")
_SPECS = ("join__", "link__", "core__")
Holder = TypeDefinitionNode | FieldDefinitionNode | InputValueDefinitionNode


class Weight(Enum):
    """BREAKING: a client that worked may not work. DANGEROUS: it may behave differently. SAFE: it notices nothing."""

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Change:
    """`code` is graphql-js' where it has one: FIELD_REMOVED, VALUE_ADDED_TO_ENUM ..."""

    weight: Weight
    code: str
    message: str


def changes_between(old: Supergraph, new: Supergraph) -> list[Change]:
    """All changes from the old to the new, the heaviest first, each once."""
    found = [
        *_of_api(old.api_schema, new.api_schema),
        *_of_deprecation(old.api_schema, new.api_schema),
        *_of_access(old.document, new.document),
        *_of_costs(old.document, new.document),
        *_of_graphs(old, new),
        *_of_keys(old, new),
    ]
    order = list(Weight)
    return sorted(dict.fromkeys(found), key=lambda change: (order.index(change.weight), change.code, change.message))


def _of_api(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    for change in find_schema_changes(old, new):
        yield Change(_weight(change), change.type.name, change.description)


def _weight(change: SchemaChange) -> Weight:
    match change:
        case BreakingChange():
            return Weight.BREAKING
        case DangerousChange():
            return Weight.DANGEROUS
        case _:
            return Weight.SAFE


def _of_deprecation(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    before, after = _deprecated(old), _deprecated(new)
    for coordinate in after.keys() - before.keys():
        yield Change(Weight.SAFE, "DEPRECATED", f"{coordinate} is deprecated now: {after[coordinate]}")
    for coordinate in before.keys() - after.keys():
        yield Change(Weight.SAFE, "NO_LONGER_DEPRECATED", f"{coordinate} is not deprecated any more.")


def _deprecated(schema: GraphQLSchema) -> dict[str, str]:
    return {
        coordinate: str(reason)
        for coordinate, each in _members(schema)
        if (reason := getattr(each, "deprecation_reason", None)) is not None
    }


def _members(schema: GraphQLSchema) -> Iterator[tuple[str, object]]:
    """What can be deprecated, by its coordinate: fields, their arguments, input fields, enum values."""
    for name, found in schema.type_map.items():
        members = getattr(found, "fields", None) or getattr(found, "values", None) or {}
        for member, each in members.items():
            yield f"{name}.{member}", each
            for argument, one in getattr(each, "args", {}).items():
                yield f"{name}.{member}({argument}:)", one


def _of_access(old: DocumentNode, new: DocumentNode) -> Iterator[Change]:
    """What both have and now asks more, or less. What is new or gone the API schema tells."""
    before, after = _elements(old), _elements(new)
    for coordinate in before.keys() & after.keys():
        for name in _ACCESS:
            was, now = _asked(before[coordinate], name), _asked(after[coordinate], name)
            if was == now:
                continue
            told = f"{coordinate} asks {_told(name, now)}; it asked {_told(name, was)}."
            if not _covers(was, now):
                yield Change(Weight.BREAKING, "ACCESS_TIGHTENED", told)
            else:
                yield Change(Weight.DANGEROUS, "ACCESS_LOOSENED", told)


Sets = frozenset[frozenset[str]]
"""Alternatives, each a set of all that is needed; the empty set: nothing is."""
_NOTHING: Sets = frozenset([frozenset()])


def _asked(element: Holder, name: str) -> Sets:
    given = _applied(element, name)
    if given is None:
        return _NOTHING
    argument = _ACCESS[name]
    if argument is None:
        return frozenset([frozenset([f"@{name}"])])
    return frozenset(frozenset(each) for each in given.get(argument) or [[]])


def _covers(was: Sets, now: Sets) -> bool:
    """Whether whoever had what was asked has what is asked now."""
    return all(any(wanted <= held for wanted in now) for held in was)


def _told(name: str, asked: Sets) -> str:
    if asked == _NOTHING:
        return f"no @{name}"
    if _ACCESS[name] is None:
        return f"@{name}"
    return f"@{name} " + " or ".join(sorted(" and ".join(sorted(each)) for each in asked))


def _of_costs(old: DocumentNode, new: DocumentNode) -> Iterator[Change]:
    before, after = _elements(old), _elements(new)
    for coordinate in before.keys() & after.keys():
        for name in _COSTS:
            was, now = _applied(before[coordinate], name), _applied(after[coordinate], name)
            if was != now:
                message = f"{coordinate} counts {_counted(name, now)}; it counted {_counted(name, was)}."
                yield Change(Weight.DANGEROUS, "COST_CHANGED", message)


def _counted(name: str, given: Mapping[str, Any] | None) -> str:
    if given is None:
        return f"without @{name}"
    return f"@{name}({', '.join(f'{argument}: {value}' for argument, value in given.items())})"


def _of_graphs(old: Supergraph, new: Supergraph) -> Iterator[Change]:
    before = {graph.name: graph for graph in old.graphs.values()}
    after = {graph.name: graph for graph in new.graphs.values()}
    for name in before.keys() - after.keys():
        yield Change(Weight.DANGEROUS, "SUBGRAPH_REMOVED", f"{name} is no subgraph any more.")
    for name in after.keys() - before.keys():
        yield Change(Weight.SAFE, "SUBGRAPH_ADDED", f"{name} is a new subgraph.")
    for name in before.keys() & after.keys():
        if before[name].url != after[name].url:
            message = f'{name} is asked at "{after[name].url}"; it was at "{before[name].url}".'
            yield Change(Weight.DANGEROUS, "SUBGRAPH_MOVED", message)


def _of_keys(old: Supergraph, new: Supergraph) -> Iterator[Change]:
    """Clients don't see keys, but a subgraph that is deployed on its own may still send one that is gone."""
    before, after = _keys(old), _keys(new)
    for graph, type_name, key in before - after:
        yield Change(Weight.DANGEROUS, "KEY_REMOVED", f'{graph} can\'t be asked for {type_name} by "{key}" any more.')
    for graph, type_name, key in after - before:
        yield Change(Weight.SAFE, "KEY_ADDED", f'{graph} can be asked for {type_name} by "{key}".')


def _keys(supergraph: Supergraph) -> set[tuple[str, str, str]]:
    """(subgraph, type, key) of each key by which a subgraph can be entered."""
    found = set()
    for node in supergraph.document.definitions:
        if not isinstance(node, TypeDefinitionNode):
            continue
        for join in _all_applied(node.directives, "join__type"):
            if join.get("key") and join.get("resolvable", True) and join["graph"] in supergraph.graphs:
                key = " ".join(str(join["key"]).split())
                found.add((supergraph.graphs[join["graph"]].name, node.name.value, key))
    return found


def _elements(document: DocumentNode) -> dict[str, Holder]:
    """Every type, field, argument and input field by its coordinate."""
    found: dict[str, Holder] = {}
    for node in document.definitions:
        if not isinstance(node, TypeDefinitionNode) or node.name.value.startswith(_SPECS):
            continue
        name = node.name.value
        found[name] = node
        match node:
            case ObjectTypeDefinitionNode(fields=fields) | InterfaceTypeDefinitionNode(fields=fields):
                for field in fields or ():
                    found[f"{name}.{field.name.value}"] = field
                    for argument in field.arguments or ():
                        found[f"{name}.{field.name.value}({argument.name.value}:)"] = argument
            case InputObjectTypeDefinitionNode(fields=inputs):
                found.update({f"{name}.{each.name.value}": each for each in inputs or ()})
            case _:
                pass
    return found


def _applied(element: Holder, name: str) -> Mapping[str, Any] | None:
    return next(iter(_all_applied(element.directives, name)), None)


def _all_applied(directives: Sequence[ConstDirectiveNode] | None, name: str) -> list[dict[str, Any]]:
    return [
        {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}
        for directive in directives or ()
        if directive.name.value == name
    ]
