"""From the tree to what is sent: the objects at a place, each as a representation, equal ones only once.

A null in a key means that there is nothing to ask for; a failure in anything needed is the failure of what needs it:
in a key of everything, in a required field of each that requires it. The rest is then asked for without those.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from gateway.execution.failures import Failure, fail
from gateway.execution.guarding import refused
from gateway.planning.plan import EACH, ONLY, Fetch, Input, Path, Representation

__all__ = ["Collected", "collect", "objects_at"]

JsonObject = dict[str, Any]


@dataclass(slots=True)
class Collected:
    """Distinct representations in order, and for each the objects of the tree that its answer belongs to.

    `parts` is what can be asked without some of the fetch's needs only (by their positions), as these failed.
    """

    representations: list[JsonObject] = field(default_factory=list)
    targets: list[list[JsonObject]] = field(default_factory=list)
    parts: dict[frozenset[int], "Collected"] = field(default_factory=dict)
    _known: dict[bytes, int] = field(default_factory=dict)

    def add(self, made: JsonObject, target: JsonObject) -> None:
        """One more object, named by what is sent for it."""
        index = self._known.setdefault(_identity(made), len(self.representations))
        if index == len(self.representations):
            self.representations.append(made)
            self.targets.append([])
        self.targets[index].append(target)


Part = Callable[[frozenset[int]], Fetch | None]
"""A fetch without some of its needs."""


def collect(tree: JsonObject, fetch: Fetch, claims: Mapping[str, Any], part: Part) -> Collected:
    """What `fetch` sends for the tree as it is now, to a viewer with these claims."""
    collected = Collected()
    for target in objects_at(tree, fetch.path):
        for index, representation in enumerate(fetch.representations):
            made = _made(target, representation)
            if representation.guard and made is not None and (refusal := refused(target, representation.guard, claims)):
                fail(target, fetch.selects, refusal)
                continue
            if isinstance(made, Failure):
                _without(made, target, index, fetch, part, collected)
            elif made is not None:
                collected.add(made, target)
    return collected


def _without(failure: Failure, target: JsonObject, index: int, fetch: Fetch, part: Part, collected: Collected) -> None:
    """Marks what can't be asked, and keeps what can."""
    failed = {
        number: reason
        for number, need in enumerate(fetch.needs)
        if need.representation == index and isinstance(reason := _fields(target, need.inputs), Failure)
    }
    lacking = frozenset(failed)
    rest = part(lacking) if lacking else None
    made = _made(target, rest.representations[index]) if rest else None
    if isinstance(made, Failure) or not lacking:  # the key itself
        fail(target, fetch.selects, failure)
        return
    for number, reason in failed.items():
        fail(target, fetch.needs[number].selects, reason)
    if isinstance(made, dict):
        collected.parts.setdefault(lacking, Collected()).add(made, target)


def objects_at(value: Any, path: Path) -> Iterator[JsonObject]:
    """Every object that `path` leads to; nulls and failures on the way lead to none."""
    if not path:
        if isinstance(value, dict):
            yield value
    elif path[0] == EACH:
        if isinstance(value, list):
            for each in value:
                yield from objects_at(each, path[1:])
    elif isinstance(value, dict):
        if path[0].startswith(ONLY):
            yield from objects_at(value if value.get("__typename") == path[0].removeprefix(ONLY) else None, path[1:])
        else:
            yield from objects_at(value.get(path[0]), path[1:])


def _identity(made: JsonObject) -> bytes:
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
