"""A Federation 1 subgraph read as Federation 2: what it could mean is made what it says.

Federation 1 let a subgraph say much that meant nothing, and shared types without a word. Step by step:

    A  `fields` may be a list or a name without quotes
    B  @external means nothing on an interface's field, nor on the key fields of a type that is only extended
    C  @requires and @provides may name what the subgraph has itself: those parts ask nothing
    D  `extend type` is no promise any more that another subgraph defines the type (that was checked before)
    E  @key, @requires and @provides mean nothing on an interface, nor @provides where nothing is below
    F  an @external field that nothing uses is no field, a type of only such fields no type
    G  what others have too is @shareable: a value type as a whole, of entities and roots each field
    H  @tag on an @external field stands where the field is resolved, if it does
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from gateway.composition.elements import (
    EXTEND,
    Applied,
    Field,
    InterfaceType,
    ObjectType,
    TypeDef,
    UnionType,
    applications,
    has,
    named,
    without,
)
from gateway.composition.field_sets import FieldSet, FieldSetError, OnType, Selected, parse_field_set, text_of
from gateway.composition.problems import Report
from gateway.composition.reach import ROOTS
from gateway.composition.subgraph import Subgraph
from gateway.composition.usage import field_set_of, keys_of, usage_of

__all__ = ["upgraded"]

Composite = ObjectType | InterfaceType
Changed = Callable[[Composite], Composite]


def upgraded(subgraphs: Sequence[Subgraph], *, report: Report) -> list[Subgraph]:
    """The subgraphs, those of Federation 1 upgraded."""
    for subgraph in subgraphs:
        if subgraph.is_federation_1:
            _check_bases(subgraph, subgraphs, report)
            _check_interface_objects(subgraph, subgraphs, report)
    return [
        _Upgrade(subgraph, tuple(other for other in subgraphs if other is not subgraph), report).run()
        if subgraph.is_federation_1
        else subgraph
        for subgraph in subgraphs
    ]


def _is_extension(found: TypeDef) -> bool:
    return isinstance(found, ObjectType | InterfaceType) and (has(found, EXTEND) or has(found, "extends"))


def _check_bases(subgraph: Subgraph, subgraphs: Sequence[Subgraph], report: Report) -> None:
    """An extension in Federation 1 extends what another subgraph defines."""
    for found in subgraph.types.values():
        if found.name in ROOTS or not _is_extension(found):
            continue
        others = [other.types[found.name] for other in subgraphs if other is not subgraph and found.name in other.types]
        if not any(not has(other, EXTEND) for other in others):
            report.problem(
                "EXTENSION_WITH_NO_BASE",
                f"{subgraph.name} extends {found.name}, which no other subgraph defines: write it without `extend`",
                subgraphs=[subgraph.name],
                coordinate=found.name,
                line=found.line,
            )


def _check_interface_objects(subgraph: Subgraph, subgraphs: Sequence[Subgraph], report: Report) -> None:
    """A @key of an interface means nothing in Federation 1, so it can't tell an interface object's type."""
    for found in subgraph.types.values():
        if not isinstance(found, InterfaceType) or not has(found, "key"):
            continue
        named_so = [
            other.name
            for other in subgraphs
            if (there := other.types.get(found.name)) is not None and has(there, "interfaceObject")
        ]
        if named_so:
            report.problem(
                "INTERFACE_OBJECT_USAGE_ERROR",
                f"{found.name} is @interfaceObject in {', '.join(named_so)}, but {subgraph.name} has its @key as a"
                f" Federation 1 subgraph, which can't tell the type by it: link federation v2.3 in {subgraph.name}, or"
                " remove the @key",
                subgraphs=[subgraph.name, *named_so],
                coordinate=found.name,
                line=found.line,
            )


@dataclass(frozen=True, slots=True)
class _Upgrade:
    subgraph: Subgraph
    others: tuple[Subgraph, ...]
    report: Report

    def run(self) -> Subgraph:
        original = usage_of(self.subgraph)
        now = self.subgraph
        now = _each(now, _with_text_fields)  # A
        now = _each(now, self._without_needless_external)  # B
        now = self._without_idle_sets(now)  # C
        now = _each(now, _no_extension)  # D
        now = _each(now, lambda found: _without_idle_directives(now, found))  # E
        now = self._without_unused_external(now)  # F
        shared = original.keys | {
            (holder, name)
            for holder, name in original.granted
            if (field := self.subgraph.field(holder, name)) and has(field, "external")
        }
        now = _each(now, lambda found: self._shared(found, shared))  # G
        return _each(now, self._without_tag_on_external)  # H

    # B
    def _without_needless_external(self, found: Composite) -> Composite:
        if isinstance(found, InterfaceType):
            return _with_fields(found, lambda field: without(field, "external"))
        if not _is_extension(found):
            return found
        names = _own_names(found) if has(found, "key") else self._key_names_elsewhere(found.name)
        return _with_fields(found, lambda field: without(field, "external") if field.name in names else field)

    def _key_names_elsewhere(self, name: str) -> set[str]:
        """The fields in the first key that each other subgraph has for the type."""
        found = [other.object_or_interface(name) for other in self.others]
        return {field for each in found if each for field in _own_names(each, only_first=True)}

    # C
    def _without_idle_sets(self, subgraph: Subgraph) -> Subgraph:
        def changed(found: Composite) -> Composite:
            return _with_fields(found, lambda field: self._with_active_sets(subgraph, found.name, field))

        return _each(subgraph, changed)

    def _with_active_sets(self, subgraph: Subgraph, type_name: str, field: Field) -> Field:
        for directive, selected_from in (("requires", type_name), ("provides", named(field.type))):
            text = field_set_of(field, directive)
            if text is None:
                continue
            try:
                selections = parse_field_set(text)
            except FieldSetError:
                continue  # reported by the checks
            if not _is_known(subgraph, selected_from, selections):
                continue
            active = _active(subgraph, selected_from, selections)
            if active != selections:
                field = _with_field_set(field, directive, text_of(active) if active else None)
        return field

    # F
    def _without_unused_external(self, subgraph: Subgraph) -> Subgraph:
        used = usage_of(subgraph).used
        types: dict[str, TypeDef] = {}
        for name, found in subgraph.types.items():
            if isinstance(found, ObjectType | InterfaceType) and found.fields:
                kept = {
                    each.name: each
                    for each in found.fields.values()
                    if not has(each, "external") or (name, each.name) in used
                }
                if not kept:
                    self._say_if_referenced(subgraph, found)
                    continue
                found = replace(found, fields=kept)
            types[name] = found
        return replace(subgraph, types=types)

    def _say_if_referenced(self, subgraph: Subgraph, found: Composite) -> None:
        if any(found.name in _references(other) for other in subgraph.types.values() if other.name != found.name):
            self.report.problem(
                "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
                f"{subgraph.name}: all fields of {found.name} are @external and in no @key, @requires or @provides, so"
                " nothing is left of it: add the @key it is known by, or remove the type and what is of it",
                subgraphs=[subgraph.name],
                coordinate=found.name,
                line=found.line,
            )

    # G
    def _shared(self, found: Composite, shared: set[tuple[str, str]] | frozenset[tuple[str, str]]) -> Composite:
        if isinstance(found, InterfaceType) or found.name == "Subscription":
            return found
        elsewhere = [other for other in self.others if found.name in other.types]
        if not has(found, "key") and found.name not in ROOTS:
            return _with_fields(found, lambda field: _shareable(field)) if elsewhere else found
        return _with_fields(
            found,
            lambda field: (
                _shareable(field)
                if (found.name, field.name) not in shared
                and any(_resolves_somewhere(other, found.name, field.name) for other in elsewhere)
                else field
            ),
        )

    # H
    def _without_tag_on_external(self, found: Composite) -> Composite:
        def changed(field: Field) -> Field:
            if not has(field, "external"):
                return field
            there = [other.field(found.name, field.name) for other in self.others]
            tags = [
                tag.arguments
                for each in there
                if each and not has(each, "external")
                for tag in applications(each, "tag")
            ]
            kept = tuple(each for each in field.directives if each.name != "tag" or each.arguments not in tags)
            return replace(field, directives=kept)

        return _with_fields(found, changed)


def _each(subgraph: Subgraph, changed: Changed) -> Subgraph:
    return replace(
        subgraph,
        types={
            name: changed(found) if isinstance(found, ObjectType | InterfaceType) else found
            for name, found in subgraph.types.items()
        },
    )


def _with_fields(found: Composite, changed: Callable[[Field], Field]) -> Composite:
    return replace(found, fields={name: changed(field) for name, field in found.fields.items()})


def _with_text_fields(found: Composite) -> Composite:
    changed = replace(found, directives=tuple(map(_with_text, found.directives)))
    return _with_fields(changed, lambda field: replace(field, directives=tuple(map(_with_text, field.directives))))


def _with_text(applied: Applied) -> Applied:
    given = applied.arguments.get("fields")
    if isinstance(given, list) and all(isinstance(each, str) for each in given):
        return replace(applied, arguments={**applied.arguments, "fields": " ".join(given)}, unquoted=())
    return replace(applied, unquoted=()) if applied.unquoted == ("fields",) else applied


def _no_extension(found: Composite) -> Composite:
    kept = [replace(applied, of_extension=False) for applied in without(found, EXTEND).directives]
    return replace(found, directives=tuple(kept))


def _own_names(found: Composite, *, only_first: bool = False) -> set[str]:
    """The type's own fields in its keys, without what is below them."""
    keys = list(keys_of(found))[: 1 if only_first else None]
    names: set[str] = set()
    for text, _ in keys:
        try:
            names |= {selection.name for selection in parse_field_set(text) if isinstance(selection, Selected)}
        except FieldSetError:
            continue  # reported by the checks
    return names


