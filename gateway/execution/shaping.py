"""The last pass: from the tree to the answer. Only what was asked, in the client's order, under the client's keys.

A  make      an operation and its plan give a shape, once: what to read from the tree for each type an object can have
B  complete  a value against its shape; a null where none may be takes its parent with it (GraphQL spec, 6.4.4)
C  tell      each failure met on the way is an error at the client's path; those never met are told without one
"""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    is_abstract_type,
)

from gateway.authorization.pruning import Denied
from gateway.authorization.requirements import Denial
from gateway.execution.failures import Failure
from gateway.planning.plan import EACH, Path, Plan
from gateway.selections import Field, Selections
from gateway.subgraphs.protocol import SubgraphFault

__all__ = ["ObjectShape", "Shaper", "make_shape"]

log = logging.getLogger(__name__)

_Composite = GraphQLObjectType | GraphQLInterfaceType
JsonObject = dict[str, Any]
Members = Callable[[str], Collection[str]]
Error = Mapping[str, Any]
_BROKEN: Final = object()  # a null that was told already and goes up to the next place that may be null
_INT_LIMIT = 2**31
_UNFIT = frozenset({"INVALID_SUBGRAPH_DATA", "NULL_IN_NON_NULL"})


# A
@dataclass(frozen=True, slots=True)
class LeafShape:
    """A scalar or an enum; `values` are an enum's visible values, `kinds` the JSON types a built-in scalar has."""

    named: str
    values: frozenset[str] | None
    kinds: frozenset[type] | None


@dataclass(frozen=True, slots=True)
class ListShape:
    """A list of `item`."""

    item: "Shape"


@dataclass(frozen=True, slots=True)
class NonNullShape:
    """`inner`, and never null; `where` names the field, for the error."""

    inner: "Shape"
    where: str


@dataclass(frozen=True, slots=True, eq=False)
class FieldShape:
    """One key of the answer: read from the tree at `tree_key`; None there means `__typename`.

    `denied` is why the viewer doesn't get the field: then nothing is read.
    """

    response_key: str
    tree_key: str | None
    shape: "Shape"
    denied: SubgraphFault | None = None


@dataclass(slots=True, eq=False)
class ObjectShape:
    """What to read from an object. For an abstract type it depends on `__typename`; made when a type is first met.

    `declared` is that abstract type. `untyped` is an interface whose own fields alone are asked for: then no type need
    be known, and an interface object doesn't say it.
    """

    static_type: str | None
    selections: Selections
    path: Path
    maker: "_Maker"
    declared: str | None = None
    untyped: str | None = None
    _by_type: dict[str, tuple[FieldShape, ...] | None] = field(default_factory=dict)

    def fields(self, type_name: str) -> tuple[FieldShape, ...] | None:
        """The fields for one type; None when the API schema doesn't have the type, or not here."""
        if type_name not in self._by_type:
            fits = self.may_be(type_name)
            self._by_type[type_name] = self.maker.fields(type_name, self.selections, self.path) if fits else None
        return self._by_type[type_name]

    def may_be(self, type_name: str) -> bool:
        """Whether an object of the type can stand here, visible to clients or not."""
        return self.declared is None or type_name == self.declared or type_name in self.maker.members(self.declared)


Shape = LeafShape | ListShape | NonNullShape | ObjectShape

_KINDS: Mapping[str, frozenset[type]] = {
    "String": frozenset({str}),
    "ID": frozenset({str, int}),
    "Int": frozenset({int}),
    "Float": frozenset({int, float}),
    "Boolean": frozenset({bool}),
}


def make_shape(
    selections: Selections,
    root: str,
    *,
    plan: Plan,
    schema: GraphQLSchema,
    members: Members,
    denied: Denied | None = None,
) -> ObjectShape:
    """The shape of the whole answer, of all that the client asked for; `denied` tells what the viewer doesn't get.

    `members` are an abstract type's object types in the whole supergraph: some of them clients may not see.
    """
    return ObjectShape(root, selections, (), _Maker(plan, schema, members, denied))


