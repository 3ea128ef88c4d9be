"""What a subgraph answered goes into the tree: by tree key, deeply where several subgraphs know one object."""

from typing import Any

from gateway.execution.failures import Failure, fail
from gateway.planning.plan import Output, OutputSet
from gateway.subgraphs.protocol import SubgraphFault

__all__ = ["merge"]

JsonObject = dict[str, Any]


def merge(target: JsonObject, data: JsonObject, selects: OutputSet) -> None:
    """Adds to `target` what `data` has of `selects`; a value that is already known is completed, never replaced."""
    if selects.typename and "__typename" in data:
        target["__typename"] = data["__typename"]
    for output in selects.everything():
        if output.wire_key in data:
            key = output.tree_key
            target[key] = _merged(target.get(key), data[output.wire_key], output)


def _merged(known: Any, value: Any, output: Output) -> Any:
    if value is None:
        return known  # another subgraph's object is not undone by one that doesn't know it
    if isinstance(value, Failure):
        return _failed(known, value, output)
    if output.below is None:
        return value
    if isinstance(known, Failure) and isinstance(value, (dict, list)):
        return _completed(known, value, output)
    if isinstance(value, list):
        if isinstance(known, list) and len(known) != len(value):
            return _of_other_length(known, output.below)
        places = known if isinstance(known, list) else [None] * len(value)
        return [_merged(place, each, output) for place, each in zip(places, value, strict=True)]
    if not isinstance(value, dict):
        return value if known is None else known  # not what the schema says: shaping tells it
    place = known if isinstance(known, dict) else {}
    merge(place, value, output.below)
    return place


def _failed(known: Any, failure: Failure, output: Output) -> Any:
    """What one system should have given is marked; what another gave of the same value stays."""
    if known is None:
        return failure.stands(output)
    if isinstance(known, Failure):
        known.also.append(failure.stands(output))
    elif output.below:
        fail(known, output.below, failure)
    return known


def _completed(known: Failure, value: Any, output: Output) -> Any:
    """One system failed to give its part of a value, another gives its own."""
    made = _merged(None, value, output)
    for each in (known, *known.also):
        if each.lacking:
            fail(made, each.lacking, each)
    return made


def _of_other_length(known: list[Any], below: OutputSet) -> list[Any]:
    """Objects without a key belong together by position only; with another count nothing can be said of them."""
    message = "two systems gave lists of different lengths for one field"
    fail(known, below, Failure(SubgraphFault(message, (), {"code": "INVALID_SUBGRAPH_DATA"})))
    return known
