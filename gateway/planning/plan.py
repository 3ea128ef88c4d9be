"""The plan: a flat list of requests, each knowing which others it waits for. Frozen; made once per kind of operation.

    Plan
    └── Request                 one call of one subgraph; `waits_for` names requests
        └── Fetch               a root selection, or one `_entities` call for the objects at one place of the answer
            ├── Representation  what of those objects is sent: the fields of a key and of @requires
            └── OutputSet       what is selected, and where in the answer it goes

A place in the answer is a `Path`: keys of the tree, "@" for each item of a list, "|Cat" for only what is a Cat. A *tree
key* stands for one field with one set of arguments at one place, whatever alias the client gave; so what is asked twice
is there once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from graphql.language import ArgumentNode

from gateway.selections import Field, Identity, identity

__all__ = [
    "EACH",
    "ONLY",
    "ContextValue",
    "Fetch",
    "FetchKind",
    "Guard",
    "Input",
    "Need",
    "Output",
    "OutputSet",
    "Path",
    "Plan",
    "Representation",
    "Request",
]

Path = tuple[str, ...]
EACH = "@"  # a step of a path: into each item of the list
ONLY = "|"  # begins a step that stays where it is, but for objects of one type only
FetchKind = Literal["query", "mutation", "entities"]


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """One selected field: asked as `wire_key: name(arguments)`, put into the tree under `tree_key`.

    `contexts` are arguments, by name, that no client gives: they are filled from above in the tree.
    The two keys differ only where one document would hold two fields of one key and different types.
    """

    name: str
    arguments: tuple[ArgumentNode, ...]
    tree_key: str
    wire_key: str
    below: "OutputSet | None"
    contexts: tuple[tuple[str, "ContextValue"], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class OutputSet:
    """What is selected on one object; `narrowed` holds what is selected only on objects of a type."""

    typename: bool
    outputs: tuple[Output, ...]
    narrowed: tuple[tuple[str, "OutputSet"], ...]

    def everything(self) -> Iterator[Output]:
        """The outputs of this set and of the narrowed ones in it."""
        yield from self.outputs
        for _, inner in self.narrowed:
            yield from inner.everything()


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """One field of a representation, read from the tree. A key's field must not be null, a required one may be.

    Where both read one object, each field below says for itself whether it is the key's.
    """

    name: str
    tree_key: str
    only_on: str | None
    is_key: bool
    below: tuple["Input", ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class ContextValue:
    """What `argument` (`Title.text(language:)`) is filled from: of the object `up` levels above the one with the field,
    the value that `inputs` lead to, or the list of values where lists are on the way; null where they lead nowhere.

    `variable` is its name in what is sent, and `type` its type there, as SDL text.
    """

    argument: str
    variable: str
    type: str
    up: int
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """Of objects of `type`, only those are sent that are the viewer's: where `inputs`, one path, leads to `claim`."""

    type: str
    claim: str
    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Representation:
    """How an object of type `only_on` (None: any) is named to the subgraph; `typename` None sends its own type."""

    only_on: str | None
    typename: str | None
    inputs: tuple[Input, ...]
    guard: Guard | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """A field of a fetch, alone in `selects`, and what the fetch's `representation` (by position) sends just for it.

    `contexts` are what its arguments are filled from.
    """

    on: str
    tree_key: str
    selects: OutputSet
    representation: int
    inputs: tuple[Input, ...]
    contexts: tuple[ContextValue, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Fetch:
    """What one subgraph is asked for one place of the answer; without representations where that is a root type.

    `needs` are the fields that need more than a key: what they require may fail for some objects, which are then asked
    for without them.
    """

    kind: FetchKind
    path: Path
    representations: tuple[Representation, ...]
    selects: OutputSet
    needs: tuple[Need, ...] = ()

    @property
    def contexts(self) -> tuple[ContextValue, ...]:
        """What differs from object to object, and is no part of a representation. Then there is but one of these."""
        return tuple({each.variable: each for need in self.needs for each in need.contexts}.values())


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One call of the subgraph `service`. Several fetches are entity calls that travel together under aliases."""

    id: int
    service: str
    fetches: tuple[Fetch, ...]
    waits_for: frozenset[int]

    @property
    def kind(self) -> FetchKind:
        """The kind of all its fetches."""
        return self.fetches[0].kind


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """All requests, each after those it waits for; and the tree key of every field by place and `identity`."""

    requests: tuple[Request, ...]
    tree_keys: Mapping[Path, Mapping[Identity, str]]

    @property
    def depth(self) -> int:
        """How many requests wait for one another at most."""
        levels: dict[int, int] = {}
        for request in self.requests:
            levels[request.id] = 1 + max((levels[each] for each in request.waits_for), default=0)
        return max(levels.values(), default=0)

    def tree_key(self, path: Path, asked: Field) -> str:
        """Where the tree holds the field; its name where nothing was planned for it (then it is not there)."""
        return self.tree_keys.get(path, {}).get(identity(asked), asked.name)