@dataclass(frozen=True, slots=True, eq=False)
class _Maker:
    plan: Plan
    schema: GraphQLSchema
    members: Members
    denied: Denied | None

    def fields(self, type_name: str, selections: Selections, path: Path) -> tuple[FieldShape, ...] | None:
        parent = self.schema.type_map.get(type_name)
        if not isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)):
            return None
        merged: dict[str, list[Field]] = {}
        for each in self._holding(parent, selections):
            merged.setdefault(each.response_key, []).append(each)
        return tuple(self._field(parent, fields, path) for fields in merged.values())

    def _holding(self, parent: _Composite, selections: Selections) -> Iterable[Field]:
        for each in selections:
            if isinstance(each, Field):
                yield each
            elif each.on == parent.name or self._is_possible(each.on, parent):
                yield from self._holding(parent, each.selections)

    def _is_possible(self, on: str, parent: _Composite) -> bool:
        condition = self.schema.type_map.get(on)
        return is_abstract_type(condition) and self.schema.is_sub_type(condition, parent)

    def _field(self, parent: _Composite, fields: list[Field], path: Path) -> FieldShape:
        first = fields[0]
        if first.name == "__typename":
            return FieldShape(first.response_key, None, LeafShape("String", None, None))
        key = self.plan.tree_key(path, first)
        below = tuple(selection for each in fields for selection in each.selections)
        declared = parent.fields[first.name].type
        shape = self._shape(declared, below, (*path, key), f"{parent.name}.{first.name}")
        denial = self._denial(parent, first.name)
        fault = SubgraphFault(denial.message, (), {"code": denial.code}) if denial else None
        return FieldShape(first.response_key, key, shape, fault)

    def _denial(self, parent: _Composite, field_name: str) -> Denial | None:
        if self.denied is None:
            return None
        objects = [parent] if isinstance(parent, GraphQLObjectType) else self.schema.get_possible_types(parent)
        return next((denial for each in objects if (denial := self.denied(each.name, field_name))), None)

    def _needs_no_type(self, interface: GraphQLInterfaceType, selections: Selections) -> bool:
        """Whether every selection is the interface's own."""
        return all(
            each.name != "__typename"
            if isinstance(each, Field)
            else (each.on == interface.name or self._is_possible(each.on, interface))
            and self._needs_no_type(interface, each.selections)
            for each in selections
        )

    def _shape(self, declared: GraphQLOutputType, below: Selections, path: Path, where: str) -> Shape:
        match declared:
            case GraphQLNonNull():
                return NonNullShape(self._shape(declared.of_type, below, path, where), where)
            case GraphQLList():
                return ListShape(self._shape(declared.of_type, below, (*path, EACH), where))
            case GraphQLEnumType():
                return LeafShape(declared.name, frozenset(declared.values), None)
            case GraphQLScalarType():
                return LeafShape(declared.name, None, _KINDS.get(declared.name))
            case GraphQLObjectType():
                return ObjectShape(declared.name, below, path, self)
            case GraphQLInterfaceType() if self._needs_no_type(declared, below):
                return ObjectShape(None, below, path, self, declared.name, declared.name)
            case _:
                return ObjectShape(None, below, path, self, declared.name)


@dataclass(frozen=True, slots=True)
class _At:
    """A path as a chain, spelled out only when something is wrong there."""

    before: "_At | None"
    step: str | int

    def spelled(self) -> list[str | int]:
        steps: list[str | int] = []
        here: _At | None = self
        while here:
            steps.append(here.step)
            here = here.before
        return steps[::-1]


