"""The key fields of an extension are its subgraph's own, though it marks them @external.

    extend type User @key(fields: "id") { id: ID! @external  orders: [Order] }

The subgraph is entered by `id` and can give it again: @external there is Federation 1's way of saying "the type is
another one's". So the mark is dropped.
"""

from collections.abc import Iterator
from dataclasses import replace

from gateway.composition.elements import Applied, InterfaceType, ObjectType, TypeDef, applications, has, without
from gateway.composition.field_sets import FieldSetError, parse_field_set
from gateway.composition.subgraph import Subgraph
from gateway.composition.usage import Coordinate, selected_in

__all__ = ["with_own_keys"]


def with_own_keys(subgraph: Subgraph) -> Subgraph:
    """The subgraph without @external on what the keys of its extensions select."""
    own = {
        coordinate
        for found in subgraph.types.values()
        if isinstance(found, ObjectType | InterfaceType)
        for key in applications(found, "key")
        if key.of_extension or has(found, "extends")
        for coordinate in _selected(subgraph, found.name, key)
    }
    return replace(subgraph, types={name: _without_external(found, own) for name, found in subgraph.types.items()})


def _selected(subgraph: Subgraph, type_name: str, key: Applied) -> Iterator[Coordinate]:
    try:
        selections = parse_field_set(str(key.arguments.get("fields")))
    except FieldSetError:
        return  # reported by the checks
    yield from selected_in(subgraph, type_name, selections)


def _without_external(found: TypeDef, own: set[Coordinate]) -> TypeDef:
    if not isinstance(found, ObjectType | InterfaceType):
        return found
    fields = {
        name: without(field, "external") if (found.name, name) in own else field for name, field in found.fields.items()
    }
    return replace(found, fields=fields)
