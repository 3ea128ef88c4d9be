"""Ours against the two reference planners: as few requests and as little waiting, over many supergraphs.

`--law-cases N` draws N // 10 random graphs of each kind with some queries each, `--law-seed S` starts at another place;
a failure prints the cases in which ours is worse.

Left out is what would compare two meanings:
- a mutation with several fields: both references send those of one subgraph together and fetch the rest of all answers
  afterwards; ours completes each before the next is begun (GraphQL spec, 6.2.2);
- a @provides beside a @requires: Apollo's planner then takes the field without sending what it requires;
- labels of overrides: Apollo's planner asks for an interface's field that a label takes from one of its types.
A reference's plan that asks a subgraph for a field that is @external there counts as none.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import count, islice

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, OperationType, parse, print_ast, validate

from gateway.composition.supergraph import Supergraph
from tests.conformance.planners.counting import PLANNERS, Case, Counts, counted, ours, unconditional
from tests.gateway.planning.test_plans import PLANS, supergraph
from tests.properties.random_graph import random_graph
from tests.properties.random_interface_objects import random_interface_objects
from tests.properties.random_query import random_query

pytestmark = pytest.mark.service

QUERIES = 6
MOST_WORSE = 0.01  # of all cases


def test_no_reference_planner_needs_fewer_requests_or_levels(request: pytest.FixtureRequest) -> None:
    """In total never more than the better one, and in hardly a case more than the one that is better there."""
    law_seed, law_cases = (int(request.config.getoption(name)) for name in ("--law-seed", "--law-cases"))
    graphs = dict(supergraphs(law_seed, max(1, law_cases // 10)))
    assert len(graphs) >= 20
    cases = [case(name, graph, random.Random(f"{name} {law_seed}")) for name, graph in graphs.items()]
    said = counted(cases)
    totals = dict.fromkeys(("ours", *PLANNERS), (0, 0))
    worse: list[str] = []
    compared = 0
    for each in cases:
        answers = zip(each.queries, *(said[each.name][planner] for planner in PLANNERS), strict=True)
        for query, *references in answers:
            planned = [counts for counts in references if counts]
            if not planned:
                continue
            compared += 1
            own = ours(graphs[each.name], query)
            if sum(own) > min(map(sum, planned)):
                worse.append(f"{each.name}: ours {own}, {dict(zip(PLANNERS, references, strict=True))}\n{query}")
            if len(planned) == len(PLANNERS):
                for name, counts in zip(totals, (own, *planned), strict=True):
                    totals[name] = added(totals[name], counts)
    told = f"{len(worse)} of {compared} are worse; requests and depth in all: {totals}\n" + "\n".join(worse)
    assert compared >= 100, told
    assert len(worse) <= MOST_WORSE * compared, told
    for part in (0, 1):
        assert totals["ours"][part] <= min(totals[planner][part] for planner in PLANNERS), told


def supergraphs(seed: int, drawn: int) -> Iterator[tuple[str, Supergraph]]:
    """Those of the golden plans, the company's among them, and random ones of each kind."""
    for feature in sorted(PLANS.iterdir()):
        if feature.name != "contexts":  # Hive's planner has none
            yield feature.name, supergraph(feature)
    for make in (random_graph, random_interface_objects):
        graphs = ((number, make(random.Random(f"planners {number}")).world.supergraph) for number in count(seed))
        comparable = ((number, without_provides(each)) for number, each in graphs if not each.labels)
        for number, each in islice(comparable, drawn):
            yield f"{make.__name__} {number}", each


def without_provides(graph: Supergraph) -> Supergraph:
    """The same without the @provides of the subgraphs that have a @requires."""
    text = print_ast(graph.document)
    for requiring in set(re.findall(r'@join__field\(graph: (\w+), [^()]*requires: "', text)):
        text = re.sub(rf'(@join__field\(graph: {requiring}\b[^)]*), provides: "[^"]*"', r"\1", text)
    return Supergraph.read(text)


def case(name: str, graph: Supergraph, rng: random.Random) -> Case:
    """Random queries on it."""
    drawn = (unconditional(random_query(rng, graph.api_schema).text) for _ in range(QUERIES))
    queries = tuple(dict.fromkeys(query for query in drawn if is_compared(graph.api_schema, query)))
    return Case(name, print_ast(graph.document), queries)


def is_compared(schema: GraphQLSchema, query: str) -> bool:
    """Whether it is valid without its conditions, and no mutation with several fields."""
    document = parse(query)
    (operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    several = operation.operation is OperationType.MUTATION and len(operation.selection_set.selections) > 1
    return not several and not validate(schema, document)


def added(total: Counts, counts: Counts) -> Counts:
    return total[0] + counts[0], total[1] + counts[1]
