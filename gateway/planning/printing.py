"""A plan as text, in the grammar of Apollo's query plans, so that plans can be compared by eye and by diff.

    Sequence   one after the other
    Parallel   at the same time
    Flatten    at this place of the answer ("@": each item of a list)
    Fetch      one subgraph: the representation => what is selected
    BatchFetch several entity calls that travel in one request, each with its place (as Hive Router prints them)

If a plan looks wrong, the bug is in planning/solving (which subgraph, which key) or planning/committing (what waits for
what).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from graphql import print_ast

from gateway.planning.plan import ONLY, Fetch, Input, Output, OutputSet, Plan, Representation, Request

__all__ = ["place_of", "print_plan", "represented"]

Lines = Iterator[str]


def print_plan(plan: Plan) -> str:
    """The plan as text, ending with a newline."""
    by_id = {request.id: request for request in plan.requests}
    body = _block(_stage(by_id, frozenset(by_id))) if by_id else []
    return "\n".join(["QueryPlan {", *_indented(body), "}"]) + "\n"


def _stage(requests: Mapping[int, Request], ids: frozenset[int]) -> list[list[str]]:
    """The blocks that run side by side: requests that are tied by waiting stand in one block."""
    return [_sequence(requests, each) for each in _tied(requests, ids)]


def _sequence(requests: Mapping[int, Request], ids: frozenset[int]) -> list[str]:
    """Those that wait for none of `ids` first, then the rest."""
    first = sorted(each for each in ids if not requests[each].waits_for & ids)
    rest = ids - set(first)
    blocks = [_block([list(_request(requests[each])) for each in first])]
    if not rest:
        return blocks[0]
    blocks.append(_block(_stage(requests, rest)))
    return _wrapped("Sequence", [_opened(block, "Sequence") for block in blocks])


def _tied(requests: Mapping[int, Request], ids: frozenset[int]) -> list[frozenset[int]]:
    left = set(ids)
    groups: list[frozenset[int]] = []
    while left:
        group = {min(left)}
        while more := {
            each
            for each in left - group
            if requests[each].waits_for & group or any(each in requests[member].waits_for for member in group)
        }:
            group |= more
        left -= group
        groups.append(frozenset(group))
    return groups


def _block(blocks: Sequence[list[str]]) -> list[str]:
    return blocks[0] if len(blocks) == 1 else _wrapped("Parallel", blocks)


def _opened(block: list[str], kind: str) -> list[str]:
    """A sequence within a sequence is the same sequence."""
    return [line[2:] for line in block[1:-1]] if block[0] == f"{kind} {{" else block


def _wrapped(kind: str, blocks: Sequence[list[str]]) -> list[str]:
    inner = [line for block in blocks for line in _with_comma(block)]
    return [f"{kind} {{", *_indented(inner), "}"]


def _with_comma(block: list[str]) -> list[str]:
    return [*block[:-1], f"{block[-1].rstrip(',')},"]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _request(request: Request) -> Lines:
    if len(request.fetches) > 1:
        yield from _batch(request)
        return
    (fetch,) = request.fetches
    sent = _entities(fetch) if request.kind == "entities" else _braced("", _selected(fetch.selects))
    block = _braced(f'Fetch(service: "{request.service}") ', sent)
    yield from _braced(f'Flatten(path: "{place_of(fetch)}") ', _with_comma(list(block))) if fetch.path else block


def _batch(request: Request) -> Lines:
    """Two parts: for each call its place and its representation, then the calls as one operation."""
    places = [line for number, fetch in enumerate(request.fetches) for line in _place(fetch, number)]
    calls = [line for number, fetch in enumerate(request.fetches) for line in _call(fetch, number)]
    yield from _braced(f'BatchFetch(service: "{request.service}") ', [*_braced("", places), *_braced("", calls)])


def _place(fetch: Fetch, number: int) -> Lines:
    path = ["paths: [", f'  "{place_of(fetch)}"', "]"]
    yield from _braced(f"_e{number} ", [*path, *_braced("", represented(fetch))])


def _call(fetch: Fetch, number: int) -> Lines:
    yield from _braced(f"_e{number}: _entities(representations: $representations{number}) ", _selected(fetch.selects))


def place_of(fetch: Fetch) -> str:
    """Where in the answer it goes: `pets.@|[Cat].home`, "" for the root."""
    steps = (f"|[{each.removeprefix(ONLY)}]" if each.startswith(ONLY) else f".{each}" for each in fetch.path)
    return "".join(steps).removeprefix(".")


def _braced(head: str, lines: Iterable[str]) -> Lines:
    yield f"{head}{{"
    yield from _indented(lines)
    yield "}"


def _entities(fetch: Fetch) -> Lines:
    yield "{"
    yield from _indented(represented(fetch))
    yield "} =>"
    yield from _braced("", _selected(fetch.selects))


def represented(fetch: Fetch) -> Lines:
    """What is sent of the objects at its place, by their type."""
    for each in fetch.representations:
        yield from _representation(each)


def _representation(representation: Representation) -> Lines:
    on = representation.only_on or representation.typename or "_"
    yield from _braced(f"... on {on} ", ["__typename", *_inputs(representation.inputs)])


def _inputs(inputs: Sequence[Input]) -> Lines:
    for each in inputs:
        name = each.name if each.tree_key == each.name else f"{each.tree_key}: {each.name}"
        head = f"... on {each.only_on} {{ {name}" if each.only_on else name
        tail = " }" if each.only_on else ""
        if each.below is None:
            yield head + tail
        else:
            *opened, closing = _braced(f"{head} ", _inputs(each.below))
            yield from [*opened, closing + tail]


def _selected(selects: OutputSet) -> Lines:
    if selects.typename or not (selects.outputs or selects.narrowed):
        yield "__typename"
    for output in selects.outputs:
        yield from _output(output)
    for on, inner in selects.narrowed:
        yield from _braced(f"... on {on} ", _selected(inner))


def _output(output: Output) -> Lines:
    alias = "" if output.wire_key == output.name else f"{output.wire_key}: "
    given = [print_ast(each) for each in output.arguments]
    given += [f"{name}: ${value.variable}" for name, value in output.contexts]
    arguments = f"({', '.join(given)})" if given else ""
    head = f"{alias}{output.name}{arguments}"
    if output.below is None:
        yield head
    else:
        yield from _braced(f"{head} ", _selected(output.below))