def _is_known(subgraph: Subgraph, type_name: str, selections: FieldSet) -> bool:
    """Whether the subgraph has all that is selected; if not, the checks will say so of the set as it was written."""
    for selection in selections:
        match selection:
            case OnType(condition, below):
                if not _is_known(subgraph, condition, below):
                    return False
            case Selected("__typename"):
                pass
            case Selected(name, below):
                field = subgraph.field(type_name, name)
                if field is None or not _is_known(subgraph, named(field.type), below):
                    return False
    return True


def _active(subgraph: Subgraph, type_name: str, selections: FieldSet) -> FieldSet:
    """The set without leaves that are not @external."""
    kept: list[Selected | OnType] = []
    for selection in selections:
        match selection:
            case OnType(condition, below):
                if inside := _active(subgraph, condition, below):
                    kept.append(replace(selection, below=inside))
            case Selected(name, below):
                field = subgraph.field(type_name, name)
                if field is None or _is_external(subgraph, type_name, field):
                    kept.append(selection)
                elif inside := _active(subgraph, named(field.type), below):
                    kept.append(replace(selection, below=inside))
    return tuple(kept)


def _is_external(subgraph: Subgraph, type_name: str, field: Field) -> bool:
    """Whether the field is @external, or that of an implementation of its interface is."""
    implementing = [found.fields.get(field.name) for found in subgraph.implementations(type_name)]
    return any(each is not None and has(each, "external") for each in (field, *implementing))


