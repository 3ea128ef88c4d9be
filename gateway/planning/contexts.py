"""Contexts, as planning sees them: an argument is filled from an ancestor (@context, @fromContext; Federation 2.8).

    type Book @key(fields: "isbn") @context(name: "book") { isbn: ID! language: String! title: Title }
    type Title @key(fields: "id") { id: ID! text(language: String @fromContext(field: "$book { language }")): String }

A  above     each site knows which types above it set which contexts, and where; the nearest hides those further up
B  bind      a field with such an argument is answered as one with @requires is, by coming back with its key; what the
             argument wants is to be had at the ancestor
C  complete  what is wanted is selected there beside what the client selects, and all is solved again, until nothing
             new is wanted: so it comes the best way for both. What can't be had there is not wanted again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gateway.composition.supergraph import ContextArgument, Supergraph, named
from gateway.selections import Field, Fragment, Identity, Selection, Selections, identity

__all__ = ["NOWHERE", "Above", "Bound", "Contexts", "Setting", "Want"]

Place = tuple[Identity, ...]
"""The fields that lead to an object, from the root."""


@dataclass(frozen=True, slots=True)
class Setting:
    """An object of `type` at `place` sets the context."""

    context: str
    type: str
    place: Place


@dataclass(frozen=True, slots=True)
class Above:
    """Where a site is, and what is set above it: each context at most once.

    `real` is the type of the object there where it is known, and the subgraph has but an interface object of it.
    """

    place: Place = ()
    settings: tuple[Setting, ...] = ()
    real: str = ""


NOWHERE = Above()
"""Where every site is of a supergraph without contexts."""


@dataclass(frozen=True, slots=True)
class Want:
    """What an argument takes from the objects of `type` at `place`. Without selections it is nothing there: null."""

    place: Place
    type: str
    selections: Selections


@dataclass(frozen=True, slots=True)
class Bound:
    """An argument, and what it wants of the object `up` levels above the one with the field."""

    argument: ContextArgument
    want: Want
    up: int


class Contexts:
    """The contexts of one supergraph in one search, which learns what is wanted where."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._supergraph = supergraph
        self._set = supergraph.contexts
        self._conditional = frozenset(
            name
            for each in supergraph.types.values()
            for name, field in each.fields.items()
            if self._set and any(join.conditional for join in field.joins.values())
        )
        self._selected: dict[Want, Selections] = {}
        self._refused: set[Want] = set()
        self._parts: dict[tuple[Selections, str], Selections] = {}
        self._completed: dict[tuple[Place, str, Selections], Selections] = {}

    # A
    def below(self, above: Above, type_name: str, field: Field) -> Above:
        """What is above the objects that a field of `type_name` leads to."""
        if not self._set:
            return NOWHERE
        setting = above.real or type_name
        own = tuple(Setting(name, setting, above.place) for name in sorted(self._set.get(setting, ())))
        names = {each.context for each in own}
        further = tuple(each for each in above.settings if each.context not in names)
        return Above((*above.place, identity(field)), own + further)

    def entered(self, above: Above, type_name: str, entity: str) -> Above:
        """The same place, from which a subgraph is entered that has the objects of `type_name` as `entity`."""
        real = above.real or type_name
        return above if not self._set or entity == real else replace(above, real=real)

    def narrowed(self, above: Above) -> Above:
        """The same place, for objects of one type that the subgraph knows."""
        return replace(above, real="") if above.real else above

    def are_set_alike(self, interface: str, types: frozenset[str]) -> bool:
        """Whether it is the interface that sets whatever its types set."""
        own = self._set.get(interface, frozenset())
        return not self._set or all(self._set.get(each, frozenset()) == own for each in types)

    def are_undecided(self, site_type: str, above: Above, field: Field) -> bool:
        """Whether what is below a field of an interface object may be filled by its real type, which isn't known."""
        types = self._supergraph.possible(site_type)
        if above.real or self.are_set_alike(site_type, types):
            return False
        return any(each in self._conditional for each in _names(field.selections))

    # B
    def bound(self, above: Above, arguments: tuple[ContextArgument, ...]) -> tuple[Bound, ...] | None:
        """What the arguments want of what is above; None where that is nowhere to be had."""
        found = tuple(self._bound(above, each) for each in arguments)
        bound = tuple(each for each in found if each is not None)
        return bound if len(bound) == len(found) else None

    def _bound(self, above: Above, argument: ContextArgument) -> Bound | None:
        setting = next((each for each in above.settings if each.context == argument.context), None)
        if setting is None or setting.type == self._supergraph.roots.get("mutation"):
            return None  # to ask a field of the mutations would be an effect
        want = Want(setting.place, setting.type, self._part(argument.selection, setting.type))
        if want in self._refused or (not want.selections and argument.type.endswith("!")):
            return None
        return Bound(argument, want, len(above.place) - len(setting.place))

    def _part(self, selection: Selections, type_name: str) -> Selections:
        """What of the selection is for objects of the type; for the same the same again."""
        if (selection, type_name) not in self._parts:
            self._parts[selection, type_name] = tuple(self._fitting(selection, type_name))
        return self._parts[selection, type_name]

    def _fitting(self, selection: Selections, type_name: str) -> Iterator[Selection]:
        possible = self._supergraph.possible(type_name)
        for each in selection:
            if isinstance(each, Field):
                yield each
            elif possible & self._supergraph.possible(each.on):
                surely = each.on == type_name or self._supergraph.types[type_name].kind == "object"
                yield from self._fitting(each.selections, type_name) if surely else (each,)

    # C
    def learn(self, wanted: Iterator[Want], remainder: Selections) -> bool:
        """Whether something is wanted that is not selected yet, or can't be had: then all is to be solved again."""
        lost = {want for want in _wanting(remainder) if want in self._selected}
        new = {want for want in wanted if want.selections and want not in self._selected}
        self._refused |= lost
        for want in lost:
            del self._selected[want]
        if not lost:
            self._selected |= {want: _for(want, want.selections) for want in new}
        self._completed.clear()
        return bool(lost or new)

    def completed(self, place: Place, type_name: str, selections: Selections) -> Selections:
        """The selections on the objects of a type at `place`, with what is wanted below that place."""
        if not any(len(want.place) > len(place) and want.place[: len(place)] == place for want in self._selected):
            return selections
        memo = (place, type_name, selections)
        if memo not in self._completed:
            self._completed[memo] = tuple(self._completed_one(place, type_name, each) for each in selections)
        return self._completed[memo]

    def at_root(self, root: str, selections: Selections) -> Selections:
        """The same of a whole operation, with what is wanted of the root itself."""
        wanted_here = (wanted for want, wanted in self._selected.items() if not want.place)
        own = (each for wanted in wanted_here for each in self.completed((), root, wanted))
        return (*self.completed((), root, selections), *own)

    def _completed_one(self, place: Place, type_name: str, selection: Selection) -> Selection:
        if isinstance(selection, Fragment):
            return Fragment(selection.on, self.completed(place, selection.on, selection.selections))
        if not selection.selections:
            return selection
        inner = (*place, identity(selection))
        declared = named(self._supergraph.types[type_name].fields[selection.name].type)
        own = tuple(
            each
            for want, wanted in self._selected.items()
            if want.place == inner
            for each in self._on(declared, want, wanted)
        )
        below = self.completed(inner, declared, selection.selections)
        return selection.selecting((*below, *own)) if own or below is not selection.selections else selection

    def _on(self, declared: str, want: Want, wanted: Selections) -> Selections:
        completed = self.completed(want.place, want.type, wanted)
        return completed if want.type == declared else (Fragment(want.type, completed),)


def _for(want: Want, selections: Selections) -> Selections:
    return tuple(
        Fragment(each.on, _for(want, each.selections))
        if isinstance(each, Fragment)
        else replace(each, selections=_for(want, each.selections), wanted_by=want)
        for each in selections
    )


def _names(selections: Selections) -> Iterator[str]:
    for each in selections:
        if isinstance(each, Field):
            yield each.name
        yield from _names(each.selections)


def _wanting(selections: Selections) -> Iterator[Want]:
    """For what the fields among the selections, at any depth, are wanted."""
    for each in selections:
        if isinstance(each, Field) and isinstance(each.wanted_by, Want):
            yield each.wanted_by
        yield from _wanting(each.selections)
