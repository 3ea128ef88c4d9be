"""A file's bytes in pieces that a parser can read one by one: whole records, bounded, with their place in the file.

Bytes that aren't letters in the file's encoding come through as a replacement character and their value, `Nov�[e1]k`:
the bridge then keeps the line in quarantine instead of taking it with another letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["CHUNK", "Piece", "cut", "decoded", "is_header"]

LINES = 500
"""Lines of a piece. A record may go on over a newline, then the piece does too, up to twice as many lines."""

LONGEST_RECORD = 20
"""Lines that a record may go on for while it is written."""

BYTES = 128 * 1024
CHUNK = 512 * 1024
"""How much of a file is looked at, and held in memory, at a time: several pieces."""

HEADER = frozenset({"uuid", "answer_stamp", "end_stamp"})
_UNDECODABLE = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Piece:
    """`size` bytes of whole lines, `lines` of them."""

    content: bytes
    lines: int

    @property
    def size(self) -> int:
        return len(self.content)


def cut(content: bytes, *, ended: bool) -> Iterator[Piece]:
    """Pieces from the beginning of `content`; what is left over is no whole record yet, unless the file has `ended`."""
    taken: list[bytes] = []
    size = quotes = 0
    kept = 0  # lines that end a record
    for line in content.splitlines(keepends=True) if b"\r" not in content else lines_of(content):
        if not line.endswith(b"\n") and not ended:
            break
        taken.append(line)
        size += len(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            kept = len(taken)
        enough = len(taken) >= LINES or size >= BYTES
        if (enough and kept == len(taken)) or len(taken) >= 2 * LINES:
            yield Piece(b"".join(taken), len(taken))
            taken, size, quotes, kept = [], 0, 0, 0
    # A quote that is never closed must not keep the lines after it waiting.
    rest = taken if ended or len(taken) - kept > LONGEST_RECORD else taken[:kept]
    if rest:
        yield Piece(b"".join(rest), len(rest))


def lines_of(content: bytes) -> list[bytes]:
    """Only a newline ends a line; a carriage return in it is the line's own."""
    parts = content.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def decoded(content: bytes, encoding: str) -> str:
    text = content.decode(encoding, "surrogateescape")
    return _UNDECODABLE.sub(lambda found: f"\N{REPLACEMENT CHARACTER}[{ord(found[0]) - 0xDC00:02x}]", text)


def is_header(line: bytes) -> bool:
    """A first line that names FreeSWITCH's columns: every piece needs it."""
    return {field.strip().strip(b'"').decode("ascii", "replace") for field in line.split(b",")} >= HEADER
