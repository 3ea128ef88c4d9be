"""What a new supergraph changes for clients and subgraphs: breaking, dangerous or safe."""

from __future__ import annotations

import pytest

from gateway.composition import SubgraphSdl, compose
from gateway.composition.changes import changes_between
from gateway.composition.supergraph import Supergraph
from tests.gateway.composition.tables import HEADER

BASE = 'type Query { t(x: Int): T }\ntype T @key(fields: "id") { id: ID! a: Int b: E }\nenum E { X Y }\n'
OTHER = 'type T @key(fields: "id") { id: ID! c: Int }\n'


def supergraph(*, url: str = "http://a", **sdls: str) -> Supergraph:
    return Supergraph.read(compose([SubgraphSdl(name, url, HEADER + sdl) for name, sdl in sdls.items()]).supergraph_sdl)


def changed(was: str, now: str, *, base: str = BASE) -> list[tuple[str, str]]:
    """(weight, code) of each change that replacing a part of the subgraph makes."""
    assert was in base
    changes = changes_between(supergraph(a=base, b=OTHER), supergraph(a=base.replace(was, now), b=OTHER))
    return [(change.weight.value, change.code) for change in changes]


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ("a: Int", "", [("breaking", "FIELD_REMOVED")]),
        ("a: Int", "a: String", [("breaking", "FIELD_CHANGED_KIND")]),
        ("x: Int", "x: Int y: Int!", [("breaking", "REQUIRED_ARG_ADDED")]),
        ("a: Int", "a: Int @inaccessible", [("breaking", "FIELD_REMOVED")]),
        ("X Y", "X", [("breaking", "VALUE_REMOVED_FROM_ENUM")]),
        ("X Y", "X Y Z", [("dangerous", "VALUE_ADDED_TO_ENUM")]),
        ("x: Int", "x: Int y: Int", [("dangerous", "OPTIONAL_ARG_ADDED")]),
        ("a: Int", "a: Int d: Int", [("safe", "FIELD_ADDED")]),
        ("a: Int", 'a: Int @deprecated(reason: "b")', [("safe", "DEPRECATED")]),
        ("X Y", "X Y @deprecated", [("safe", "DEPRECATED")]),
        ("x: Int", "x: Int @deprecated", [("safe", "DEPRECATED")]),
    ],
)
def test_change_of_the_api_is_weighed(was: str, now: str, expected: list[tuple[str, str]]) -> None:
    """As graphql-js weighs them, on what clients may see; deprecating is safe."""
    assert changed(was, now) == expected


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ("", "@authenticated", [("breaking", "ACCESS_TIGHTENED")]),
        ("@authenticated", "", [("dangerous", "ACCESS_LOOSENED")]),
        (
            '@requiresScopes(scopes: [["r"]])',
            '@requiresScopes(scopes: [["r"], ["w"]])',
            [("dangerous", "ACCESS_LOOSENED")],
        ),
        (
            '@requiresScopes(scopes: [["r"]])',
            '@requiresScopes(scopes: [["r", "w"]])',
            [("breaking", "ACCESS_TIGHTENED")],
        ),
        ('@requiresScopes(scopes: [["r", "w"]])', '@requiresScopes(scopes: [["w", "r"]])', []),
        ('@policy(policies: [["p"]])', '@policy(policies: [["q"]])', [("breaking", "ACCESS_TIGHTENED")]),
    ],
)
def test_change_of_access_is_weighed(was: str, now: str, expected: list[tuple[str, str]]) -> None:
    """Whoever could see a field and can't any more is broken; that more people see it is for somebody to decide."""
    assert changed(f"a: Int {was}", f"a: Int {now}", base=BASE.replace("a: Int", f"a: Int {was}")) == expected


def test_change_of_cost_is_dangerous() -> None:
    """A query that was within the limit may pass it."""
    assert changed("a: Int", "a: Int @cost(weight: 9)") == [("dangerous", "COST_CHANGED")]


def test_changes_between_subgraphs_are_told() -> None:
    """A subgraph that comes is safe; one that goes or moves, or a key that goes, may be missed by another."""
    old = supergraph(a=BASE, b=OTHER)
    more = supergraph(a=BASE, b=OTHER, c='type T @key(fields: "id") { id: ID! d: Int }')
    assert {(each.weight.value, each.code) for each in changes_between(old, more)} == {
        ("safe", "SUBGRAPH_ADDED"),
        ("safe", "FIELD_ADDED"),
        ("safe", "KEY_ADDED"),
    }
    assert ("dangerous", "SUBGRAPH_REMOVED") in {(each.weight.value, each.code) for each in changes_between(more, old)}
    assert ("dangerous", "KEY_REMOVED") in {(each.weight.value, each.code) for each in changes_between(more, old)}
    moved = changes_between(old, supergraph(a=BASE, b=OTHER, url="http://new"))
    assert [(each.weight.value, each.code) for each in moved] == [("dangerous", "SUBGRAPH_MOVED")] * 2
