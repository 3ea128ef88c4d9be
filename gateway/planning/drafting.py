"""Fetches while they are being made: what is selected grows, and what a fetch waits for too. Frozen at the end.

A  keys     one tree key for each (field, arguments) at a place, never two meanings for one key
B  outputs  a selection set that grows; equal fields meet
C  wires    where one document would hold two types under one key, the later one gets an alias
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from graphql import print_ast
from graphql.language import ArgumentNode

from gateway.planning.contexts import Want
from gateway.planning.guards import TRUSTED, RowGuard
from gateway.planning.plan import (
    ContextValue,
    Fetch,
    FetchKind,
    Guard,
    Input,
    Need,
    Output,
    OutputSet,
    Path,
    Representation,
)
from gateway.selections import Field, Identity, identity

__all__ = [
    "DraftFetch",
    "DraftNeed",
    "DraftOutput",
    "DraftOutputs",
    "Entry",
    "TreeKeys",
    "freeze",
    "joined",
    "levels",
    "together",
    "without",
]

Entry = tuple[str | None, str | None]  # of a representation: the type it is for, the type name it sends


class TreeKeys:
    """A: the keys of the tree, given out as fields come; the first at a place gets its plain name."""

    def __init__(self) -> None:
        self._given: dict[Path, dict[Identity, str]] = {}

    def key(self, path: Path, asked: Field) -> str:
        """The key of the field at `path`, the same for the same arguments."""
        here = self._given.setdefault(path, {})
        meant = identity(asked)
        if meant not in here:
            # A plain name is what is read where nothing was planned, so nothing trusted may ever have one.
            name = f"_rule_{asked.name}" if asked.apart == TRUSTED else asked.name
            here[meant] = self._free(set(here.values()), name)
        return here[meant]

    def frozen(self) -> Mapping[Path, Mapping[Identity, str]]:
        """All keys by place."""
        return self._given

    def _free(self, taken: set[str], name: str) -> str:
        if name not in taken:
            return name
        number = 1
        while f"_{number}_{name}" in taken:
            number += 1
        return f"_{number}_{name}"


@dataclass(slots=True)
class DraftOutput:
    """B: one selected field; `type` is its type in that subgraph, as SDL text."""

    name: str
    arguments: tuple[ArgumentNode, ...]
    tree_key: str
    type: str
    below: "DraftOutputs | None"
    contexts: tuple[tuple[str, ContextValue], ...] = ()


@dataclass(slots=True)
class DraftOutputs:
    """B: what is selected on one object so far."""

    typename: bool = False
    outputs: dict[str, DraftOutput] = field(default_factory=dict)
    narrowed: dict[str, "DraftOutputs"] = field(default_factory=dict)

    def narrow(self, on: str) -> "DraftOutputs":
        """The set for objects of one type."""
        return self.narrowed.setdefault(on, DraftOutputs())

    def take_in(self, other: "DraftOutputs") -> None:
        """Selects also what the other does; what is at one key is one field."""
        self.typename |= other.typename
        for key, each in other.outputs.items():
            own = self.outputs.setdefault(key, each)
            if own is not each and own.below and each.below:
                own.below.take_in(each.below)
        for on, inner in other.narrowed.items():
            self.narrow(on).take_in(inner)

    def everything(self) -> Iterator[DraftOutput]:
        """The outputs of this set and of all narrowed ones."""
        yield from self.outputs.values()
        for inner in self.narrowed.values():
            yield from inner.everything()


@dataclass(frozen=True, slots=True)
class DraftNeed:
    """What one field needs besides a key."""

    inputs: tuple[Input, ...]
    contexts: tuple[ContextValue, ...]


@dataclass(slots=True)
class DraftFetch:
    """A fetch in the making. `entries` are its representations; `waits_for` names drafts by their number.

    `requiring` has what fields need besides a key, by the entry's type, theirs, and tree key; `wants` has what their
    arguments are filled from, by variable, and `filled_by` who gives that. `inner` is the same of fields further in.
    With a `guard`, `guarded_by` is what it reads: objects that aren't the viewer's are not sent.
    """

    number: int
    graph: str
    kind: FetchKind
    path: Path
    guard: RowGuard | None = None
    guarded_by: tuple[Input, ...] = ()
    selects: DraftOutputs = field(default_factory=DraftOutputs)
    entries: dict[Entry, tuple[Input, ...]] = field(default_factory=dict)
    waits_for: set[int] = field(default_factory=set)
    wants: dict[str, Want] = field(default_factory=dict)
    filled_by: set[int] = field(default_factory=set)
    inner: list[DraftNeed] = field(default_factory=list)
    requiring: dict[tuple[Entry, str, str], DraftNeed] = field(default_factory=dict)

    def takes(self, entry: Entry, inputs: Iterable[Input], contexts: Mapping[str, Want]) -> bool:
        """Whether the inputs can join: not where one field would be read from two places.

        Nor where objects of several types are sent as one interface's: what is selected on that is asked for all.
        Nor where arguments are filled from other places; and what they are filled from is for one type alone.
        """
        if self.entries and entry not in self.entries and (contexts or self.wants):
            return False
        if contexts and len(self.entries) > 1:
            return False
        if any(self.wants.get(variable, want) != want for variable, want in contexts.items()):
            return False
        if any(typename == entry[1] and only_on != entry[0] for only_on, typename in self.entries):
            return False
        return _agree(self.entries.get(entry, ()), inputs)

    def may_take_in(self, other: "DraftFetch") -> bool:
        """Whether both can be one entity call: for the same objects of one place."""
        same = (self.graph, self.kind, self.path) == (other.graph, other.kind, other.path) and self.guard is other.guard
        filled = self.wants or other.wants or self.inner or other.inner
        return same and not filled and all(self.takes(entry, inputs, {}) for entry, inputs in other.entries.items())

    def take_in(self, other: "DraftFetch") -> None:
        """Asks also what the other does, which is then not sent."""
        for entry, inputs in other.entries.items():
            self.add(entry, inputs, other.guarded_by)
        self.requiring |= other.requiring
        self.waits_for |= other.waits_for
        self.selects.take_in(other.selects)

    def add(self, entry: Entry, inputs: Iterable[Input], guarded_by: Iterable[Input] = ()) -> None:
        """Sends these inputs too."""
        self.entries[entry] = joined((*self.entries.get(entry, ()), *inputs))
        self.guarded_by = joined((*self.guarded_by, *guarded_by))


def freeze(draft: DraftFetch) -> Fetch:
    """C: the finished fetch, conflicting fields told apart by aliases of our own (rule 9)."""
    wires: dict[int, str] = {}
    _give_wires([draft.selects], wires)
    selects = _freeze(draft.selects, wires)
    guard = Guard(draft.guard.type, draft.guard.claim, draft.guarded_by) if draft.guard else None
    entries = draft.entries.items()
    whole = tuple(Representation(only_on, typename, inputs, guard) for (only_on, typename), inputs in entries)
    positions = {entry: index for index, entry in enumerate(draft.entries)}
    needs = tuple(
        Need(
            on,
            key,
            _part(selects, lambda *place, this=(on, key): place == this),
            positions[entry],
            need.inputs,
            need.contexts,
        )
        for (entry, on, key), need in draft.requiring.items()
    )
    inner = (_inner_need(selects, each) for each in draft.inner)
    return Fetch(draft.kind, draft.path, whole, selects, (*needs, *inner))


def _inner_need(selects: OutputSet, need: DraftNeed) -> Need:
    filled = {value.variable for value in need.contexts}
    return Need("", "", _inner_part(selects, lambda each: _is_filled(each, filled)), 0, (), need.contexts)


def together(fetches: Iterable[Fetch]) -> tuple[Fetch, ...]:
    """Fetches that ask the same of objects of several types, as one: an interface object is sent them all alike."""
    held: dict[object, Fetch] = {}
    for each in fetches:
        alone = not each.representations or each.contexts
        key = id(each) if alone else (each.path, _signature(each.selects), each.representations[0].guard)
        known = held.get(key)
        held[key] = _both(known, each) if known else each
    return tuple(held.values())


def _both(first: Fetch, second: Fetch) -> Fetch:
    count = len(first.representations)
    needs = (replace(each, representation=each.representation + count) for each in second.needs)
    return replace(
        first, representations=(*first.representations, *second.representations), needs=(*first.needs, *needs)
    )


def _signature(selects: OutputSet) -> object:
    """Equal for selections that are sent as the same text and go to the same keys."""
    return (
        selects.typename,
        tuple(
            (each.wire_key, each.tree_key, _asked(each), each.below and _signature(each.below))
            for each in selects.outputs
        ),
        tuple((on, _signature(inner)) for on, inner in selects.narrowed),
    )


def _asked(output: Output) -> str:
    return f"{output.name}({', '.join(print_ast(each) for each in output.arguments)})"


def without(fetch: Fetch, lacking: frozenset[int]) -> Fetch | None:
    """The fetch without some of its needs (by position) and what only they send; None where nothing is left."""
    gone = {(fetch.needs[each].on, fetch.needs[each].tree_key) for each in lacking}
    unfilled = {value.variable for each in lacking for value in fetch.needs[each].contexts}
    selects = _part(fetch.selects, lambda *place: place not in gone)
    if unfilled:
        selects = _without_filled(selects, unfilled)
    if not selects.narrowed:
        return None
    needs = tuple(need for number, need in enumerate(fetch.needs) if number not in lacking)
    representations = tuple(
        replace(each, inputs=joined((*_keys(each.inputs), *_sent_for(needs, index))))
        for index, each in enumerate(fetch.representations)
    )
    return Fetch(fetch.kind, fetch.path, representations, selects, needs)


def _keys(inputs: Iterable[Input]) -> Iterator[Input]:
    """The key's fields, without what is required below them."""
    for each in inputs:
        if each.is_key:
            yield replace(each, below=None if each.below is None else tuple(_keys(each.below)))


