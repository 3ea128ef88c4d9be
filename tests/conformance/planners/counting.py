"""What plans cost: requests and depth, of ours and of the two reference planners, which run in node."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graphql import REMOVE, Visitor, parse, print_ast, visit
from graphql.language import DirectiveNode, DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, VariableNode

from gateway.composition.supergraph import Supergraph
from gateway.operation import choose, prepare, read
from gateway.planning.contexts import Contexts
from gateway.planning.planner import make_plan
from gateway.planning.sites import below, local
from gateway.planning.solution import Site
from gateway.selections import Fragment, Selections, field_set
from tests.conformance.running import install, node

__all__ = ["PLANNERS", "Case", "Counts", "counted", "ours", "unconditional"]

HERE = Path(__file__).parent
PLANNERS = ("hive", "apollo")
_SPREAD = re.compile(r"\.\.\.(\w+)\b")

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
    known = {each.name: Supergraph.read(each.supergraph) for each in cases}
    return {
        each["case"]: {name: [_counts(known[each["case"]], answer) for answer in each[name]] for name in PLANNERS}
        for each in said
    }


def _counts(supergraph: Supergraph, answer: Mapping[str, Any] | None) -> Counts | None:
    """None too where the plan asks a subgraph for what that doesn't have: such a plan is cheap, and wrong."""
    if answer is None or not all(has_all(supergraph, *each) for each in answer["sent"]):
        return None
    requests, depth = answer["counts"]
    return requests, depth


def has_all(supergraph: Supergraph, service: str, text: str) -> bool:
    """Whether the subgraph resolves every field that the operation asks it for, nothing of it @external there."""
    document = parse(text)
    (operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    selected = print_ast(operation.selection_set)
    opened = {
        each.name.value: f"... on {each.type_condition.name.value} {print_ast(each.selection_set)}"
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    while found := _SPREAD.search(selected):
        selected = selected.replace(found[0], opened[found[1]])
    (graph,) = (name for name, each in supergraph.graphs.items() if service in (name, each.name))
    root = Site(graph, supergraph.roots[operation.operation.value])
    return _resolves(supergraph, Contexts(supergraph), root, field_set(selected[1:-1]))


def _resolves(supergraph: Supergraph, contexts: Contexts, site: Site, selections: Selections) -> bool:
    for each in selections:
        if isinstance(each, Fragment):
            inside = replace(site, type=each.on)
        elif each.name == "__typename":
            continue
        elif each.name == "_entities":
            inside = Site(site.graph, "")
        elif local(supergraph, site, each.name) is None:
            return False
        elif each.selections:
            inside = below(supergraph, contexts, site, each)
        else:
            continue
        if not _resolves(supergraph, contexts, inside, each.selections):
            return False
    return True


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
