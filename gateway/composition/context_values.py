"""What @fromContext says: "$user { id }" is the context `user` and what is selected from the type it stands on."""

import re
from dataclasses import dataclass

from gateway.composition.elements import Field, InputValue, applications
from gateway.composition.subgraph import Subgraph

__all__ = ["ContextValue", "context_types", "context_value", "contextual"]

# Between the parts GraphQL ignores spaces, commas and comments.
_IGNORED = r"(?:[\s,]|#[^\n\r]*)*"
_VALUE = re.compile(rf"^{_IGNORED}\${_IGNORED}(?P<context>[A-Za-z_]\w*)(?P<selection>.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ContextValue:
    """`context` is None when the text names none."""

    context: str | None
    selection: str


def context_value(argument: InputValue) -> ContextValue | None:
    """What the argument's @fromContext says; None when it has none."""
    for applied in applications(argument, "fromContext"):
        match = _VALUE.match(str(applied.arguments.get("field")))
        if match is None or not match["selection"].strip():
            return ContextValue(None, "")
        return ContextValue(match["context"], match["selection"].strip())
    return None


def contextual(field: Field) -> dict[str, ContextValue]:
    """The field's arguments that come from a context, by name."""
    return {name: value for name, argument in field.arguments.items() if (value := context_value(argument)) is not None}


def context_types(subgraph: Subgraph, name: str) -> list[str]:
    """The types on which the subgraph sets the context."""
    return [
        found.name
        for found in subgraph.types.values()
        if any(applied.arguments.get("name") == name for applied in applications(found, "context"))
    ]
