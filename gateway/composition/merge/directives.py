"""The subgraphs' own directives: those they compose, and those that clients write in documents.

composed     one specification, one name, the newest definition; its @link goes into the supergraph
executable   in all subgraphs, at the places and with the arguments that all have
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.composition.custom import DirectiveDef, Source
from gateway.composition.elements import Applied
from gateway.composition.merge.carried import in_order, is_carried, merge_applied
from gateway.composition.merge.inputs import merge_arguments
from gateway.composition.merge.merging import Merging, both, said_by
from gateway.composition.merged import MergedDirective
from gateway.composition.subgraph import Subgraph

__all__ = ["Directives", "merge_directives"]

_CODE = "DIRECTIVE_COMPOSITION_ERROR"
_NAMES_THAT_MUST_AGREE = (
    *("tag", "inaccessible", "authenticated", "requiresScopes", "policy"),
    *("context", "cost", "listSize", "cacheTag"),
)
Holder = tuple[Subgraph, DirectiveDef]


@dataclass(frozen=True, slots=True)
class Directives:
    """What is merged of them; `links` as in Merged."""

    definitions: Mapping[str, MergedDirective]
    links: Mapping[str, tuple[tuple[str, str], ...]]
    on_schema: tuple[Applied, ...]


def merge_directives(merging: Merging) -> Directives:
    """All of them, by name; what can't be merged is reported."""
    _check_names(merging)
    definitions: dict[str, MergedDirective] = {}
    links: dict[str, list[tuple[str, str]]] = {}
    for name in sorted({name for subgraph in merging.subgraphs for name in subgraph.directives}):
        holders = [
            (subgraph, subgraph.directives[name]) for subgraph in merging.subgraphs if name in subgraph.directives
        ]
        composing = [(subgraph, found) for subgraph, found in holders if found.source]
        merged = _composed(merging, name, composing) if composing else _executable(merging, name, holders)
        if merged is None:
            continue
        definitions[name] = merged
        if composing:
            source = _newest(composing)[1].source
            assert source is not None
            major, minor = source.link.version
            links.setdefault(f"{source.link.identity}/v{major}.{minor}", []).append((source.name, name))
    _check_composed_names(merging)
    return Directives(definitions, {url: tuple(imports) for url, imports in links.items()}, _on_schema(merging))


def _check_names(merging: Merging) -> None:
    """A directive of federation that is carried has one name in the supergraph, so in all subgraphs."""
    for name in _NAMES_THAT_MUST_AGREE:
        applying = [
            (subgraph, subgraph.local_names[name]) for subgraph in merging.subgraphs if name in subgraph.local_names
        ]
        if len({local for _, local in applying}) > 1:
            merging.report.problem(
                "LINK_IMPORT_NAME_MISMATCH",
                f"@{name} is called {said_by((subgraph, f'@{local}') for subgraph, local in applying)}: import it"
                " by one name in all of them",
                subgraphs=[subgraph.name for subgraph, _ in applying],
                coordinate=f"@{name}",
            )


def _newest(composing: Sequence[Holder]) -> Holder:
    def version(holder: Holder) -> tuple[int, int]:
        source = holder[1].source
        return source.link.version if source else (0, 0)

    return max(composing, key=version)


def _composed(merging: Merging, name: str, composing: Sequence[Holder]) -> MergedDirective | None:
    sources = [(subgraph, found.source) for subgraph, found in composing if found.source]
    if fact := _disagreement(sources):
        merging.report.problem(
            _CODE,
            f"@{name} is composed by {both([subgraph.name for subgraph, _ in composing])}, {fact}",
            subgraphs=[subgraph.name for subgraph, _ in composing],
            coordinate=f"@{name}",
            line=composing[0][1].line,
        )
        return None
    subgraph, found = _newest(composing)
    arguments = merge_arguments(merging, [(subgraph, found.arguments)], f"@{name}")
    return MergedDirective(name, found.locations, found.repeatable, arguments, found.description)


def _disagreement(sources: Sequence[tuple[Subgraph, Source]]) -> str | None:
    identities = {source.link.identity for _, source in sources}
    if len(identities) > 1:
        return f"but links {both(sorted(identities))}: link one specification in all of them"
    names = {source.name for _, source in sources}
    if len(names) > 1:
        return f"but stands for {both(sorted(names))} of it: give one of them another name"
    majors = {source.link.version[0] for _, source in sources}
    if len(majors) > 1:
        return f"in the major versions {both([str(major) for major in sorted(majors)])}: link one major version"
    return None


def _check_composed_names(merging: Merging) -> None:
    """One directive of a specification has one name wherever it is composed."""
    called: dict[tuple[str, str], list[tuple[Subgraph, str]]] = {}
    for subgraph in merging.subgraphs:
        for local, found in subgraph.directives.items():
            if found.source:
                called.setdefault((found.source.link.identity, found.source.name), []).append((subgraph, local))
    for (identity, name), named in called.items():
        if len({local for _, local in named}) > 1:
            merging.report.problem(
                _CODE,
                f"@{name} of {identity} is called {said_by((subgraph, f'@{local}') for subgraph, local in named)}:"
                " import it by one name in all of them",
                subgraphs=[subgraph.name for subgraph, _ in named],
                coordinate=f"@{name}",
            )


def _executable(merging: Merging, name: str, holders: Sequence[Holder]) -> MergedDirective | None:
    if not any(found.executable_locations for _, found in holders):
        return None
    without = [subgraph.name for subgraph in merging.subgraphs if name not in subgraph.directives]
    locations = sorted(set.intersection(*(set(found.executable_locations) for _, found in holders)))
    if without or not locations:
        fact = f"{both(without)} lacks it" if without else "its subgraphs have no place for it in common"
        merging.report.hint(
            "INCONSISTENT_EXECUTABLE_DIRECTIVE_PRESENCE" if without else "NO_EXECUTABLE_DIRECTIVE_INTERSECTION",
            f"@{name} isn't in the supergraph because {fact}",
            subgraphs=[subgraph.name for subgraph, _ in holders],
            coordinate=f"@{name}",
        )
        return None
    arguments = merge_arguments(merging, [(subgraph, found.arguments) for subgraph, found in holders], f"@{name}")
    repeatable = all(found.repeatable for _, found in holders)
    return MergedDirective(name, tuple(locations), repeatable, arguments, holders[0][1].description)


def _on_schema(merging: Merging) -> tuple[Applied, ...]:
    given = [
        applied for subgraph in merging.subgraphs for applied in subgraph.schema_directives if is_carried(applied.name)
    ]
    names = dict.fromkeys(applied.name for applied in given)
    return in_order(applied for name in names for applied in merge_applied(name, given))
