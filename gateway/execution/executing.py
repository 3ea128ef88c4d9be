"""From plan to tree: a dataflow over one tree. A request is sent as soon as all that it waits for has been merged.

A  run        every request a task; it awaits the tasks of the requests it waits for
B  collect    the representations of its fetches; with none there is nothing to ask
C  ask        the subgraph; entity calls that fail together are asked apart (one can null its neighbours)
D  merge      errors to the nulls they explain, then data into the tree
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import perf_counter
from typing import Any, Self

from gateway.execution.failures import Failure, fail, put
from gateway.execution.merging import merge
from gateway.execution.places import objects_at
from gateway.execution.representations import Call, Collected, collect
from gateway.planning.drafting import without
from gateway.planning.plan import Fetch, Request
from gateway.subgraphs.operation import SubgraphOperation
from gateway.subgraphs.protocol import Inputs, RequestContext, Sent, Subgraph, SubgraphAnswer, SubgraphFault

__all__ = ["PreparedRequest", "Tree", "execute"]


log = logging.getLogger(__name__)

_MOST_CALLS = 100  # of one request: each is text that a subgraph has to read
_MOST_APART = 10  # at once, of calls that failed together: a system in trouble isn't overrun
_MOST_PARTS = 64  # of one request are kept: which of its needs fail together is a system's doing, and varies little


@dataclass(frozen=True, eq=False)
class PreparedRequest:
    """A request of the plan with its subgraph and what that made of it. `prepare` makes one of another request."""

    request: Request
    operation: SubgraphOperation
    subgraph: Subgraph[Any]
    compiled: Any
    prepare: Callable[[Request], "PreparedRequest"]
    _parts: dict[tuple[int, frozenset[int]], "PreparedRequest | None"] = field(default_factory=dict)
    _repeated: dict[tuple[int, ...], "PreparedRequest"] = field(default_factory=dict)

    @cached_property
    def apart(self) -> tuple["PreparedRequest", ...]:
        """The same, one entity call at a time; made when first needed."""
        return tuple(self._with(fetch) for fetch in self.request.fetches)

    def part(self, number: int, lacking: frozenset[int]) -> "PreparedRequest | None":
        """One of the entity calls without some of its needs; made when first needed. None where nothing is left."""
        if (number, lacking) not in self._parts:
            if len(self._parts) >= _MOST_PARTS:
                self._parts.clear()
            left = without(self.request.fetches[number], lacking)
            self._parts[number, lacking] = self._with(left) if left else None
        return self._parts[number, lacking]

    def repeated(self, times: tuple[int, ...]) -> "PreparedRequest":
        """Each of the entity calls as often as `times` says; made when first needed."""
        if all(each == 1 for each in times):
            return self
        if times not in self._repeated:
            if len(self._repeated) >= _MOST_PARTS:
                self._repeated.clear()
            pairs = zip(self.request.fetches, times, strict=True)
            fetches = tuple(fetch for fetch, count in pairs for _ in range(count))
            self._repeated[times] = self.prepare(replace(self.request, fetches=fetches))
        return self._repeated[times]

    def collect(self, number: int, tree: dict[str, Any], claims: Mapping[str, Any]) -> Collected:
        """What one of the entity calls sends."""

        def part(lacking: frozenset[int]) -> Fetch | None:
            left = self.part(number, lacking)
            return left.request.fetches[0] if left else None

        return collect(tree, self.request.fetches[number], claims, part)

    def _with(self, fetch: Fetch) -> "PreparedRequest":
        return self.prepare(replace(self.request, fetches=(fetch,)))


@dataclass(frozen=True, slots=True)
class Deadline:
    """When the request's `seconds` are over, by the loop's clock. A mutation isn't given up: it would happen unseen."""

    seconds: float
    at: float

    @classmethod
    def of(cls, seconds: float) -> Self:
        """From now on."""
        return cls(seconds, asyncio.get_running_loop().time() + seconds)


@dataclass(slots=True)
class Tree:
    """The data as it grows, by tree keys, and every failure that was met on the way; what comes later stays out."""

    deadline: Deadline
    data: dict[str, Any] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


