"""Variables' values made to fit their types, the usual ones in one pass (GraphQL spec, section 6.1.2).

A coercion is compiled once for each type of a variable. It takes what surely fits and gives it as graphql-core would;
at anything else it is unsure, and the caller asks graphql-core, which also says what is wrong. So the two never differ.

    surely fits   lists that are lists, objects that are dicts, scalars of their own JSON type, enums' names
    unsure        a value for a list of it, an integer for an ID, @oneOf, an input type within itself, all that is wrong

A mutation that takes thousands of charges spends a fifth of the time on it that graphql-core takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    ListTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    TypeNode,
    Undefined,
    is_required_input_field,
    type_from_ast,
)
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

__all__ = ["Coercing", "Unsure"]

Coerce = Callable[[Any], Any]

LEAST, MOST = -(2**31), 2**31 - 1


class Unsure(Exception):
    """Whether the value fits, and as what: graphql-core knows."""


class Coercing:
    """The coercions of one schema. There are no more of them than types of arguments, as documents are valid."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._compiled: dict[str, Coerce] = {}

    def coerce(self, operation: OperationDefinitionNode, given: Mapping[str, Any]) -> dict[str, Any]:
        """The values by variable, defaults filled in. Raises Unsure."""
        values: dict[str, Any] = {}
        for definition in operation.variable_definitions or ():
            name = definition.variable.name.value
            if name in given:
                values[name] = self._of(definition.type)(given[name])
            elif definition.default_value is not None:
                literal = coerce_input_literal(definition.default_value, self._type(definition.type))
                values[name] = sure(literal)
            elif isinstance(definition.type, NonNullTypeNode):
                raise Unsure
        return values

    def _of(self, node: TypeNode) -> Coerce:
        written = told(node)
        found = self._compiled.get(written)
        if found is None:
            found = self._compiled[written] = compiled(self._type(node), ())
        return found

    def _type(self, node: TypeNode) -> GraphQLInputType:
        found: Any = type_from_ast(self.schema, node)
        return found  # type: ignore[no-any-return]


def told(node: TypeNode) -> str:
    """`[ID!]!`."""
    if isinstance(node, NonNullTypeNode):
        return f"{told(node.type)}!"
    if isinstance(node, ListTypeNode):
        return f"[{told(node.type)}]"
    return str(node.name.value)  # type: ignore[attr-defined]


def sure(value: Any) -> Any:
    if value is Undefined:
        raise Unsure
    return value


def unsure(_: Any) -> Any:
    raise Unsure


def compiled(type_: GraphQLInputType, within: tuple[GraphQLInputType, ...]) -> Coerce:
    """`within` are the input types around it: values of one that holds itself may be of any depth."""
    if isinstance(type_, GraphQLNonNull):
        return of_not_null(type_.of_type, within)
    of_value = of_not_null(type_, within)
    return lambda value: None if value is None else of_value(value)


def of_not_null(type_: Any, within: tuple[GraphQLInputType, ...]) -> Coerce:
    if isinstance(type_, GraphQLList):
        return of_list(compiled(type_.of_type, within))
    if isinstance(type_, GraphQLInputObjectType):
        if type_.is_one_of or type_ in within:
            return unsure
        return of_object(type_, (*within, type_))
    if type_ is GraphQLString or type_ is GraphQLID:
        return of_text
    if type_ is GraphQLBoolean:
        return of_boolean
    if type_ is GraphQLInt:
        return of_integer
    return of_leaf(type_)


def of_text(value: Any) -> Any:
    if type(value) is str:
        return value
    raise Unsure


def of_boolean(value: Any) -> Any:
    if value is True or value is False:
        return value
    raise Unsure


def of_integer(value: Any) -> Any:
    if type(value) is int and LEAST <= value <= MOST:
        return value
    raise Unsure


def of_leaf(type_: GraphQLScalarType) -> Coerce:
    """Enums and other scalars by what graphql-core asks itself."""
    ask = type_.coerce_input_value

    def coerce(value: Any) -> Any:
        try:
            found = ask(value)
        except Exception:  # the type's own words about it come from graphql-core
            raise Unsure from None
        # A None is what the type made of a value, and a non-null place has to refuse it.
        if found is Undefined or found is None:
            raise Unsure
        return found

    return coerce


def of_list(item: Coerce) -> Coerce:
    def coerce(value: Any) -> Any:
        if type(value) is not list:
            raise Unsure
        return [item(each) for each in value]

    return coerce


def of_object(type_: GraphQLInputObjectType, within: tuple[GraphQLInputType, ...]) -> Coerce:
    fields = [
        (name, field.out_name or name, compiled(field.type, within), when_missing(field))
        for name, field in type_.fields.items()
    ]

    def coerce(value: Any) -> Any:
        if type(value) is not dict:
            raise Unsure
        values: dict[str, Any] = {}
        known = 0
        for name, out, of_field, default_of in fields:
            if name in value:
                known += 1
                values[out] = of_field(value[name])
            else:
                default = default_of()
                if default is not Undefined:
                    values[out] = default
        if known != len(value):
            raise Unsure
        return type_.out_type(values)

    return coerce


def when_missing(field: GraphQLInputField) -> Callable[[], Any]:
    if is_required_input_field(field):
        return lambda: unsure(None)
    return lambda: coerce_default_value(field)
