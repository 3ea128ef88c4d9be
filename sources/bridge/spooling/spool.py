"""Files of a spool, and how a line gets into them for good: written, synchronised, and only then acknowledged.

    000000000001.spool   000000000002.spool   ...    a line of JSON for each request of the switch, in order of receipt
    lock                                             one spooler at a time

    {"received": 1795485350752000, "events": [...]}  microseconds since 1970, rising strictly, one for each event
    {"received": 1795485350753000, "malformed": "text that is no JSON"}

A file that a write failed in, or that an earlier process wrote, is never written again: its last line may be torn, and
a reader may be past any byte of it. A line that was written but not acknowledged comes again: who reads takes it once.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

__all__ = ["FILE_BYTES", "SUFFIX", "Spool", "SpoolInUse", "Spooler", "files_of", "line_of"]

SUFFIX = ".spool"
FILE_BYTES = 16 * 1024 * 1024
"""How large a file may grow before the next one is begun."""

LARGEST_BATCH = 1_000


class SpoolInUse(Exception):
    """Another process writes this spool; the message says what to do."""


def files_of(folder: Path) -> list[tuple[int, Path]]:
    """The spool's files with their numbers, in order. None where the folder isn't there yet."""
    try:
        found = [path for path in folder.iterdir() if path.suffix == SUFFIX and path.stem.isdecimal()]
    except FileNotFoundError:
        return []
    return sorted((int(path.stem), path) for path in found)


def line_of(body: bytes, stamp: Callable[[int], int]) -> bytes:
    """A request's body as a line; `stamp(n)` gives n receipts their time, and answers the first."""
    try:
        events = orjson.loads(body)
    except orjson.JSONDecodeError:
        line: dict[str, Any] = {"received": stamp(1), "malformed": body.decode("utf-8", "backslashreplace")}
    else:
        events = events if isinstance(events, list) else [events]
        line = {"received": stamp(max(1, len(events))), "events": events}
    return orjson.dumps(line) + b"\n"


class Spool:
    """The files of `folder`, written by this process alone. Raises SpoolInUse, or OSError where it can't be written."""

    def __init__(self, folder: Path, *, file_bytes: int = FILE_BYTES) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self.file_bytes = file_bytes
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise SpoolInUse(f"{folder} is written by another `spojka bridge-events`: stop that one first") from None
        self._number = max((number for number, _ in files_of(folder)), default=0)
        self._file: int | None = None
        self._written = 0

    def append(self, lines: Sequence[bytes]) -> None:
        """All of `lines` are on disk when it returns; when it raises OSError, none of them counts as kept."""
        content = b"".join(lines)
        try:
            if self._file is None or self._written + len(content) > self.file_bytes:
                self._begin_file()
            assert self._file is not None
            self._write(self._file, content)
            os.fsync(self._file)
        except OSError:
            self._end_file()
            raise
        self._written += len(content)

    def close(self) -> None:
        self._end_file()
        os.close(self._lock)

    def _write(self, file: int, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(file, rest) :]

    def _begin_file(self) -> None:
        self._end_file()
        # The reader may have taken files away meanwhile: a number is never given twice.
        path = self.folder / f"{self._number + 1:012d}{SUFFIX}"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._number += 1
        folder = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _end_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
        self._file, self._written = None, 0


class Spooler:
    """Keeps bodies together with those that come meanwhile: one synchronisation for all that wait (a group commit)."""

    def __init__(self, spool: Spool, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._spool = spool
        self._clock = clock
        self._last = 0
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def keep(self, body: bytes) -> None:
        """`body` is on disk when it returns. Raises OSError where it can't be kept: don't acknowledge it."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((line_of(body, self._stamp), kept))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit())
        await kept

    async def close(self) -> None:
        if self._committing is not None:
            await self._committing
        await asyncio.to_thread(self._spool.close)

    async def _commit(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
                error: OSError | None = None
                try:
                    await asyncio.to_thread(self._spool.append, [line for line, _ in batch])
                except OSError as failed:
                    error = failed
                for _, kept in batch:
                    if not kept.done():
                        kept.set_exception(error) if error else kept.set_result(None)
        finally:
            self._committing = None

    def _stamp(self, count: int) -> int:
        first = max(self._clock() // 1_000, self._last + 1)
        self._last = first + count - 1
        return first
