"""What can be had from where: the steps a gateway can take between subgraphs, on the merged schema.

A place is where a value of a type may stand: a subgraph, the type that subgraph says it is, and what a @provides on the
way here grants. The gateway may stand at several places at once (a shared field, a jump by key), so all is asked of
sets.

    advance   from places of a type, through one field, to the places of the field's type
    reached   a fixed point: the places, and each subgraph with a resolvable key whose fields can be had from those
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gateway.composition.elements import named
from gateway.composition.field_sets import FieldSet, OnType, Selected, parse_field_set
from gateway.composition.merged import (
    JoinField,
    JoinType,
    Merged,
    MergedInterface,
    MergedObject,
    MergedUnion,
)

__all__ = ["ROOTS", "Contexts", "Place", "Places", "Reach"]

ROOTS = ("Query", "Mutation", "Subscription")


@dataclass(frozen=True, slots=True)
class Place:
    """`type` is the subgraph's own type for the value: the supergraph's, a narrower one, or an interface object."""

    graph: str
    type: str
    granted: FieldSet = ()


Places = frozenset[Place]
Contexts = frozenset[tuple[str, str]]
"""What is to be had from above: (context, selection)."""
_Question = tuple[str, Places, str]


@dataclass(slots=True)
class Reach:
    """Answers for one merged schema, remembered; a question under way answers no to itself."""

    merged: Merged
    _answers: dict[_Question, Places] = field(default_factory=dict)
    _asking: set[_Question] = field(default_factory=set)
    _cut_short: int = 0
    _graphs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _targets: dict[str, list[Place]] = field(default_factory=dict)
    _wanted: Contexts | None = None

    # what the schema says

    def joins(self, type_name: str) -> tuple[JoinType, ...]:
        """The type's joins: which subgraphs have it, with which keys."""
        found = self.merged.types.get(type_name)
        return found.joins if found else ()

    def graphs(self, type_name: str) -> tuple[str, ...]:
        """The subgraphs that have the type."""
        if type_name not in self._graphs:
            self._graphs[type_name] = tuple(dict.fromkeys(join.graph for join in self.joins(type_name)))
        return self._graphs[type_name]

    def local(self, type_name: str, graph: str) -> str | None:
        """What the subgraph calls a value of the type: the type, an interface object that stands for it, or nothing."""
        if graph in self.graphs(type_name):
            return type_name
        found = self.merged.types.get(type_name)
        if isinstance(found, MergedObject):
            for _, interface in found.implements:
                if any(join.graph == graph and join.is_interface_object for join in self.joins(interface)):
                    return interface
        return None

    def resolution(self, type_name: str, name: str, graph: str) -> JoinField | None:
        """How the subgraph has the field of its type: None when it lacks it or lost it to an @override."""
        found = self.merged.with_fields(type_name)
        if found is None or name not in found.fields or graph not in self.graphs(type_name):
            return None
        joins = found.fields[name].joins
        if not joins:
            return JoinField(graph=graph)
        return next((join for join in joins if join.graph == graph and not join.is_overridden), None)

    def has_contexts(self, local: str | None, name: str, graph: str, contexts: Contexts) -> bool:
        """Whether the contexts above give what the arguments of the subgraph's field come from."""
        join = self.resolution(local, name, graph) if local else None
        arguments = join.context_arguments if join else ()
        return all((argument.context, argument.selection) in contexts for argument in arguments)

    def wanted_contexts(self) -> Contexts:
        """All that arguments come from."""
        if self._wanted is None:
            self._wanted = frozenset(
                (argument.context, argument.selection)
                for found in self.merged.types.values()
                if isinstance(found, MergedObject | MergedInterface)
                for wanted in found.fields.values()
                for join in wanted.joins
                for argument in join.context_arguments
            )
        return self._wanted

    def contexts_of(self, name: str) -> set[str]:
        """The contexts that the object sets, by itself or as what it may stand for."""
        if not self.wanted_contexts():
            return set()
        return {
            str(applied.arguments["name"])
            for found in self.merged.types.values()
            if found.name == name or name in self.merged.possible_types(found.name)
            for applied in found.carried
            if applied.name == "context"
        }

    def possible(self, place: Place) -> frozenset[str]:
        """The object types that a value at the place may have, as far as its subgraph knows."""
        match self.merged.types.get(place.type):
            case MergedObject(name=name):
                return frozenset([name])
            case MergedUnion(members=members):
                return frozenset(member for graph, member in members if graph == place.graph)
            case MergedInterface(name=name):
                if self.is_interface_object(place):
                    return frozenset(self.merged.possible_types(name))
                return frozenset(
                    other.name
                    for other in self.merged.types.values()
                    if isinstance(other, MergedObject) and (place.graph, name) in other.implements
                )
            case _:
                return frozenset()

    def is_interface_object(self, place: Place) -> bool:
        """Whether the subgraph knows the value only as an interface object, so not its real type."""
        return any(join.graph == place.graph and join.is_interface_object for join in self.joins(place.type))

    # steps

    def narrowed(self, type_name: str, places: Places) -> dict[str, Places]:
        """The places by the real type that a value may have there; an interface object's is asked elsewhere."""
        known = self.reached(type_name, places) if any(map(self.is_interface_object, places)) else places
        by_type: dict[str, set[Place]] = {}
        for place in sorted(known, key=repr):
            if self.is_interface_object(place) and type_name == place.type:
                continue
            for possible in self.possible(place):
                local = self.local(possible, place.graph)
                by_type.setdefault(possible, set()).add(Place(place.graph, local or possible, _on(possible, place)))
        for possible, found in by_type.items():
            objects = (place for place in known if self.is_interface_object(place) and possible in self.possible(place))
            found.update(Place(place.graph, place.type, place.granted) for place in objects)
        return {name: frozenset(by_type[name]) for name in sorted(by_type)}

    def advance(self, type_name: str, places: Places, name: str) -> Places:
        """Where the object type's field leads from the places, jumps included; nowhere when it can't be had."""

        def lead() -> Places:
            return frozenset(self._advance(type_name, self.reached(type_name, places), name))

        return self._ask((type_name, places, name), lead, frozenset())

    def _ask(self, question: _Question, answer: Callable[[], Places], meanwhile: Places) -> Places:
        """The remembered or found answer; `meanwhile` to whoever asks the same while it is being found.

        An answer found with the help of a `meanwhile` may lack what the full one would have added: it isn't remembered.
        """
        if question in self._answers:
            return self._answers[question]
        if question in self._asking:
            self._cut_short += 1
            return meanwhile
        self._asking.add(question)
        before = self._cut_short
        try:
            found = answer()
        finally:
            self._asking.discard(question)
        if self._cut_short == before:
            self._answers[question] = found
        return found

    def _advance(self, type_name: str, places: Places, name: str) -> Iterator[Place]:
        """The field taken where it stands: at each place that resolves it and has what it @requires."""
        for place in places:
            join = self.resolution(place.type, name, place.graph)
            granted = _granted(place.granted, name)
            if join is None or (join.external and granted is None):
                continue
            if join.requires and not self.has_all(type_name, places, parse_field_set(join.requires)):
                continue
            declared = self.merged.with_fields(place.type)
            assert declared is not None
            ref = join.type or declared.fields[name].type
            provided = parse_field_set(join.provides) if join.provides else ()
            yield Place(place.graph, named(ref), (*provided, *(granted or ())))

    def reached(self, type_name: str, places: Places) -> Places:
        """The places and all that keys lead to from them. A root type is at hand in every subgraph that has it."""
        if type_name in ROOTS:
            return frozenset(Place(graph, type_name) for graph in self.graphs(type_name))
        return self._ask((type_name, places, ""), lambda: self._fixed_point(type_name, places), places)

    def _fixed_point(self, type_name: str, places: Places) -> Places:
        while True:
            at_hand = {(place.graph, place.type) for place in places}
            targets = [place for place in self.targets(type_name) if (place.graph, place.type) not in at_hand]
            new = {place for place in targets if self.has_key_of(type_name, places, place)}
            if not new:
                return places
            places |= new

    def targets(self, type_name: str) -> list[Place]:
        """Where a jump could lead: every subgraph that knows values of the type and can be entered by a key."""
        if type_name not in self._targets:
            graphs = dict.fromkeys(join.graph for found in self.merged.types.values() for join in found.joins)
            known = [Place(graph, local) for graph in graphs if (local := self.local(type_name, graph))]
            self._targets[type_name] = [place for place in known if self.keys(place)]
        return self._targets[type_name]

    def keys(self, place: Place) -> list[str]:
        """The resolvable keys by which the place can be entered."""
        return [
            join.key
            for join in self.joins(place.type)
            if join.graph == place.graph and join.resolvable and join.key is not None
        ]

    def has_key_of(self, type_name: str, places: Places, target: Place) -> bool:
        """Whether one of the target's resolvable keys can be had at the places themselves."""
        return any(self._has_at(type_name, places, parse_field_set(key)) for key in self.keys(target))

    def _has_at(self, type_name: str, places: Places, selections: FieldSet) -> bool:
        """Like `has_all`, but without a jump for the outermost fields: jumps are what is being found out."""
        for selection in selections:
            match selection:
                case Selected("__typename"):
                    pass
                case Selected(name, below):
                    found = self._field_at(type_name, places, name)
                    if not found or not self._has_below(type_name, found, name, below):
                        return False
                case OnType(condition, below):
                    if not self._has_at(condition, places, below):
                        return False
        return True

    def _field_at(self, type_name: str, places: Places, name: str) -> Places:
        def lead() -> Places:
            return frozenset(self._advance(type_name, places, name))

        return self._ask((type_name, places, f"@{name}"), lead, frozenset())

    def has_all(self, type_name: str, places: Places, selections: FieldSet) -> bool:
        """Whether everything the field set selects can be had from the places, for each real type of the value."""
        if isinstance(self.merged.types.get(type_name), MergedObject):
            return all(self._has(type_name, places, selection) for selection in selections)
        by_type = self.narrowed(type_name, places)
        return bool(by_type) and all(self.has_all(possible, found, selections) for possible, found in by_type.items())

    def _has(self, type_name: str, places: Places, selection: Selected | OnType) -> bool:
        match selection:
            case Selected("__typename"):
                return True
            case Selected(name, below):
                found = self.advance(type_name, places, name)
                return bool(found) and self._has_below(type_name, found, name, below)
            case OnType(condition, below):
                applies = type_name == condition or type_name in self.merged.possible_types(condition)
                return not applies or self.has_all(type_name, places, below)

    def _has_below(self, type_name: str, found: Places, name: str, below: FieldSet) -> bool:
        if not below:
            return True
        holder = self.merged.with_fields(type_name)
        assert holder is not None
        return self.has_all(named(holder.fields[name].type), found, below)


def _granted(granted: FieldSet, name: str) -> FieldSet | None:
    """What is granted below the field; None when the field itself isn't granted."""
    below = [selected.below for selected in granted if isinstance(selected, Selected) and selected.name == name]
    return tuple(selection for selections in below for selection in selections) if below else None


def _on(possible: str, place: Place) -> FieldSet:
    """What is granted at the place to a value of that real type: fields for all, and those of its fragments."""
    return tuple(
        selection
        for granted in place.granted
        for selection in (granted.below if isinstance(granted, OnType) and granted.type == possible else (granted,))
        if isinstance(selection, Selected)
    )
