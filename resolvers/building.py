"""Input objects built in one go: what strawberry does for each value of a list again, done once for its type.

A list of some hundred conferences has ten thousand input objects; to ask for each of their fields what it is took a
third of the mutation's time. `from_input` is strawberry's own hook for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import cache
from typing import Any, TypeVar

from strawberry.types import get_object_definition, has_object_definition
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryList, StrawberryOptional

__all__ = ["built_at_once"]

T = TypeVar("T")
Build = Callable[[Any], Any]


def built_at_once(kind: type[T]) -> type[T]:
    """An input type whose fields are scalars, enums, other such types, and lists of them."""
    get_object_definition(kind, strict=True).from_input = from_input
    return kind


def from_input(kind: type, value: Mapping[str, Any], context: InputContext) -> Any:
    return builder_of(kind, context.config.name_converter)(value)


@cache
def builder_of(kind: type, names: Any) -> Build:
    """Value -> an object of `kind`. A field that is left out has its default, None where it has none."""
    definition = get_object_definition(kind, strict=True)
    absent = {
        field.python_name: None
        for field in definition.fields
        if field.default is MISSING and field.default_factory is MISSING and isinstance(field.type, StrawberryOptional)
    }
    parts = [
        (names.from_field(field), field.python_name, built_by(field.resolve_type(type_definition=definition), names))
        for field in definition.fields
    ]

    def build(value: Mapping[str, Any]) -> Any:
        given = {
            python: value[graphql] if of is None else of(value[graphql])
            for graphql, python, of in parts
            if graphql in value
        }
        return kind(**{**absent, **given}) if len(given) < len(parts) else kind(**given)

    return build


def built_by(kind: Any, names: Any) -> Build | None:
    """None for what is taken as it is."""
    if isinstance(kind, StrawberryOptional):
        of = built_by(kind.of_type, names)
        return of and (lambda value: None if value is None else of(value))
    if isinstance(kind, StrawberryList):
        each = built_by(kind.of_type, names)
        return list if each is None else lambda values: [each(value) for value in values]
    return builder_of(kind, names) if has_object_definition(kind) else None
