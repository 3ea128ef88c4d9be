"""A subgraph's schema as frozen values: what the parser makes and all later stages read.

Names of federation directives are the specification's own ("key", "shareable"), whatever the subgraph imported them as.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

__all__ = [
    "EXTEND",
    "Applied",
    "EnumType",
    "EnumValue",
    "Field",
    "InputType",
    "InputValue",
    "InterfaceType",
    "ListOf",
    "Named",
    "NonNull",
    "ObjectType",
    "ScalarType",
    "TypeDef",
    "TypeRef",
    "UnionType",
    "Written",
    "applications",
    "has",
    "named",
    "nullable",
    "without",
]

EXTEND = "extend"
"""Marks, among its directives, a type that its subgraph only extends: every declaration of it is an `extend type`."""


@dataclass(frozen=True, slots=True)
class Named:
    """`Client`"""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[Client]`"""

    of: "TypeRef"

    def __str__(self) -> str:
        return f"[{self.of}]"


@dataclass(frozen=True, slots=True)
class NonNull:
    """`Client!`"""

    of: "Named | ListOf"

    def __str__(self) -> str:
        return f"{self.of}!"


TypeRef = Named | ListOf | NonNull


def named(ref: TypeRef) -> str:
    """The name inside all wrappers: `[Client!]!` -> "Client"."""
    match ref:
        case Named(name):
            return name
        case ListOf(of) | NonNull(of):
            return named(of)


def nullable(ref: TypeRef) -> "Named | ListOf":
    """The type without its outer `!`."""
    return ref.of if isinstance(ref, NonNull) else ref


@dataclass(frozen=True, slots=True)
class Applied:
    """A directive as applied: its specification name, its arguments as plain values.

    `inherited` says that it stands on the type and was pushed down to this field (@shareable, @external); `unquoted`
    names the arguments that were given as enum values, which a plain value no longer shows; `of_extension` says that it
    stands on an `extend type`. A directive that the subgraph composes itself (@composeDirective) has its local name
    with "@" before it, its arguments as text, and `repeatable` as it is defined.
    """

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None
    inherited: bool = False
    unquoted: tuple[str, ...] = ()
    of_extension: bool = False
    repeatable: bool = False


class Written(str):
    """A value as GraphQL text, to be printed as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class InputValue:
    """An argument or a field of an input object; `default` is the value as canonical GraphQL text."""

    name: str
    type: TypeRef
    default: str | None = None
    description: str | None = None
    directives: tuple[Applied, ...] = ()
    line: int | None = None

    @property
    def required(self) -> bool:
        """True when a client must give it."""
        return isinstance(self.type, NonNull) and self.default is None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object or interface."""

    name: str
    type: TypeRef
    arguments: Mapping[str, InputValue] = field(default_factory=dict)
    description: str | None = None
    directives: tuple[Applied, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One value of an enum."""

    name: str
    description: str | None = None
    directives: tuple[Applied, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A scalar of the subgraph's own."""

    name: str
    description: str | None = None
    directives: tuple[Applied, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ObjectType:
    """An object; also an interface object, which carries "interfaceObject" among its directives."""

    name: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    interfaces: tuple[str, ...] = ()
    description: str | None = None
    directives: tuple[Applied, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class InterfaceType:
    """An interface."""

    name: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    interfaces: tuple[str, ...] = ()
    description: str | None = None
    directives: tuple[Applied, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class UnionType:
    """A union and its members."""

    name: str
    members: tuple[str, ...] = ()
    description: str | None = None
    directives: tuple[Applied, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class EnumType:
    """An enum and its values."""

    name: str
    values: Mapping[str, EnumValue] = field(default_factory=dict)
    description: str | None = None
    directives: tuple[Applied, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True)
class InputType:
    """An input object and its fields."""

    name: str
    fields: Mapping[str, InputValue] = field(default_factory=dict)
    description: str | None = None
    directives: tuple[Applied, ...] = ()
    line: int | None = None


TypeDef = ScalarType | ObjectType | InterfaceType | UnionType | EnumType | InputType
Element = TypeDef | Field | InputValue | EnumValue
E = TypeVar("E", bound=ObjectType | InterfaceType | Field)


def applications(element: Element, name: str) -> Iterator[Applied]:
    """Each application of the directive `name` on the element."""
    return (applied for applied in element.directives if applied.name == name)


def has(element: Element, name: str) -> bool:
    """Whether the directive `name` is applied to the element."""
    return any(True for _ in applications(element, name))


def without(element: E, *names: str) -> E:
    """The element without the directives of those names."""
    return replace(element, directives=tuple(applied for applied in element.directives if applied.name not in names))
