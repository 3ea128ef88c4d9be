"""Which fields a subgraph uses in its keys, @requires and @provides, or owes to an interface."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.composition.context_values import context_types, contextual
from gateway.composition.elements import Applied, Field, InterfaceType, ObjectType, applications, named
from gateway.composition.field_sets import FieldSet, FieldSetError, OnType, Selected, parse_field_set
from gateway.composition.subgraph import Subgraph

__all__ = ["Coordinate", "Usage", "field_set_of", "fields_in", "is_resolvable", "keys_of", "selected_in", "usage_of"]

Coordinate = tuple[str, str]
"""(type name, field name)"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a subgraph uses of its own schema.

    `keys`: fields in a @key, at any depth; `granted`: in a @provides; `used`: in any field set or owed to an interface.
    """

    keys: frozenset[Coordinate]
    granted: frozenset[Coordinate]
    used: frozenset[Coordinate]


def usage_of(subgraph: Subgraph) -> Usage:
    """What the subgraph uses; field sets that are no field sets use nothing (the checks report them)."""
    keys: set[Coordinate] = set()
    granted: set[Coordinate] = set()
    required: set[Coordinate] = set()
    owed: set[Coordinate] = set()
    for found in subgraph.types.values():
        if not isinstance(found, ObjectType | InterfaceType):
            continue
        for text, _ in keys_of(found):
            keys.update(_coordinates(subgraph, found.name, text))
        for field in found.fields.values():
            required.update(_from_contexts(subgraph, field))
            required.update(_coordinates(subgraph, found.name, field_set_of(field, "requires")))
            granted.update(_coordinates(subgraph, named(field.type), field_set_of(field, "provides")))
        for interface in found.interfaces:
            if declared := subgraph.object_or_interface(interface):
                owed.update((found.name, name) for name in declared.fields)
    return Usage(frozenset(keys), frozenset(granted), frozenset(keys | granted | required | owed))


def _from_contexts(subgraph: Subgraph, field: Field) -> Iterator[Coordinate]:
    """What the field's contextual arguments select."""
    for value in contextual(field).values():
        for holder in context_types(subgraph, value.context or ""):
            yield from _coordinates(subgraph, holder, value.selection)


def keys_of(found: ObjectType | InterfaceType) -> Iterator[tuple[str, bool]]:
    """Each @key of the type as (field set, resolvable)."""
    for applied in applications(found, "key"):
        yield str(applied.arguments.get("fields")), is_resolvable(applied)


def is_resolvable(key: Applied) -> bool:
    """Whether the @key is one by which its subgraph can be entered."""
    return key.arguments.get("resolvable", True) is not False


def field_set_of(field: Field, directive: str) -> str | None:
    """The `fields` of the field's @requires or @provides."""
    for applied in applications(field, directive):
        return str(applied.arguments.get("fields"))
    return None


def _coordinates(subgraph: Subgraph, type_name: str, text: str | None) -> Iterator[Coordinate]:
    if text is None:
        return
    try:
        selections = parse_field_set(text)
    except FieldSetError:
        return
    yield from fields_in(subgraph, type_name, selections)


def fields_in(subgraph: Subgraph, type_name: str, selections: FieldSet) -> Iterator[Coordinate]:
    """Each field that the set selects at any depth; one of an interface counts for its implementations too."""
    for holder, name in selected_in(subgraph, type_name, selections):
        yield holder, name
        for implementation in subgraph.implementations(holder):
            if name in implementation.fields:
                yield implementation.name, name


def selected_in(subgraph: Subgraph, type_name: str, selections: FieldSet) -> Iterator[Coordinate]:
    """Each field that the set selects at any depth, of the very type it is selected from."""
    for selection in selections:
        match selection:
            case OnType(condition, below):
                yield from selected_in(subgraph, condition, below)
            case Selected(name, below):
                if (field := subgraph.field(type_name, name)) is None:
                    continue
                yield type_name, name
                yield from selected_in(subgraph, named(field.type), below)
