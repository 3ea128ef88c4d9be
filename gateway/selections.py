"""What is selected: the form that operations and field sets share once fragments are spread and @skip/@include applied.

Compared by identity: two equal-looking fields of one document stay two, and memo tables keyed by them stay cheap.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graphql import parse, print_ast
from graphql.language import (
    ArgumentNode,
    FieldNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

__all__ = ["Field", "Fragment", "Identity", "Selection", "Selections", "field_set", "fields_in", "identity", "leaves"]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A selected field. `response_key`: the client's alias or the name; `arguments`: syntax, variables included.

    `apart` tells equal fields apart that are two effects, not one: for a mutation's root field it is the response key.
    `wanted_by` is set where nobody asked for the field but an argument below it takes its value (@fromContext): then it
    is what that argument wants.
    """

    name: str
    response_key: str
    arguments: tuple[ArgumentNode, ...] = ()
    selections: "Selections" = ()
    apart: str = ""
    wanted_by: object = None

    def selecting(self, selections: "Selections") -> "Field":
        """The same field with other selections below it."""
        return replace(self, selections=selections)


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """Selections that hold only for objects of type `on` (an object, interface or union)."""

    on: str
    selections: "Selections"


Selection = Field | Fragment
Selections = tuple[Selection, ...]
Identity = tuple[str, str, str]


def identity(field: Field) -> Identity:
    """The same for fields that give the same value on one object: name, and arguments in any order."""
    return field.name, ", ".join(sorted(print_ast(argument) for argument in field.arguments)), field.apart


def field_set(text: str) -> Selections:
    """The selections of a federation field set such as `"contract { number } version"`."""
    (definition,) = parse("{" + text + "}", no_location=True).definitions
    assert isinstance(definition, OperationDefinitionNode)
    return _of(definition.selection_set)


def fields_in(selections: Selections) -> Iterator[Field]:
    """Every field of `selections` and of the fragments in it, not of what is below the fields."""
    for selection in selections:
        if isinstance(selection, Field):
            yield selection
        else:
            yield from fields_in(selection.selections)


def leaves(selections: Selections) -> int:
    """How many fields without selections there are in all: the measure of how much a subgraph answers."""
    return sum(_leaves(selection) for selection in selections)


def _leaves(selection: Selection) -> int:
    below = leaves(selection.selections)
    return below if isinstance(selection, Fragment) else max(1, below)


def _of(selection_set: SelectionSetNode) -> Selections:
    return tuple(selection for node in selection_set.selections for selection in _selection(node))


def _selection(node: object) -> Iterator[Selection]:
    match node:
        case FieldNode():
            below = _of(node.selection_set) if node.selection_set else ()
            yield Field(node.name.value, node.name.value, tuple(node.arguments or ()), below)
        case InlineFragmentNode(type_condition=None):
            yield from _of(node.selection_set)
        case InlineFragmentNode():
            assert node.type_condition is not None
            yield Fragment(node.type_condition.name.value, _of(node.selection_set))
        case _:
            raise ValueError(f"a field set holds fields and inline fragments only, not {type(node).__name__}")
