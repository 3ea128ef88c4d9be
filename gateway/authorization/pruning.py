"""What is left of an operation for one viewer: denied fields go before anything is planned, so no subgraph sees them.

Where an interface's field is denied for some objects only, it is asked for as a field of the others. What an answer
says in the place of a denied field is shaping's part, from the operation as the client sent it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    GraphQLCompositeType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
)

from gateway.authorization.requirements import Denial
from gateway.operation import Operation
from gateway.selections import Field, Fragment, Selection, Selections

__all__ = ["Denied", "DeniedField", "denied_fields", "pruned"]

Denied = Callable[[str, str], Denial | None]
"""Why a field (of an object type) is not for the viewer; None where it is."""


@dataclass(frozen=True, slots=True)
class DeniedField:
    """A denied field where the client asked for it, by response keys."""

    path: tuple[str, ...]
    denial: Denial


def pruned(operation: Operation, denied: Denied, schema: GraphQLSchema) -> Operation:
    """The operation without what is denied; itself where nothing is."""
    root = _root(operation, schema)
    kept = _Pruner(denied, schema).kept(operation.selections, root)
    return operation if kept is operation.selections else replace(operation, selections=kept)


def denied_fields(operation: Operation, denied: Denied, schema: GraphQLSchema) -> tuple[DeniedField, ...]:
    """Every field of the operation that is denied for some object it may be of; none below another."""
    found = _found(operation.selections, _root(operation, schema), (), denied, schema)
    return tuple({each.path: each for each in found}.values())


class _Pruner:
    """One walk over one operation."""

    def __init__(self, denied: Denied, schema: GraphQLSchema) -> None:
        self.denied = denied
        self.schema = schema

    def kept(self, selections: Selections, parent: GraphQLCompositeType) -> Selections:
        """What is left of the selections on `parent`; the same tuple where all of it is."""
        left = tuple(part for each in selections for part in self._of(each, parent))
        same = len(left) == len(selections) and all(a is b for a, b in zip(left, selections, strict=True))
        return selections if same else left

    def _of(self, selection: Selection, parent: GraphQLCompositeType) -> Iterator[Selection]:
        if isinstance(selection, Fragment):
            below = self.kept(selection.selections, _composite(self.schema.type_map[selection.on]))
            if below is selection.selections:
                yield selection
            elif below:
                yield Fragment(selection.on, below)
            return
        if _is_given(selection, parent):
            yield selection
            return
        objects = _objects(parent, self.schema)
        allowed = [each for each in objects if self.denied(each.name, selection.name) is None]
        if len(allowed) == len(objects):
            yield self._below(selection, parent)
        else:
            yield from (Fragment(each.name, (self._below(selection, each),)) for each in allowed)

    def _below(self, field: Field, parent: GraphQLCompositeType) -> Field:
        if not field.selections:
            return field
        target = _target(parent, field)
        below = self.kept(field.selections, target)
        if below is field.selections:
            return field
        return field.selecting(below or (Fragment(target.name, ()),))  # whether there is an object is still told


def _found(
    selections: Selections, parent: GraphQLCompositeType, path: tuple[str, ...], denied: Denied, schema: GraphQLSchema
) -> Iterator[DeniedField]:
    for each in selections:
        if isinstance(each, Fragment):
            yield from _found(each.selections, _composite(schema.type_map[each.on]), path, denied, schema)
        elif not _is_given(each, parent):
            here = (*path, each.response_key)
            denials = [denied(one.name, each.name) for one in _objects(parent, schema)]
            if first := next((one for one in denials if one), None):
                yield DeniedField(here, first)
            elif each.selections:
                yield from _found(each.selections, _target(parent, each), here, denied, schema)


def _is_given(field: Field, parent: GraphQLCompositeType) -> bool:
    """Whether no subgraph is asked for it: `__typename`, and a union has nothing else."""
    return field.name.startswith("__") or isinstance(parent, GraphQLUnionType)


def _objects(parent: GraphQLCompositeType, schema: GraphQLSchema) -> list[GraphQLObjectType]:
    if isinstance(parent, GraphQLObjectType):
        return [parent]
    return sorted(schema.get_possible_types(parent), key=lambda each: each.name)


def _target(parent: GraphQLCompositeType, field: Field) -> GraphQLCompositeType:
    assert isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType))
    return _composite(get_named_type(parent.fields[field.name].type))


def _composite(named: Any) -> GraphQLCompositeType:
    assert is_composite_type(named)
    return named


def _root(operation: Operation, schema: GraphQLSchema) -> GraphQLObjectType:
    root = {"query": schema.query_type, "mutation": schema.mutation_type}.get(operation.kind, schema.subscription_type)
    assert root is not None  # validation refused it otherwise
    return root
