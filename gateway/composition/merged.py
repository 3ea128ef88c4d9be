"""The merged schema as frozen values: what merging makes, what the last checks read, what `emit` prints.

The join values are the directives of the join specification v0.5: which subgraph has what, and how.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.composition.elements import Applied, TypeRef

__all__ = [
    "ContextArgument",
    "JoinField",
    "JoinType",
    "Merged",
    "MergedDirective",
    "MergedEnum",
    "MergedEnumValue",
    "MergedField",
    "MergedInput",
    "MergedInputValue",
    "MergedInterface",
    "MergedObject",
    "MergedScalar",
    "MergedType",
    "MergedUnion",
]


@dataclass(frozen=True, slots=True)
class JoinType:
    """@join__type: the subgraph has the type, once per key; `key` is a field set.

    `extension` says that the subgraph extends the type, so it may mark the key's fields @external and yet has them.
    """

    graph: str
    key: str | None = None
    extension: bool = False
    resolvable: bool = True
    is_interface_object: bool = False


@dataclass(frozen=True, slots=True)
class ContextArgument:
    """An argument that the gateway fills: what `selection` gives at the nearest `context` above the field."""

    name: str
    type: TypeRef
    context: str
    selection: str


@dataclass(frozen=True, slots=True)
class JoinField:
    """@join__field; `graph` is None on what an interface object adds to an implementation."""

    graph: str | None = None
    type: TypeRef | None = None
    requires: str | None = None
    provides: str | None = None
    external: bool = False
    override: str | None = None
    override_label: str | None = None
    used_overridden: bool = False
    context_arguments: tuple[ContextArgument, ...] = ()

    @property
    def is_overridden(self) -> bool:
        """Whether another subgraph resolves the field for all requests; with a label it is for some of them."""
        return self.used_overridden and self.override_label is None


@dataclass(frozen=True, slots=True)
class MergedInputValue:
    """An argument or input field."""

    name: str
    type: TypeRef
    default: str | None = None
    description: str | None = None
    carried: tuple[Applied, ...] = ()
    joins: tuple[JoinField, ...] = ()


@dataclass(frozen=True, slots=True)
class MergedField:
    """A field of an object or interface; no `joins` means: every subgraph of the type resolves it, plainly."""

    name: str
    type: TypeRef
    arguments: Mapping[str, MergedInputValue] = field(default_factory=dict)
    description: str | None = None
    carried: tuple[Applied, ...] = ()
    joins: tuple[JoinField, ...] = ()


@dataclass(frozen=True, slots=True)
class MergedEnumValue:
    """`graphs` are the subgraphs that have the value."""

    name: str
    graphs: tuple[str, ...]
    description: str | None = None
    carried: tuple[Applied, ...] = ()


@dataclass(frozen=True, slots=True)
class MergedScalar:
    """A scalar."""

    name: str
    joins: tuple[JoinType, ...]
    description: str | None = None
    carried: tuple[Applied, ...] = ()


@dataclass(frozen=True, slots=True)
class MergedObject:
    """An object; `implements` are (graph, interface)."""

    name: str
    joins: tuple[JoinType, ...]
    fields: Mapping[str, MergedField]
    implements: tuple[tuple[str, str], ...] = ()
    description: str | None = None
    carried: tuple[Applied, ...] = ()


@dataclass(frozen=True, slots=True)
class MergedInterface:
    """An interface; `implements` are (graph, interface)."""

    name: str
    joins: tuple[JoinType, ...]
    fields: Mapping[str, MergedField]
    implements: tuple[tuple[str, str], ...] = ()
    description: str | None = None
    carried: tuple[Applied, ...] = ()


@dataclass(frozen=True, slots=True)
class MergedUnion:
    """A union; `members` are (graph, member)."""

    name: str
    joins: tuple[JoinType, ...]
    members: tuple[tuple[str, str], ...]
    description: str | None = None
    carried: tuple[Applied, ...] = ()


@dataclass(frozen=True, slots=True)
class MergedEnum:
    """An enum."""

    name: str
    joins: tuple[JoinType, ...]
    values: Mapping[str, MergedEnumValue]
    description: str | None = None
    carried: tuple[Applied, ...] = ()


@dataclass(frozen=True, slots=True)
class MergedInput:
    """An input object."""

    name: str
    joins: tuple[JoinType, ...]
    fields: Mapping[str, MergedInputValue]
    description: str | None = None
    carried: tuple[Applied, ...] = ()


MergedType = MergedScalar | MergedObject | MergedInterface | MergedUnion | MergedEnum | MergedInput


@dataclass(frozen=True, slots=True)
class MergedDirective:
    """A directive that the subgraphs define themselves: one that they compose, or one for clients' documents."""

    name: str
    locations: tuple[str, ...]
    repeatable: bool
    arguments: Mapping[str, MergedInputValue]
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The whole merged schema: types by name, sorted.

    `directives` are the subgraphs' own by name, `links` their specifications: address -> (name there, name here).
    """

    types: Mapping[str, MergedType]
    directives: Mapping[str, MergedDirective] = field(default_factory=dict)
    links: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    carried: tuple[Applied, ...] = ()

    def with_fields(self, name: str) -> MergedObject | MergedInterface | None:
        """The type of that name if it has output fields."""
        found = self.types.get(name)
        return found if isinstance(found, MergedObject | MergedInterface) else None

    def possible_types(self, name: str) -> tuple[str, ...]:
        """The object types that a value of the type may have, sorted; of an object, itself."""
        match self.types.get(name):
            case MergedObject():
                return (name,)
            case MergedUnion(members=members):
                return tuple(sorted({member for _, member in members}))
            case MergedInterface():
                return tuple(
                    other.name
                    for other in self.types.values()
                    if isinstance(other, MergedObject) and any(name == interface for _, interface in other.implements)
                )
            case _:
                return ()
