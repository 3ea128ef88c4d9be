"""@override: which subgraph's field is resolved elsewhere now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.composition.elements import Applied, Field, ObjectType, applications, has
from gateway.composition.merge.merging import Merging
from gateway.composition.subgraph import Subgraph

__all__ = ["Override", "overrides_of"]


@dataclass(frozen=True, slots=True)
class Override:
    """`by` takes the field over from `source`; with a `label` for part of the requests only (progressive override)."""

    by: str
    source: str
    label: str | None


def overrides_of(
    merging: Merging, holders: Sequence[tuple[Subgraph, Field]], coordinate: str
) -> Mapping[str, Override]:
    """The overrides in force, by the overriding subgraph's name. One from a subgraph that isn't there is none."""
    fields = {subgraph.name: field for subgraph, field in holders}
    found = {}
    for subgraph, field in holders:
        for applied in applications(field, "override"):
            source = str(applied.arguments.get("from"))
            label = applied.arguments.get("label") if source in fields else None
            override = Override(subgraph.name, source, label)
            if _is_in_force(merging, override, fields, applied, coordinate):
                found[subgraph.name] = override
    return found


def _is_in_force(
    merging: Merging, override: Override, fields: Mapping[str, Field], applied: Applied, coordinate: str
) -> bool:
    def refuse(code: str, message: str) -> bool:
        merging.report.problem(
            code, message, subgraphs=[override.by, override.source], coordinate=coordinate, line=applied.line
        )
        return False

    if override.source == override.by:
        return refuse(
            "OVERRIDE_FROM_SELF_ERROR", f"{override.by}: {coordinate} overrides itself: name another subgraph in `from`"
        )
    type_name, _, name = coordinate.partition(".")
    if interface := _interface_object(merging, override, type_name, name):
        return refuse(
            "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
            f"{override.by}: {coordinate} overrides {override.source}, which has it for all of {interface}"
            " (@interfaceObject), so it can't be taken over for one: remove @override",
        )
    if override.source not in {subgraph.name for subgraph in merging.subgraphs if type_name in subgraph.types}:
        merging.report.hint(
            "FROM_SUBGRAPH_DOES_NOT_EXIST",
            f'{override.by}: {coordinate} overrides "{override.source}", where there is no'
            f" {type_name}: nothing to override",
            subgraphs=[override.by],
            coordinate=coordinate,
        )
        return False
    if has(fields[override.by], "external"):
        return refuse(
            "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
            f"{override.by}: {coordinate} is @override and @external: it is either resolved here or not, remove one",
        )
    source = fields.get(override.source)
    if source is None or has(source, "external"):
        merging.report.hint(
            "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED",
            f"{override.by}: {coordinate} isn't resolved in {override.source} any more: @override can be removed",
            subgraphs=[override.by],
            coordinate=coordinate,
        )
        return True
    for directive in ("requires", "provides"):
        if has(source, directive):
            return refuse(
                "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
                f"{coordinate} is @override in {override.by} but @{directive} in {override.source}, which can't be"
                f" overridden: remove @{directive} there",
            )
    if has(source, "override"):
        return refuse(
            "OVERRIDE_SOURCE_HAS_OVERRIDE",
            f"{coordinate} is @override in {override.by} and in {override.source}, its source: keep one of them",
        )
    return True


def _interface_object(merging: Merging, override: Override, type_name: str, name: str) -> str | None:
    """The interface by which the source has the field of the type, as an interface object."""
    above = {
        interface
        for subgraph in merging.subgraphs
        if (found := subgraph.object_or_interface(type_name))
        for interface in found.interfaces
    }
    for subgraph in merging.subgraphs:
        if subgraph.name == override.source and type_name not in subgraph.types:
            for interface in sorted(above):
                there = subgraph.types.get(interface)
                if isinstance(there, ObjectType) and has(there, "interfaceObject") and name in there.fields:
                    return interface
    return None