def _with_field_set(field: Field, directive: str, text: str | None) -> Field:
    changed = [
        replace(applied, arguments={**applied.arguments, "fields": text}) if applied.name == directive else applied
        for applied in field.directives
        if applied.name != directive or text is not None
    ]
    return replace(field, directives=tuple(changed))


def _without_idle_directives(subgraph: Subgraph, found: Composite) -> Composite:
    if isinstance(found, InterfaceType):
        return _with_fields(without(found, "key"), lambda field: without(field, "provides", "requires"))
    return _with_fields(
        found,
        lambda field: (
            field
            if isinstance(subgraph.types.get(named(field.type)), ObjectType | InterfaceType | UnionType)
            else without(field, "provides")
        ),
    )


def _references(found: TypeDef) -> Iterator[str]:
    match found:
        case ObjectType() | InterfaceType():
            yield from (named(field.type) for field in found.fields.values())
            yield from found.interfaces
        case UnionType():
            yield from found.members
        case _:
            pass


def _shareable(field: Field) -> Field:
    return field if has(field, "shareable") else replace(field, directives=(*field.directives, Applied("shareable")))


def _resolves_somewhere(other: Subgraph, type_name: str, name: str) -> bool:
    """Whether the other subgraph resolves the field, be it only where it provides it."""
    field = other.field(type_name, name)
    return field is not None and (not has(field, "external") or (type_name, name) in usage_of(other).granted)
