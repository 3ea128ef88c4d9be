"""Satisfiability: every field a client can ask for can be had, whatever path leads to it.

A breadth-first walk over (type, places), so that each problem shows a shortest path:

    a. start at each root type, at hand in all its subgraphs
    b. a value of an interface or union is each of its possible types in turn
    c. each accessible field must lead somewhere; where it leads is walked next, unless walked already with fewer places

Progressive overrides are walked label by label: whatever is active, each field must be had.
"""

from collections import deque
from dataclasses import dataclass, field

from gateway.composition.check.inaccessible import is_inaccessible
from gateway.composition.elements import named
from gateway.composition.field_sets import parse_field_set, text_of
from gateway.composition.labels import decided, labels_of, states_of
from gateway.composition.merge.merging import both
from gateway.composition.merged import Merged, MergedObject
from gateway.composition.problems import Report
from gateway.composition.reach import ROOTS, Contexts, Place, Places, Reach

__all__ = ["check_satisfiability"]


@dataclass(frozen=True, slots=True)
class _State:
    """A value of `type` at `places`, found by `path`: ("query", "booking", "account", "... on Late").

    `contexts` is what the types on the path set for fields below them.
    """

    type: str
    places: Places
    path: tuple[str, ...]
    contexts: Contexts = frozenset()


