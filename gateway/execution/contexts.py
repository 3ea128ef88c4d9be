"""What arguments are filled from (@fromContext), read from the objects above in the tree."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.execution.failures import Failure
from gateway.execution.places import Ancestors
from gateway.planning.plan import ContextValue, Input
from gateway.subgraphs.protocol import SubgraphFault

__all__ = ["values"]


def values(contexts: Sequence[ContextValue], above: Ancestors) -> tuple[Any, ...] | Failure:
    """What arguments are filled from, for the last of `above`; a failure where one of the values failed."""
    found = tuple(_value(each, above) for each in contexts)
    return next((each for each in found if isinstance(each, Failure)), found)


def _value(context: ContextValue, above: Ancestors) -> Any:
    value = _read(above[-1 - context.up], context.inputs)
    if value is None and context.type.endswith("!"):
        message = f"{context.argument} is filled from a value above, and there is none"
        return Failure(SubgraphFault(message, (), {"code": "NULL_IN_NON_NULL"}))
    return value


def _read(value: Any, inputs: Sequence[Input] | None) -> Any:
    """The one value; a list of them where a list is on the way."""
    if value is None or inputs is None or isinstance(value, Failure):
        return value
    if isinstance(value, list):
        items = [_read(each, inputs) for each in value]
        return next((each for each in items if isinstance(each, Failure)), items)
    if not isinstance(value, Mapping):
        return None  # not what the schema says: shaping tells it
    own_type = value.get("__typename")
    if isinstance(own_type, Failure):
        return own_type
    for each in inputs:
        if each.only_on in (None, own_type):
            return _read(value.get(each.tree_key), each.below)
    return None
