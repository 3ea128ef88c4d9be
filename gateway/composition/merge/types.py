"""The story of merging: group the types by name, merge each by its kind, enums last (they depend on their use).

group -> joins of each type -> fields -> interface objects' fields into the implementations -> enums
    -> interfaces' access
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from gateway.composition.elements import (
    EXTEND,
    EnumType,
    InputType,
    InterfaceType,
    ObjectType,
    ScalarType,
    TypeDef,
    UnionType,
    applications,
    has,
    named,
)
from gateway.composition.field_sets import FieldSetError, parse_field_set, text_of
from gateway.composition.merge.access import with_access_of, with_access_of_implementations
from gateway.composition.merge.carried import merged_carried, merged_description
from gateway.composition.merge.directives import merge_directives
from gateway.composition.merge.enums import merge_enum
from gateway.composition.merge.fields import Holder, merge_fields
from gateway.composition.merge.inputs import merge_input
from gateway.composition.merge.merging import Merging, both, said_by
from gateway.composition.merged import (
    JoinField,
    JoinType,
    Merged,
    MergedField,
    MergedInput,
    MergedInterface,
    MergedObject,
    MergedScalar,
    MergedType,
    MergedUnion,
)
from gateway.composition.reach import ROOTS
from gateway.composition.subgraph import Subgraph
from gateway.composition.usage import is_resolvable

__all__ = ["merge"]

Source = tuple[Subgraph, TypeDef]
T = TypeVar("T")


def merge(merging: Merging) -> Merged:
    """The merged schema; what can't be merged is reported and left out."""
    grouped = _grouped(merging.subgraphs)
    if not any(isinstance(found, ObjectType) and found.fields for _, found in grouped.get("Query", ())):
        merging.report.problem(
            "NO_QUERIES",
            "no subgraph has a field in Query, so clients could ask nothing: add one",
            subgraphs=[subgraph.name for subgraph in merging.subgraphs],
            coordinate="Query",
        )
    merged: dict[str, MergedType] = {}
    for name, sources in grouped.items():
        _check_base(merging, name, sources)
        if _are_of_one_kind(merging, name, sources) and not isinstance(sources[0][1], EnumType):
            merged[name] = _merge_type(merging, name, sources)
    _spread_interface_objects(merging, merged)
    sent, received = _used(merged.values())
    for name, sources in grouped.items():
        if enums := _all_of(EnumType, sources):
            merged[name] = merge_enum(merging, name, enums, joins=_joins(sources), sent=sent, received=received)
    directives = merge_directives(merging)
    return Merged(
        with_access_of_implementations({name: merged[name] for name in sorted(merged)}),
        directives=directives.definitions,
        links=directives.links,
        carried=directives.on_schema,
    )


def _grouped(subgraphs: Sequence[Subgraph]) -> dict[str, list[Source]]:
    """Every subgraph has a Query: the gateway can always enter it, if only for entities."""
    grouped: dict[str, list[Source]] = {}
    for subgraph in subgraphs:
        types: dict[str, TypeDef] = {"Query": ObjectType("Query"), **subgraph.types}
        for name, found in types.items():
            grouped.setdefault(name, []).append((subgraph, found))
    return dict(sorted(grouped.items()))


def _check_base(merging: Merging, name: str, sources: Sequence[Source]) -> None:
    if name not in ROOTS and sources and all(has(found, EXTEND) for _, found in sources):
        merging.report.problem(
            "EXTENSION_WITH_NO_BASE",
            f"{name} is extended in {both([subgraph.name for subgraph, _ in sources])} but defined nowhere: write it"
            " without `extend` in one of them",
            subgraphs=[subgraph.name for subgraph, _ in sources],
            coordinate=name,
            line=sources[0][1].line,
        )


def _kind(found: TypeDef) -> str:
    match found:
        case ObjectType():
            return "interface" if has(found, "interfaceObject") else "object"
        case InterfaceType():
            return "interface"
        case UnionType():
            return "union"
        case EnumType():
            return "enum"
        case InputType():
            return "input object"
        case ScalarType():
            return "scalar"


