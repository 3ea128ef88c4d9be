"""What a subgraph answered goes into the tree: by tree key, deeply where several subgraphs know one object.

A  merge    each value of what was selected
B  lack     what was selected and isn't there is no null: a null is an answer, and this is none
"""

from typing import Any

from gateway.execution.failures import Failure, fail
from gateway.planning.plan import Output, OutputSet
from gateway.subgraphs.protocol import SubgraphFault

__all__ = ["merge"]

JsonObject = dict[str, Any]


# A
def merge(target: JsonObject, data: JsonObject, selects: OutputSet, service: str, sent_as: str | None = None) -> None:
    """Adds to `target` what `data` has of `selects`; a value that is already known is completed, never replaced.

    `service` gave it, for an object that it was sent as of type `sent_as`, if it was sent one.
    """
    if selects.typename:
        _merge_type(target, data, service)
    for output in selects.outputs:
        _merge_output(target, data, output, service)
    if selects.narrowed:
        types = (data.get("__typename"), sent_as)
        own = {each.wire_key for on, inner in selects.narrowed if on in types for each in inner.outputs}
        for on, inner in selects.narrowed:
            of_this = on in types
            _merge_narrowed(target, data, inner, service, set() if of_this else own, of_this=of_this)


def _merge_type(target: JsonObject, data: JsonObject, service: str) -> None:
    type_name = data.get("__typename")
    if isinstance(type_name, str):
        target["__typename"] = type_name
    else:
        target.setdefault("__typename", _lacking("__typename", service))


def _merge_narrowed(
    target: JsonObject, data: JsonObject, selects: OutputSet, service: str, others: set[str], *, of_this: bool
) -> None:
    """`others` are selected on the object's own type: nothing lacks there of what another type has by such a name."""
    for output in selects.outputs:
        if of_this or (output.wire_key in data and output.wire_key not in others):
            _merge_output(target, data, output, service)
    for _, inner in selects.narrowed:
        _merge_narrowed(target, data, inner, service, others, of_this=False)


def _merge_output(target: JsonObject, data: JsonObject, output: Output, service: str) -> None:
    value = data[output.wire_key] if output.wire_key in data else _lacking(output.name, service)
    target[output.tree_key] = _merged(target.get(output.tree_key), value, output, service)


def _merged(known: Any, value: Any, output: Output, service: str) -> Any:
    if value is None:
        return known  # another subgraph's object is not undone by one that doesn't know it
    if isinstance(value, Failure):
        return _failed(known, value, output)
    if output.below is None:
        return value
    if isinstance(known, Failure) and isinstance(value, (dict, list)):
        return _completed(known, value, output, service)
    if isinstance(value, list):
        if isinstance(known, list) and len(known) != len(value):
            return _of_other_length(known, output.below)
        places = known if isinstance(known, list) else [None] * len(value)
        return [_merged(place, each, output, service) for place, each in zip(places, value, strict=True)]
    if not isinstance(value, dict):
        return value if known is None else known  # not what the schema says: shaping tells it
    place = known if isinstance(known, dict) else {}
    merge(place, value, output.below, service)
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


def _completed(known: Failure, value: Any, output: Output, service: str) -> Any:
    """One system failed to give its part of a value, another gives its own."""
    made = _merged(None, value, output, service)
    for each in (known, *known.also):
        if each.lacking:
            fail(made, each.lacking, each)
    return made


def _of_other_length(known: list[Any], below: OutputSet) -> list[Any]:
    """Objects without a key belong together by position only; with another count nothing can be said of them."""
    message = "two systems gave lists of different lengths for one field"
    fail(known, below, Failure(SubgraphFault(message, (), {"code": "INVALID_SUBGRAPH_DATA"})))
    return known


# B
def _lacking(name: str, service: str) -> Failure:
    extensions = {"code": "INVALID_SUBGRAPH_DATA", "service": service}
    return Failure(SubgraphFault(f"{service} answered without {name}", (), extensions))
