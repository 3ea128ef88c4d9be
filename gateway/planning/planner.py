"""Planning, told once: an operation and a supergraph give a plan.

A  solve    which subgraph answers what (solving)
B  commit   the choice becomes fetches that know what they wait for (committing, drafting)
C  gather   entity calls of one subgraph travel in one request where they can; the requests are put in order (gathering)
"""

from collections.abc import Iterable

from gateway.composition.supergraph import Supergraph, named
from gateway.errors import PlanningError
from gateway.operation import Operation
from gateway.planning.committing import Committer
from gateway.planning.gathering import gathered
from gateway.planning.guards import NO_GUARDS, Guards
from gateway.planning.inlining import inlined
from gateway.planning.plan import Plan
from gateway.planning.solution import Solution
from gateway.planning.solving import Solver
from gateway.selections import Field, Fragment, Selections

__all__ = ["make_plan"]


def make_plan(operation: Operation, supergraph: Supergraph, guards: Guards = NO_GUARDS) -> Plan:
    """The plan, for a viewer with these row guards; PlanningError names the field that no way reaches."""
    if operation.kind == "subscription":
        raise PlanningError("subscriptions are not supported: use a query and ask again")
    root = supergraph.roots[operation.kind]
    selections = tuple(_without_typename(operation.selections))
    committer = Committer(supergraph)
    solver = Solver(supergraph, guards)
    if operation.kind == "query":
        committer.commit_query(_solved(solver, root, selections))
    else:
        for field in selections:
            committer.commit_mutation(_solved_alone(solver, root, field))
    return Plan(gathered(inlined(committer.drafts), supergraph), committer.keys.frozen())


# A
def _solved(solver: Solver, root: str, selections: Selections) -> Solution:
    solution = solver.solve_root(root, selections)
    if solution.remainder:
        raise PlanningError(
            f"no subgraph can answer {_first_path(root, solution.remainder)}{_reason(solver, root, solution.remainder)}"
        )
    return solution


def _reason(solver: Solver, parent: str, selections: Selections) -> str:
    """What is known to be missing here, and not in the graph."""
    first = selections[0]
    if isinstance(first, Fragment):
        return _reason(solver, first.on, first.selections)
    field = solver.supergraph.types[parent].fields.get(first.name)
    if field and any(join.contexts for join in field.joins.values()):
        return ": its arguments are filled from an ancestor (@fromContext), and none has what they need"
    return _reason(solver, named(field.type), first.selections) if field and first.selections else ""


def _solved_alone(solver: Solver, root: str, field: Field) -> Solution:
    """A mutation is sent to one subgraph only, or its effect would happen twice (rule 11)."""
    solution = _solved(solver, root, (field,))
    if len(solution.steps) > 1:
        raise PlanningError(f"the answer of the mutation {field.name} can't be had from one subgraph and its entities")
    return solution


def _without_typename(selections: Selections) -> Iterable[Field]:
    """Root fields; `__typename` of the root is known, and fragments at the root are open already."""
    for each in selections:
        assert isinstance(each, Field)
        if each.name != "__typename":
            yield each


def _first_path(parent: str, selections: Selections) -> str:
    first = selections[0]
    if isinstance(first, Fragment):
        return _first_path(first.on, first.selections)
    here = f"{parent}.{first.name}"
    return f"{here} > {_first_path('', first.selections)[1:]}" if first.selections else here
