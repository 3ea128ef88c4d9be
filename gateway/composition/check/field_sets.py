"""The field sets of @key, @requires and @provides: they select what is there and what the directive may select."""

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.composition.elements import (
    Applied,
    Field,
    InterfaceType,
    ObjectType,
    UnionType,
    applications,
    has,
    named,
)
from gateway.composition.field_sets import FieldSet, FieldSetError, OnType, Selected, parse_field_set, walk
from gateway.composition.problems import Report
from gateway.composition.subgraph import Subgraph

__all__ = ["check_field_sets"]


@dataclass(frozen=True, slots=True)
class _Place:
    """One field set: the directive, what it stands on, the type it selects from."""

    subgraph: Subgraph
    directive: str
    coordinate: str
    type: str
    applied: Applied
    report: Report

    @property
    def text(self) -> str:
        return str(self.applied.arguments.get("fields"))

    def say(self, code: str, fact: str) -> None:
        self.report.problem(
            f"{self.directive.upper()}_{code}",
            f'{self.subgraph.name}: @{self.directive}(fields: "{self.text}") on {self.coordinate} {fact}',
            subgraphs=[self.subgraph.name],
            coordinate=self.coordinate,
            line=self.applied.line,
        )


def check_field_sets(subgraph: Subgraph, *, report: Report) -> None:
    """Every field set of the subgraph."""
    for found in subgraph.types.values():
        if not isinstance(found, ObjectType | InterfaceType):
            continue
        for applied in applications(found, "key"):
            place = _Place(subgraph, "key", found.name, found.name, applied, report)
            if isinstance(found, InterfaceType) and subgraph.federation < (2, 3):
                place.say("UNSUPPORTED_ON_INTERFACE", "stands on an interface, which federation v2.3 allows: link that")
            _check(place)
        for field in found.fields.values():
            _check_on_field(subgraph, found, field, report)


def _check_on_field(subgraph: Subgraph, found: ObjectType | InterfaceType, field: Field, report: Report) -> None:
    coordinate = f"{found.name}.{field.name}"
    for directive, type_name in (("requires", found.name), ("provides", named(field.type))):
        for applied in applications(field, directive):
            place = _Place(subgraph, directive, coordinate, type_name, applied, report)
            if isinstance(found, InterfaceType):
                place.say("UNSUPPORTED_ON_INTERFACE", "stands on an interface: move it to the implementations")
            elif directive == "provides" and not _is_composite(subgraph, type_name):
                place.say(
                    "ON_NON_OBJECT_FIELD", f"stands on a field of type {field.type}, below which there is nothing"
                )
            else:
                _check(place)


def _is_composite(subgraph: Subgraph, name: str) -> bool:
    return isinstance(subgraph.types.get(name), ObjectType | InterfaceType | UnionType)


def _check(place: _Place) -> None:
    if not isinstance(given := place.applied.arguments.get("fields"), str) or _is_enum(place):
        place.say("INVALID_FIELDS_TYPE", f"must be a string, not {given!r}: write the set in quotes")
        return
    try:
        selections = parse_field_set(place.text)
    except FieldSetError as error:
        place.say("INVALID_FIELDS", f'can\'t be read ({error}): write it like "id" or "contract {{ number }} version"')
        return
    if any(selection.directives for selection in walk(selections)):
        place.say("DIRECTIVE_IN_FIELDS_ARG", "has a directive in it, which a field set may not: remove it")
        return
    facts = list(_misfits(place, place.type, selections))
    for code, fact in facts:
        place.say(code, fact)
    if not facts and place.directive != "key":
        for coordinate in _never_external(place.subgraph, place.type, selections):
            place.say(
                "FIELDS_MISSING_EXTERNAL",
                f"selects {coordinate}, which {place.subgraph.name} resolves itself: mark it @external, or leave it"
                " out",
            )


def _is_enum(place: _Place) -> bool:
    """`fields: id` without quotes, which reads as an enum value."""
    return bool(place.applied.unquoted)


def _misfits(place: _Place, type_name: str, selections: FieldSet) -> Iterator[tuple[str, str]]:
    """(code, fact) for each selection that the type doesn't have, or that the directive may not select."""
    for selection in selections:
        match selection:
            case OnType(condition, below):
                if not _is_composite(place.subgraph, condition):
                    yield "INVALID_FIELDS", f"has a fragment on {condition}, which {place.subgraph.name} doesn't know"
                else:
                    yield from _misfits(place, condition, below)
            case Selected("__typename"):
                pass
            case Selected(name):
                field = place.subgraph.field(type_name, name)
                if field is None:
                    yield (
                        "INVALID_FIELDS",
                        f"selects {type_name}.{name}, which {place.subgraph.name} doesn't have: add it",
                    )
                else:
                    yield from _misfits_of_field(place, type_name, field, selection)


def _misfits_of_field(place: _Place, type_name: str, field: Field, selection: Selected) -> Iterator[tuple[str, str]]:
    coordinate = f"{type_name}.{field.name}"
    below_type = named(field.type)
    composite = _is_composite(place.subgraph, below_type)
    if place.directive in ("key", "provides") and (field.arguments or selection.arguments):
        yield "FIELDS_HAS_ARGS", f"selects {coordinate}, which has arguments: select fields without"
    elif composite and not selection.below:
        yield "INVALID_FIELDS", f"selects {coordinate} of type {field.type} whole: say which of its fields"
    elif selection.below and not composite:
        yield "INVALID_FIELDS", f"selects below {coordinate} of type {field.type}, which has no fields"
    elif place.directive == "key" and isinstance(place.subgraph.types.get(below_type), InterfaceType | UnionType):
        yield (
            "FIELDS_SELECT_INVALID_TYPE",
            f"selects {coordinate}, an interface or union: a key is made of object fields",
        )
    else:
        yield from _misfits(place, below_type, selection.below)


def _never_external(subgraph: Subgraph, type_name: str, selections: FieldSet) -> Iterator[str]:
    """The leaves on whose way nothing is @external."""
    for selection in selections:
        match selection:
            case OnType(condition, below):
                yield from _never_external(subgraph, condition, below)
            case Selected("__typename"):
                pass
            case Selected(name, below):
                field = subgraph.field(type_name, name)
                if field is None or _is_external(subgraph, type_name, field, below):
                    continue
                if below:
                    yield from _never_external(subgraph, named(field.type), below)
                else:
                    yield f"{type_name}.{name}"


def _is_external(subgraph: Subgraph, type_name: str, field: Field, below: FieldSet) -> bool:
    """Of an interface's field, below which something is selected, the implementations decide: it can't be marked."""
    if has(field, "external"):
        return True
    implementing = [found.fields.get(field.name) for found in subgraph.implementations(type_name)] if below else []
    return any(each is not None and has(each, "external") for each in implementing)
