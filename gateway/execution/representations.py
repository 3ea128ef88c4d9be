"""From the tree to what is sent: the objects at a place, each as a representation, equal ones only once.

A null in a key means that there is nothing to ask for; a failure in anything needed is the failure of what needs it:
in a key of everything, in a required field of each that requires it. The rest is then asked for without those.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.execution.contexts import values
from gateway.execution.failures import Failure, fail
from gateway.execution.guarding import refused
from gateway.execution.places import Ancestors, objects_with_ancestors
from gateway.planning.plan import Fetch, Input, Need, OutputSet, Representation

__all__ = ["Call", "Collected", "collect"]

JsonObject = dict[str, Any]


@dataclass(slots=True)
class Call:
    """Distinct representations in order, and for each the objects of the tree that its answer belongs to.

    `contexts` are the values that arguments have for all of them, in the order of the fetch's `contexts`. `unfilled` is
    what of the answer's objects isn't asked for, as its arguments can't be filled, and why.
    """

    contexts: tuple[Any, ...] = ()
    representations: list[JsonObject] = field(default_factory=list)
    targets: list[list[JsonObject]] = field(default_factory=list)
    unfilled: list[tuple[JsonObject, OutputSet, Failure]] = field(default_factory=list)
    _known: dict[bytes, int] = field(default_factory=dict)

    def add(self, made: JsonObject, target: JsonObject) -> None:
        """One more object, named by what is sent for it."""
        index = self._known.setdefault(_identity(made), len(self.representations))
        if index == len(self.representations):
            self.representations.append(made)
            self.targets.append([])
        self.targets[index].append(target)


@dataclass(slots=True)
class Collected:
    """What is asked for one fetch: one call, or where arguments are filled from above one for each of their values.

    `parts` is what can be asked without some of the fetch's needs only (by their positions), as these failed.
    """

    calls: dict[bytes, Call] = field(default_factory=dict)
    parts: dict[frozenset[int], "Collected"] = field(default_factory=dict)

    def add(self, made: JsonObject, target: JsonObject, contexts: tuple[Any, ...]) -> Call:
        """One more object, for which arguments have these values: the call that it is in."""
        same = _identity(contexts) if contexts else b""
        if same not in self.calls:
            self.calls[same] = Call(contexts)
        self.calls[same].add(made, target)
        return self.calls[same]


Part = Callable[[frozenset[int]], Fetch | None]
"""A fetch without some of its needs."""


def collect(tree: JsonObject, fetch: Fetch, claims: Mapping[str, Any], part: Part) -> Collected:
    """What `fetch` sends for the tree as it is now, to a viewer with these claims."""
    collected = Collected()
    filled = fetch.contexts
    for target, above in objects_with_ancestors(tree, fetch.path):
        contexts = values(filled, above)
        for index, representation in enumerate(fetch.representations):
            made = _made(target, representation)
            if representation.guard and made is not None and (refusal := refused(target, representation.guard, claims)):
                fail(target, fetch.selects, refusal)
                continue
            if isinstance(made, dict) and isinstance(contexts, Failure):
                made = contexts
            if isinstance(made, Failure):
                _without(made, target, above, index, fetch, part, collected)
            elif made is not None:
                assert isinstance(contexts, tuple)
                collected.add(made, target, contexts)
    return collected


def _without(
    failure: Failure,
    target: JsonObject,
    above: Ancestors,
    index: int,
    fetch: Fetch,
    part: Part,
    collected: Collected,
) -> None:
    """Marks what can't be asked, and keeps what can."""
    failed = {
        number: reason
        for number, need in enumerate(fetch.needs)
        if need.representation == index and (reason := _reason(target, above, need))
    }
    lacking = frozenset(failed)
    rest = part(lacking) if lacking else None
    made = _made(target, rest.representations[index]) if rest else None
    if isinstance(made, Failure) or not lacking:  # the key itself
        fail(target, fetch.selects, failure)
        return
    unmet = [(target, fetch.needs[number].selects, reason) for number, reason in failed.items()]
    contexts = values(rest.contexts, above) if rest else ()
    if isinstance(made, dict) and isinstance(contexts, tuple):
        collected.parts.setdefault(lacking, Collected()).add(made, target, contexts).unfilled += unmet
        return
    for each in unmet:
        fail(*each)


def _reason(target: JsonObject, above: Ancestors, need: Need) -> Failure | None:
    """Why what a field needs can't be sent for an object."""
    for found in (_fields(target, need.inputs), values(need.contexts, above)):
        if isinstance(found, Failure):
            return found
    return None


def _identity(made: Any) -> bytes:
    try:
        return orjson.dumps(made, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits, or what a scalar of an embedded schema left as it is
        return json.dumps(made, sort_keys=True, default=repr).encode()


def _made(target: JsonObject, representation: Representation) -> JsonObject | Failure | None:
    own_type = target.get("__typename")
    if representation.only_on and own_type is not None and own_type != representation.only_on:
        return None
    typename = representation.typename or own_type
    if typename is None or isinstance(typename, Failure):
        return typename
    fields = _fields(target, representation.inputs)
    return {**fields, "__typename": typename} if isinstance(fields, dict) else fields


def _fields(source: JsonObject, inputs: tuple[Input, ...]) -> JsonObject | Failure | None:
    """What is sent of an object; its type too, where the tree knows it because objects of several types stand there."""
    own_type = source.get("__typename")
    made: JsonObject = {"__typename": own_type} if isinstance(own_type, str) else {}
    for each in inputs:
        if each.only_on and own_type is not None and own_type != each.only_on:
            continue
        value = _value(source.get(each.tree_key), each)
        if isinstance(value, Failure) or (value is None and each.is_key):
            return value
        made[each.name] = value
    return made


def _value(value: Any, field: Input) -> Any:
    if field.below is None or value is None or isinstance(value, Failure):
        return value
    if isinstance(value, list):
        items = [_value(each, field) for each in value]
        return next((each for each in items if isinstance(each, Failure)), items)
    return _fields(value, field.below)
