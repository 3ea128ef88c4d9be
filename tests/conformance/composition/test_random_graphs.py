"""Random subgraphs, as they are and broken at one place, composed by ours and by the two reference composers.

`--law-cases N` composes N graphs (N // 3 of them whole), `--law-seed S` starts at another place; a failure prints the
seed, what was broken, and what each composer said. The references disagree on some: Apollo's search for a way to what
a @requires needs gives up where Guild's and ours find one, and the other way round. So ours must agree with one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from gateway.composition import CompositionError, SubgraphSdl, compose
from gateway.composition.supergraph import Supergraph
from gateway.errors import PlanningError
from gateway.operation import choose, prepare, read
from gateway.planning.planner import make_plan
from tests.conformance.composition.composers import COMPOSERS, Answer, answers_of
from tests.conformance.composition.meaning import Fact, meaning
from tests.gateway.composition.tables import HEADER
from tests.properties.broken_graph import broken
from tests.properties.random_graph import random_graph
from tests.properties.random_query import random_query

pytestmark = pytest.mark.service

QUERIES = 30
NO_CODE = {"NO_CODE"}  # what fails in graphql-js itself: a syntax error


@dataclass(frozen=True)
class Outcome:
    """The supergraph's meaning, or the codes of the refusal."""

    facts: frozenset[Fact] | None
    codes: frozenset[str]
    words: str
    supergraph: str = ""

    def agrees(self, references: Sequence[Outcome]) -> bool:
        """Whether one composes to the same meaning, or refuses too; then ours has no reason that none of them sees.

        Ours may find a way where neither does, say through another root that is shared; then there must be one.
        """
        if self.facts is not None:
            lost = all(reference.codes == {"SATISFIABILITY_ERROR"} for reference in references)
            return any(self.facts == reference.facts for reference in references) or (lost and self.can_be_planned())
        seen = [reference.codes for reference in references if reference.facts is None]
        return bool(seen) and (self.codes <= frozenset().union(*seen) or NO_CODE in seen)

    def can_be_planned(self) -> bool:
        """Whether the planner finds a way for whatever is asked."""
        supergraph = Supergraph.read(self.supergraph)
        rng = random.Random(self.supergraph)
        for _ in range(QUERIES):
            query = random_query(rng, supergraph.api_schema)
            document = read(query.text, supergraph.api_schema)
            operation = prepare(
                document, choose(document, None), variables=query.variables, schema=supergraph.api_schema
            )
            try:
                make_plan(operation, supergraph)
            except PlanningError:
                return False
        return True


def ours(subgraphs: Sequence[SubgraphSdl]) -> Outcome:
    try:
        supergraph = compose(subgraphs).supergraph_sdl
        return Outcome(in_force(meaning(supergraph)), frozenset(), "composes", supergraph)
    except CompositionError as refusal:
        return Outcome(None, frozenset(problem.code for problem in refusal.problems), str(refusal))


def in_force(facts: frozenset[Fact]) -> frozenset[Fact]:
    """The references write down an @override from a subgraph that doesn't have the field; that means nothing."""
    having = {(fact[1], each) for fact in facts if fact[0] == "join" for each in fact[2:] if each.startswith("graph=")}
    return frozenset(
        tuple(
            each
            for each in fact
            if not each.startswith('override="') or (fact[1], f"graph={each[10:-1].upper()}") in having
        )
        for fact in facts
    )


def said(answer: Answer) -> Outcome:
    if "errors" in answer:
        return Outcome(None, frozenset(error["code"] for error in answer["errors"]), str(answer["errors"])[:1500])
    return Outcome(in_force(meaning(answer["supergraph"])), frozenset(), "composes")


def given(sdls: Mapping[str, str]) -> list[SubgraphSdl]:
    return [SubgraphSdl(name, f"http://{name}", HEADER + sdl) for name, sdl in sdls.items()]


def made(seed: int, law_cases: int) -> dict[str, list[SubgraphSdl]]:
    """Each graph as it is, and two of it broken."""
    cases: dict[str, list[SubgraphSdl]] = {}
    for number in range(seed, seed + max(1, law_cases // 3)):
        rng = random.Random(number)
        drawn = random_graph(rng).subgraphs
        # Neither reference finds a way to what a @requires needs through an @override with a label.
        sdls = {name: re.sub(r', label: "[^"]*"', "", sdl) for name, sdl in drawn.items()}
        cases[f"{number}"] = given(sdls)
        for _ in range(2):
            changed, what = broken(rng, sdls)
            cases[f"{number}, {what}"] = given(changed)
    return cases


def test_random_graphs_mean_the_same(request: pytest.FixtureRequest) -> None:
    """Ours composes what the references compose, to one meaning, and refuses what they refuse, for their reasons."""
    seed, law_cases = (int(request.config.getoption(name)) for name in ("--law-seed", "--law-cases"))
    cases = made(seed, law_cases)
    answers = answers_of(cases)
    refused = 0
    for name, subgraphs in cases.items():
        found = ours(subgraphs)
        references = {composer: said(answers[composer, name]) for composer in COMPOSERS}
        refused += found.facts is None
        if not found.agrees(list(references.values())):
            told = "\n".join(f"{composer}: {reference.words}" for composer, reference in references.items())
            pytest.fail(f"seed {name}\nours: {found.words}\n{told}")
    assert refused or law_cases < 30, "nothing that was broken was refused: the cases show nothing"
