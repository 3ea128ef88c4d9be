"""What `_entities` is handed, looked at before a resolver sees it: one bad representation must not cost the others.

key_sets   the SDL's @key(fields:) -> which fields name an entity of each type
problem    one representation -> why it can't be resolved; None when it can be tried
"""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_leaf_type,
    parse,
)
from graphql.language import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
)

__all__ = ["KeySets", "key_sets", "problem"]

KeySets = Mapping[str, Sequence[SelectionSetNode]]
"""By name of a type: the field sets of its keys that this subgraph resolves."""


def key_sets(sdl: DocumentNode) -> KeySets:
    """The keys of every object type that can be resolved by one."""
    found: dict[str, list[SelectionSetNode]] = {}
    for definition in sdl.definitions:
        if isinstance(definition, (ObjectTypeDefinitionNode, ObjectTypeExtensionNode)):
            for directive in definition.directives or ():
                if directive.name.value == "key" and (fields := _fields(directive)):
                    found.setdefault(definition.name.value, []).append(fields)
    return found


def problem(representation: Any, keys: KeySets, schema: GraphQLSchema) -> str | None:
    """Why this is no entity's representation."""
    if not isinstance(representation, dict):
        return "it is not an object"
    name = representation.get("__typename")
    if not isinstance(name, str):
        return "it has no __typename"
    if name not in keys:
        return f"{name} is not an entity that can be resolved here"
    object_type = schema.type_map[name]
    assert isinstance(object_type, GraphQLObjectType)
    if misfit := _misfit(representation, object_type, name):
        return misfit
    if not any(_has(representation, fields) for fields in keys[name]):
        return f"it has no whole key of {name}"
    return None


def _fields(directive: DirectiveNode) -> SelectionSetNode | None:
    """The key's field set, None for one that is only a reference."""
    arguments = {each.name.value: each.value for each in directive.arguments or ()}
    resolvable, fields = arguments.get("resolvable"), arguments["fields"]
    if isinstance(resolvable, BooleanValueNode) and not resolvable.value:
        return None
    assert isinstance(fields, StringValueNode)
    operation = parse(f"{{ {fields.value} }}", no_location=True).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return operation.selection_set


def _has(value: Any, fields: SelectionSetNode) -> bool:
    """Whether every field of the key is there and not null, in each item of a list."""
    if isinstance(value, list):
        return all(_has(each, fields) for each in value)
    if not isinstance(value, dict):
        return False
    for each in fields.selections:
        assert isinstance(each, FieldNode)
        part = value.get(each.name.value)
        if part is None or (each.selection_set and not _has(part, each.selection_set)):
            return False
    return True


def _misfit(value: Any, kind: GraphQLOutputType, place: str) -> str | None:
    """What of a value doesn't have the shape of its type; fields that the type doesn't have are left alone."""
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if value is None:
        return None
    if isinstance(kind, GraphQLList):
        if not isinstance(value, list):
            return f"{place} is not a list"
        return next((found for each in value if (found := _misfit(each, kind.of_type, place))), None)
    if is_leaf_type(kind):
        try:
            kind.parse_value(value)
        except (GraphQLError, ValueError, TypeError):
            return f"{place} is not a value of {kind.name}"
        return None
    if not isinstance(value, dict):
        return f"{place} is not an object"
    fields = kind.fields if isinstance(kind, GraphQLObjectType) else {}
    named = ((name, each) for name, each in value.items() if name in fields)
    return next((found for name, each in named if (found := _misfit(each, fields[name].type, f"{place}.{name}"))), None)
