"""Feeds a folder to the graph: each sweep imports what is whole and new, and notes how far it came.

What is done is known to the bridge, not to the feeder: the digest of each file that is one record, and the position in
each file that grows. The position is noted after its piece was imported, so a crash in between repeats a piece, which
changes nothing; a feeder that starts again, on another machine too, goes on where the last one was.

A file whose beginning is another (rotated, cut to nothing, written anew) is read from its beginning: a position holds
only where the bytes before it are the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from processes.feeding.cutting import CHUNK, cut, decoded, is_header
from processes.feeding.folder import GROWING, Found, files_in, is_whole
from processes.graph import Graph

__all__ = ["KNOWN_FILES", "Feed", "Feeder", "Heard"]

IMPORT = """
mutation ImportCallRecords($bridge: ID!, $format: CallRecordFormat!, $content: String!) {
  importCallRecords(bridge: $bridge, format: $format, content: $content) {
    received
    duplicates
    skipped
    quarantined { line reason message }
  }
}
"""

KNOWN_FILES = """
query KnownFiles($bridge: ID!, $digests: [String!]!) {
  knownFiles(bridge: $bridge, digests: $digests)
}
"""

FEED_POSITION = """
query FeedPosition($bridge: ID!, $source: String!) {
  feedPosition(bridge: $bridge, source: $source)
}
"""

NOTE_FEED_POSITION = """
mutation NoteFeedPosition($bridge: ID!, $source: String!, $position: String!) {
  noteFeedPosition(bridge: $bridge, source: $source, position: $position)
}
"""

ASKED_AT_ONCE = 500
BEFORE = 256
"""So many bytes before a position are compared, to know the file again."""

LARGEST_RECORD = 32 * 1024 * 1024
FIRST_LINE = 4096


@dataclass(frozen=True, slots=True)
class Feed:
    """What is fed, and as what. `settle` is for how many seconds a torn file must not have changed."""

    folder: Path
    bridge: str
    format: str
    encoding: str = "utf-8"
    columns: str | None = None
    settle: float = 60.0


@dataclass(slots=True)
class Heard:
    """What came of a sweep; `waiting` are files that aren't whole yet, `troubles` what went wrong, by place."""

    received: int = 0
    duplicates: int = 0
    skipped: int = 0
    quarantined: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    troubles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Position:
    """`offset` bytes and `lines` lines are done; `before` is the digest of the bytes just before."""

    offset: int = 0
    lines: int = 0
    before: str = ""

    @classmethod
    def read(cls, text: str) -> Position:
        try:
            kept = json.loads(text)
            return cls(int(kept["offset"]), int(kept["lines"]), str(kept["before"]))
        except (ValueError, KeyError, TypeError):
            return cls()

    @property
    def text(self) -> str:
        return json.dumps({"offset": self.offset, "lines": self.lines, "before": self.before})


