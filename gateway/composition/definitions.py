"""What a subgraph repeats of the federation specification: it may say less than that, never something else.

A directive may leave out optional arguments and places, and not be repeatable; an argument of a custom scalar (a field
set) may be of another scalar. The rules are those of Apollo's composition.
"""

from collections.abc import Iterable, Iterator

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NonNullTypeNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    TypeNode,
    parse,
    print_ast,
    specified_scalar_types,
)

from gateway.composition.links import Names, definition_of
from gateway.composition.problems import Report

__all__ = ["check_definitions"]

_LINK = "directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA"
_LINK_SCALARS = {"link__Import"}


def check_definitions(nodes: Iterable[DefinitionNode], names: Names, subgraph: str, *, report: Report) -> None:
    """DIRECTIVE_DEFINITION_INVALID and TYPE_DEFINITION_INVALID; in Federation 1 each defines them as it likes.

    CONTEXT_NOT_SET for a directive whose argument is @fromContext: there is nothing above a directive.
    """
    if names.version < (2, 0):
        return
    for node in nodes:
        line = node.loc.start_token.line if node.loc else None
        if isinstance(node, DirectiveDefinitionNode):
            for fact in _misfits(node, names):
                report.problem(
                    "DIRECTIVE_DEFINITION_INVALID",
                    f"{subgraph}: @{node.name.value} is defined {fact}: remove the definition, as the"
                    " specification has it",
                    subgraphs=[subgraph],
                    coordinate=f"@{node.name.value}",
                    line=line,
                )
            for argument in _contextual(node, names):
                report.problem(
                    "CONTEXT_NOT_SET",
                    f"{subgraph}: @{node.name.value}({argument}:) is @fromContext, but nothing is above a directive:"
                    " remove it",
                    subgraphs=[subgraph],
                    coordinate=f"@{node.name.value}({argument}:)",
                    line=line,
                )
        elif isinstance(node, TypeDefinitionNode | TypeExtensionNode) and _is_no_scalar(node, names):
            report.problem(
                "TYPE_DEFINITION_INVALID",
                f"{subgraph}: {node.name.value} is a scalar of the specification: remove the definition",
                subgraphs=[subgraph],
                coordinate=node.name.value,
                line=line,
            )


def _is_no_scalar(node: TypeDefinitionNode | TypeExtensionNode, names: Names) -> bool:
    """Whether it has the name of a scalar of the specification and isn't one."""
    known = node.name.value in names.scalars or node.name.value in _LINK_SCALARS
    return known and not isinstance(node, ScalarTypeDefinitionNode | ScalarTypeExtensionNode)


def _contextual(node: DirectiveDefinitionNode, names: Names) -> Iterator[str]:
    for argument in node.arguments or ():
        if any(names.directives.get(each.name.value) == "fromContext" for each in argument.directives or ()):
            yield argument.name.value


def _misfits(node: DirectiveDefinitionNode, names: Names) -> Iterator[str]:
    """How the definition says something else than the specification."""
    standard = names.directives.get(node.name.value)
    if standard is None and node.name.value != "link":
        return
    text = _LINK if standard is None else f"directive @{standard} {definition_of(standard, names.version)}"
    (expected,) = parse(text, no_location=True).definitions
    assert isinstance(expected, DirectiveDefinitionNode)
    known = {each.name.value: each for each in expected.arguments or ()}
    given = {each.name.value: each for each in node.arguments or ()}
    for name, argument in given.items():
        if name not in known:
            yield f"with the argument {name}, which it doesn't have"
        elif not _fits(argument.type, known[name].type):
            yield f"with {name}: {print_ast(argument.type)}, which is {print_ast(known[name].type)}"
        elif not isinstance(argument.type, NonNullTypeNode) and _default(argument) != _default(known[name]):
            yield f"with the default {_default(argument)} for {name}, which is {_default(known[name])}"
    for name, argument in known.items():
        if name not in given and isinstance(argument.type, NonNullTypeNode) and argument.default_value is None:
            yield f"without the argument {name}"
    if node.repeatable and not expected.repeatable:
        yield "as repeatable, which it isn't"
    places = {each.value for each in node.locations} - {each.value for each in expected.locations}
    if places:
        yield f"on {', '.join(sorted(places))}, where it can't stand"


def _default(argument: InputValueDefinitionNode) -> str:
    return print_ast(argument.default_value) if argument.default_value else "nothing"


def _fits(given: TypeNode, expected: TypeNode) -> bool:
    """The same type; the given one may be stricter outside, and another scalar where the expected is a custom one."""
    if isinstance(given, NonNullTypeNode) and not isinstance(expected, NonNullTypeNode):
        given = given.type
    return _same(given, expected)


def _same(given: TypeNode, expected: TypeNode) -> bool:
    match given, expected:
        case (NonNullTypeNode(type=inner), NonNullTypeNode(type=wanted)) | (
            ListTypeNode(type=inner),
            ListTypeNode(type=wanted),
        ):
            return _same(inner, wanted)
        case (NonNullTypeNode() | ListTypeNode(), _) | (_, NonNullTypeNode() | ListTypeNode()):
            return False
        case _:
            standard = print_ast(expected)
            return print_ast(given) == standard or standard not in specified_scalar_types
