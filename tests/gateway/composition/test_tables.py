"""Every rule of composition, as a table: what goes in, and the supergraph or the refusal that comes out."""

from __future__ import annotations

import pytest

from gateway.composition import CompositionError, compose
from tests.gateway.composition.tables import Case, all_cases

COMPOSING = [case for case in all_cases() if not case.codes]
REFUSED = [case for case in all_cases() if case.codes]


@pytest.mark.parametrize("case", COMPOSING, ids=str)
def test_subgraphs_compose(case: Case) -> None:
    """Subgraphs that keep the rule compose to just these types."""
    sdl = compose(case.subgraphs).supergraph_sdl
    after_graphs = sdl[sdl.index("enum join__Graph") :].split("\n\n", 1)[1]
    assert after_graphs.strip() == case.types


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_subgraphs_are_refused(case: Case) -> None:
    """Subgraphs that break the rule are refused with its code, and every problem has words and a place."""
    with pytest.raises(CompositionError) as refusal:
        compose(case.subgraphs)
    problems = refusal.value.problems
    assert {problem.code for problem in problems} == case.codes
    assert all(problem.message and (problem.subgraphs or problem.coordinate) for problem in problems)


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_order_of_subgraphs_means_nothing(case: Case) -> None:
    """Composing is independent of the order in which the subgraphs are given."""
    assert outcome(case.subgraphs) == outcome(case.subgraphs[::-1])


def outcome(subgraphs: tuple[object, ...]) -> object:
    try:
        return compose(subgraphs)  # type: ignore[arg-type]
    except CompositionError as refusal:
        return refusal.problems
