"""The story of composition, once.

read -> upgrade what is of Federation 1 -> check each subgraph -> merge -> check the whole -> emit -> satisfy
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from graphql import GraphQLSchema, build_ast_schema, parse, validate_schema
from graphql.validation.validate import validate_sdl

from gateway.composition.check import check_merged, check_required_arguments, check_subgraph
from gateway.composition.emit import emit
from gateway.composition.extensions import with_own_keys
from gateway.composition.federation_1 import upgraded
from gateway.composition.locating import located
from gateway.composition.merge import merge
from gateway.composition.merge.merging import start
from gateway.composition.problems import CompositionError, Hint, Report
from gateway.composition.satisfiability import check_satisfiability
from gateway.composition.subgraph import Subgraph, SubgraphSdl, read_subgraph

__all__ = ["Composition", "compose"]


@dataclass(frozen=True, slots=True)
class Composition:
    """A supergraph: its SDL in the join specification v0.5, and what is worth knowing of how it came about."""

    supergraph_sdl: str
    hints: tuple[Hint, ...]


def compose(subgraphs: Sequence[SubgraphSdl]) -> Composition:
    """The supergraph of the subgraphs, whatever their order. Raises CompositionError with all that is wrong."""
    report = Report()
    read = _read(sorted(subgraphs, key=lambda given: given.name), report)
    try:
        return _compose(read, report)
    except CompositionError as error:
        raise CompositionError([located(problem, read) for problem in error.problems]) from None


def _compose(given: Sequence[Subgraph], report: Report) -> Composition:
    read = upgraded(given, report=report)
    for subgraph in read:
        check_subgraph(subgraph, report=report)
    report.stop_if_refused()
    merging = start(read, report=report)
    merged = merge(merging)
    report.stop_if_refused()
    check_merged(merged, merging)
    report.stop_if_refused()
    sdl = emit(merged, read)
    schema = _valid(sdl, read, report)
    for subgraph in read:
        check_required_arguments(schema, subgraph, report=report)
    report.stop_if_refused()
    check_satisfiability(merged, {subgraph.graph: subgraph.name for subgraph in read}, report=report)
    report.stop_if_refused()
    return Composition(sdl, tuple(located(hint, read) for hint in report.hints))


def _valid(sdl: str, read: Sequence[Subgraph], report: Report) -> GraphQLSchema:
    """The supergraph by the rules of GraphQL itself, which subgraphs may keep apart and break together."""
    document = parse(sdl, no_location=True)
    errors = validate_sdl(document)
    schema = build_ast_schema(document, assume_valid_sdl=True) if not errors else GraphQLSchema()
    for error in errors or validate_schema(schema):
        message = f"the supergraph is no valid schema: {error.message}"
        report.problem("INVALID_GRAPHQL", message, subgraphs=[each.name for each in read])
    report.stop_if_refused()
    return schema


def _read(given: Sequence[SubgraphSdl], report: Report) -> list[Subgraph]:
    names = [sdl.name for sdl in given]
    for name in sorted({name for name in names if names.count(name) > 1}):
        report.problem(
            "DUPLICATE_SUBGRAPH_NAME", f"{name} is given twice: give each subgraph a name of its own", subgraphs=[name]
        )
    for name in dict.fromkeys(name for name in names if name.strip() in ("", "_")):
        report.problem(
            "INVALID_SUBGRAPH_NAME", f'a subgraph is called "{name}": give it a name people know', subgraphs=[name]
        )
    read = [read_subgraph(sdl, graph, report=report) for sdl, graph in zip(given, graph_names(names), strict=True)]
    return [with_own_keys(subgraph) for subgraph in read if subgraph is not None]


def graph_names(names: Sequence[str]) -> list[str]:
    """Names for the enum join__Graph, as Apollo makes them: upper case, "_" for what a name can't hold, made distinct.

    ["mailing-v2", "mailing_v2", "2nd"]  ->  ["MAILING_V2_1", "MAILING_V2_2", "_2ND"]
    """
    made = [_graph_name(name) for name in names]
    return [
        f"{name}_{made[: index + 1].count(name)}" if made.count(name) > 1 else name for index, name in enumerate(made)
    ]


def _graph_name(name: str) -> str:
    upper = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    if upper[:1].isdigit():
        upper = f"_{upper}"
    # a name that ends in _1 could be one that was made distinct
    return f"{upper}_" if re.search(r"_\d+$", upper) else upper
