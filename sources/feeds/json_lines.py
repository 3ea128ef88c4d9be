"""JSON as switches write it: one object a line, or one object that is the whole file; a broken line costs only itself.

The parser is strict (no NaN, no lone surrogates) and limits depth itself, so a hostile file is only a broken one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from sources.feeds.csv_lines import physical_lines
from sources.feeds.parsed import storable

__all__ = ["BrokenJson", "Document", "documents"]


@dataclass(frozen=True, slots=True)
class Document:
    """An object: the number of its first line, its text, its members."""

    line: int
    text: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class BrokenJson:
    """A line that is no object, and what is wrong with it."""

    line: int
    message: str
    text: str


def documents(content: str) -> Iterator[Document | BrokenJson]:
    """Every object, in order; empty lines are left out."""
    content = content.removeprefix("\ufeff")
    whole = loaded(1, content.strip())
    if isinstance(whole, Document):
        yield whole
        return
    for number, line in enumerate(physical_lines(content), start=1):
        if text := line.strip():
            yield loaded(number, text)


def loaded(line: int, text: str) -> Document | BrokenJson:
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError) as error:
        return BrokenJson(line, storable(f"not JSON: {error}"), storable(text))
    if not isinstance(value, dict):
        return BrokenJson(line, "it is no JSON object", storable(text))
    return Document(line, storable(text), value)
