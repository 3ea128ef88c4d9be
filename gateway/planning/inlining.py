"""A field whose arguments are filled needs no fetch of its own where the one that leads to it knows what they are.

    Fetch A  newest { isbn language }                     Book sets the context, a title's text is filled with language
    Fetch B  _entities(Book) { title { id } }       ->    _entities(Book) { title { text(language: $language) } }
    Fetch C  _entities(Title) { text(language: ..) }

A fetch by entities has one value for each of them, of the entity or of what is above it. So C becomes part of B where
what fills its arguments is no deeper, and is there before B is sent: then nothing is asked later than it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gateway.planning.drafting import DraftFetch, DraftNeed, DraftOutputs, levels
from gateway.planning.plan import EACH, ONLY, Path

__all__ = ["inlined"]


def inlined(drafts: Sequence[DraftFetch]) -> list[DraftFetch]:
    """The fetches without those that became parts of others."""
    left = list(drafts)
    for each in drafts:
        host = next(_hosts(each, left), None) if _can_be_part(each) else None
        if host is not None:
            left.remove(each)
            _move(each, host)
            for other in left:
                if each.number in other.waits_for:
                    other.waits_for.discard(each.number)
                    other.waits_for.add(host.number)
                if each.number in other.filled_by:
                    other.filled_by.discard(each.number)
                    other.filled_by.add(host.number)
    return left


def _can_be_part(draft: DraftFetch) -> bool:
    """Whether it asks but for fields with arguments that are filled, of objects that are sent as what they are."""
    if not draft.wants or draft.guard or any(only_on != typename for only_on, typename in draft.entries):
        return False
    only = all(need.contexts and not need.inputs for need in draft.requiring.values())
    asked = sum(len(inner.outputs) for inner in draft.selects.narrowed.values())
    return only and asked == len(draft.requiring) and len(draft.entries) == 1


def _hosts(draft: DraftFetch, drafts: Sequence[DraftFetch]) -> Iterator[DraftFetch]:
    depths = levels(drafts)
    for host in drafts:
        leads = host.number in draft.waits_for and host.kind == "entities" and host.graph == draft.graph
        if not leads or len(host.entries) != 1 or _place(draft, host) is None:
            continue
        deeper = _levels_between(draft, host)
        reached = all(value.up >= deeper for need in draft.requiring.values() for value in need.contexts)
        known = all(depths[each] < depths[host.number] for each in draft.filled_by)
        agree = all(host.wants.get(variable, want) == want for variable, want in draft.wants.items())
        if reached and known and agree:
            yield host


def _place(draft: DraftFetch, host: DraftFetch) -> DraftOutputs | None:
    """Where the host's selections reach the objects of the draft; None where they don't, or don't say of which type."""
    if draft.path[: len(host.path)] != host.path:
        return None
    ((_, entity),) = host.entries
    ((_, wanted),) = draft.entries
    here = host.selects.narrowed.get(str(entity))
    for step in draft.path[len(host.path) :]:
        if here is None:
            return None
        if step.startswith(ONLY):
            here = here.narrowed.get(step.removeprefix(ONLY), here if not here.typename else None)
        elif step != EACH:
            output = here.outputs.get(step)
            here = output.below if output else None
    if here is None or not here.typename:
        return here
    return here.narrowed.get(str(wanted))


def _levels_between(draft: DraftFetch, host: DraftFetch) -> int:
    return sum(step != EACH and not step.startswith(ONLY) for step in _between(draft, host))


def _between(draft: DraftFetch, host: DraftFetch) -> Path:
    return draft.path[len(host.path) :]


def _move(draft: DraftFetch, host: DraftFetch) -> None:
    place, deeper = _place(draft, host), _levels_between(draft, host)
    assert place is not None
    (moved,) = draft.selects.narrowed.values()
    for key, output in moved.outputs.items():
        values = tuple((name, replace(value, up=value.up - deeper)) for name, value in output.contexts)
        output.contexts = values
        place.outputs[key] = output
        host.inner.append(DraftNeed((), tuple(value for _, value in values)))
    host.wants.update(draft.wants)
    host.filled_by |= draft.filled_by
    host.waits_for |= draft.filled_by