def _sent_for(needs: Iterable[Need], representation: int) -> Iterator[Input]:
    return (each for need in needs if need.representation == representation for each in need.inputs)


def _part(selects: OutputSet, wanted: Callable[[str, str], bool]) -> OutputSet:
    """What is wanted of an entity fetch's selection, in which each field stands under the type it is of."""
    narrowed = (
        (on, replace(inner, outputs=tuple(each for each in inner.outputs if wanted(on, each.tree_key))))
        for on, inner in selects.narrowed
    )
    return replace(selects, narrowed=tuple((on, inner) for on, inner in narrowed if inner.outputs or inner.narrowed))


def _is_filled(output: Output, variables: Set[str]) -> bool:
    return any(value.variable in variables for _, value in output.contexts)


def _inner_part(selects: OutputSet, wanted: Callable[[Output], bool]) -> OutputSet:
    """What leads to the wanted outputs, at any depth."""
    kept: list[Output] = []
    for each in selects.outputs:
        below = _inner_part(each.below, wanted) if each.below and not wanted(each) else None
        if wanted(each):
            kept.append(each)
        elif below and (below.outputs or below.narrowed):
            kept.append(replace(each, below=below))
    narrowed = ((on, _inner_part(inner, wanted)) for on, inner in selects.narrowed)
    some = tuple((on, inner) for on, inner in narrowed if inner.outputs or inner.narrowed)
    return replace(selects, outputs=tuple(kept), narrowed=some)