class Feeder:
    """Sweeps the feed's folder. `advance` is told how many bytes are done, `clock` gives seconds since 1970."""

    def __init__(
        self,
        feed: Feed,
        graph: Graph,
        *,
        clock: Callable[[], float] = time.time,
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._feed = feed
        self._graph = graph
        self._clock = clock
        self._advance = advance
        self._done: dict[str, tuple[int, int]] = {}
        self._positions: dict[str, Position] = {}

    async def sweep(self) -> Heard:
        """Everything that is whole and new now. Nothing raises but the graph; what it refused is tried again later."""
        heard = Heard()
        files = [each for each in await asyncio.to_thread(self.files, heard) if not self._is_done(each)]
        if self._feed.format in GROWING:
            for each in files:
                with _told(heard, each.path):
                    await self._follow(each, heard)
        else:
            for start in range(0, len(files), ASKED_AT_ONCE):
                await self._take(files[start : start + ASKED_AT_ONCE], heard)
        return heard

    def files(self, heard: Heard) -> list[Found]:
        def troubled(error: OSError) -> None:
            heard.troubles[str(error.filename or self._feed.folder)] = str(error.strerror or error)

        found = files_in(self._feed.folder, self._feed.format, troubled)
        present = {each.key for each in found}
        self._done = {key: state for key, state in self._done.items() if key in present}
        return found

    def _is_done(self, file: Found) -> bool:
        return self._done.get(file.key) == (file.size, file.changed)

    def _is_settled(self, file: Found) -> bool:
        return self._clock() - file.changed / 1e9 >= self._feed.settle

    # Files that are one record

    async def _take(self, files: Sequence[Found], heard: Heard) -> None:
        digests: dict[str, Found] = {}
        for file in files:
            with _told(heard, file.path):
                content = await asyncio.to_thread(_whole_content, file.path)
                if is_whole(self._feed.format, content) or self._is_settled(file):
                    digests[self._digest(decoded(content, self._feed.encoding))] = file
                else:
                    heard.waiting.append(str(file.path))
        if not digests:
            return
        variables = {"bridge": self._feed.bridge, "digests": list(digests)}
        known = set((await self._graph.execute(KNOWN_FILES, variables))["knownFiles"] or ())
        for digest, file in digests.items():
            if digest not in known:
                with _told(heard, file.path):
                    content = await asyncio.to_thread(_whole_content, file.path)
                    await self._import(decoded(content, self._feed.encoding), file.path, 0, heard)
            self._done[file.key] = (file.size, file.changed)
            self._advance(file.size)

    def _digest(self, content: str) -> str:
        """As the bridge knows it (`knownFiles`)."""
        return hashlib.sha256(f"{self._feed.format}\n{content}".encode()).hexdigest()

    # Files that grow

    async def _follow(self, file: Found, heard: Heard) -> None:
        with await asyncio.to_thread(file.path.open, "rb") as opened:
            first = await asyncio.to_thread(opened.readline, FIRST_LINE)
            if not first.endswith(b"\n") and not self._is_settled(file):
                heard.waiting.append(f"{file.path}: its first line")
                return
            source = f"{file.key}:{hashlib.sha256(first).hexdigest()[:32]}"
            position = await self._position(source, opened)
            position = await self._follow_from(position, source, opened, first, file, heard)
        if position.offset >= file.size:
            self._done[file.key] = (file.size, file.changed)
        else:
            heard.waiting.append(f"{file.path}:{position.lines + 1}: its last line")

    async def _position(self, source: str, opened: BinaryIO) -> Position:
        position = self._positions.get(source)
        if position is None:
            variables = {"bridge": self._feed.bridge, "source": source}
            kept = (await self._graph.execute(FEED_POSITION, variables))["feedPosition"]
            position = Position.read(kept) if kept else Position()
        same = await asyncio.to_thread(_digest_before, opened, position.offset) == position.before
        return position if position.offset and same else Position()

    async def _follow_from(
        self, position: Position, source: str, opened: BinaryIO, first: bytes, file: Found, heard: Heard
    ) -> Position:
        settled = self._is_settled(file)
        while content := await asyncio.to_thread(_read_from, opened, position.offset):
            at_end = len(content) < CHUNK
            moved = False
            # A line that never ends within a chunk would stand in the way for ever.
            for piece in cut(content, ended=(at_end and settled) or (not at_end and b"\n" not in content)):
                header = self._header(first) if position.offset else self._given_header()
                text = decoded(header + piece.content, self._feed.encoding)
                await self._import(text, file.path, position.lines - bool(header), heard)
                offset = position.offset + piece.size
                before = await asyncio.to_thread(_digest_before, opened, offset)
                position = Position(offset, position.lines + piece.lines, before)
                await self._note(source, position)
                self._advance(piece.size)
                moved = True
            if not moved:
                break
        return position

    def _given_header(self) -> bytes:
        return f"{self._feed.columns}\n".encode() if self._feed.columns else b""

    def _header(self, first: bytes) -> bytes:
        """What a piece in the midst of the file needs before it, to be read as the file's beginning is."""
        if self._feed.columns or self._feed.format != "FREESWITCH_CSV":
            return self._given_header()
        return first if is_header(first) else b""

    async def _note(self, source: str, position: Position) -> None:
        self._positions[source] = position
        variables = {"bridge": self._feed.bridge, "source": source, "position": position.text}
        await self._graph.execute(NOTE_FEED_POSITION, variables)

    async def _import(self, content: str, path: Path, before: int, heard: Heard) -> None:
        variables: Mapping[str, Any] = {"bridge": self._feed.bridge, "format": self._feed.format, "content": content}
        answer = (await self._graph.execute(IMPORT, variables))["importCallRecords"]
        heard.received += answer["received"]
        heard.duplicates += answer["duplicates"]
        heard.skipped += answer["skipped"]
        heard.quarantined += [
            f"{path.name}:{line['line'] + before}: {line['reason']}: {line['message']}"
            for line in answer["quarantined"]
        ]


class _told:
    """A file that can't be read is told, and the others go on."""

    def __init__(self, heard: Heard, path: Path) -> None:
        self._heard = heard
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, FileNotFoundError):
            return True  # taken away meanwhile; if it was renamed, it is found by its new name
        if isinstance(error, OSError):
            self._heard.troubles[str(self._path)] = str(error.strerror or error)
            return True
        return False


def _whole_content(path: Path) -> bytes:
    with path.open("rb") as opened:
        content = opened.read(LARGEST_RECORD + 1)
    if len(content) > LARGEST_RECORD:
        raise OSError(0, f"it is larger than {LARGEST_RECORD} bytes, which no record is")
    return content


def _read_from(opened: BinaryIO, offset: int) -> bytes:
    opened.seek(offset)
    return opened.read(CHUNK)


def _digest_before(opened: BinaryIO, offset: int) -> str:
    begin = max(0, offset - BEFORE)
    opened.seek(begin)
    content = opened.read(offset - begin)
    return hashlib.sha256(content).hexdigest()[:32] if len(content) == offset - begin else "shorter"