class Shaper:
    """One pass over one tree; `errors` are those of the answer."""

    def __init__(self) -> None:
        self.errors: list[Error] = []

    def answer(self, tree: JsonObject, shape: ObjectShape, failures: Iterable[Failure]) -> JsonObject | None:
        """The answer's data; None when a null went all the way up."""
        assert shape.static_type is not None
        data = self._object(tree, shape, shape.static_type, None)
        for failure in failures:
            if not failure.told:
                self._tell(failure.fault.message, None, failure.fault.extensions)
        return None if data is _BROKEN else data

    def log(self, request_id: str) -> None:
        """What systems gave that the schema doesn't allow: how often, and the first of it."""
        unfit = [each for each in self.errors if each["extensions"]["code"] in _UNFIT]
        if unfit:
            place = ".".join(map(str, unfit[0].get("path", ())))
            first = f"{unfit[0]['message']} at {place or 'the root'}"
            log.warning("%d errors of systems' data, request %s, first: %s", len(unfit), request_id or "-", first)

    # B
    def _complete(self, value: Any, shape: Shape, at: _At) -> Any:
        if isinstance(shape, NonNullShape):
            return self._non_null(value, shape, at)
        done = self._nullable(value, shape, at)
        return None if done is _BROKEN else done

    def _non_null(self, value: Any, shape: NonNullShape, at: _At) -> Any:
        done = self._nullable(value, shape.inner, at)
        if done is None:
            self._tell(f"Cannot return null for non-nullable field {shape.where}.", at, {"code": "NULL_IN_NON_NULL"})
            return _BROKEN
        return done

    def _nullable(self, value: Any, shape: Shape, at: _At) -> Any:
        if value is None:
            return None
        if isinstance(value, Failure):
            return self._failed(value, shape, at)
        match shape:
            case LeafShape():
                return self._leaf(value, shape, at)
            case ListShape():
                return self._list(value, shape, at)
            case ObjectShape():
                return self._object_of_some_type(value, shape, at)
            case NonNullShape():
                raise AssertionError("a non-null type never holds a non-null type")

    def _leaf(self, value: Any, shape: LeafShape, at: _At) -> Any:
        if shape.values is not None and not (isinstance(value, str) and value in shape.values):
            return self._wrong(f"a system gave a value that {shape.named} doesn't have here", at)
        if shape.kinds is not None and type(value) not in shape.kinds:
            return self._wrong(f"a system gave {type(value).__name__} where {shape.named} belongs", at)
        if shape.named == "Int" and not -_INT_LIMIT <= value < _INT_LIMIT:
            return self._wrong("a system gave an Int beyond 32 bits", at)
        return str(value) if shape.named == "ID" else value

    def _list(self, value: Any, shape: ListShape, at: _At) -> Any:
        if not isinstance(value, list):
            return self._wrong(f"a system gave {type(value).__name__} where a list belongs", at)
        item = shape.item
        items = [self._complete(each, item, _At(at, index)) for index, each in enumerate(value)]
        return _BROKEN if isinstance(item, NonNullShape) and any(each is _BROKEN for each in items) else items

    def _object_of_some_type(self, value: Any, shape: ObjectShape, at: _At) -> Any:
        if not isinstance(value, dict):
            return self._wrong(f"a system gave {type(value).__name__} where an object belongs", at)
        type_name = shape.static_type or value.get("__typename") or shape.untyped
        if isinstance(type_name, Failure):
            return self._failed(type_name, shape, at)
        if not isinstance(type_name, str):
            return self._wrong("a system gave an object without its type", at)
        return self._object(value, shape, type_name, at)

    def _object(self, value: JsonObject, shape: ObjectShape, type_name: str, at: _At | None) -> Any:
        fields = shape.fields(type_name)
        if fields is None:
            if shape.may_be(type_name):
                return None  # a type that clients may not see (rule 12)
            return self._wrong(f"a system gave an object of another type where {shape.declared} belongs", at)
        made: JsonObject = {}
        broken = False
        for each in fields:
            if each.tree_key is None:
                made[each.response_key] = type_name
                continue
            found = Failure(each.denied) if each.denied else value.get(each.tree_key)
            done = self._complete(found, each.shape, _At(at, each.response_key))
            broken = broken or done is _BROKEN
            made[each.response_key] = done
        return _BROKEN if broken else made

    # C
    def _failed(self, failure: Failure, shape: Shape, at: _At) -> Any:
        for each in (failure, *failure.also):
            each.tell()
            deeper = at
            for step in _in_response_keys(each.beyond, shape):
                deeper = _At(deeper, step)
            self._tell(each.fault.message, deeper, each.fault.extensions)
        return _BROKEN

    def _wrong(self, message: str, at: _At | None) -> Any:
        self._tell(message, at, {"code": "INVALID_SUBGRAPH_DATA"})
        return _BROKEN

    def _tell(self, message: str, at: _At | None, extensions: Mapping[str, Any]) -> None:
        place = {"path": at.spelled()} if at else {}
        self.errors.append({"message": message, **place, "extensions": dict(extensions)})


def _in_response_keys(beyond: tuple[str | int, ...], shape: Shape) -> Iterable[str | int]:
    """The rest of an error's path in the client's words, as far as the client asked for it."""
    for step in beyond:
        while isinstance(shape, NonNullShape):
            shape = shape.inner
        if isinstance(step, int) and isinstance(shape, ListShape):
            shape = shape.item
            yield step
            continue
        found = _asked(step, shape)
        if found is None:
            return
        shape = found.shape
        yield found.response_key


def _asked(tree_key: str | int, shape: Shape) -> FieldShape | None:
    if not isinstance(shape, ObjectShape):
        return None
    fields = shape.fields(shape.static_type) if shape.static_type else ()
    return next((each for each in fields or () if each.tree_key == tree_key), None)
