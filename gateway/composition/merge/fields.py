"""The fields of objects and interfaces: one field of the supergraph out of what each subgraph says of it.

roles   each subgraph that has the field resolves it, leaves it to others (@external) or has lost it (@override)
type    the widest of the resolving ones
joins   none when all subgraphs of the type resolve it plainly
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.composition.context_values import contextual
from gateway.composition.elements import Field, InterfaceType, ObjectType, TypeRef, has
from gateway.composition.field_sets import FieldSetError, parse_field_set, text_of
from gateway.composition.merge.carried import merged_carried, merged_description
from gateway.composition.merge.inputs import merge_arguments
from gateway.composition.merge.merging import Merging, both, merged_type, said_by
from gateway.composition.merge.overrides import Override, overrides_of
from gateway.composition.merged import ContextArgument, JoinField, MergedField
from gateway.composition.subgraph import Subgraph
from gateway.composition.usage import field_set_of

__all__ = ["Holder", "merge_fields"]

Holder = tuple[Subgraph, ObjectType | InterfaceType]
Role = Literal["resolves", "external", "overridden", "migrating"]


@dataclass(frozen=True, slots=True)
class _Source:
    """One subgraph's say on the field. "migrating": overridden for part of the requests, so it still resolves it.

    `type` is the type that the subgraph has it on: an interface object where that adds the field to the object.
    """

    subgraph: Subgraph
    type: str
    field: Field
    role: Role
    kept: bool
    used: bool
    override: Override | None
    label: str | None


def merge_fields(merging: Merging, holders: Sequence[Holder]) -> dict[str, MergedField]:
    """Every field of the type that some subgraph resolves, in the subgraphs' order."""
    names = dict.fromkeys(name for _, found in holders for name in found.fields)
    merged = {}
    for name in names:
        if (field := _merge_field(merging, holders, name)) is not None:
            merged[name] = field
    return merged


def _merge_field(merging: Merging, holders: Sequence[Holder], name: str) -> MergedField | None:
    type_name = holders[0][1].name
    coordinate = f"{type_name}.{name}"
    sources = _sources(merging, holders, name, coordinate)
    resolving = [source for source in sources if source.role in ("resolves", "migrating")]
    from_above = _from_interface_objects(merging, holders, name)
    provided = [source for source in sources if source.role == "external" and _is_provided(merging, source)]
    _check_sharing(merging, [*resolving, *from_above], provided, coordinate)
    resolving = resolving or from_above
    if not resolving:
        _say_external_everywhere(merging, sources, coordinate)
        return None
    # An overridden field still has to fit: the override may be taken back, and its subgraph doesn't know of it.
    fitting = [source for source in sources if source.role != "external"] or from_above
    ref = merged_type(merging, [(source.subgraph, source.field.type) for source in fitting], wider=True)
    if ref is None:
        merging.report.problem(
            "FIELD_TYPE_MISMATCH",
            f"{coordinate} has type {said_by((source.subgraph, source.field.type) for source in fitting)}: give it"
            " one"
            " type, or types that differ in `!` only",
            subgraphs=[source.subgraph.name for source in fitting],
            coordinate=coordinate,
            line=fitting[0].field.line,
        )
        return None
    arguments = merge_arguments(merging, [(source.subgraph, source.field.arguments) for source in fitting], coordinate)
    elements = [(source.subgraph, source.field) for source in sources]
    merged = MergedField(
        name=name,
        type=ref,
        arguments=arguments,
        description=merged_description(merging, elements, coordinate),
        carried=merged_carried(elements),
        joins=_joins(holders, sources),
    )
    differing = len({source.field.type for source in fitting}) > 1
    _check_external(merging, sources, merged, coordinate, differing=differing)
    return merged


def _sources(merging: Merging, holders: Sequence[Holder], name: str, coordinate: str) -> list[_Source]:
    having = [(subgraph, found.fields[name]) for subgraph, found in holders if name in found.fields]
    overrides = overrides_of(merging, having, coordinate)
    lost: Mapping[str, Override] = {override.source: override for override in overrides.values()}
    sources = []
    for subgraph, field in having:
        override = overrides.get(subgraph.name)
        losing = lost.get(subgraph.name)
        role: Role = "resolves"
        if has(field, "external"):
            role = "external"
        elif losing:
            role = "migrating" if losing.label else "overridden"
        used = (holders[0][1].name, name) in merging.usages[subgraph.name].used
        label = next((over.label for over in (override, losing) if over and over.label), None)
        kept = role != "overridden" or used
        sources.append(_Source(subgraph, holders[0][1].name, field, role, kept, used, override, label))
    return sources


def _say_external_everywhere(merging: Merging, sources: Sequence[_Source], coordinate: str) -> None:
    names = [source.subgraph.name for source in sources if source.role == "external"]
    merging.report.problem(
        "EXTERNAL_MISSING_ON_BASE",
        f"{coordinate} is @external in {both(names)} but no other subgraph resolves it: define it where it is resolved,"
        " or remove @external",
        subgraphs=names,
        coordinate=coordinate,
        line=sources[0].field.line,
    )