@dataclass(slots=True)
class _Walk:
    merged: Merged
    reach: Reach
    names: dict[str, str]
    report: Report
    when: str = ""  # which labels are active, for the message
    open: deque[_State] = field(default_factory=deque)
    walked: dict[str, list[tuple[Places, Contexts]]] = field(default_factory=dict)
    said: set[tuple[str, str]] = field(default_factory=set)

    def run(self) -> None:
        while self.open:
            self.visit(self.open.popleft())

    def visit(self, state: _State) -> None:
        found = self.merged.types.get(state.type)
        if found is None or is_inaccessible(found):
            return
        if isinstance(found, MergedObject):
            self.visit_object(state, found)
            return
        narrowed = self.reach.narrowed(state.type, state.places)
        unknown = self.merged.possible_types(state.type) and not narrowed
        if unknown and any(map(self.reach.is_interface_object, state.places)):
            self.say_type_unknown(state)
        for possible, places in narrowed.items():
            self.open.append(_State(possible, places, (*state.path, f"... on {possible}"), state.contexts))

    def visit_mutation(self, state: _State, name: str, places: Places, contexts: Contexts) -> None:
        """One subgraph runs a mutation, so all below its result must be reachable from that one."""
        following = (*state.path, name)
        target = named(self.merged.types["Mutation"].fields[name].type)  # type: ignore[union-attr]
        reports = []
        for place in sorted(places, key=repr):
            alone = _Walk(self.merged, self.reach, self.names, Report(), self.when)
            alone.open.append(_State(target, frozenset([place]), following, contexts))
            alone.run()
            reports.append(alone.report.problems)
        if all(reports):
            self.report.problems.extend(reports[0])

    def visit_object(self, state: _State, found: MergedObject) -> None:
        before = self.walked.setdefault(found.name, [])
        reached = self.reach.reached(found.name, state.places)
        if any(places <= reached and contexts <= state.contexts for places, contexts in before):
            return  # whatever could be had from fewer places can be had from more
        before.append((reached, state.contexts))
        below = self.contexts_below(state, reached)
        for wanted in found.fields.values():
            if is_inaccessible(wanted):
                continue
            places = self.with_contexts(state, wanted.name)
            if len(places) > 1 and found.name == "Mutation":
                self.visit_mutation(state, wanted.name, places, below)
            elif places:
                self.open.append(_State(named(wanted.type), places, (*state.path, wanted.name), below))
            elif (found.name, wanted.name) not in self.said:
                self.said.add((found.name, wanted.name))
                self.say(state, wanted.name)

    def with_contexts(self, state: _State, name: str) -> Places:
        """Where the field leads, without the subgraphs for which its arguments lack a context above."""
        found = self.reach.advance(state.type, state.places, name)
        return frozenset(
            place
            for place in found
            if self.reach.has_contexts(self.reach.local(state.type, place.graph), name, place.graph, state.contexts)
        )

    def contexts_below(self, state: _State, reached: Places) -> Contexts:
        """A context that the type sets hides one of the same name above."""
        setting = self.reach.contexts_of(state.type)
        if not setting:
            return state.contexts
        own = [(name, selection) for name, selection in self.reach.wanted_contexts() if name in setting]
        had = {each for each in own if self.reach.has_all(state.type, reached, parse_field_set(each[1]))}
        return frozenset(had | {each for each in state.contexts if each[0] not in setting})

    def say_type_unknown(self, state: _State) -> None:
        if (state.type, "") in self.said:
            return
        self.said.add((state.type, ""))
        names = sorted({self.names[place.graph] for place in state.places})
        path = " { ".join(state.path) + " }" * (len(state.path) - 1)
        self.report.problem(
            "SATISFIABILITY_ERROR",
            f"{state.type} can't be told by `{path}`{self.when}: {both(names)} has it as @interfaceObject, which"
            f" doesn't say the real type, and no subgraph with the interface {state.type} can be entered by a @key from"
            " there. Give the interface a resolvable @key",
            subgraphs=names,
            coordinate=state.type,
        )

    def say(self, state: _State, name: str) -> None:
        coordinate = f"{state.type}.{name}"
        path = " { ".join([*state.path, name]) + " }" * len(state.path)
        reasons = [self.reason(state, name, graph) for graph in self.names]
        said = [reason for reason in reasons if reason]
        self.report.problem(
            "SATISFIABILITY_ERROR",
            f"{coordinate} can't be had by `{path}`{self.when}: {'; '.join(said)}. Give a subgraph that has it a @key"
            f" it can be entered by, or resolve it (@shareable) where {state.type} comes from",
            subgraphs=[self.names[graph] for graph, reason in zip(self.names, reasons, strict=True) if reason],
            coordinate=coordinate,
        )

    def reason(self, state: _State, name: str, graph: str) -> str | None:
        """Why this subgraph doesn't give the field here; None when it doesn't know the type at all."""
        local = self.reach.local(state.type, graph)
        if local is None:
            return None
        subgraph = self.names[graph]
        reached = self.reach.reached(state.type, state.places)
        join = self.reach.resolution(local, name, graph)
        if join is None:
            return f"{subgraph} doesn't have {local}.{name}" if _is_at(reached, graph) else None
        if join.external:
            return f"in {subgraph} it is @external"
        if not self.reach.has_contexts(local, name, graph, state.contexts):
            return f"{subgraph} takes an argument @fromContext that nothing above sets, or that can't be had there"
        if not _is_at(reached, graph):
            return self.reason_against_jump(state, Place(graph, local))
        if join.requires:
            needed = parse_field_set(join.requires)
            missing = [text_of((part,)) for part in needed if not self.reach.has_all(state.type, reached, (part,))]
            return f"{subgraph} needs {both(missing or [join.requires])} for it, which can't be had"
        return None

    def reason_against_jump(self, state: _State, target: Place) -> str:
        subgraph = self.names[target.graph]
        keys = self.reach.keys(target)
        if not keys:
            return f"{subgraph} has it but has no resolvable @key for {target.type}"
        here = both(sorted({self.names[place.graph] for place in state.places})) if state.places else "the root"
        said = both([f'@key(fields: "{key}")' for key in keys])
        return f"{subgraph} has it but its {said} of {target.type} can't be had from {here}"


def check_satisfiability(merged: Merged, names: dict[str, str], *, report: Report) -> None:
    """SATISFIABILITY_ERROR for each field that can't be had somewhere; `names` are the subgraphs' by their graph."""
    labels = labels_of(merged)
    said: set[tuple[str, str]] = set()
    for active in states_of(labels):
        schema = decided(merged, active)
        walk = _Walk(schema, Reach(schema), names, report, _when(labels, active), said=said)
        walk.open.extend(_State(root, frozenset(), (root.lower(),)) for root in ROOTS if root in merged.types)
        walk.run()


def _when(labels: frozenset[str], active: frozenset[str]) -> str:
    told = [f'"{label}" is {"active" if label in active else "not active"}' for label in sorted(labels)]
    return f" while the @override label {both(told)}" if told else ""


def _is_at(places: Places, graph: str) -> bool:
    return any(place.graph == graph for place in places)
