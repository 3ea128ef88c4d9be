"""What every merge step is given: the subgraphs, what they use, how their types relate, where to report."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.composition.elements import InterfaceType, ListOf, Named, NonNull, ObjectType, TypeRef, UnionType
from gateway.composition.problems import Report
from gateway.composition.subgraph import Subgraph
from gateway.composition.usage import Usage, usage_of

__all__ = ["Merging", "Typed", "both", "merged_type", "said_by", "start"]

Typed = tuple[Subgraph, TypeRef]


@dataclass(frozen=True, slots=True)
class Merging:
    """`below` are the pairs (subtype, type) over all subgraphs: implementations, union members."""

    subgraphs: tuple[Subgraph, ...]
    usages: Mapping[str, Usage]
    below: frozenset[tuple[str, str]]
    report: Report

    def is_strictly_below(self, one: TypeRef, other: TypeRef) -> bool:
        """Whether every value of `one` is one of `other`: `T!` below `T`, `Book` below `Media`, through lists too."""
        match one, other:
            case NonNull(inner), NonNull(outer):
                return self.is_strictly_below(inner, outer)
            case NonNull(inner), _:
                return inner == other or self.is_strictly_below(inner, other)
            case ListOf(inner), ListOf(outer):
                return self.is_strictly_below(inner, outer)
            case Named(inner), Named(outer):
                return (inner, outer) in self.below
            case _:
                return False


def start(subgraphs: Sequence[Subgraph], *, report: Report) -> Merging:
    """The merging of these subgraphs."""
    return Merging(
        subgraphs=tuple(subgraphs),
        usages={subgraph.name: usage_of(subgraph) for subgraph in subgraphs},
        below=frozenset(pair for subgraph in subgraphs for pair in _subtypes(subgraph)),
        report=report,
    )


def _subtypes(subgraph: Subgraph) -> Iterator[tuple[str, str]]:
    for found in subgraph.types.values():
        match found:
            case ObjectType(name=name, interfaces=above) | InterfaceType(name=name, interfaces=above):
                yield from ((name, interface) for interface in above)
            case UnionType(name=name, members=members):
                yield from ((member, name) for member in members)
            case _:
                pass


def merged_type(merging: Merging, candidates: Sequence[Typed], *, wider: bool) -> TypeRef | None:
    """The one of the types that the others fit: the widest (output) or the narrowest (input); None when none does."""
    chosen = candidates[0][1]
    for _, ref in candidates[1:]:
        if ref == chosen:
            continue
        if merging.is_strictly_below(chosen, ref):
            chosen = ref if wider else chosen
        elif merging.is_strictly_below(ref, chosen):
            chosen = chosen if wider else ref
        else:
            return None
    return chosen


def said_by(pairs: Iterable[tuple[Subgraph, object]]) -> str:
    """Who says what, for a message: `"Int" in a, b and "String" in c`."""
    said: dict[str, list[str]] = {}
    for subgraph, what in pairs:
        said.setdefault(str(what), []).append(subgraph.name)
    return " and ".join(f'"{what}" in {", ".join(names)}' for what, names in said.items())


def both(names: Iterable[str]) -> str:
    """Names in a sentence: "a", "a and b", "a, b and c"."""
    *front, last = names
    return f"{', '.join(front)} and {last}" if front else last
