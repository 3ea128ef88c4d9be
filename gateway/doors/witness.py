"""Who saw or did what: what the engine tells of each request, and of which entities it was about.

A  watch    keys of watched entities join what is planned, though nobody asked for them
B  trace    where in the tree those entities will be
C  tell     after the request: who, what, about whom, how it ended

What is watched is config (`{"Client": "id"}`): the engine doesn't know what a client is.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, Protocol

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    value_from_ast_untyped,
)

from gateway.execution.places import objects_at
from gateway.operation import Operation
from gateway.planning.plan import EACH, ONLY, Path, Plan
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.selections import Field, Fragment, Selection, Selections, fields_in
from gateway.subgraphs.protocol import RequestContext

__all__ = ["NOTHING", "Deed", "Outcome", "Seen", "Trace", "Watched", "Witness", "seen_by", "trace_of", "watching"]

Watched = Mapping[str, str]
"""The key field of each watched entity type."""

NOTHING: Watched = MappingProxyType({})

Outcome = Literal["begun", "answered", "refused", "interrupted"]

_LONGEST = 200  # of a name or an id that a client may have made up


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One request as a log tells it: nothing in it is what was read, only of whom and of what.

    `document` is the SHA-256 of the document's text; `fields` are the root fields with the ids among their arguments;
    `entities` are the keys that were met, by type; `codes` counts the errors.
    """

    at: datetime
    subject: str
    authenticated: bool
    document: str
    operation: str | None = None
    kind: str | None = None
    fields: Sequence[Mapping[str, Any]] = ()
    entities: Mapping[str, Sequence[str]] = field(default_factory=dict)
    outcome: Outcome = "answered"
    codes: Mapping[str, int] = field(default_factory=dict)


class Witness(Protocol):
    """Whoever keeps the log."""

    async def before(self, deed: Deed) -> None:
        """A mutation is about to happen. Raises SpojkaError where it may not happen unseen."""
        ...

    def after(self, deed: Deed) -> None:
        """A request is over. Returns at once."""
        ...


# A
def watching(operation: Operation, watched: Watched, schema: GraphQLSchema) -> Operation:
    """The operation with the keys of watched entities selected wherever one can stand."""
    if not watched:
        return operation
    return replace(operation, selections=_watching(operation.selections, _root(operation, schema), watched, schema))


def _watching(selections: Selections, parent: Any, watched: Watched, schema: GraphQLSchema) -> Selections:
    return tuple(_selection(each, parent, watched, schema) for each in selections)


def _selection(selection: Selection, parent: Any, watched: Watched, schema: GraphQLSchema) -> Selection:
    if isinstance(selection, Fragment):
        below = _watching(selection.selections, schema.type_map[selection.on], watched, schema)
        return Fragment(selection.on, below)
    if not selection.selections:
        return selection
    named = get_named_type(parent.fields[selection.name].type)
    below = _watching(selection.selections, named, watched, schema)
    return selection.selecting((*below, *_keys(named, watched, schema)))


def _keys(named: Any, watched: Watched, schema: GraphQLSchema) -> Iterator[Selection]:
    for type_name, key in watched.items():
        if named.name == type_name:
            yield Field(key, key)
        elif _may_be(named, type_name, schema):
            yield Fragment(type_name, (Field(key, key),))


def _may_be(named: Any, type_name: str, schema: GraphQLSchema) -> bool:
    entity = schema.type_map.get(type_name)
    return is_abstract_type(named) and isinstance(entity, GraphQLObjectType) and schema.is_sub_type(named, entity)


def _root(operation: Operation, schema: GraphQLSchema) -> Any:
    return {"query": schema.query_type, "mutation": schema.mutation_type}.get(operation.kind)


# B
@dataclass(frozen=True, slots=True)
class Trace:
    """Of one operation: for each watched type the places where its entities stand in the tree, and its key there."""

    places: tuple[tuple[str, Path, str], ...]

    def entities(self, tree: dict[str, Any]) -> dict[str, list[str]]:
        """The keys of all entities that were met, each once, in the order of their places."""
        found: dict[str, dict[str, None]] = {}
        for type_name, path, key in self.places:
            keys = found.setdefault(type_name, {})
            for each in objects_at(tree, path):
                if isinstance(value := each.get(key), (str, int)):
                    keys[str(value)[:_LONGEST]] = None
        return {type_name: list(keys) for type_name, keys in found.items() if keys}


def trace_of(operation: Operation, plan: Plan, watched: Watched, schema: GraphQLSchema) -> Trace:
    """For an operation that was made by `watching`."""
    if not watched:
        return Trace(())
    places = _places(operation.selections, _root(operation, schema), (), plan, watched, schema)
    return Trace(tuple(dict.fromkeys(places)))


