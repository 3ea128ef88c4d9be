"""Bad input: what a resolver refuses before it asks its system."""

from __future__ import annotations

__all__ = ["BadInput", "limited"]

LARGEST = 100


class BadInput(Exception):
    """An argument that can't be used; the message names it, the fact and the remedy and is safe to show."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.extensions: dict[str, object] = {"code": "BAD_USER_INPUT"}


def limited(argument: str, value: int, /, *, largest: int = LARGEST) -> int:
    """`value` when it is within 1..largest. BadInput naming the argument otherwise: a huge list is nobody's need."""
    if not 1 <= value <= largest:
        raise BadInput(f"{argument}: {value} is not between 1 and {largest}")
    return value
