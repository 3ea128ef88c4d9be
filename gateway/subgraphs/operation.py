"""A request of a plan as the GraphQL operation that a subgraph is sent.

Root fields are asked as they are. Entities are asked with `_entities(representations:)` (federation subgraph spec);
several entity calls in one operation have the aliases `_e0`, `_e1`, ...
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import print_ast
from graphql.language import ArgumentNode, Node, VariableDefinitionNode, VariableNode, Visitor, visit

from gateway.planning.plan import Fetch, OutputSet, Request

__all__ = ["SubgraphOperation", "written"]


@dataclass(frozen=True, slots=True, eq=False)
class SubgraphOperation:
    """The text; the client's variables it uses; for each entity call, its response key and its input's variable."""

    text: str
    kind: str
    variables: tuple[str, ...]
    entity_keys: tuple[str, ...]
    entity_variables: tuple[str, ...]


def written(request: Request, definitions: Mapping[str, VariableDefinitionNode]) -> SubgraphOperation:
    """The operation for `request`; `definitions` are the client's variables by name."""
    used = sorted({name for fetch in request.fetches for name in _variables(fetch.selects)})
    declared = [print_ast(_bare(definitions[name])) for name in used]
    if request.kind != "entities":
        (fetch,) = request.fetches
        head = f"{request.kind}({', '.join(declared)})" if declared else request.kind
        return SubgraphOperation(f"{head} {_set(fetch.selects)}", request.kind, tuple(used), (), ())
    keys, inputs = _names(len(request.fetches), set(used))
    declared = [*(f"${name}: [_Any!]!" for name in inputs), *declared]
    calls = [_call(*each) for each in zip(request.fetches, keys, inputs, strict=True)]
    text = f"query({', '.join(declared)}) {{ {' '.join(calls)} }}"
    return SubgraphOperation(text, "query", tuple(used), keys, inputs)


def _names(calls: int, taken: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    stem = "representations"
    while any(name.startswith(stem) for name in taken):
        stem = f"_{stem}"
    if calls == 1:
        return ("_entities",), (stem,)
    return tuple(f"_e{number}" for number in range(calls)), tuple(f"{stem}{number}" for number in range(calls))


def _call(fetch: Fetch, key: str, variable: str) -> str:
    alias = "" if key == "_entities" else f"{key}: "
    return f"{alias}_entities(representations: ${variable}) {_set(fetch.selects)}"


def _set(selects: OutputSet) -> str:
    return "{ " + (" ".join(_lines(selects)) or "__typename") + " }"


def _lines(selects: OutputSet) -> Iterator[str]:
    if selects.typename:
        yield "__typename"
    for output in selects.outputs:
        alias = "" if output.wire_key == output.name else f"{output.wire_key}: "
        arguments = f"({', '.join(print_ast(each) for each in output.arguments)})" if output.arguments else ""
        below = f" {_set(output.below)}" if output.below else ""
        yield f"{alias}{output.name}{arguments}{below}"
    for on, inner in selects.narrowed:
        yield f"... on {on} {_set(inner)}"


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
