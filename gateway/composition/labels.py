"""Progressive overrides (@override(label:), Federation 2.7): the merged schema as it is while some labels are active.

A label that is active gives its field to the overriding subgraph, else its source has it; never both, never neither.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain, combinations
from typing import Any

from gateway.composition.merged import JoinField, Merged, MergedInterface, MergedObject

__all__ = ["decided", "labels_of", "states_of"]

_ALL_STATES_UP_TO = 6


def labels_of(merged: Merged) -> frozenset[str]:
    """Every label of an override in force."""
    return frozenset(join.override_label for join in _joins(merged) if join.override_label is not None)


def states_of(labels: frozenset[str]) -> Iterator[frozenset[str]]:
    """The sets of active labels to look at: all there are; of more than six labels those that differ from none or from
    all by two labels at most, as their number doubles with each label.
    """
    ordered = sorted(labels)
    if len(ordered) <= _ALL_STATES_UP_TO:
        yield from map(frozenset, _of_sizes(ordered, range(len(ordered) + 1)))
        return
    for few in map(frozenset, _of_sizes(ordered, range(3))):
        yield few
        yield labels - few


def _of_sizes(labels: list[str], sizes: range) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(labels, size) for size in sizes)


def decided(merged: Merged, active: frozenset[str]) -> Merged:
    """The schema once it is known which labels are active; itself where it has none."""
    if not labels_of(merged):
        return merged
    types: Mapping[str, Any] = {
        name: _decided(found, active) if isinstance(found, MergedObject | MergedInterface) else found
        for name, found in merged.types.items()
    }
    return replace(merged, types=types)


def _decided(found: MergedObject | MergedInterface, active: frozenset[str]) -> MergedObject | MergedInterface:
    if not any(join.override_label for field in found.fields.values() for join in field.joins):
        return found
    fields = {
        name: replace(field, joins=tuple(_join(join, active) for join in field.joins))
        for name, field in found.fields.items()
    }
    return replace(found, fields=fields)


def _join(join: JoinField, active: frozenset[str]) -> JoinField:
    """The overriding subgraph's join names its source; the source's only has the label."""
    if join.override_label is None:
        return join
    has_it = (join.override_label in active) == (join.override is not None)
    return replace(join, override_label=None, used_overridden=not has_it)


def _joins(merged: Merged) -> Iterator[JoinField]:
    for found in merged.types.values():
        if isinstance(found, MergedObject | MergedInterface):
            for field in found.fields.values():
                yield from field.joins