def _are_of_one_kind(merging: Merging, name: str, sources: Sequence[Source]) -> bool:
    if len({_kind(found) for _, found in sources}) == 1:
        return True
    merging.report.problem(
        "TYPE_KIND_MISMATCH",
        f"{name} is {said_by((subgraph, _kind(found)) for subgraph, found in sources)}: rename one of them, or make"
        " it one"
        " kind",
        subgraphs=[subgraph.name for subgraph, _ in sources],
        coordinate=name,
        line=sources[0][1].line,
    )
    return False


def _all_of(kind: type[T], sources: Sequence[Source]) -> list[tuple[Subgraph, T]]:
    """The sources if all are of the kind, else none."""
    found: list[tuple[Subgraph, T]] = []
    for subgraph, source in sources:
        if not isinstance(source, kind):
            return []
        found.append((subgraph, source))
    return found


def _merge_type(merging: Merging, name: str, sources: Sequence[Source]) -> MergedType:
    joins = _joins(sources)
    if inputs := _all_of(InputType, sources):
        return merge_input(merging, name, inputs, joins=joins)
    description, carried = merged_description(merging, sources, name), merged_carried(sources)
    if unions := _all_of(UnionType, sources):
        members = [(subgraph.graph, member) for subgraph, found in unions for member in found.members]
        return MergedUnion(name, joins, tuple(sorted(members)), description, carried)
    if _all_of(ScalarType, sources):
        return MergedScalar(name, joins, description, carried)
    holders: list[Holder] = [
        (subgraph, found) for subgraph, found in sources if isinstance(found, ObjectType | InterfaceType)
    ]
    implements = tuple(
        (subgraph.graph, interface) for subgraph, found in holders for interface in sorted(found.interfaces)
    )
    kind = MergedInterface if _kind(sources[0][1]) == "interface" else MergedObject
    return kind(name, joins, merge_fields(merging, holders), implements, description, carried)


def _joins(sources: Sequence[Source]) -> tuple[JoinType, ...]:
    """One @join__type for each key, or one without."""
    joins = []
    for subgraph, found in sources:
        interface_object = has(found, "interfaceObject")
        keys = list(applications(found, "key"))
        for applied in keys:
            text = _in_one_spelling(str(applied.arguments.get("fields")))
            extends = applied.of_extension or has(found, "extends")
            joins.append(JoinType(subgraph.graph, text, extends, is_resolvable(applied), interface_object))
        if not keys:
            joins.append(JoinType(subgraph.graph, is_interface_object=interface_object))
    return tuple(joins)


def _in_one_spelling(text: str) -> str:
    try:
        return text_of(parse_field_set(text))
    except FieldSetError:
        return text  # reported by the checks


def _spread_interface_objects(merging: Merging, merged: dict[str, MergedType]) -> None:
    """Fields that interface objects add reach every implementation of the interface, joined to no graph.

    Where an implementation has the field itself, it asks what the interface object's asks too.
    """
    for name, found in list(merged.items()):
        if not isinstance(found, MergedObject):
            continue
        added: dict[str, MergedField] = {}
        for interface in dict.fromkeys(interface for _, interface in found.implements):
            above = merged.get(interface)
            if not isinstance(above, MergedInterface):
                continue
            for field_name in _added_by_interface_objects(merging, interface):
                if field_name not in above.fields:
                    continue
                if field_name in found.fields:
                    added[field_name] = with_access_of(found.fields[field_name], above.fields[field_name])
                else:
                    added[field_name] = replace(above.fields[field_name], joins=(JoinField(),))
        if added:
            merged[name] = replace(found, fields={**found.fields, **added})


def _added_by_interface_objects(merging: Merging, interface: str) -> list[str]:
    return [
        field.name
        for subgraph in merging.subgraphs
        if isinstance(found := subgraph.types.get(interface), ObjectType)
        and any(applications(found, "interfaceObject"))
        for field in found.fields.values()
        if not has(field, "external")
    ]


def _used(types: Iterable[MergedType]) -> tuple[frozenset[str], frozenset[str]]:
    """Names of the types that clients send, and of those that they receive."""
    sent: set[str] = set()
    received: set[str] = set()
    for found in types:
        match found:
            case MergedObject(fields=fields) | MergedInterface(fields=fields):
                for field in fields.values():
                    received.add(named(field.type))
                    sent.update(named(argument.type) for argument in field.arguments.values())
            case MergedInput(fields=inputs):
                sent.update(named(field.type) for field in inputs.values())
            case _:
                pass
    return frozenset(sent), frozenset(received)
