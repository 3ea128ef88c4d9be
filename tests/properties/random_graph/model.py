"""What a random graph is made of before it is text: types and fields, and what each subgraph says of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

__all__ = ["FieldModel", "Override", "Part", "Selected", "Terms", "TypeModel", "texts"]


@dataclass(eq=False)
class FieldModel:
    """One field of the unsplit schema. `order` is global: @requires only ever looks down."""

    name: str
    named: str
    type: str
    order: int
    arguments: tuple[str, ...] = ()
    computed: bool = False
    counted: bool = False  # depends on how many mutations have run
    weak: bool = False  # in the subgraph that doesn't know every object, and nowhere else
    hidden: bool = False
    hidden_argument: str = ""
    never_null: bool = False  # though its type would allow it, so that some subgraph may promise so

    def sdl(self, *, shown: bool = False, terms: "Terms | None" = None) -> str:
        """As a subgraph declares it, or (`shown`) as clients see it."""
        given = [f"{each}{self._mark(each, terms)}" for each in self.arguments if not shown or not self._is_gone(each)]
        arguments = f"({', '.join(given)})" if given else ""
        strict = "!" if terms and terms.strict else ""
        return f"{self.name}{arguments}: {self.type}{strict}{terms.sdl if terms else ''}"

    def _is_gone(self, argument: str) -> bool:
        return argument == self.hidden_argument

    def _mark(self, argument: str, terms: "Terms | None") -> str:
        return " @inaccessible" if self._is_gone(argument) and terms and not terms.external else ""


@dataclass(eq=False)
class TypeModel:
    """A type of the unsplit schema; `keys` are lists of the field sets that name an object."""

    name: str
    kind: str  # "value" | "entity" | "interface" | "union" | "root" | "split": a value each subgraph knows a part of
    fields: dict[str, FieldModel] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    implements: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)  # of a union or an interface
    hidden: bool = False

    @property
    def is_weak(self) -> bool:
        """Whether some subgraph has it by a key that may be null, and doesn't know every object."""
        return "ref" in self.fields


@dataclass(frozen=True)
class Selected:
    """One selection of a field set: a field, or (`on`) a fragment."""

    name: str = ""
    arguments: str = ""
    on: str = ""
    below: tuple["Selected", ...] = ()

    @property
    def text(self) -> str:
        below = f" {{ {' '.join(texts(self.below))} }}" if self.below else ""
        return f"... on {self.on}{below}" if self.on else f"{self.name}{self.arguments}{below}"


def texts(selections: Iterable[Selected]) -> Iterator[str]:
    """Of each selection."""
    return (each.text for each in selections)


@dataclass(frozen=True)
class Override:
    """@override, with a label for some of the requests only."""

    source: str
    label: str | None


@dataclass(eq=False)
class Terms:
    """On what terms a subgraph has a field."""

    external: bool = False
    shareable: bool = False
    requires: tuple[Selected, ...] = ()
    provides: tuple[Selected, ...] = ()
    override: Override | None = None
    strict: bool = False  # says that it is never null, which another says not
    hidden: bool = False
    tag: str = ""

    @property
    def sdl(self) -> str:
        said = [" @external"] if self.external else []
        said += [" @shareable"] if self.shareable else []
        said += [f' @requires(fields: "{_quoted(self.requires)}")'] if self.requires else []
        said += [f' @provides(fields: "{_quoted(self.provides)}")'] if self.provides else []
        if self.override:
            label = f', label: "{self.override.label}"' if self.override.label else ""
            said.append(f' @override(from: "{self.override.source}"{label})')
        said += [" @inaccessible"] if self.hidden else []
        said += [f' @tag(name: "{self.tag}")'] if self.tag else []
        return "".join(said)


@dataclass(eq=False)
class Part:
    """What one subgraph says of one type."""

    fields: dict[str, Terms] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    unresolvable: bool = False  # its one key only names objects
    shareable: bool = False
    members: list[str] = field(default_factory=list)

    def owns(self, name: str) -> bool:
        """Whether the subgraph resolves the field."""
        return name in self.fields and not self.fields[name].external


def _quoted(selections: Iterable[Selected]) -> str:
    return " ".join(texts(selections)).replace('"', '\\"')
