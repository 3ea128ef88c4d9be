"""The law: a field that composition finds a way to is a field that planning finds a way to, and the other way round.

Composition and planning search in ways of their own: one asks of all paths whether there is a way, the other takes the
cheapest one for one query. What they know of subgraphs, keys and requirements must be the same.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from graphql import parse, validate

from gateway.composition import CompositionError, SubgraphSdl, composer
from gateway.composition.problems import Problem
from gateway.composition.supergraph import Supergraph
from gateway.errors import PlanningError
from gateway.operation import choose, prepare, read
from gateway.planning.planner import make_plan
from tests.gateway.composition.tables import HEADER, Case, all_cases
from tests.properties.broken_graph import broken
from tests.properties.random_contexts import random_contexts
from tests.properties.random_graph import RandomGraph, random_graph
from tests.properties.random_interface_objects import random_interface_objects
from tests.properties.random_query import random_query

QUERIES_PER_GRAPH = 6
MAKERS = [random_graph, random_interface_objects, random_contexts]


def without_satisfiability(subgraphs: list[SubgraphSdl], monkeypatch: pytest.MonkeyPatch) -> Supergraph:
    """The supergraph of subgraphs that are refused only because a field can't be had."""
    with monkeypatch.context() as patched:
        patched.setattr(composer, "check_satisfiability", lambda *_, **__: None)
        return Supergraph.read(composer.compose(subgraphs).supergraph_sdl)


def is_planned(supergraph: Supergraph, text: str, variables: dict[str, object] | None = None) -> bool:
    document = read(text, supergraph.api_schema)
    operation = prepare(document, choose(document, None), variables=variables or {}, schema=supergraph.api_schema)
    try:
        for active in (frozenset[str](), supergraph.labels):
            make_plan(operation, supergraph.decided(active))
    except PlanningError:
        return False
    return True


def shown(problem: Problem, supergraph: Supergraph) -> str | None:
    """The query that the problem shows, whole; None where its fields have required arguments."""
    match = re.search(r"`(.*?)`", problem.message)
    assert match
    text = match[1]
    for whole in (text, re.sub(r"(?P<last>[^{}]+?)(?P<close>[ }]*)$", r"\g<last> { __typename }\g<close>", text)):
        if not validate(supergraph.api_schema, parse(whole)):
            return whole
    return None


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_what_composes_is_planned(
    make: Callable[[random.Random], RandomGraph], law_cases: int, law_seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No query on a graph that composes is one that can't be planned; what is refused for a path isn't planned."""
    for seed in range(law_seed, law_seed + max(1, law_cases // 6)):
        rng = random.Random(f"satisfiability {seed}")
        sdls, what = broken(rng, make(rng).subgraphs)
        subgraphs = [SubgraphSdl(name, f"http://{name}", HEADER + sdl) for name, sdl in sdls.items()]
        told = f"seed {seed}, {what}"
        try:
            supergraph = Supergraph.read(composer.compose(subgraphs).supergraph_sdl)
        except CompositionError as refusal:
            check_refusal(refusal, subgraphs, told, monkeypatch)
            continue
        for _ in range(QUERIES_PER_GRAPH):
            query = random_query(rng, supergraph.api_schema)
            if not is_planned(supergraph, query.text, query.variables):
                pytest.fail(f"{told}: it composes, but this can't be planned\n{query.text}")


def check_refusal(
    refusal: CompositionError, subgraphs: list[SubgraphSdl], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if {problem.code for problem in refusal.problems} != {"SATISFIABILITY_ERROR"}:
        return
    supergraph = without_satisfiability(subgraphs, monkeypatch)
    if supergraph.labels:
        return
    for problem in refusal.problems:
        if "`mutation " in problem.message:
            continue  # one field of a shared mutation may be had, only not all of them from one subgraph
        text = shown(problem, supergraph)
        if text and is_planned(supergraph, text):
            pytest.fail(f"{told}: it is refused, but this is planned\n{text}\n{problem.message}")


@pytest.mark.parametrize("case", [case for case in all_cases() if case.codes == {"SATISFIABILITY_ERROR"}], ids=str)
def test_what_the_tables_refuse_is_not_planned(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every path of the tables that composition refuses is one that planning refuses."""
    subgraphs = list(case.subgraphs)
    with pytest.raises(CompositionError) as refusal:
        composer.compose(subgraphs)
    check_refusal(refusal.value, subgraphs, str(case), monkeypatch)
