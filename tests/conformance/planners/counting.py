"""What plans cost: requests and depth, of ours and of the two reference planners, which run in node."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphql import REMOVE, Visitor, parse, print_ast, visit
from graphql.language import DirectiveNode, DocumentNode, OperationDefinitionNode, VariableNode

from gateway.composition.supergraph import Supergraph
from gateway.operation import choose, prepare, read
from gateway.planning.planner import make_plan
from tests.conformance.running import install, node

__all__ = ["PLANNERS", "Case", "Counts", "counted", "ours", "unconditional"]

HERE = Path(__file__).parent
PLANNERS = ("hive", "apollo")

Counts = tuple[int, int]
"""How many requests a plan sends, and how many of them wait for one another at most."""


@dataclass(frozen=True, slots=True)
class Case:
    """Queries on one supergraph; none of them has @skip or @include."""

    name: str
    supergraph: str
    queries: tuple[str, ...]


def ours(supergraph: Supergraph, query: str) -> Counts:
    """Of our own plan, with no label of a progressive override active."""
    document = read(query, supergraph.api_schema)
    operation = prepare(document, choose(document, None), variables={}, schema=supergraph.api_schema)
    plan = make_plan(operation, supergraph.decided(frozenset()))
    return len(plan.requests), plan.depth


def counted(cases: Sequence[Case], *, milliseconds: int = 2000) -> Mapping[str, Mapping[str, Sequence[Counts | None]]]:
    """Of the reference planners' plans, by case and planner; None for a query without a plan in that time."""
    install(HERE)
    given = "".join(
        json.dumps({"case": each.name, "supergraph": each.supergraph, "queries": each.queries}) + "\n" for each in cases
    )
    ran = subprocess.run(
        node("plan.mjs"),
        cwd=HERE,
        input=given,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PLAN_MILLISECONDS": str(milliseconds)},
    )
    said = [json.loads(line) for line in ran.stdout.splitlines()]
    return {
        each["case"]: {name: [counts and (counts[0], counts[1]) for counts in each[name]] for name in PLANNERS}
        for each in said
    }


def unconditional(query: str) -> str:
    """The query without @skip and @include, and without the variables that nothing uses any more."""
    document: DocumentNode = visit(parse(query, no_location=True), _Unconditional())
    used = _Used()
    visit(document, used)
    definitions = tuple(
        _declaring(each, used.names) if isinstance(each, OperationDefinitionNode) else each
        for each in document.definitions
    )
    return print_ast(DocumentNode(definitions=definitions))


class _Unconditional(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: object) -> object:
        return REMOVE if node.name.value in ("skip", "include") else None


class _Used(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, _: object, parent: object, *__: object) -> None:
        if not hasattr(parent, "variable"):  # it is used there, not declared
            self.names.add(node.name.value)


def _declaring(operation: OperationDefinitionNode, names: set[str]) -> OperationDefinitionNode:
    kept = tuple(each for each in operation.variable_definitions or () if each.variable.name.value in names)
    return OperationDefinitionNode(
        **{key: getattr(operation, key) for key in operation.keys if key not in ("loc", "variable_definitions")},
        variable_definitions=kept,
    )
