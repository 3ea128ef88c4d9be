"""Arguments and the fields of input objects: what every subgraph accepts, and no less than any of them demands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.composition.elements import InputType, InputValue, TypeRef, has
from gateway.composition.merge.carried import merged_carried, merged_description
from gateway.composition.merge.merging import Merging, both, merged_type, said_by
from gateway.composition.merged import JoinField, JoinType, MergedInput, MergedInputValue
from gateway.composition.subgraph import Subgraph

__all__ = ["merge_arguments", "merge_input"]


@dataclass(frozen=True, slots=True)
class _Wording:
    """The codes and the noun that tell an argument from an input field."""

    noun: str
    mismatch: str
    default_mismatch: str
    required_missing: str
    left_out: str


_ARGUMENT = _Wording(
    "argument",
    "FIELD_ARGUMENT_TYPE_MISMATCH",
    "FIELD_ARGUMENT_DEFAULT_MISMATCH",
    "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
    "INCONSISTENT_ARGUMENT_PRESENCE",
)
_INPUT_FIELD = _Wording(
    "input field",
    "FIELD_TYPE_MISMATCH",
    "INPUT_FIELD_DEFAULT_MISMATCH",
    "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
    "INCONSISTENT_INPUT_OBJECT_FIELD",
)

Holder = tuple[Subgraph, Mapping[str, InputValue]]


def merge_arguments(merging: Merging, holders: Sequence[Holder], field: str) -> dict[str, MergedInputValue]:
    """The arguments of `field` ("Query.client") that every subgraph that resolves it has."""
    merged = {}
    for name in _names(holders):
        if _is_contextual(merging, holders, name, coordinate=f"{field}({name}:)"):
            continue
        value = _merge_value(merging, holders, name, wording=_ARGUMENT, coordinate=f"{field}({name}:)")
        if value is not None:
            merged[name] = value
    return merged


def _is_contextual(merging: Merging, holders: Sequence[Holder], name: str, *, coordinate: str) -> bool:
    """Whether the gateway fills the argument in some subgraph; then clients don't give it, in none of them."""
    given = [(subgraph, values[name]) for subgraph, values in holders if name in values]
    if not any(has(value, "fromContext") for _, value in given):
        return False
    for subgraph, value in given:
        if has(value, "fromContext"):
            continue
        fact = f"{coordinate} comes @fromContext in another subgraph, so clients don't give it"
        code = "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"
        if value.required:
            merging.report.problem(
                code,
                f"{fact}, but {subgraph.name} requires it: take it @fromContext there too, or make it nullable",
                subgraphs=[subgraph.name],
                coordinate=coordinate,
                line=value.line,
            )
        else:
            merging.report.hint(code, f"{fact} to {subgraph.name}", subgraphs=[subgraph.name], coordinate=coordinate)
    return True


def merge_input(
    merging: Merging, name: str, sources: Sequence[tuple[Subgraph, InputType]], *, joins: tuple[JoinType, ...]
) -> MergedInput:
    """The input object with the fields that every subgraph of it has; EMPTY_MERGED_INPUT_TYPE when there are none."""
    holders = [(subgraph, found.fields) for subgraph, found in sources]
    fields = {}
    for field in _names(holders):
        value = _merge_value(merging, holders, field, wording=_INPUT_FIELD, coordinate=f"{name}.{field}")
        if value is not None:
            fields[field] = value
    if not fields:
        merging.report.problem(
            "EMPTY_MERGED_INPUT_TYPE",
            f"{name}: its subgraphs have no field in common, so nothing would be left of it: give them one",
            subgraphs=[subgraph.name for subgraph, _ in sources],
            coordinate=name,
            line=sources[0][1].line,
        )
    return MergedInput(name, joins, fields, merged_description(merging, sources, name), merged_carried(sources))


def _names(holders: Sequence[Holder]) -> list[str]:
    return list(dict.fromkeys(name for _, values in holders for name in values))


def _merge_value(
    merging: Merging, holders: Sequence[Holder], name: str, *, wording: _Wording, coordinate: str
) -> MergedInputValue | None:
    """None when it is left out because a subgraph lacks it, or can't be merged."""
    sources = [(subgraph, values[name]) for subgraph, values in holders if name in values]
    without = [subgraph.name for subgraph, values in holders if name not in values]
    hidden = wording is _INPUT_FIELD and any(has(value, "inaccessible") for _, value in sources)
    if without and not hidden:  # who doesn't accept it can't be sent it by clients, who don't see it
        _say_left_out(merging, sources, without, wording=wording, coordinate=coordinate)
        return None
    ref = merged_type(merging, [(subgraph, value.type) for subgraph, value in sources], wider=False)
    if ref is None:
        merging.report.problem(
            wording.mismatch,
            f"{coordinate} has type {said_by((subgraph, value.type) for subgraph, value in sources)}: give the"
            f" {wording.noun} one type",
            subgraphs=[subgraph.name for subgraph, _ in sources],
            coordinate=coordinate,
            line=sources[0][1].line,
        )
        return None
    return MergedInputValue(
        name=name,
        type=ref,
        default=_default(merging, sources, wording=wording, coordinate=coordinate),
        description=merged_description(merging, sources, coordinate),
        carried=merged_carried(sources),
        joins=_joins(sources, in_all=not without) if wording is _INPUT_FIELD else (),
    )


def _say_left_out(
    merging: Merging,
    sources: Sequence[tuple[Subgraph, InputValue]],
    without: Sequence[str],
    *,
    wording: _Wording,
    coordinate: str,
) -> None:
    requiring = [subgraph.name for subgraph, value in sources if value.required]
    if requiring:
        merging.report.problem(
            wording.required_missing,
            f"{coordinate} is required in {both(requiring)} but missing in {both(without)}: add it there, or make it"
            " nullable or give it a default",
            subgraphs=[*requiring, *without],
            coordinate=coordinate,
            line=next(value.line for _, value in sources if value.required),
        )
    else:
        merging.report.hint(
            wording.left_out,
            f"{coordinate} isn't in the supergraph because {both(without)} lacks it",
            subgraphs=[subgraph.name for subgraph, _ in sources],
            coordinate=coordinate,
        )


def _default(
    merging: Merging, sources: Sequence[tuple[Subgraph, InputValue]], *, wording: _Wording, coordinate: str
) -> str | None:
    """The default that all subgraphs have; none when one of them has none."""
    given = {value.default for _, value in sources}
    if len(given) == 1:
        return given.pop()
    if None in given and len(given) == 2:
        merging.report.hint(
            "INCONSISTENT_DEFAULT_VALUE_PRESENCE",
            f"{coordinate} has no default in the supergraph because not all of its subgraphs have one",
            subgraphs=[subgraph.name for subgraph, _ in sources],
            coordinate=coordinate,
        )
        return None
    defaults = [(subgraph, value.default) for subgraph, value in sources if value.default is not None]
    merging.report.problem(
        wording.default_mismatch,
        f"{coordinate} has default {said_by(defaults)}: give the {wording.noun} one default",
        subgraphs=[subgraph.name for subgraph, _ in defaults],
        coordinate=coordinate,
        line=sources[0][1].line,
    )
    return None


def _joins(sources: Sequence[tuple[Subgraph, InputValue]], *, in_all: bool) -> tuple[JoinField, ...]:
    """Needed only where the subgraphs' types differ, or not all of them have the field."""
    types: set[TypeRef] = {value.type for _, value in sources}
    if len(types) == 1 and in_all:
        return ()
    return tuple(
        JoinField(graph=subgraph.graph, type=value.type if len(types) > 1 else None) for subgraph, value in sources
    )
