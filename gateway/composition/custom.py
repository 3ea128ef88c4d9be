"""Directives of a subgraph's own: defined in its SDL, carried where @composeDirective says so.

extend schema
  @link(url: "https://example.com/cache/v1.0", import: ["@maxAge"])     its specification, and what it is called here
  @composeDirective(name: "@maxAge")                                     it reaches the supergraph
directive @maxAge(seconds: Int!) on FIELD_DEFINITION
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import ConstDirectiveNode, value_from_ast_untyped

from gateway.composition.document import Document
from gateway.composition.elements import InputValue
from gateway.composition.links import FEDERATION, Link
from gateway.composition.problems import Report

__all__ = ["DirectiveDef", "Source", "composed_directives"]

_EXECUTABLE = {
    *("QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"),
    "VARIABLE_DEFINITION",
}
_CODE = "DIRECTIVE_COMPOSITION_ERROR"
_OF_THE_GATEWAY = (FEDERATION, *(f"https://specs.apollo.dev/{name}" for name in ("link", "core", "join")))
_CARRIED_ANYWAY = ("tag", "inaccessible", "authenticated", "requiresScopes", "policy", "context")


@dataclass(frozen=True, slots=True)
class Source:
    """The specification that a composed directive is of, and what it is called there."""

    link: Link
    name: str


@dataclass(frozen=True, slots=True)
class DirectiveDef:
    """A directive of the subgraph's own; `source` says that it is composed."""

    name: str
    locations: tuple[str, ...]
    repeatable: bool
    arguments: Mapping[str, InputValue]
    description: str | None
    source: Source | None
    line: int | None

    @property
    def executable_locations(self) -> tuple[str, ...]:
        """Where clients may write it."""
        return tuple(sorted(set(self.locations) & _EXECUTABLE))


def composed_directives(document: Document, subgraph: str, report: Report) -> dict[str, Source]:
    """What the subgraph composes, by local name; what can't be is reported with DIRECTIVE_COMPOSITION_ERROR."""
    composing = {local for local, name in document.names.directives.items() if name == "composeDirective"}
    found = {}
    for node in document.schema_directives:
        if node.name.value not in composing:
            continue
        given = _argument(node)
        fact = _why_not(document, given, subgraph, report)
        if fact is None:
            local = given[1:]
            if (source := _source(document.names.links, local)) is not None:
                found[local] = source
        elif fact:
            report.problem(
                _CODE,
                f"{subgraph}: @composeDirective(name: {given!r}) {fact}".replace("'", '"'),
                subgraphs=[subgraph],
                coordinate=f"@{given.lstrip('@')}" if isinstance(given, str) and given else None,
                line=node.loc.start_token.line if node.loc else None,
            )
    return found


def _argument(node: ConstDirectiveNode) -> Any:
    given = {entry.name.value: value_from_ast_untyped(entry.value) for entry in node.arguments or ()}
    return given.get("name")


def _why_not(document: Document, given: Any, subgraph: str, report: Report) -> str | None:
    """Why the directive can't be composed; "" where it needn't be, which a hint says; None when it can."""
    if not given:
        return 'names no directive: write it like @composeDirective(name: "@maxAge")'
    if given[0] != "@":
        return "must begin with @"
    local = given[1:]
    standard = document.names.directives.get(local)
    if standard in _CARRIED_ANYWAY:
        report.hint(
            "DIRECTIVE_COMPOSITION_INFO",
            f"{subgraph}: @{local} is carried into the supergraph anyway: leave out its @composeDirective",
            subgraphs=[subgraph],
            coordinate=given,
        )
        return ""
    if standard is not None or local == "link":
        return "is a directive for the composition itself, which isn't carried: remove it"
    if not any(node.name.value == local for node in document.custom):
        return "has no definition: add one, or correct the name"
    source = _source(document.names.links, local)
    if source is None:
        return "is of no linked specification: add a @link that imports it"
    if source.link.identity in _OF_THE_GATEWAY:
        return "is a directive for the composition itself, which isn't carried: remove it"
    return None


def _source(links: Iterable[Link], local: str) -> Source | None:
    for link in links:
        for imported, called in link.imports.items():
            if called == f"@{local}":
                return Source(link, imported[1:])
        if local == link.prefix:
            return Source(link, link.name)
        if local.startswith(f"{link.prefix}__"):
            return Source(link, local.removeprefix(f"{link.prefix}__"))
    return None
