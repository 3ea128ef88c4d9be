"""Golden plans: beside each query its plan, in Apollo's grammar, under the feature it shows.

    plans/<feature>/subgraphs/<name>.graphql     what is composed
    plans/<feature>/<case>.graphql               the query; a first line `# {"variable": value}` gives variables
    plans/<feature>/<case>.plan                  its plan

`pytest --write-plans` approves what is printed now.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.company import supergraph as company_supergraph
from gateway.composition.supergraph import Supergraph
from gateway.pipeline import Gateway
from gateway.planning.plan import Plan
from gateway.planning.printing import print_plan
from gateway.request import GraphQLRequest
from gateway.subgraphs.operation import SubgraphOperation
from gateway.subgraphs.protocol import Inputs, RequestContext, SubgraphAnswer
from tests.company import ALL_SCOPES
from tests.gateway.federation import supergraph_of

PLANS = Path(__file__).parent / "plans"
EXAMPLES = Path(__file__).parents[3] / "resolvers" / "examples"
CASES = sorted(PLANS.glob("*/*.graphql"))


@pytest.mark.parametrize("query", CASES, ids=[f"{each.parent.name}/{each.stem}" for each in CASES])
def test_the_plan_is_as_approved(query: Path, request: pytest.FixtureRequest) -> None:
    """A change of a plan is a change somebody has looked at."""
    printed = print_plan(planned(supergraph(query.parent), query.read_text()))
    approved = query.with_suffix(".plan")
    if request.config.getoption("--write-plans"):
        approved.write_text(printed)
    assert approved.exists(), f"no {approved.name}: look at the plan, then approve it with --write-plans\n{printed}"
    assert printed == approved.read_text()


def test_every_plan_has_its_query() -> None:
    """A plan whose query was renamed or removed is no test any more."""
    assert not [each for each in PLANS.glob("*/*.plan") if not each.with_suffix(".graphql").exists()]


@pytest.mark.parametrize("name", ["ClientProfile", "Clients", "LatestRates", "TraceInvoice"])
def test_the_companys_documents_are_those_it_ships(name: str) -> None:
    """The plans are of the documents that GraphiQL opens with."""
    planned_text = (PLANS / "company" / f"{name}.graphql").read_text()
    assert re.sub(r"^# .*\n", "", planned_text) == (EXAMPLES / f"{name}.graphql").read_text()


@pytest.mark.parametrize(
    ("name", "requests", "depth"),
    [("ClientProfile", 5, 3), ("Clients", 3, 3), ("LatestRates", 3, 3), ("TraceInvoice", 5, 4)],
)
def test_the_companys_documents_need_no_more_requests(name: str, requests: int, depth: int) -> None:
    """No more requests, and no more waiting, than the reference planners need on the same subgraphs."""
    plan = planned(supergraph(PLANS / "company"), (PLANS / "company" / f"{name}.graphql").read_text())
    assert (len(plan.requests), plan.depth) == (requests, depth)


def supergraph(feature: Path) -> Supergraph:
    """Of the feature's subgraphs; the company's are its own."""
    if feature.name == "company":
        return company_supergraph()
    folder = feature / "subgraphs"
    return supergraph_of({each.stem: each.read_text() for each in sorted(folder.glob("*.graphql"))})


def planned(supergraph: Supergraph, text: str) -> Plan:
    """The plan that the gateway would run."""
    gateway = Gateway(supergraph, {graph.name: _Nobody(graph.name) for graph in supergraph.graphs.values()})
    return gateway.plan(GraphQLRequest(query=text, variables=variables(text)), ALL_SCOPES)[0].plan


def variables(text: str) -> Mapping[str, Any]:
    """Those of the first line, and something for what the company's documents need."""
    first = text.splitlines()[0]
    return json.loads(first.removeprefix("#")) if first.startswith("# {") else {}


class _Nobody:
    """A subgraph that is never asked: only plans are made."""

    def __init__(self, name: str) -> None:
        self.name = name

    def compile(self, operation: SubgraphOperation) -> str:
        return operation.text

    async def execute(self, compiled: str, inputs: Inputs, context: RequestContext) -> SubgraphAnswer:
        raise AssertionError("only planned")
