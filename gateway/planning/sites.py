"""What a subgraph has at a site, on what terms, and which site is below a field of it.

What a @provides on the way grants is tracked along the path (rule 5 of federation.md), and so is which subgraphs could
have answered instead, for then a union has only the members that all of them know (rule 4).
"""

from collections.abc import Iterator

from gateway.composition.supergraph import FieldJoin, Supergraph, named
from gateway.planning.candidates import Candidate
from gateway.planning.contexts import Contexts
from gateway.planning.solution import Site
from gateway.selections import Field, Selection, Selections

__all__ = ["below", "entered", "local", "narrowed", "unfolded"]


def below(supergraph: Supergraph, contexts: Contexts, site: Site, field: Field) -> Site:
    """Where the search stands below a field that the subgraph answers."""
    declared = named(supergraph.field_type(site.graph, site.type, field.name))
    join = supergraph.join(site.graph, site.type, field.name)
    provided = _provided(site.provided, field.name, site.type, supergraph) or ()
    if join:
        provided = (*provided, *join.provides)
    able = _able(supergraph, site, field.name)
    above = contexts.below(site.above, site.type, field)
    whole = supergraph.types[named(supergraph.types[site.type].fields[field.name].type)]
    if len(able) < 2 or any(whole.keys.values()):
        return Site(site.graph, declared, provided, above=above)
    members = _common_members(supergraph, able, site.type, field.name) if whole.kind == "union" else None
    return Site(site.graph, declared, provided, members, able, above)


def entered(contexts: Contexts, site: Site, candidate: Candidate) -> Site:
    """Where the search stands in a subgraph that is entered from the site."""
    entity = candidate.entity.name
    return Site(candidate.graph, entity, above=contexts.entered(site.above, site.type, entity))


def narrowed(contexts: Contexts, site: Site, type_name: str) -> Site:
    """The site, for objects of one type that the subgraph knows."""
    return Site(site.graph, type_name, site.provided, None, site.able, contexts.narrowed(site.above))


def local(supergraph: Supergraph, site: Site, field_name: str) -> FieldJoin | None:
    """On what terms the subgraph at hand answers the field here; None when it doesn't."""
    join = supergraph.join(site.graph, site.type, field_name)
    if join is None:
        return None
    if join.resolvable:
        return join
    granted = _provided(site.provided, field_name, site.type, supergraph)
    return None if granted is None else FieldJoin(provides=join.provides, type=join.type)


def unfolded(supergraph: Supergraph, site: Site, selections: Selections) -> Iterator[Selection]:
    """The selections with every fragment opened that surely holds here; those that can't hold are dropped."""
    is_object = supergraph.types[site.type].kind == "object"
    here = supergraph.possible(site.type)
    for each in selections:
        if isinstance(each, Field):
            yield each
            continue
        there = supergraph.possible(each.on)
        sure = here <= there if is_object or supergraph.types[each.on].kind != "object" else False
        if each.on == site.type or sure:
            yield from unfolded(supergraph, site, each.selections)
        elif not is_object and here & there:
            yield each


def _able(supergraph: Supergraph, site: Site, field_name: str) -> frozenset[str]:
    """The subgraphs that could answer the field here, had they been asked instead."""
    of = supergraph.types[site.type]
    able = frozenset(graph for graph, join in of.fields[field_name].joins.items() if join.resolvable)
    if of.name in supergraph.roots.values():
        return able
    entered = frozenset(graph for graph, keys in of.keys.items() if keys)
    return able & ((entered or site.able) | {site.graph})


def _common_members(supergraph: Supergraph, able: frozenset[str], type_name: str, field_name: str) -> frozenset[str]:
    """Of a union that several subgraphs can answer: the members that all of them know."""
    known = (named(supergraph.field_type(each, type_name, field_name)) for each in able)
    return frozenset.intersection(*(supergraph.possible(name, graph) for name, graph in zip(known, able, strict=True)))


def _provided(provided: Selections, name: str, on: str, supergraph: Supergraph) -> Selections | None:
    """What a @provides on the way here grants below the field; None when it doesn't grant the field."""
    granted: Selections | None = None
    for each in provided:
        inner: Selections | None = None
        if isinstance(each, Field):
            inner = each.selections if each.name == name else None
        elif on in supergraph.possible(each.on) or each.on == on:
            inner = _provided(each.selections, name, on, supergraph)
        if inner is not None:
            granted = (granted or ()) + inner
    return granted
