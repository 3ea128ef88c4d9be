"""Failures stand in the tree where a value should be, so that shaping meets them at the client's own path.

A  put      an error of a subgraph goes to the null that it explains, at or above its path
B  fail     what a fetch should have given and can't is marked with the reason
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.planning.plan import Output, OutputSet
from gateway.subgraphs.protocol import SubgraphFault

__all__ = ["Failure", "fail", "put"]


@dataclass(slots=True, eq=False)
class Failure:
    """An error, and how far below this place it happened (`beyond`: tree keys and positions); `told` once it was.

    `also` are further errors that explain the same null. `lacking` is what was asked below the place where it stands,
    as another system may still give its own part of that place; `origin` is then the failure that it is there.
    """

    fault: SubgraphFault
    beyond: tuple[str | int, ...] = ()
    told: bool = False
    also: list["Failure"] = field(default_factory=list)
    lacking: OutputSet | None = None
    origin: "Failure | None" = None

    def stands(self, output: Output) -> "Failure":
        """This failure in the place of `output`."""
        if output.below is None or self.lacking is output.below:
            return self
        return Failure(self.fault, self.beyond, also=list(self.also), lacking=output.below, origin=self)

    def tell(self) -> None:
        """It is in the answer now, wherever it came from."""
        self.told = True
        if self.origin:
            self.origin.tell()


# A
def put(data: dict[str, Any], path: tuple[str | int, ...], selects: OutputSet, fault: SubgraphFault) -> Failure:
    """Puts the fault into `data` in place of the null that it explains; where there is none it stays outside."""
    failure = Failure(fault)
    holder: Any = data
    outputs: OutputSet | None = selects
    for index, step in enumerate(path):
        output = _output(outputs, step) if isinstance(step, str) else None
        if output and isinstance(holder, dict):
            holder.setdefault(step, None)  # what failed and isn't there at all is explained as well
        if not _leads_on(holder, step):
            break
        value = holder[step]
        if value is None or isinstance(value, Failure):
            failure.beyond = _in_tree_keys(path[index + 1 :], output.below if output else outputs)
            if value is None:
                holder[step] = failure
            else:
                value.also.append(failure)
            break
        holder = value
        outputs = output.below if output else outputs
    return failure


def _leads_on(holder: Any, step: str | int) -> bool:
    if isinstance(step, str):
        return isinstance(holder, dict) and step in holder
    return isinstance(holder, list) and 0 <= step < len(holder)


def _output(outputs: OutputSet | None, wire_key: str) -> Output | None:
    return next((each for each in outputs.everything() if each.wire_key == wire_key), None) if outputs else None


def _in_tree_keys(path: Iterable[str | int], outputs: OutputSet | None) -> tuple[str | int, ...]:
    keys: list[str | int] = []
    for step in path:
        if isinstance(step, int):
            keys.append(step)
            continue
        output = _output(outputs, step)
        if output is None:
            break
        keys.append(output.tree_key)
        outputs = output.below
    return tuple(keys)


# B
def fail(target: Any, selects: OutputSet, failure: Failure) -> None:
    """Marks everything of `selects` that `target` (an object or a list of them) doesn't have."""
    if isinstance(target, list):
        for each in target:
            fail(each, selects, failure)
    elif isinstance(target, dict):
        if selects.typename:
            target.setdefault("__typename", failure)
        for output in _asked_of(target, selects):
            _fail_output(target, output, failure)


def _asked_of(target: dict[str, Any], selects: OutputSet) -> Iterator[Output]:
    """The outputs, without those for objects of another type, as far as that is known."""
    yield from selects.outputs
    own_type = target.get("__typename")
    narrowed = [inner for on, inner in selects.narrowed if on == own_type] or [inner for _, inner in selects.narrowed]
    for inner in narrowed:
        yield from _asked_of(target, inner)


def _fail_output(target: dict[str, Any], output: Output, failure: Failure) -> None:
    known = target.get(output.tree_key)
    if output.tree_key not in target:
        target[output.tree_key] = failure.stands(output)
    elif output.below and isinstance(known, (dict, list)):
        fail(known, output.below, failure)
    elif output.below and isinstance(known, Failure) and known.lacking is not output.below:
        known.also.append(failure.stands(output))
