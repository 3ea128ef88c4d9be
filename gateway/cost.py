"""How many objects an operation may have to make, estimated before anything is asked.

A short document can ask for millions: lists within lists multiply, and nothing of that is to be seen in the text.

    a list with `first`, `last` or `limit`   as many as that says; where it says nothing, 100
    the list below such a field              the same, once (`clients(first: 20) { edges { ... } }`)
    any other list                           10
    any other object                         1

    bookings(last: 5) { conference { legs { id } } }     5 x (1 booking + 1 conference + 10 legs) = 60
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)
from graphql.language import IntValueNode, VariableNode

from gateway.errors import OverLimit
from gateway.operation import Operation
from gateway.selections import Field, Fragment, Selections

__all__ = ["check_objects", "objects_of"]

_SIZES = ("first", "last", "limit")
_SIZED = 100  # of a list that could have been asked for in a size, and was not
_UNSIZED = 10


def objects_of(
    selections: Selections, root: str, *, schema: GraphQLSchema, variables: Mapping[str, Any] | None = None
) -> int:
    """The estimate for what is selected on the type `root`; without `variables` each is taken for the largest."""
    return _Estimate(schema, variables).below(selections, root, None)


def check_objects(operation: Operation, schema: GraphQLSchema, variables: Mapping[str, Any], *, most: int) -> None:
    """OverLimit where the operation, with its variables as they are, asks for more than `most`."""
    root = schema.mutation_type if operation.kind == "mutation" else schema.query_type
    asked = objects_of(operation.selections, root.name, schema=schema, variables=variables) if root else 0
    if asked > most:
        raise OverLimit(
            f"the operation asks for some {asked} objects, more than {most}: "
            "ask for shorter lists, or for lists within lists page by page",
            code="QUERY_TOO_COMPLEX",
        )


@dataclass(frozen=True, slots=True)
class _Estimate:
    schema: GraphQLSchema
    variables: Mapping[str, Any] | None

    def below(self, selections: Selections, parent: str, given: int | None) -> int:
        """What all selections make for one object; `given` is the size that the field above was asked for."""
        return sum(
            self.below(each.selections, each.on, given)
            if isinstance(each, Fragment)
            else self._field(each, parent, given)
            for each in selections
        )

    def _field(self, asked: Field, parent: str, given: int | None) -> int:
        of = self.schema.type_map.get(parent)
        field = of.fields.get(asked.name) if isinstance(of, (GraphQLObjectType, GraphQLInterfaceType)) else None
        leads_to = get_named_type(field.type) if field else None
        if field is None or leads_to is None or not is_composite_type(leads_to):
            return 0
        size = self._size(asked, field)
        lists = _lists(field)
        if not lists:
            return 1 + self.below(asked.selections, leads_to.name, size)
        many: int = (size or given or _UNSIZED) * _UNSIZED ** (lists - 1)
        return many * (1 + self.below(asked.selections, leads_to.name, None))

    def _size(self, asked: Field, field: GraphQLField) -> int | None:
        """How many the client asks for; None where the field has no size to ask for."""
        sizes = [name for name in _SIZES if name in field.args]
        if not sizes:
            return None
        for argument in asked.arguments:
            if argument.name.value in sizes:
                return self._value(argument.value)
        defaults = (default for name in sizes if (default := field.args[name].default))
        return next((self._value(each.literal) for each in defaults), _SIZED)  # a schema read from SDL has literals

    def _value(self, node: object) -> int:
        value: Any = Undefined
        if isinstance(node, IntValueNode):
            value = int(node.value)
        elif isinstance(node, VariableNode) and self.variables is not None:
            value = self.variables.get(node.name.value)
        return max(int(value), 0) if isinstance(value, int) else _SIZED


def _lists(field: GraphQLField) -> int:
    """How many lists stand within one another in the field's type."""
    count, of = 0, field.type
    while is_list_type(of) or is_non_null_type(of):
        count += is_list_type(of)
        of = of.of_type
    return count
