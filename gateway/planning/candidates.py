"""Which subgraphs can be entered where the search stands, and what each could answer there, on what terms."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gateway.composition.supergraph import ContextArgument, FieldJoin, Supergraph, SupergraphType
from gateway.planning.guards import TRUSTED, Guarding, RowGuard
from gateway.planning.solution import Site
from gateway.selections import Field, Fragment, Selection, Selections

__all__ = ["Candidate", "Conditional", "Sorted", "candidates", "sorted_out"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subgraph that can be entered for a type; no key at the root. `unsure`: the key may be null."""

    graph: str
    entity: SupergraphType
    key: Selections | None
    unsure: bool = False

    @property
    def enters_object(self) -> bool:
        """Whether it knows one object type there, which may be an interface object; else it decides the types."""
        return self.entity.kind == "object" or self.graph in self.entity.interface_object_in


@dataclass(frozen=True, slots=True)
class Conditional:
    """A field that needs more than a key: what it requires, who it is for, what its arguments are filled from."""

    field: Field
    requires: Selections
    guard: RowGuard | None
    contexts: tuple[ContextArgument, ...]


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a candidate can answer from the key alone, what with more, and what not."""

    plain: Selections
    requiring: tuple[Conditional, ...]
    other: Selections


def candidates(supergraph: Supergraph, site: Site) -> Iterator[Candidate]:
    """Every subgraph that can be entered here, once for each of its keys."""
    here = supergraph.types[site.type]
    if here.name in supergraph.roots.values():
        yield from (Candidate(graph, here, None) for graph in here.keys if graph != site.graph)
        return
    yield from _entered_by_key(supergraph, here, here.keys)
    if supergraph.is_interface_object(site.graph, site.type):
        return
    for name in sorted(frozenset[str]().union(*here.implements.values())):
        interface = supergraph.types.get(name)
        if interface:
            yield from _entered_by_key(supergraph, interface, sorted(interface.interface_object_in))


def sorted_out(
    supergraph: Supergraph, guarding: Guarding, site: Site, candidate: Candidate, pending: Selections
) -> Sorted:
    """The pending selections by what the candidate can do for them."""
    plain: list[Selection] = []
    requiring: list[Conditional] = []
    other: list[Selection] = []
    elsewhere = candidate.graph != site.graph
    from_interface_object = supergraph.is_interface_object(site.graph, site.type)
    for each in pending:
        if isinstance(each, Fragment) or each.name == "__typename":
            # Only a subgraph that knows the real types can decide them.
            can = from_interface_object and not candidate.enters_object and elsewhere
            (plain if can else other).append(each)
            continue
        if not candidate.enters_object:
            (plain if elsewhere else other).append(each)
            continue
        join = supergraph.join(candidate.graph, candidate.entity.name, each.name)
        if join is None or not join.resolvable:
            other.append(each)
        elif (guard := guarding.guard(site.type, each)) or join.conditional:
            requiring.append(_conditional(guarding, each, join, guard))
        else:
            (plain if elsewhere else other).append(each)
    return Sorted(tuple(plain), tuple(requiring), tuple(other))


def _conditional(guarding: Guarding, field: Field, join: FieldJoin, guard: RowGuard | None) -> Conditional:
    if guard is None and field.apart != TRUSTED:
        return Conditional(field, join.requires, guard, join.contexts)
    # What a trusted or a guarded field requires is the subgraph's to know, not the viewer's.
    contexts = tuple(replace(each, selection=guarding.as_trusted(each.selection)) for each in join.contexts)
    return Conditional(field, guarding.as_trusted(join.requires), guard, contexts)


def _entered_by_key(supergraph: Supergraph, entity: SupergraphType, graphs: Iterable[str]) -> Iterator[Candidate]:
    for graph in graphs:
        for key in entity.keys[graph]:
            yield Candidate(graph, entity, key, supergraph.may_be_null(entity.name, key))
