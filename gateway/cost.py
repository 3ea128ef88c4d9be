"""How many objects an operation may have to make, estimated before anything is asked.

A short document can ask for millions: lists within lists multiply, and nothing of that is to be seen in the text.

    a list with `first`, `last` or `limit`   as many as that says; where it says nothing, 100
    the list below such a field              the same, once (`clients(first: 20) { edges { ... } }`)
    any other list                           10
    any other object                         1

    bookings(last: 5) { conference { legs { id } } }     5 x (1 booking + 1 conference + 10 legs) = 60
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
        assert root
        lists = _Estimate(schema, variables).lists(operation.selections, root.name)
        raise OverLimit(
            f"the operation asks for some {asked} objects, more than {most}{_remedy(max(lists, default=None))}",
            code="QUERY_TOO_COMPLEX",
        )


def _remedy(costliest: "_List | None") -> str:
    """What to do about it, with the place that makes the most of them."""
    if costliest is None:
        return ": ask for less, or in several requests"
    most = f"; {costliest.objects} of them in the lists at {'.'.join(costliest.path)}"
    if not costliest.sized:
        return f"{most}: ask for less above or below it, or in several requests"
    sized = max(costliest.sized, key=lambda each: each.size)
    wish = (
        f"a smaller `{sized.argument}`" if sized.is_given else f"`{sized.argument}`, which counts as {sized.size} now,"
    )
    return f"{most}: pass {wish} at {'.'.join(sized.path)}, or ask for less below it"


@dataclass(frozen=True, slots=True)
class _Sized:
    """A field on the way to a list that can be asked for in a size."""

    path: tuple[str, ...]
    argument: str
    size: int
    is_given: bool


@dataclass(frozen=True, slots=True)
class _List:
    """The lists at one path of the answer: how many objects are in all of them, without what is below these."""

    objects: int
    path: tuple[str, ...]
    sized: tuple[_Sized, ...]

    def __lt__(self, other: "_List") -> bool:
        return self.objects < other.objects


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
        if not _lists(field):
            return 1 + self.below(asked.selections, leads_to.name, size)
        return _many(field, size or given) * (1 + self.below(asked.selections, leads_to.name, None))

    def lists(
        self,
        selections: Selections,
        parent: str,
        above: _List = _List(1, (), ()),
        given: int | None = None,
    ) -> Iterator[_List]:
        """Every list below the objects that `above` counts, by the same rules as `below`."""
        for each in selections:
            if isinstance(each, Fragment):
                yield from self.lists(each.selections, each.on, above, given)
                continue
            of = self.schema.type_map.get(parent)
            field = of.fields.get(each.name) if isinstance(of, (GraphQLObjectType, GraphQLInterfaceType)) else None
            leads_to = get_named_type(field.type) if field else None
            if field is None or leads_to is None or not is_composite_type(leads_to):
                continue
            size, path = self._size(each, field), (*above.path, each.response_key)
            here = _List(above.objects, path, above.sized + _sized(each, field, path, size))
            if _lists(field):
                here = replace(here, objects=above.objects * _many(field, size or given))
                yield here
                size = None
            yield from self.lists(each.selections, leads_to.name, here, size)

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


def _many(field: GraphQLField, size: int | None) -> int:
    """How many objects a list holds, with those of the lists within it."""
    many: int = (size or _UNSIZED) * _UNSIZED ** (_lists(field) - 1)
    return many


def _sized(asked: Field, field: GraphQLField, path: tuple[str, ...], size: int | None) -> tuple[_Sized, ...]:
    if size is None:
        return ()
    given = [argument.name.value for argument in asked.arguments if argument.name.value in _SIZES]
    return (_Sized(path, (given or [name for name in _SIZES if name in field.args])[0], size, bool(given)),)


def _lists(field: GraphQLField) -> int:
    """How many lists stand within one another in the field's type."""
    count, of = 0, field.type
    while is_list_type(of) or is_non_null_type(of):
        count += is_list_type(of)
        of = of.of_type
    return count
