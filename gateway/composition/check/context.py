"""@context and @fromContext: a context is set somewhere, and what is selected from it fits the argument."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.composition.context_values import ContextValue, context_types, contextual
from gateway.composition.elements import (
    Field,
    InputValue,
    InterfaceType,
    ListOf,
    Named,
    NonNull,
    ObjectType,
    TypeRef,
    UnionType,
    applications,
    has,
    named,
    nullable,
)
from gateway.composition.field_sets import FieldSet, FieldSetError, OnType, Selected, parse_field_set, walk
from gateway.composition.problems import Report
from gateway.composition.subgraph import Subgraph
from gateway.composition.usage import keys_of

__all__ = ["check_contexts"]

_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9]*$")
_INVALID = "CONTEXT_INVALID_SELECTION"


def check_contexts(subgraph: Subgraph, *, report: Report) -> None:
    """Every rule about contexts that a subgraph can break by itself."""
    for found in subgraph.types.values():
        for applied in applications(found, "context"):
            name = str(applied.arguments.get("name"))
            if not _NAME.match(name):
                report.problem(
                    "CONTEXT_NAME_INVALID",
                    f'{subgraph.name}: {found.name} sets the context "{name}": name it with letters and digits only',
                    subgraphs=[subgraph.name],
                    coordinate=found.name,
                    line=applied.line,
                )
        if isinstance(found, ObjectType | InterfaceType):
            for field in found.fields.values():
                for name, value in contextual(field).items():
                    _Use(subgraph, found, field, field.arguments[name], value, report).check()


@dataclass(frozen=True, slots=True)
class _Use:
    """One argument that comes from a context."""

    subgraph: Subgraph
    holder: ObjectType | InterfaceType
    field: Field
    argument: InputValue
    value: ContextValue
    report: Report

    def say(self, code: str, fact: str) -> None:
        coordinate = f"{self.holder.name}.{self.field.name}({self.argument.name}:)"
        self.report.problem(
            code,
            f"{self.subgraph.name}: {coordinate} is @fromContext {fact}",
            subgraphs=[self.subgraph.name],
            coordinate=coordinate,
            line=self.argument.line,
        )

    def check(self) -> None:
        if isinstance(self.holder, InterfaceType):
            self.say("CONTEXT_NOT_SET", "on an interface, which resolves nothing: move it to the implementations")
            return
        for interface in self.holder.interfaces:
            if self.subgraph.field(interface, self.field.name):
                self.say("CONTEXT_NOT_SET", f"but {interface} has the field too, for clients who can't give it")
        if self.argument.default is not None:
            self.say("CONTEXT_NOT_SET", "and has a default, which would never be used: remove it")
        if self.value.context is None:
            self.say("NO_CONTEXT_IN_SELECTION", 'but names no context: write it like "$user { id }"')
            return
        holders = context_types(self.subgraph, self.value.context)
        if not holders:
            self.say("CONTEXT_NOT_SET", f"${self.value.context}, which no type here sets: add @context to one")
        else:
            self.check_selection(holders)
        if not any(resolvable for _, resolvable in keys_of(self.holder)):
            self.say("CONTEXT_NO_RESOLVABLE_KEY", f"but {self.holder.name} has no resolvable @key to come back by")

    def check_selection(self, holders: list[str]) -> None:
        try:
            selections = parse_field_set(self.value.selection)
        except FieldSetError as error:
            self.say(_INVALID, f"but what it selects can't be read ({error})")
            return
        if any(selection.directives for selection in walk(selections)):
            self.say(_INVALID, "and has a directive in what it selects: remove it")
        if not _is_one_choice(selections):
            self.say(_INVALID, "but selects several things: select one field, or one in each of several fragments")
            return
        facts = [fact for holder in holders for fact in self.misfits(holder, selections)]
        conditions = [selection.type for selection in selections if isinstance(selection, OnType)]
        reached = {name for holder in holders for name in self.possible(holder)}
        facts += [f"but no type that sets it can be {name}" for name in conditions if name not in reached]
        for fact in dict.fromkeys(facts):
            self.say(_INVALID, fact)

    def possible(self, name: str) -> list[str]:
        """The objects that a value of the type may be, as far as the subgraph knows."""
        match self.subgraph.types.get(name):
            case ObjectType():
                return [name]
            case UnionType(members=members):
                return list(members)
            case _:
                return [each.name for each in self.subgraph.implementations(name) if isinstance(each, ObjectType)]

    def misfits(self, holder: str, selections: FieldSet) -> Iterator[str]:
        parts = [part for part in selections if isinstance(part, OnType)]
        if parts:
            fitting = [part for part in parts if part.type in self.possible(holder)]
            if not fitting:
                yield f"but selects nothing of {holder}, which sets it"
            for part in fitting:
                yield from self.misfit_of(part.type, part.below, needs_value=False)
            return
        yield from self.misfit_of(holder, selections, needs_value=True)

    def misfit_of(self, holder: str, selections: FieldSet, *, needs_value: bool) -> Iterator[str]:
        declared = self.subgraph.types.get(holder)
        if declared is not None and has(declared, "interfaceObject"):
            yield f"but selects from {holder}, an @interfaceObject"
            return
        found = self.type_of(holder, selections)
        if found is None:
            yield f"but selects what {holder} doesn't have, or no single value"
        elif not _fits(found if needs_value else nullable(found), self.argument.type):
            yield f"of type {self.argument.type} but selects {found} from {holder}"

    def type_of(self, holder: str, selections: FieldSet) -> TypeRef | None:
        """The type of the one value that is selected: lists on the way are lists of it."""
        if len(selections) != 1 or not isinstance(selected := selections[0], Selected):
            return None
        field = self.subgraph.field(holder, selected.name)
        if field is None:
            return None
        if not selected.below:
            return None if self.is_composite(named(field.type)) else _around(field.type, Named(named(field.type)))
        below = self.type_of(named(field.type), selected.below)
        return None if below is None else _around(field.type, below)

    def is_composite(self, name: str) -> bool:
        return isinstance(self.subgraph.types.get(name), ObjectType | InterfaceType | UnionType)


def _is_one_choice(selections: FieldSet) -> bool:
    """One field, or fragments on types that differ."""
    conditions = [selection.type for selection in selections if isinstance(selection, OnType)]
    if not conditions:
        return len(selections) == 1
    return len(conditions) == len(selections) and len(set(conditions)) == len(conditions)


def _around(outer: TypeRef, inner: TypeRef) -> TypeRef:
    """`inner` in the lists of `outer`; what is nullable on the way makes the whole nullable."""
    match outer:
        case NonNull(of):
            return _around(of, inner)
        case ListOf(of):
            return ListOf(_around(of, inner))
        case Named():
            return inner


def _fits(value: TypeRef, wanted: TypeRef) -> bool:
    """Like the type of an implementation's field: stricter fits."""
    match value, wanted:
        case NonNull(inner), NonNull(outer):
            return _fits(inner, outer)
        case NonNull(inner), _:
            return _fits(inner, wanted)
        case ListOf(inner), ListOf(outer):
            return _fits(inner, outer)
        case Named(inner), Named(outer):
            return inner == outer
        case _:
            return False