def _places(
    selections: Selections, parent: Any, path: Path, plan: Plan, watched: Watched, schema: GraphQLSchema
) -> Iterator[tuple[str, Path, str]]:
    for each in selections:
        if isinstance(each, Fragment):
            yield from _places(each.selections, schema.type_map[each.on], path, plan, watched, schema)
        elif each.selections and isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)):
            declared = parent.fields[each.name].type
            named = get_named_type(declared)
            below = (*path, plan.tree_key(path, each), *(EACH for _ in range(_depth(declared))))
            for type_name, key in watched.items():
                if named.name == type_name:
                    yield type_name, below, plan.tree_key(below, Field(key, key))
                elif _may_be(named, type_name, schema):
                    yield type_name, (*below, f"{ONLY}{type_name}"), plan.tree_key(below, Field(key, key))
            yield from _places(each.selections, named, below, plan, watched, schema)


def _depth(declared: Any) -> int:
    """How many lists are around the type."""
    depth = 0
    while isinstance(declared, (GraphQLList, GraphQLNonNull)):
        depth += isinstance(declared, GraphQLList)
        declared = declared.of_type
    return depth


# C
class Seen:
    """One request while it is answered; `deed` is what is known of it so far."""

    def __init__(self, witness: Witness, deed: Deed) -> None:
        self._witness = witness
        self.deed = deed

    def wanted(self, operation: Operation, variables: Mapping[str, Any], schema: GraphQLSchema) -> None:
        """What is asked for is known now."""
        root = _root(operation, schema)
        asked = (each for each in fields_in(operation.selections) if root and each.name in root.fields)
        self.deed = replace(
            self.deed,
            operation=_short(operation.name),
            kind=operation.kind,
            fields=[_told(each, root, variables) for each in asked],
        )

    async def begin(self) -> None:
        """It will be done. Raises SpojkaError where it may not happen."""
        if self.deed.kind == "mutation":
            await self._witness.before(replace(self.deed, outcome="begun"))

    def met(self, trace: Trace, tree: dict[str, Any]) -> None:
        """Everything was fetched."""
        self.deed = replace(self.deed, entities=trace.entities(tree))

    def answered(self, response: GraphQLResponse) -> None:
        """It is over."""
        outcome: Outcome = "answered" if response.executed else "refused"
        self.deed = replace(self.deed, outcome=outcome, codes=_codes(response))


@contextmanager
def seen_by(witness: Witness, request: GraphQLRequest, context: RequestContext) -> Iterator[Seen]:
    """Tells the witness at the end, however it ends."""
    seen = Seen(witness, _bare(request, context))
    try:
        yield seen
    finally:
        witness.after(seen.deed)


def _codes(response: GraphQLResponse) -> dict[str, int]:
    """How often each code is among the errors."""
    return dict(Counter(str(each.get("extensions", {}).get("code", "")) for each in response.errors))


def _bare(request: GraphQLRequest, context: RequestContext) -> Deed:
    return Deed(
        at=context.now,
        subject=context.viewer.subject,
        authenticated=context.viewer.authenticated,
        document=hashlib.sha256(request.query.encode("utf-8", "surrogatepass")).hexdigest(),
        operation=_short(request.operation_name),
        outcome="interrupted",
    )


def _short(name: str | None) -> str | None:
    return name and name[:_LONGEST]


def _told(asked: Field, root: GraphQLObjectType, variables: Mapping[str, Any]) -> dict[str, Any]:
    """A root field, with every ID among its arguments: which client, which account; never a search's words."""
    arguments = root.fields[asked.name].args
    ids: dict[str, Any] = {}
    for each in asked.arguments:
        declared = arguments.get(each.name.value)
        if declared is not None:
            value = value_from_ast_untyped(each.value, dict(variables))
            ids.update(_ids(each.name.value, declared.type, value))
    return {"field": asked.name, "ids": ids} if ids else {"field": asked.name}


def _ids(name: str, declared: Any, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(declared, GraphQLNonNull):
        declared = declared.of_type
    if isinstance(declared, GraphQLList):
        items = value if isinstance(value, list) else [value]
        for number, item in enumerate(items):
            yield from _ids(f"{name}.{number}", declared.of_type, item)
    elif isinstance(declared, GraphQLInputObjectType) and isinstance(value, Mapping):
        for key, inner in declared.fields.items():
            yield from _ids(f"{name}.{key}", inner.type, value.get(key))
    elif getattr(declared, "name", None) == "ID" and isinstance(value, (str, int)):
        yield name, str(value)[:_LONGEST]
