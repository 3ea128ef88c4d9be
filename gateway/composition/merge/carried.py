"""What an element of the supergraph carries besides joins: its description, and the directives that reach clients,
contracts or doors (@deprecated, @tag, @inaccessible, @authenticated, @requiresScopes, @policy ...)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from gateway.composition.elements import Applied, Element
from gateway.composition.merge.merging import Merging
from gateway.composition.subgraph import Subgraph

__all__ = ["AUTH", "CARRIED", "all_of", "merge_applied", "merged_carried", "merged_description"]

AUTH = ("authenticated", "requiresScopes", "policy")
CARRIED = ("deprecated", "specifiedBy", "oneOf", "tag", "inaccessible", *AUTH)
_ALTERNATIVES = {"requiresScopes": "scopes", "policy": "policies"}

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


def merged_carried(sources: Sequence[Source]) -> tuple[Applied, ...]:
    """The carried directives of all sources, each name merged by its rule, in the order of CARRIED."""
    given = [applied for _, element in sources for applied in element.directives]
    return tuple(applied for name in CARRIED for applied in merge_applied(name, given))


def merge_applied(name: str, given: Iterable[Applied]) -> list[Applied]:
    """The applications of `name` among the given ones as one; of a repeatable directive, the distinct ones."""
    found = [applied for applied in given if applied.name == name]
    if not found:
        return []
    if name in _ALTERNATIVES:
        return [all_of(name, [applied.arguments for applied in found])]
    if name == "tag":
        return [Applied(name, {"name": tag}) for tag in sorted({applied.arguments["name"] for applied in found})]
    most_said = Counter(tuple(sorted(applied.arguments.items())) for applied in found).most_common(1)[0][0]
    return [Applied(name, dict(most_said))]


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
