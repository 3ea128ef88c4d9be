"""Where a problem stands: the first of its subgraphs that has what it is about, and the line there.

What only the merged schema shows has a coordinate ("Query.client(id:)") but no line of its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from gateway.composition.elements import EnumType, EnumValue, Field, InputType, InputValue, InterfaceType, ObjectType
from gateway.composition.problems import Hint, Problem
from gateway.composition.subgraph import Subgraph

__all__ = ["located"]

Said = TypeVar("Said", Problem, Hint)


def located(problem: Said, subgraphs: Sequence[Subgraph]) -> Said:
    """The problem or hint with a line, where one of its subgraphs has what it is about; that one is named first."""
    if problem.line is not None or problem.coordinate is None:
        return problem
    named = [subgraph for subgraph in subgraphs if subgraph.name in problem.subgraphs] or list(subgraphs)
    field = problem.coordinate.partition("(")[0]
    # the argument itself, else its field, else its type
    for coordinate in dict.fromkeys([problem.coordinate, field, field.partition(".")[0]]):
        lines = {subgraph.name: line for subgraph in named if (line := _line(subgraph, coordinate)) is not None}
        if lines:
            first, line = next(iter(lines.items()))
            others: list[str] = [name for name in problem.subgraphs or tuple(lines) if name != first]
            return replace(problem, subgraphs=(first, *others), line=line)
    return problem


def _line(subgraph: Subgraph, coordinate: str) -> int | None:
    """The line of just that element; None when the subgraph doesn't have it."""
    if coordinate.startswith("@"):
        directive = subgraph.directives.get(coordinate[1:])
        return directive.line if directive else None
    path, _, argument = coordinate.partition("(")
    type_name, _, member = path.partition(".")
    found = subgraph.types.get(type_name)
    if found is None or not member:
        return found.line if found else None
    inner: Field | InputValue | EnumValue | None = None
    match found:
        case ObjectType(fields=fields) | InterfaceType(fields=fields):
            inner = fields.get(member)
            if inner and argument:
                inner = inner.arguments.get(argument.rstrip(":)"))
        case InputType(fields=inputs):
            inner = inputs.get(member)
        case EnumType(values=values):
            inner = values.get(member)
        case _:
            pass
    return inner.line if inner else None