def _from_interface_objects(merging: Merging, holders: Sequence[Holder], name: str) -> list[_Source]:
    """The interface objects that add the field to this object."""
    above = {interface for _, found in holders if isinstance(found, ObjectType) for interface in found.interfaces}
    return [
        _Source(subgraph, interface, found.fields[name], "resolves", kept=False, used=False, override=None, label=None)
        for subgraph in merging.subgraphs
        for interface in sorted(above)
        if isinstance(found := subgraph.types.get(interface), ObjectType)
        and name in found.fields
        and not has(found.fields[name], "external")
    ]


def _is_provided(merging: Merging, source: _Source) -> bool:
    return (source.type, source.field.name) in merging.usages[source.subgraph.name].granted


def _check_sharing(
    merging: Merging, resolving: Sequence[_Source], provided: Sequence[_Source], coordinate: str
) -> None:
    """A field of an object that several subgraphs resolve is @shareable, or part of a key, in each of them.

    One that another subgraph provides on some path is resolved there too, though it is @external and so needs no mark.
    """
    sharing = [
        source
        for source in resolving
        if isinstance(source.subgraph.types[source.type], ObjectType) and source.role == "resolves"
    ]
    unmarked = [
        source
        for source in sharing
        if not has(source.field, "shareable")
        and (source.type, source.field.name) not in merging.usages[source.subgraph.name].keys
    ]
    if len(sharing) + len(provided) > 1 and unmarked:
        names = [source.subgraph.name for source in [*sharing, *provided]]
        merging.report.problem(
            "INVALID_FIELD_SHARING",
            f"{coordinate} is resolved in {both(names)} but not @shareable in"
            f" {both([source.subgraph.name for source in unmarked])}: mark it @shareable in all of them",
            subgraphs=dict.fromkeys([unmarked[0].subgraph.name, *names]),
            coordinate=coordinate,
            line=unmarked[0].field.line,
        )


def _joins(holders: Sequence[Holder], sources: Sequence[_Source]) -> tuple[JoinField, ...]:
    kept = [source for source in sources if source.kept]
    types: set[TypeRef] = {source.field.type for source in sources}
    joins = tuple(_join(source, shows_type=len(types) > 1) for source in kept)
    plain = all(join == JoinField(graph=join.graph) for join in joins)
    return () if plain and len(joins) == len(holders) else joins


def _join(source: _Source, *, shows_type: bool) -> JoinField:
    return JoinField(
        graph=source.subgraph.graph,
        type=source.field.type if shows_type else None,
        requires=_in_one_spelling(field_set_of(source.field, "requires")),
        provides=_in_one_spelling(field_set_of(source.field, "provides")),
        external=source.role == "external",
        override=source.override.source if source.override else None,
        override_label=source.label,
        used_overridden=source.role == "overridden" or (source.role == "migrating" and source.used),
        context_arguments=tuple(_context_arguments(source)),
    )


def _context_arguments(source: _Source) -> Iterator[ContextArgument]:
    for name, value in contextual(source.field).items():
        context = f"{source.subgraph.name}__{value.context}"
        yield ContextArgument(name, source.field.arguments[name].type, context, value.selection)


def _in_one_spelling(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return text_of(parse_field_set(text))
    except FieldSetError:
        return text  # reported by the checks


def _check_external(
    merging: Merging, sources: Sequence[_Source], merged: MergedField, coordinate: str, *, differing: bool
) -> None:
    """An @external field is the field it stands for: same type, same arguments or more.

    Where those that resolve it differ (`String!` and `String`), it may stand for one of the stricter ones.
    """
    for source in sources:
        if source.role != "external":
            continue
        ref = source.field.type
        if ref != merged.type and not (differing and merging.is_strictly_below(ref, merged.type)):
            _say_external(
                merging, source, "EXTERNAL_TYPE_MISMATCH", f'has type "{ref}" but is "{merged.type}"', coordinate
            )
        for argument in merged.arguments.values():
            declared = source.field.arguments.get(argument.name)
            place = f"{coordinate}({argument.name}:)"
            if declared is None:
                fact = f"lacks the argument `{argument.name}: {argument.type}` that it has"
                _say_external(merging, source, "EXTERNAL_ARGUMENT_MISSING", fact, place)
            elif declared.type != argument.type and not merging.is_strictly_below(argument.type, declared.type):
                fact = f'has argument "{argument.name}" of type "{declared.type}" but it is "{argument.type}"'
                _say_external(merging, source, "EXTERNAL_ARGUMENT_TYPE_MISMATCH", fact, place)
            elif declared.default != argument.default:
                fact = f'has argument "{argument.name}" with default {declared.default} but it is {argument.default}'
                _say_external(merging, source, "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH", fact, place)


def _say_external(merging: Merging, source: _Source, code: str, fact: str, coordinate: str) -> None:
    name = source.subgraph.name
    merging.report.problem(
        code,
        f"{name}: the @external {coordinate.partition('(')[0]} {fact} where it is resolved: declare it in {name} as"
        " there",
        subgraphs=[name],
        coordinate=coordinate,
        line=source.field.line,
    )
