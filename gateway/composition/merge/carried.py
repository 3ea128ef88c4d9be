"""What an element of the supergraph carries besides joins: its description, and the directives that reach clients,
contracts, doors or the gateway (@deprecated, @tag, @authenticated, @cost ...), those that subgraphs compose too."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from gateway.composition.elements import Applied, Element
from gateway.composition.merge.merging import Merging
from gateway.composition.subgraph import Subgraph

__all__ = ["AUTH", "all_of", "in_order", "is_carried", "merge_applied", "merged_carried", "merged_description"]

AUTH = ("authenticated", "requiresScopes", "policy")
_CARRIED = (
    "deprecated",
    "specifiedBy",
    "oneOf",
    "tag",
    "inaccessible",
    *AUTH,
    "cost",
    "listSize",
    "context",
    "cacheTag",
)
_ALTERNATIVES = {"requiresScopes": "scopes", "policy": "policies"}
_REPEATABLE = {"tag", "context", "join__directive"}

Source = tuple[Subgraph, Element]


def merged_description(merging: Merging, sources: Sequence[Source], coordinate: str) -> str | None:
    """The description that most subgraphs give; of equals, the first subgraph's. A hint says that they differ."""
    given = Counter(element.description for _, element in sources if element.description)
    if len(given) > 1:
        merging.report.hint(
            "INCONSISTENT_DESCRIPTION",
            f"{coordinate} is described differently by its subgraphs: the supergraph takes the most frequent"
            " description",
            subgraphs=[subgraph.name for subgraph, element in sources if element.description],
            coordinate=coordinate,
        )
    return given.most_common(1)[0][0] if given else None


def is_carried(name: str) -> bool:
    """Whether the directive reaches the supergraph."""
    return name in _CARRIED or name.startswith("@")


def in_order(applied: Iterable[Applied]) -> tuple[Applied, ...]:
    """GraphQL's own first, then federation's, then the subgraphs' own by name."""
    ranks = {name: rank for rank, name in enumerate(_CARRIED)}
    return tuple(sorted(applied, key=lambda each: (ranks.get(each.name, len(ranks)), each.name)))


def merged_carried(sources: Sequence[Source]) -> tuple[Applied, ...]:
    """The carried directives of all sources, each name merged by its rule."""
    given = [
        _of_subgraph(subgraph, applied)
        for subgraph, element in sources
        for applied in element.directives
        if is_carried(applied.name)
    ]
    names = dict.fromkeys(applied.name for applied in given)
    return in_order(applied for name in names for applied in merge_applied(name, given))


def _of_subgraph(subgraph: Subgraph, applied: Applied) -> Applied:
    """A context is the subgraph's own, so its name says whose; a cache tag is joined to its graph."""
    match applied.name:
        case "context":
            return Applied("context", {"name": f"{subgraph.name}__{applied.arguments.get('name')}"})
        case "cacheTag":
            arguments = {"graphs": (subgraph.graph,), "name": "cacheTag", "args": dict(applied.arguments)}
            return Applied("join__directive", arguments)
        case _:
            return applied


def merge_applied(name: str, given: Iterable[Applied]) -> list[Applied]:
    """The applications of `name` among the given ones as one; of a repeatable directive, the distinct ones."""
    found = [applied for applied in given if applied.name == name]
    if not found:
        return []
    if name in _ALTERNATIVES:
        return [all_of(name, [applied.arguments for applied in found])]
    distinct = _distinct(found)
    if name == "join__directive":
        return _with_all_graphs(distinct)
    if name in _REPEATABLE or found[0].repeatable:
        return sorted(distinct, key=lambda applied: sorted(map(str, applied.arguments.items())))
    if len(distinct) > 1 and name in _MERGED_ARGUMENTS:
        return [Applied(name, _MERGED_ARGUMENTS[name]([applied.arguments for applied in distinct]))]
    said = [applied.arguments for applied in found]
    return [Applied(name, max((applied.arguments for applied in distinct), key=said.count))]


def _distinct(found: Iterable[Applied]) -> list[Applied]:
    kept: list[Applied] = []
    for applied in found:
        if all(applied.arguments != other.arguments for other in kept):
            kept.append(Applied(applied.name, applied.arguments))
    return kept


def _with_all_graphs(found: Sequence[Applied]) -> list[Applied]:
    """One for all graphs that say the same."""
    merged: list[Applied] = []
    for applied in found:
        same = next((other for other in merged if other.arguments["args"] == applied.arguments["args"]), None)
        if same is None:
            merged.append(applied)
        else:
            graphs = (*same.arguments["graphs"], *applied.arguments["graphs"])
            merged[merged.index(same)] = Applied(same.name, {**same.arguments, "graphs": graphs})
    return merged


def _greatest_weight(given: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return {"weight": max(arguments["weight"] for arguments in given)}


def _widest_list(given: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The longest size, all that is named, and one slicing argument asked only where all ask it."""
    sizes = [arguments["assumedSize"] for arguments in given if arguments.get("assumedSize") is not None]
    merged: dict[str, Any] = {"assumedSize": max(sizes)} if sizes else {}
    for name in ("slicingArguments", "sizedFields"):
        lists = [arguments[name] for arguments in given if arguments.get(name) is not None]
        if lists:
            merged[name] = list(dict.fromkeys(entry for entries in lists for entry in entries))
    asked = [arguments.get("requireOneSlicingArgument", True) for arguments in given]
    merged["requireOneSlicingArgument"] = all(entry for entry in asked if entry is not None)
    return merged


_MERGED_ARGUMENTS = {"cost": _greatest_weight, "listSize": _widest_list}


def all_of(name: str, given: Sequence[Mapping[str, Any]]) -> Applied:
    """One @requiresScopes or @policy that asks all that the given ones ask.

    Each is alternatives of sets, so: one of each multiplied out, without what another alternative makes needless.
    [[a], [b, c]] and [[a], [d]]  ->  [[a], [b, c, d]]   ([a, d] and [a, b, c] ask more than [a])
    """
    argument = _ALTERNATIVES[name]
    alternatives = {
        frozenset().union(*choice)
        for choice in product(*({frozenset(entry) for entry in arguments[argument]} for arguments in given))
    }
    least = [asked for asked in alternatives if not any(other < asked for other in alternatives)]
    return Applied(name, {argument: sorted(sorted(asked) for asked in least)})
