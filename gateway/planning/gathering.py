"""From fetches to requests: which entity calls of one subgraph travel together, and in what order requests are sent.

A  levels   a fetch is sent one level after the last that it waits for
B  put off  where all that goes to a subgraph at one level may wait, without anything being later for it, until the
            subgraph is asked again, it waits and shares that request
C  join     two calls for one place that have so come together are one
D  gather   what goes to one subgraph at one level is one request; the requests are put in order
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from gateway.composition.supergraph import Supergraph
from gateway.planning.drafting import DraftFetch, freeze, together
from gateway.planning.drafting import levels as levels_of
from gateway.planning.plan import Path, Request

__all__ = ["gathered"]

Levels = dict[int, int]  # by the number of the draft


def gathered(drafts: Iterable[DraftFetch], supergraph: Supergraph) -> tuple[Request, ...]:
    """The requests that all drafts make, each after those it waits for."""
    by_number = {draft.number: draft for draft in drafts}
    levels = levels_of(by_number.values())
    _put_off(by_number, levels)
    _join(by_number, levels)
    groups: dict[tuple[int, str, str, int], list[DraftFetch]] = {}
    for number, draft in by_number.items():
        alone = -1 if draft.kind == "entities" else number  # only entity calls travel together
        groups.setdefault((levels[number], draft.graph, draft.kind, alone), []).append(draft)
    ordered = [groups[key] for key in sorted(groups, key=lambda key: (key[0], groups[key][0].number))]
    ids = count()
    request_of: dict[int, int] = {}
    for group in ordered:
        request = next(ids)
        request_of.update((draft.number, request) for draft in group)
    return tuple(_request(group, request_of, supergraph) for group in ordered)


# B
def _put_off(drafts: Mapping[int, DraftFetch], levels: Levels) -> None:
    followers: dict[int, list[int]] = {number: [] for number in drafts}
    for number, draft in drafts.items():
        for each in draft.waits_for:
            followers[each].append(number)
    last = max(levels.values(), default=0)
    by_graph: dict[str, dict[int, list[int]]] = {}
    for number, draft in drafts.items():
        if draft.kind == "entities":
            by_graph.setdefault(draft.graph, {}).setdefault(levels[number], []).append(number)
    for level in range(last - 1, 0, -1):  # the last first, so that what they wait for may then wait as well
        for calls in by_graph.values():
            later = min((each for each in calls if each > level), default=None)
            if level in calls and later is not None and later <= _latest(calls[level], followers, levels, last):
                moved = calls.pop(level)
                calls[later] += moved
                levels.update((number, later) for number in moved)


def _latest(numbers: Sequence[int], followers: Mapping[int, Sequence[int]], levels: Levels, last: int) -> int:
    """The last level at which these can be sent, without anything that waits for them being later."""
    return min((levels[each] - 1 for number in numbers for each in followers[number]), default=last)


# C
def _join(drafts: dict[int, DraftFetch], levels: Levels) -> None:
    held: dict[tuple[int, str, Path], list[DraftFetch]] = {}
    instead: dict[int, int] = {}
    for number, draft in drafts.items():
        if draft.kind == "entities":
            here = held.setdefault((levels[number], draft.graph, draft.path), [])
            one = next((each for each in here if each.may_take_in(draft)), None)
            if one is None:
                here.append(draft)
            else:
                one.take_in(draft)
                instead[number] = one.number
    for number in instead:
        del drafts[number]
    for draft in drafts.values():
        draft.waits_for = {instead.get(each, each) for each in draft.waits_for}


# D
def _request(group: list[DraftFetch], request_of: Mapping[int, int], supergraph: Supergraph) -> Request:
    waits_for = frozenset(request_of[each] for draft in group for each in draft.waits_for)
    service = supergraph.graphs[group[0].graph].name
    return Request(request_of[group[0].number], service, together(freeze(draft) for draft in group), waits_for)
