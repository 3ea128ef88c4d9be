"""@cost and @listSize: they stand where something is counted, and name what is there."""

from collections.abc import Sequence
from typing import Any

from gateway.composition.elements import (
    Applied,
    Field,
    InterfaceType,
    ListOf,
    Named,
    NonNull,
    ObjectType,
    TypeRef,
    UnionType,
    applications,
    has,
    named,
    nullable,
)
from gateway.composition.problems import Report
from gateway.composition.subgraph import Subgraph

__all__ = ["check_costs"]


def check_costs(subgraph: Subgraph, *, report: Report) -> None:
    """Every rule about @cost and @listSize."""
    for found in subgraph.types.values():
        if not isinstance(found, ObjectType | InterfaceType):
            continue
        for field in found.fields.values():
            facts = list(_facts(subgraph, found, field))
            for code, fact in facts:
                report.problem(
                    code,
                    f"{subgraph.name}: {found.name}.{field.name} {fact}",
                    subgraphs=[subgraph.name],
                    coordinate=f"{found.name}.{field.name}",
                    line=field.line,
                )


def _facts(subgraph: Subgraph, found: ObjectType | InterfaceType, field: Field) -> list[tuple[str, str]]:
    facts = []
    if isinstance(found, InterfaceType) and has(field, "cost"):
        fact = "is @cost, but an interface resolves nothing: mark the implementations' fields"
        facts.append(("COST_APPLIED_TO_INTERFACE_FIELD", fact))
    for applied in applications(field, "listSize"):
        facts += _facts_of_list(subgraph, field, applied)
    return facts


def _facts_of_list(subgraph: Subgraph, field: Field, applied: Applied) -> list[tuple[str, str]]:
    facts = []
    sized = _names(applied.arguments.get("sizedFields"))
    size = applied.arguments.get("assumedSize")
    if not sized and not _is_list(field.type):
        facts.append(("LIST_SIZE_APPLIED_TO_NON_LIST", f"is @listSize of type {field.type}: name its `sizedFields`"))
    if isinstance(size, int) and size < 0:
        facts.append(("LIST_SIZE_INVALID_ASSUMED_SIZE", f"is @listSize with the size {size}: a size is 0 or more"))
    for name in _names(applied.arguments.get("slicingArguments")):
        argument = field.arguments.get(name)
        if argument is None:
            fact = f"is @listSize by its argument {name}, which it doesn't have: correct the name"
            facts.append(("LIST_SIZE_INVALID_SLICING_ARGUMENT", fact))
        elif nullable(argument.type) != Named("Int"):
            fact = f"is @listSize by its argument {name} of type {argument.type}: only Int can be a size"
            facts.append(("LIST_SIZE_INVALID_SLICING_ARGUMENT", fact))
    if sized and not isinstance(subgraph.types.get(named(field.type)), ObjectType | InterfaceType | UnionType):
        facts.append(("LIST_SIZE_INVALID_SIZED_FIELD", f"is @listSize by fields of {field.type}, which has none"))
        return facts
    for name in sized:
        below = subgraph.field(named(field.type), name)
        coordinate = f"{named(field.type)}.{name}"
        if below is None:
            facts.append(("LIST_SIZE_INVALID_SIZED_FIELD", f"is @listSize by {coordinate}, which isn't there"))
        elif not _is_list(below.type):
            facts.append(("LIST_SIZE_APPLIED_TO_NON_LIST", f"is @listSize by {coordinate}, which is no list"))
    return facts


def _names(given: Any) -> Sequence[str]:
    return given if isinstance(given, list) else []


def _is_list(ref: TypeRef) -> bool:
    return isinstance(ref.of if isinstance(ref, NonNull) else ref, ListOf)
