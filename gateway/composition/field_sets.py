"""Field sets: the `fields` of @key, @requires and @provides, parsed and resolved against a subgraph's schema.

"contract { number } version"  ->  (Selected("contract", (Selected("number"),)), Selected("version"))
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    FieldNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    print_ast,
)

__all__ = ["FieldSet", "FieldSetError", "OnType", "Selected", "parse_field_set", "text_of", "walk"]


class FieldSetError(ValueError):
    """The text is no field set."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A field and what is selected below it; `arguments` is text like "(currency: EUR)" or empty."""

    name: str
    below: "FieldSet" = ()
    arguments: str = ""
    directives: bool = False


@dataclass(frozen=True, slots=True)
class OnType:
    """`... on Type { fields }`"""

    type: str
    below: "FieldSet" = ()
    directives: bool = False


FieldSet = tuple[Selected | OnType, ...]


@lru_cache(maxsize=4096)
def parse_field_set(text: str) -> FieldSet:
    """The field set that the text says, with or without outer braces. Raises FieldSetError."""
    inner = text.strip()
    braced = inner if inner.startswith("{") else f"{{{inner}}}"
    try:
        definitions = parse(braced, no_location=True).definitions
    except GraphQLSyntaxError as error:
        raise FieldSetError(error.message) from error
    if len(definitions) != 1 or not isinstance(operation := definitions[0], OperationDefinitionNode):
        raise FieldSetError("it must be one set of fields")
    return _below(operation.selection_set)


def _below(node: SelectionSetNode | None) -> FieldSet:
    if node is None:
        return ()
    if not node.selections:
        raise FieldSetError("it selects nothing")
    return tuple(_selection(selection) for selection in node.selections)


def _selection(node: object) -> Selected | OnType:
    match node:
        case FieldNode(alias=None):
            given = ", ".join(print_ast(argument) for argument in node.arguments or ())
            arguments = f"({given})" if given else ""
            return Selected(node.name.value, _below(node.selection_set), arguments, bool(node.directives))
        case FieldNode():
            raise FieldSetError(f'"{node.name.value}" has an alias, which a field set may not')
        case InlineFragmentNode(type_condition=condition) if condition is not None:
            return OnType(condition.name.value, _below(node.selection_set), bool(node.directives))
        case _:
            raise FieldSetError("a fragment in it must be inline and name its type")


def text_of(selections: FieldSet) -> str:
    """The field set in one spelling, whatever spaces its author used: "contract { number } version"."""
    return " ".join(_text(selection) for selection in selections)


def _text(selection: Selected | OnType) -> str:
    match selection:
        case Selected(name, below, arguments):
            return f"{name}{arguments} {{ {text_of(below)} }}" if below else f"{name}{arguments}"
        case OnType(name, below):
            return f"... on {name} {{ {text_of(below)} }}"


def walk(selections: FieldSet) -> Iterator[Selected | OnType]:
    """Each selection at every depth, outer before inner."""
    for selection in selections:
        yield selection
        yield from walk(selection.below)
