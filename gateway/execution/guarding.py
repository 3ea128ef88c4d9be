"""Whose row an object is: what its row guard reads of the tree against what the viewer's token claims."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.execution.failures import Failure
from gateway.planning.plan import Guard, Input
from gateway.subgraphs.protocol import SubgraphFault

__all__ = ["refused"]


def refused(target: Mapping[str, Any], guard: Guard, claims: Mapping[str, Any]) -> Failure | None:
    """Why the object is not the viewer's: FORBIDDEN, or the failure for which nobody knows. None where it is.

    One of several values on the way is enough, and so is one of several that a claim has. Nothing is nobody's.
    """
    found = list(_values(target, guard.inputs))
    claimed = set(_claimed(claims.get(guard.claim)))
    if any(_text(each) in claimed for each in found if not isinstance(each, Failure)):
        return None
    if failure := next((each for each in found if isinstance(each, Failure)), None):
        return failure
    message = f"this {guard.type} is somebody else's"
    return Failure(SubgraphFault(message, (), {"code": "FORBIDDEN"}))


def _values(value: Any, inputs: Sequence[Input] | None) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _values(each, inputs)
    elif isinstance(value, Failure) or inputs is None:
        yield value
    elif isinstance(value, Mapping):
        for each in inputs:
            if each.only_on is None or value.get("__typename") in (None, each.only_on):
                yield from _values(value.get(each.tree_key), each.below)


def _claimed(claim: Any) -> Iterator[str]:
    for each in claim if isinstance(claim, (list, tuple)) else (claim,):
        if (text := _text(each)) is not None:
            yield text


def _text(value: Any) -> str | None:
    """Ids are texts, whatever a system or an issuer writes them as; nothing else is compared."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value)
