"""A random graph: a schema, its data, and a split over two to four subgraphs that composes by construction.

A  model    the unsplit types (modelling)
B  split    who owns which field; keys so that every subgraph of an entity can be entered from every other (splitting)
C  terms    @requires, @provides, @override, and what must be said of who shares what (terms)
D  data     a few objects of every type (filling)
E  text     the unsplit schema as clients see it, the subgraphs as the world reads them and as written (spelling)

The census (tests/properties/census.py) tells which shapes there are, and a test that all of them take part.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.gateway.federation import World
from tests.properties.random_graph.filling import Filling
from tests.properties.random_graph.model import Part, TypeModel
from tests.properties.random_graph.modelling import Modelling
from tests.properties.random_graph.spelling import spelled
from tests.properties.random_graph.splitting import Split, Splitting
from tests.properties.random_graph.terms import settle_terms

__all__ = ["RandomGraph", "random_graph"]

_HIDDEN_COLOUR = "AMBER"
_ACTIVE = ["moved"]  # of the labels without a percentage


@dataclass(eq=False)
class RandomGraph:
    """The unsplit schema, the subgraphs' SDLs, and the world in which both are true.

    `written` are the same subgraphs as the composer gets them: of another Federation, with other names for directives.
    `hides`: objects and values are in it of which clients may not know, so that they meet nulls.
    """

    sdl: str
    subgraphs: Mapping[str, str]
    world: World
    written: Mapping[str, str] = field(default_factory=dict)
    hides: bool = False


def random_graph(rng: random.Random, *, hiding: bool = True, counting: bool = True, weak: bool = True) -> RandomGraph:
    """A graph that composes; the same for the same state of `rng`.

    `hiding`: some of it is @inaccessible, so that a client may meet nulls. `counting`: what a mutation gives depends on
    how many have run. `weak`: some keys may be null, and of some objects a subgraph knows nothing.
    """
    types = Modelling(rng, hiding=hiding, counting=counting, weak=weak).model()
    splitting = Splitting(rng, types)
    split = splitting.run()
    settle_terms(rng, splitting)
    hidden_colour = _HIDDEN_COLOUR if hiding and rng.random() < 0.2 else None
    things, query, mutation = Filling(rng, split, hidden_colour=hidden_colour).fill()
    hides_names = hiding and rng.random() < 0.3
    preamble = _preamble(hidden_colour, hides_names=hides_names)
    subgraphs = {name: preamble + _subgraph(split, name) for name in split.names}
    written = spelled(rng, subgraphs)
    world = World(subgraphs, things, query=query, mutation=mutation, written=written, active_labels=_ACTIVE)
    hides = hidden_colour is not None or any(each.hidden for each in types.values())
    return RandomGraph(_unsplit(types), subgraphs, world, written, hides)


def _preamble(hidden_colour: str | None, *, hides_names: bool) -> str:
    hidden = f" {hidden_colour} @inaccessible" if hidden_colour else ""
    names = "note: String @inaccessible, names: [String!]" if hides_names else "names: [String!]"
    return (
        f"scalar Stamp\nenum Colour {{ RED GREEN BLUE{hidden} }}\n"
        f"input Filter {{ at: Int = 3, {names}, colour: Colour }}\n"
    )


def _unsplit(types: Mapping[str, TypeModel]) -> str:
    shown = {each.name for each in types.values() if not each.hidden and (each.fields or each.members)}
    return _preamble(None, hides_names=False) + "\n".join(
        _type_sdl(
            each,
            [declared.sdl(shown=True) for declared in each.fields.values() if not declared.hidden],
            each.implements,
            [name for name in each.members if name in shown],
            "",
        )
        for each in types.values()
        if each.name in shown
    )


def _subgraph(split: Split, home: str) -> str:
    return "\n".join(
        _part_sdl(split, home, split.types[name], part)
        for name, part in split.parts[home].items()
        if part.fields or part.members
    )


def _part_sdl(split: Split, home: str, of: TypeModel, part: Part) -> str:
    directives = "".join(
        f' @key(fields: "{key}"{", resolvable: false" if part.unresolvable else ""})' for key in part.keys
    )
    directives += " @shareable" if part.shareable else ""
    directives += " @inaccessible" if of.hidden else ""
    fields = [of.fields[name].sdl(terms=terms) for name, terms in part.fields.items()]
    implements = [each for each in of.implements if of.name in split.members(home, split.types[each])]
    return _type_sdl(of, fields, implements, part.members, directives)


def _type_sdl(
    of: TypeModel, fields: Iterable[str], implements: Iterable[str], members: Iterable[str], directives: str
) -> str:
    if of.kind == "union":
        return f"union {of.name}{directives} = {' | '.join(members)}"
    keyword = "interface" if of.kind == "interface" else "type"
    implementing = f" implements {' & '.join(sorted(implements))}" if implements else ""
    return f"{keyword} {of.name}{implementing}{directives} {{\n  " + "\n  ".join(fields) + "\n}"