def _without_filled(selects: OutputSet, variables: Set[str]) -> OutputSet:
    """Without the outputs, at any depth, whose arguments are filled by one of the variables."""
    outputs = tuple(
        replace(each, below=_without_filled(each.below, variables)) if each.below else each
        for each in selects.outputs
        if not _is_filled(each, variables)
    )
    return replace(
        selects,
        outputs=outputs,
        narrowed=tuple((on, _without_filled(each, variables)) for on, each in selects.narrowed),
    )


def levels(drafts: Iterable[DraftFetch]) -> dict[int, int]:
    """How deep each stands: one more than the deepest that it waits for."""
    by_number = {draft.number: draft for draft in drafts}
    found: dict[int, int] = {}
    for number in by_number:
        _find_level(number, by_number, found)
    return found


def _find_level(number: int, drafts: Mapping[int, DraftFetch], found: dict[int, int]) -> int:
    if number not in found:
        found[number] = 1 + max((_find_level(each, drafts, found) for each in drafts[number].waits_for), default=0)
    return found[number]


def _give_wires(sets: list[DraftOutputs], wires: dict[int, str]) -> None:
    by_key: dict[str, dict[str, list[DraftOutput]]] = {}
    for each in sets:
        for output in each.everything():
            by_key.setdefault(output.tree_key, {}).setdefault(_shape(output), []).append(output)
    for key, shapes in by_key.items():
        for number, outputs in enumerate(shapes.values()):
            wire = key if number == 0 else f"_w{number}_{key}"
            wires.update((id(output), wire) for output in outputs)
            if below := [output.below for output in outputs if output.below]:
                _give_wires(below, wires)


def _shape(output: DraftOutput) -> str:
    """What must agree for two fields to share a response key (GraphQL spec, SameResponseShape)."""
    return "".join(each for each in output.type if each in "[]!") if output.below else output.type


def _freeze(draft: DraftOutputs, wires: Mapping[int, str]) -> OutputSet:
    outputs = tuple(
        Output(
            each.name,
            each.arguments,
            each.tree_key,
            wires[id(each)],
            _freeze(each.below, wires) if each.below else None,
            each.contexts,
        )
        for each in draft.outputs.values()
    )
    narrowed = ((on, _freeze(each, wires)) for on, each in draft.narrowed.items())
    return OutputSet(
        draft.typename, outputs, tuple((on, each) for on, each in narrowed if each.outputs or each.narrowed)
    )


def _agree(held: Iterable[Input], inputs: Iterable[Input]) -> bool:
    known = {(each.name, each.only_on): each for each in held}
    return all(
        same.tree_key == each.tree_key and _agree(same.below or (), each.below or ())
        for each in inputs
        if (same := known.get((each.name, each.only_on)))
    )


def joined(inputs: Iterable[Input]) -> tuple[Input, ...]:
    """Inputs of one field put together: what is below them adds up, and a key field stays one."""
    held: dict[tuple[str, str | None], Input] = {}
    for each in inputs:
        place = (each.name, each.only_on)
        known = held.get(place)
        before = known.below or () if known else ()
        below = None if each.below is None else joined((*before, *each.below))
        if known is None:
            held[place] = replace(each, below=below)
            continue
        held[place] = Input(each.name, each.tree_key, each.only_on, known.is_key or each.is_key, below)
    return tuple(held.values())
