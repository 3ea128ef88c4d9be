"""A request of a plan as the GraphQL operation that a subgraph is sent.

Root fields are asked as they are. Entities are asked with `_entities(representations:)` (federation subgraph spec);
several entity calls in one operation have the aliases `_e0`, `_e1`, ...

An argument that is filled from above in the tree (@fromContext) is a variable. It has one value for a whole call, so
objects with different ones are asked for in several calls, each with variables of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from graphql import print_ast
from graphql.language import ArgumentNode, Node, VariableDefinitionNode, VariableNode, Visitor, visit

from gateway.planning.plan import Fetch, OutputSet, Request

__all__ = ["SubgraphOperation", "written"]

_NO_CONTEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class SubgraphOperation:
    """The text; its variables other than inputs; for each entity call, its response key and its input's variable.

    `context_variables` are those of what its arguments are filled from, in the order of the fetch's `contexts`.
    """

    text: str
    kind: str
    variables: tuple[str, ...]
    entity_keys: tuple[str, ...]
    entity_variables: tuple[str, ...]
    context_variables: tuple[tuple[str, ...], ...] = ()


def written(request: Request, definitions: Mapping[str, VariableDefinitionNode]) -> SubgraphOperation:
    """The operation for `request`; `definitions` are the client's variables by name."""
    used = sorted({name for fetch in request.fetches for name in _variables(fetch.selects)})
    declared = [print_ast(_bare(definitions[name])) for name in used]
    if request.kind != "entities":
        (fetch,) = request.fetches
        head = f"{request.kind}({', '.join(declared)})" if declared else request.kind
        return SubgraphOperation(f"{head} {_set(fetch.selects)}", request.kind, tuple(used), (), ())
    keys, inputs = _names(len(request.fetches), set(used))
    contexts = _context_names(request.fetches, set(used))
    declared = [*(f"${name}: [_Any!]!" for name in inputs), *declared]
    declared += [
        f"${name}: {value.type}"
        for fetch, names in zip(request.fetches, contexts, strict=True)
        for value, name in zip(fetch.contexts, names, strict=True)
    ]
    calls = [_call(*each) for each in zip(request.fetches, keys, inputs, contexts, strict=True)]
    text = f"query({', '.join(declared)}) {{ {' '.join(calls)} }}"
    variables = (*used, *(name for names in contexts for name in names))
    return SubgraphOperation(text, "query", variables, keys, inputs, contexts)


def _names(calls: int, taken: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    stem = "representations"
    while any(name.startswith(stem) for name in taken):
        stem = f"_{stem}"
    if calls == 1:
        return ("_entities",), (stem,)
    return tuple(f"_e{number}" for number in range(calls)), tuple(f"{stem}{number}" for number in range(calls))


def _context_names(fetches: Sequence[Fetch], taken: set[str]) -> tuple[tuple[str, ...], ...]:
    """Names for what arguments are filled from, one for each call: that has values of its own."""
    stem = ""
    while any(name.startswith(f"{stem}contextualArgument_") for name in taken):
        stem = f"_{stem}"
    alone = len(fetches) == 1
    return tuple(
        tuple(f"{stem}{value.variable}" if alone else f"{stem}{value.variable}_{number}" for value in fetch.contexts)
        for number, fetch in enumerate(fetches)
    )


def _call(fetch: Fetch, key: str, variable: str, contexts: Sequence[str]) -> str:
    alias = "" if key == "_entities" else f"{key}: "
    names = {value.variable: name for value, name in zip(fetch.contexts, contexts, strict=True)}
    return f"{alias}_entities(representations: ${variable}) {_set(fetch.selects, names)}"


def _set(selects: OutputSet, contexts: Mapping[str, str] = _NO_CONTEXTS) -> str:
    return "{ " + (" ".join(_lines(selects, contexts)) or "__typename") + " }"


def _lines(selects: OutputSet, contexts: Mapping[str, str]) -> Iterator[str]:
    if selects.typename:
        yield "__typename"
    for output in selects.outputs:
        alias = "" if output.wire_key == output.name else f"{output.wire_key}: "
        given = [print_ast(each) for each in output.arguments]
        given += [f"{name}: ${contexts[value.variable]}" for name, value in output.contexts]
        arguments = f"({', '.join(given)})" if given else ""
        below = f" {_set(output.below, contexts)}" if output.below else ""
        yield f"{alias}{output.name}{arguments}{below}"
    for on, inner in selects.narrowed:
        yield f"... on {on} {_set(inner, contexts)}"


def _variables(selects: OutputSet) -> Iterator[str]:
    for output in selects.everything():
        for argument in output.arguments:
            yield from _variables_of(argument)
        if output.below:
            yield from _variables(output.below)


class _VariableNames(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names.append(node.name.value)


def _variables_of(argument: ArgumentNode) -> list[str]:
    visitor = _VariableNames()
    visit(argument, visitor)
    return visitor.names


def _bare(definition: VariableDefinitionNode) -> Node:
    """Without directives: the client's directives are not the subgraph's."""
    return VariableDefinitionNode(
        variable=definition.variable, type=definition.type, default_value=definition.default_value, directives=()
    )
