"""Texts that a mutation writes: short enough for an index, and such as every database can store."""

from __future__ import annotations

from resolvers.errors import BadInput

__all__ = ["storable"]

LONGEST = 255


def storable(argument: str, value: str, /, *, longest: int = LONGEST) -> str:
    """`value`, an id, a key or a word. BadInput naming the argument when it is empty, too long or no plain text."""
    if not value or len(value) > longest:
        raise BadInput(f"{argument}: {len(value)} characters; it must have 1 to {longest}")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadInput(f"{argument}: it has a NUL character or half a surrogate pair, which no database can store")
    return value
