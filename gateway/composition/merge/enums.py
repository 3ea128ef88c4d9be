"""Enums: all values when clients only receive it, the common ones when they only send it, equal ones when both."""

from collections.abc import Sequence

from gateway.composition.elements import EnumType
from gateway.composition.merge.carried import merged_carried, merged_description
from gateway.composition.merge.merging import Merging, both
from gateway.composition.merged import JoinType, MergedEnum, MergedEnumValue
from gateway.composition.subgraph import Subgraph

__all__ = ["merge_enum"]

Source = tuple[Subgraph, EnumType]


def merge_enum(
    merging: Merging,
    name: str,
    sources: Sequence[Source],
    *,
    joins: tuple[JoinType, ...],
    sent: frozenset[str],
    received: frozenset[str],
) -> MergedEnum:
    """`sent` and `received` are the names of all types used in arguments and input fields, and in fields."""
    everywhere = set.intersection(*(set(found.values) for _, found in sources))
    values = {}
    for value in dict.fromkeys(value for _, found in sources for value in found.values):
        merged = _merge_value(merging, name, value, sources)
        if value in everywhere or any(applied.name == "inaccessible" for applied in merged.carried):
            values[value] = merged
        elif name in sent and name in received:
            _say_mismatch(merging, name, value, sources)
        elif name in sent:
            _hint(
                merging,
                "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM",
                name,
                value,
                "left out, as not all of its subgraphs accept it",
            )
        else:
            values[value] = merged
            _hint(
                merging,
                "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM",
                name,
                value,
                "kept, though not all of its subgraphs have it",
            )
    if not values and name in sent and name not in received:
        merging.report.problem(
            "EMPTY_MERGED_ENUM_TYPE",
            f"{name}: its subgraphs have no value in common and clients send it, so nothing would be left of it:"
            " give them one",
            subgraphs=[subgraph.name for subgraph, _ in sources],
            coordinate=name,
            line=sources[0][1].line,
        )
    return MergedEnum(name, joins, values, merged_description(merging, sources, name), merged_carried(sources))


def _merge_value(merging: Merging, name: str, value: str, sources: Sequence[Source]) -> MergedEnumValue:
    having = [(subgraph, found.values[value]) for subgraph, found in sources if value in found.values]
    return MergedEnumValue(
        name=value,
        graphs=tuple(subgraph.graph for subgraph, _ in having),
        description=merged_description(merging, having, f"{name}.{value}"),
        carried=merged_carried(having),
    )


def _say_mismatch(merging: Merging, name: str, value: str, sources: Sequence[Source]) -> None:
    having = [subgraph.name for subgraph, found in sources if value in found.values]
    lacking = [subgraph.name for subgraph, found in sources if value not in found.values]
    merging.report.problem(
        "ENUM_VALUE_MISMATCH",
        f"{name}.{value} is in {both(having)} but not in {both(lacking)}, and clients both send and receive {name}:"
        " add the"
        " value there, or mark it @inaccessible",
        subgraphs=[*having, *lacking],
        coordinate=f"{name}.{value}",
        line=next(found.values[value].line for _, found in sources if value in found.values),
    )


def _hint(merging: Merging, code: str, name: str, value: str, what: str) -> None:
    merging.report.hint(code, f"{name}.{value} is {what}", coordinate=f"{name}.{value}")
