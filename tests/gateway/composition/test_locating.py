"""Where a problem is said to stand: in a subgraph that has what it is about, at the line there."""

from __future__ import annotations

import pytest

from gateway.composition import CompositionError, Problem, SubgraphSdl, compose
from tests.gateway.composition.tables import HEADER


def refusal_of(**sdls: str) -> Problem:
    """The one problem of the subgraphs; line 1 is the @link."""
    with pytest.raises(CompositionError) as refusal:
        compose([SubgraphSdl(name, f"http://{name}", HEADER + sdl) for name, sdl in sdls.items()])
    (problem,) = refusal.value.problems
    return problem


def test_problem_of_sharing_stands_where_the_mark_is_missing() -> None:
    """The line is one of the subgraph that is named first, which is the one to change."""
    marked = "type Query { a: T }\ntype T { x: Int @shareable }"
    problem = refusal_of(a=marked, b="\n\ntype Query { b: T }\ntype T {\n  x: Int\n}")
    assert (problem.code, problem.subgraphs, problem.line) == ("INVALID_FIELD_SHARING", ("b", "a"), 6)


def test_problem_of_the_merged_schema_has_a_line() -> None:
    """What no subgraph breaks alone has the line of what it is about."""
    problem = refusal_of(a="type Query {\n  a: Int\n  b: E\n}\nenum E @inaccessible { X }")
    assert (problem.code, problem.subgraphs, problem.line) == ("REFERENCED_INACCESSIBLE", ("a",), 4)


def test_problem_of_satisfiability_has_a_line() -> None:
    """The field that can't be had is shown where it is declared."""
    problem = refusal_of(
        a="type Query { a: T }\ntype T { x: Int @shareable }", b="type T { x: Int @shareable\n  y: Int }"
    )
    assert (problem.code, problem.subgraphs[0], problem.line) == ("SATISFIABILITY_ERROR", "b", 3)


def test_problem_of_an_argument_has_its_line() -> None:
    """An argument is found in its field."""
    sdl = "type Query {\n  a(\n    x: I\n  ): Int\n}\ninput I @inaccessible { y: Int }"
    problem = refusal_of(a=sdl)
    assert (problem.code, problem.coordinate, problem.line) == ("REFERENCED_INACCESSIBLE", "Query.a(x:)", 4)


def test_hint_has_a_line() -> None:
    """What is worth knowing is shown where it stands, as a problem is."""
    one, other = (
        SubgraphSdl(name, f"http://{name}", f'type Query {{\n  "{name}"\n  x: Int\n}}') for name in ("a", "b")
    )
    (hint,) = compose([one, other]).hints
    assert (hint.code, hint.subgraphs[0], hint.line) == ("INCONSISTENT_DESCRIPTION", "a", 2)
