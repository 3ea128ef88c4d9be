"""A field hands out what it was computed from (@requires, @fromContext), so it asks at least what that asks."""

from collections.abc import Iterator, Sequence

from gateway.composition.context_values import context_types, contextual
from gateway.composition.elements import Applied, Field, ObjectType, named
from gateway.composition.field_sets import FieldSet, OnType, Selected, parse_field_set
from gateway.composition.merge.carried import AUTH, all_of
from gateway.composition.merge.merging import Merging
from gateway.composition.merged import Merged
from gateway.composition.subgraph import Subgraph
from gateway.composition.usage import field_set_of

__all__ = ["check_required_access"]

_SETS = {"requiresScopes": "scopes", "policy": "policies"}


def check_required_access(merged: Merged, merging: Merging) -> None:
    """MISSING_TRANSITIVE_AUTH_REQUIREMENTS for each field that asks less than what it requires or takes from above."""
    for subgraph in merging.subgraphs:
        for found in subgraph.types.values():
            if isinstance(found, ObjectType):
                for field in found.fields.values():
                    if (text := field_set_of(field, "requires")) is not None:
                        asked = _asked_in(merged, found.name, parse_field_set(text))
                        _check(merged, merging, subgraph, found.name, field, "requires", asked)
                    asked = _asked_from_contexts(merged, subgraph, field)
                    _check(merged, merging, subgraph, found.name, field, "takes from its context", asked)


def _check(
    merged: Merged,
    merging: Merging,
    subgraph: Subgraph,
    type_name: str,
    field: Field,
    takes: str,
    needed: Iterator[tuple[str, Applied]],
) -> None:
    held = list(_asked_by(merged, type_name, field.name))
    for coordinate, asked in needed:
        if not _covers(held, asked):
            merging.report.problem(
                "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
                f"{subgraph.name}: {type_name}.{field.name} {takes} {coordinate}, which is {_text(asked)}, but asks"
                f" less itself: add {_text(asked)} to it",
                subgraphs=[subgraph.name],
                coordinate=f"{type_name}.{field.name}",
                line=field.line,
            )


def _asked_from_contexts(merged: Merged, subgraph: Subgraph, field: Field) -> Iterator[tuple[str, Applied]]:
    for value in contextual(field).values():
        for holder in context_types(subgraph, value.context or ""):
            yield from _asked_of_type(merged, holder)
            yield from _asked_in(merged, holder, parse_field_set(value.selection))


def _asked_by(merged: Merged, type_name: str, name: str) -> Iterator[Applied]:
    """What the field and the type it is in ask."""
    found = merged.with_fields(type_name)
    if found is None:
        return
    yield from (applied for applied in found.carried if applied.name in AUTH)
    if name in found.fields:
        yield from (applied for applied in found.fields[name].carried if applied.name in AUTH)


def _asked_in(merged: Merged, type_name: str, selections: FieldSet) -> Iterator[tuple[str, Applied]]:
    """What each selected field asks, and the type it leads to."""
    for selection in selections:
        match selection:
            case OnType(condition, below):
                yield from _asked_of_type(merged, condition)
                yield from _asked_in(merged, condition, below)
            case Selected(name, below):
                found = merged.with_fields(type_name)
                if found is None or name not in found.fields:
                    continue
                field = found.fields[name]
                yield from ((f"{type_name}.{name}", applied) for applied in field.carried if applied.name in AUTH)
                yield from _asked_of_type(merged, named(field.type))
                yield from _asked_in(merged, named(field.type), below)


def _asked_of_type(merged: Merged, name: str) -> Iterator[tuple[str, Applied]]:
    found = merged.types.get(name)
    if found is not None:
        yield from ((name, applied) for applied in found.carried if applied.name in AUTH)


def _covers(held: Sequence[Applied], asked: Applied) -> bool:
    """Whether everyone who has what is held has what is asked: each way in holds one of the asked sets."""
    same = [applied for applied in held if applied.name == asked.name]
    if asked.name not in _SETS:
        return bool(same)
    argument = _SETS[asked.name]
    if not same:
        return False
    ways = all_of(asked.name, [applied.arguments for applied in same]).arguments[argument]
    return all(any(set(wanted) <= set(way) for wanted in asked.arguments[argument]) for way in ways)


def _text(asked: Applied) -> str:
    if asked.name not in _SETS:
        return f"@{asked.name}"
    argument = _SETS[asked.name]
    return f"@{asked.name}({argument}: {asked.arguments[argument]})".replace("'", '"')