# A
async def execute(
    requests: Sequence[PreparedRequest], variables: Mapping[str, Any], context: RequestContext, *, seconds: float
) -> Tree:
    """Runs all requests, each once, for so long; never raises for what a subgraph does wrong."""
    tree = Tree(Deadline.of(seconds))
    tasks: dict[int, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as group:
        for prepared in requests:  # in order: what a request waits for has its task already
            awaited = [tasks[each] for each in prepared.request.waits_for]
            tasks[prepared.request.id] = group.create_task(_run(prepared, awaited, tree, variables, context))
    return tree


async def _run(
    prepared: PreparedRequest,
    awaited: Sequence[asyncio.Task[None]],
    tree: Tree,
    variables: Mapping[str, Any],
    context: RequestContext,
) -> None:
    for task in awaited:
        await task
    if prepared.request.kind == "entities":
        await _run_entities(prepared, tree, variables, context)
    else:
        await _run_root(prepared, tree, variables, context)


async def _run_root(
    prepared: PreparedRequest, tree: Tree, variables: Mapping[str, Any], context: RequestContext
) -> None:
    (fetch,) = prepared.request.fetches
    targets = list(objects_at(tree.data, fetch.path))
    if not targets:
        return
    answer = await _ask(prepared, Inputs((), variables), context, tree.deadline)
    is_mutation = prepared.operation.kind == "mutation"
    if is_mutation:
        tree.deadline = Deadline.of(tree.deadline.seconds)  # what it did is to be seen, however long it took
    data: dict[str, Any] = {} if answer.data is None else answer.data
    failures = [put(data, each.path, fetch.selects, each) for each in answer.faults]
    tree.failures += failures
    if answer.data is not None:
        for target in targets:
            merge(target, data, fetch.selects, prepared.subgraph.name)
        return
    # Each output has the failure that is its own; of a mutation's others nobody knows whether they were carried out.
    own = [(each, found) for each in fetch.selects.outputs if isinstance(found := data.get(each.wire_key), Failure)]
    reason = _unknown_outcome(prepared.subgraph.name) if is_mutation and own else _reason(failures, tree)
    for target in targets:
        for output, failure in own:
            fail(target, replace(fetch.selects, outputs=(output,), narrowed=()), failure)
        fail(target, fetch.selects, reason)


async def _run_entities(
    prepared: PreparedRequest, tree: Tree, variables: Mapping[str, Any], context: RequestContext
) -> None:
    # B
    numbers = range(len(prepared.request.fetches))
    collected = [prepared.collect(number, tree.data, context.viewer.claims) for number in numbers]
    # C
    calls = [(prepared, collected)]
    for number, each in enumerate(collected):
        parts = ((prepared.part(number, lacking), left) for lacking, left in each.parts.items())
        calls += [(part, [left]) for part, left in parts if part]
    spread = (each for part, left in calls for each in _spread(part, left))
    await asyncio.gather(*(_run_calls(*each, tree, variables, context) for each in spread))


def _spread(
    prepared: PreparedRequest, collected: Sequence[Collected]
) -> Iterator[tuple[PreparedRequest, Sequence[Call]]]:
    """The requests that are sent: one; more where arguments have very many different values."""
    pairs = zip(prepared.request.fetches, collected, strict=True)
    # Only what is filled from above may be missing: without an object, there is nothing to fill it from.
    calls = [list(each.calls.values()) or ([] if fetch.contexts else [Call()]) for fetch, each in pairs]
    while any(calls):
        left = _MOST_CALLS
        times: list[int] = []
        for each in calls:
            times.append(min(left, len(each)))
            left -= times[-1]
        now = [each[:count] for each, count in zip(calls, times, strict=True)]
        calls = [each[count:] for each, count in zip(calls, times, strict=True)]
        yield prepared.repeated(tuple(times)), [each for some in now for each in some]


async def _run_calls(
    prepared: PreparedRequest,
    calls: Sequence[Call],
    tree: Tree,
    variables: Mapping[str, Any],
    context: RequestContext,
) -> None:
    if not any(each.representations for each in calls):
        return
    named = zip(prepared.operation.context_variables, calls, strict=True)
    filled = {name: value for names, each in named for name, value in zip(names, each.contexts, strict=True)}
    inputs = Inputs([each.representations for each in calls], {**variables, **filled} if filled else variables)
    answer = await _ask(prepared, inputs, context, tree.deadline)
    if answer.data is None and len(calls) > 1 and any(each.path for each in answer.faults):
        pairs = list(zip(prepared.apart, calls, strict=True))
        for start in range(0, len(pairs), _MOST_APART):
            some = pairs[start : start + _MOST_APART]
            await asyncio.gather(*(_run_calls(one, [each], tree, variables, context) for one, each in some))
        return
    # D
    _merge_entities(answer, prepared, calls, tree)
    for unfilled in (each for call in calls for each in call.unfilled):
        fail(*unfilled)


async def _ask(
    prepared: PreparedRequest, inputs: Inputs, context: RequestContext, deadline: Deadline
) -> SubgraphAnswer:
    """The subgraph's answer; one that breaks its promise never to raise takes only its own part of the answer away."""
    service = prepared.subgraph.name
    started = perf_counter()
    limit = asyncio.timeout_at(None if prepared.operation.kind == "mutation" else deadline.at)
    try:
        async with limit:
            answer = await prepared.subgraph.execute(prepared.compiled, inputs, context)
    except Exception:
        if limit.expired():
            return SubgraphAnswer(None, [_too_late(service, deadline)])
        log.exception("%s raised instead of answering", service)
        fault = SubgraphFault(f"{service} failed to answer", (), {"code": "INTERNAL_SERVER_ERROR", "service": service})
        return SubgraphAnswer(None, [fault])
    finally:
        named = sum(map(len, inputs.representations))
        context.sent.append(Sent(service, named, perf_counter() - started, prepared.request.id, started))
    if answer.data is not None and not isinstance(answer.data, dict):
        message = f"{service} answered with data that is no object"
        return SubgraphAnswer(None, [SubgraphFault(message, (), {"code": "INVALID_SUBGRAPH_DATA", "service": service})])
    return answer


def _unknown_outcome(service: str) -> Failure:
    told = f"{service} did not tell what became of this, as another field failed: look before you send it again"
    return Failure(SubgraphFault(told, (), {"code": "OUTCOME_UNKNOWN", "service": service}))


def _too_late(service: str, deadline: Deadline) -> SubgraphFault:
    told = f"{service} had not answered when the request's {deadline.seconds:g} s were over: ask for less at once"
    return SubgraphFault(told, (), {"code": "REQUEST_TIMEOUT", "service": service})


# D
def _merge_entities(answer: SubgraphAnswer, prepared: PreparedRequest, calls: Sequence[Call], tree: Tree) -> None:
    data = answer.data or {}
    keys = prepared.operation.entity_keys
    failures: dict[str | None, list[Failure]] = {}  # by the call that they are of; None: of the whole request
    for fault in answer.faults:
        key = str(fault.path[0]) if fault.path and fault.path[0] in keys else None
        fetch = prepared.request.fetches[keys.index(key) if key else 0]
        failure = put(data, fault.path, fetch.selects, fault)
        failures.setdefault(key, []).append(failure)
        tree.failures.append(failure)
    for fetch, key, sent in zip(prepared.request.fetches, keys, calls, strict=True):
        entities = data.get(key)
        if not isinstance(entities, list) or len(entities) != len(sent.representations):
            reason = _reason([*failures.get(key, ()), *failures.get(None, ())], tree)
            entities = [reason] * len(sent.representations)
        for entity, named, targets in zip(entities, sent.representations, sent.targets, strict=True):
            if not (entity is None or isinstance(entity, (dict, Failure))):
                entity = _reason((), tree)  # a scalar or a list is no entity
            for target in targets:
                if isinstance(entity, Failure):
                    fail(target, fetch.selects, entity)
                elif entity is not None:
                    merge(target, entity, fetch.selects, prepared.subgraph.name, named.get("__typename"))


def _reason(failures: Sequence[Failure], tree: Tree) -> Failure:
    """Why there is no data: the first fault, or that the answer is not what was asked for."""
    if failures:
        return failures[0]
    fault = SubgraphFault("a system answered without the data it was asked for", (), {"code": "SUBGRAPH_ERROR"})
    failure = Failure(fault)
    tree.failures.append(failure)
    return failure
