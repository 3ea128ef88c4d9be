"""Interfaces: implementations have their fields, in the supergraph too; entity interfaces know all implementations."""

from collections.abc import Iterator

from gateway.composition.elements import InterfaceType, ObjectType, has, named
from gateway.composition.field_sets import FieldSetError, parse_field_set, text_of
from gateway.composition.merge.merging import Merging, both
from gateway.composition.merged import Merged, MergedInterface, MergedObject
from gateway.composition.problems import Report
from gateway.composition.reach import Place, Reach
from gateway.composition.subgraph import Subgraph
from gateway.composition.usage import keys_of

__all__ = ["check_interface_keys", "check_interfaces"]


def check_interface_keys(subgraph: Subgraph, *, report: Report) -> None:
    """Each @key of an interface is a key of its implementations, as resolvable as there."""
    for found in subgraph.types.values():
        if not isinstance(found, InterfaceType):
            continue
        for key in set(_keys(found)):
            lacking = [other.name for other in subgraph.implementations(found.name) if key not in _keys(other)]
            if lacking:
                report.problem(
                    "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
                    f'{subgraph.name}: {found.name} has @key(fields: "{key[0]}") but {both(lacking)} has not: add it'
                    " there",
                    subgraphs=[subgraph.name],
                    coordinate=found.name,
                    line=found.line,
                )


def _keys(found: ObjectType | InterfaceType) -> list[tuple[str, bool]]:
    keys = []
    for text, resolvable in keys_of(found):
        try:
            keys.append((text_of(parse_field_set(text)), resolvable))
        except FieldSetError:
            continue  # reported with the field sets
    return keys


def check_interfaces(merged: Merged, merging: Merging) -> None:
    """All rules about interfaces and unions that only the merged schema shows."""
    for found in merged.types.values():
        if isinstance(found, MergedObject | MergedInterface):
            if not _lacks_fields(merged, merging, found):
                _check_implements_all(merged, merging, found)
            _check_runtime_types(merged, merging, found)
        if isinstance(found, MergedInterface):
            _check_interface_objects(merged, merging, found)
            _check_entity_interface(merged, merging, found)


def _lacks_fields(merged: Merged, merging: Merging, found: MergedObject | MergedInterface) -> bool:
    """Whether the type lacks a field of an interface that it implements, which is reported."""
    lacking = [
        (above.name, name) for above in _above(merged, found) for name in above.fields if name not in found.fields
    ]
    for interface, name in lacking:
        having = [subgraph.name for subgraph in merging.subgraphs if subgraph.field(interface, name)]
        merging.report.problem(
            "INTERFACE_FIELD_NO_IMPLEM",
            f"{interface}.{name} of {both(having)} is missing in {found.name}, which implements {interface}: add"
            f" {found.name}.{name} to a subgraph of {found.name}",
            subgraphs=having,
            coordinate=f"{found.name}.{name}",
        )
    return bool(lacking)


def _above(merged: Merged, found: MergedObject | MergedInterface) -> list[MergedInterface]:
    names = dict.fromkeys(interface for _, interface in found.implements)
    return [above for name in names if isinstance(above := merged.types.get(name), MergedInterface)]


def _check_implements_all(merged: Merged, merging: Merging, found: MergedObject | MergedInterface) -> None:
    """A type implements what its interfaces implement, which they may do in other subgraphs."""
    own = {found.name, *(above.name for above in _above(merged, found))}
    for above in _above(merged, found):
        for higher in _above(merged, above):
            if higher.name not in own:
                merging.report.problem(
                    "INVALID_GRAPHQL",
                    f"{found.name} implements {above.name}, which implements {higher.name}, but not that: add it",
                    subgraphs=[subgraph.name for subgraph in merging.subgraphs if found.name in subgraph.types],
                    coordinate=found.name,
                )


def _check_interface_objects(merged: Merged, merging: Merging, found: MergedInterface) -> None:
    if not any(join.is_interface_object for join in found.joins):
        return
    if all(join.is_interface_object for join in found.joins):
        names = list(_interface_object_subgraphs(merging, found.name))
        merging.report.problem(
            "INTERFACE_OBJECT_USAGE_ERROR",
            f"{found.name} is @interfaceObject in {both(names)} but no subgraph has it as an interface: define the"
            " interface"
            " there, or remove @interfaceObject",
            subgraphs=names,
            coordinate=found.name,
        )
    for subgraph in merging.subgraphs:
        if subgraph.name not in set(_interface_object_subgraphs(merging, found.name)):
            continue
        there = [name for name in merged.possible_types(found.name) if name in subgraph.types]
        if there:
            merging.report.problem(
                "INTERFACE_OBJECT_USAGE_ERROR",
                f"{subgraph.name} has {found.name} as @interfaceObject and its implementation {both(there)} too:"
                " leave one"
                " of them out",
                subgraphs=[subgraph.name],
                coordinate=found.name,
            )


def _interface_object_subgraphs(merging: Merging, name: str) -> Iterator[str]:
    for subgraph in merging.subgraphs:
        if (found := subgraph.types.get(name)) and has(found, "interfaceObject"):
            yield subgraph.name


def _check_entity_interface(merged: Merged, merging: Merging, found: MergedInterface) -> None:
    """Who resolves an interface by key must know every implementation, else it couldn't say which one it found."""
    for subgraph in merging.subgraphs:
        local = subgraph.types.get(found.name)
        if not isinstance(local, InterfaceType) or not any(resolvable for _, resolvable in keys_of(local)):
            continue
        known = {other.name for other in subgraph.implementations(found.name)}
        unknown = [name for name in merged.possible_types(found.name) if name not in known]
        if unknown:
            merging.report.problem(
                "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
                f"{subgraph.name} resolves {found.name} by key but doesn't have its implementation {both(unknown)}:"
                " add it",
                subgraphs=[subgraph.name],
                coordinate=found.name,
                line=local.line,
            )


def _check_runtime_types(merged: Merged, merging: Merging, found: MergedObject | MergedInterface) -> None:
    """Subgraphs that share a field of an interface or union must be able to answer with the same object."""
    reach = Reach(merged)
    for name, field in found.fields.items():
        target = named(field.type)
        if isinstance(merged.types.get(target), MergedObject) or any(join.type for join in field.joins):
            continue
        resolving = [
            subgraph
            for subgraph in merging.subgraphs
            if (join := reach.resolution(found.name, name, subgraph.graph)) and not join.external
        ]
        known = [reach.possible(Place(subgraph.graph, target)) for subgraph in resolving]
        if len(known) < 2 or not any(known) or frozenset.intersection(*known):
            continue
        names = [subgraph.name for subgraph in resolving]
        merging.report.problem(
            "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
            f"{found.name}.{name} is shared by {both(names)}, which have no possible type of {target} in common: no"
            " value"
            " could come from either; give them one, or let one subgraph resolve the field",
            subgraphs=names,
            coordinate=f"{found.name}.{name}",
        )
