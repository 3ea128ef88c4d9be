"""CSV as switches write it, read so that one broken line costs only itself.

Fields may hold commas, doubled quotes and newlines, so a record may be several physical lines; each is known by the
number of its first one. A quote that is never closed would swallow the rest of the file. So the parser is strict, and
after a record that can't be right it starts again on the next physical line:

    1 "a","b"          Row 1
    2 "c","d           BrokenLine 2: its quote ends inside line 3, where no comma follows
    3 "e","f"          Row 3
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from sources.feeds.parsed import storable

__all__ = ["BrokenLine", "Row", "rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """A record: the number of its first line, its text without the last line end, its fields."""

    line: int
    text: str
    fields: list[str]


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that is not a record, and what is wrong with it."""

    line: int
    message: str
    text: str


def rows(content: str, *, fewest: int, most: int) -> Iterator[Row | BrokenLine]:
    """The records with `fewest` to `most` fields, in order; every other line is broken, empty ones are left out."""
    lines = physical_lines(content)
    position = 0
    while position < len(lines):
        if not lines[position].strip():
            position += 1
            continue
        read, length = read_one(lines, position, fewest=fewest, most=most)
        yield read
        position += length


def read_one(lines: list[str], position: int, *, fewest: int, most: int) -> tuple[Row | BrokenLine, int]:
    """What begins at this line, and how many physical lines it is."""
    reader = csv.reader((lines[index] for index in range(position, len(lines))), strict=True)
    try:
        fields = next(reader)
    except csv.Error as error:
        return BrokenLine(position + 1, f"not CSV: {error}", shown(lines[position])), 1
    if not fewest <= len(fields) <= most:
        # If it spans several lines, a quote too many made it so: only its first line is to blame.
        message = f"{len(fields)} field{'s' if len(fields) > 1 else ''}, expected {fewest} to {most}"
        return BrokenLine(position + 1, message, shown(lines[position])), 1
    if any("\0" in field for field in fields):
        return BrokenLine(position + 1, "it has a NUL character", shown(lines[position])), 1
    length = reader.line_num
    return Row(position + 1, shown("".join(lines[position : position + length])), fields), length


def physical_lines(content: str) -> list[str]:
    """Lines with their ends; only a newline ends one (splitlines() would also cut at U+2028 and others)."""
    return list(io.StringIO(content.removeprefix("\ufeff"), newline="\n"))


def shown(text: str) -> str:
    """Without its line end, as it can be stored everywhere."""
    return storable(text.rstrip("\r\n"))
