"""The audit log: one line of JSON for each request, in a file that only Spojka's own user reads.

    {"at": "2026-11-24T16:30:00Z", "subject": "jana.kralova", "authenticated": true, "kind": "query",
     "operation": "ClientProfile", "document": "9f86d0...", "fields": [{"field": "client", "ids": {"id": "CL-00417"}}],
     "entities": {"Client": ["CL-00417"]}, "outcome": "answered", "errors": {"FORBIDDEN": 2}}

A thread writes, so that no request waits for the disk. A line that can't be written waits for its turn; the log of the
process says so, and how many were given up should too many wait. With `required` a mutation first has its own line on
the disk ("begun"), and without that it is refused: AUDIT_UNAVAILABLE.

Rotating is another program's: the file is opened anew when it was renamed.
"""

import asyncio
import fcntl
import json
import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gateway.doors.witness import Deed
from gateway.errors import AuditUnavailable
from gateway.section import Section

__all__ = ["AuditLog", "AuditSettings", "read"]

_log = logging.getLogger("spojka.audit")
_MOST_WAITING = 100_000
_RETRY_SECONDS = 1.0
_SAID_SECONDS = 60.0
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """`required`: no mutation without its line on the disk."""

    required: bool = False


def read(section: Section) -> AuditSettings:
    """`[audit]`."""
    return AuditSettings(required=section.boolean("required", default=False))


@dataclass(slots=True)
class _Line:
    deed: Deed
    written: Future[None] | None = None


class AuditLog:
    """A witness that writes into `file`. Its thread begins with the first line."""

    def __init__(self, file: Path, settings: AuditSettings) -> None:
        self._required = settings.required
        self._lines: queue.SimpleQueue[_Line | None] = queue.SimpleQueue()
        self._writer = _Writer(file, self._lines)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    async def before(self, deed: Deed) -> None:
        """Waits for the line, where it is required. Raises AuditUnavailable."""
        if not self._required:
            return
        line = _Line(deed, Future())
        self._put(line)
        assert line.written is not None
        try:
            await asyncio.wait_for(asyncio.wrap_future(line.written), _PATIENCE_SECONDS)
        except (OSError, TimeoutError) as error:
            raise AuditUnavailable("nothing may be changed while the audit log can't be written") from error

    def after(self, deed: Deed) -> None:
        """Puts the line with those that are to be written."""
        self._put(_Line(deed))

    def close(self) -> None:
        """Writes what waits, as far as it can be."""
        if self._thread is not None:
            self._lines.put(None)
            self._thread.join(_PATIENCE_SECONDS)

    def _put(self, line: _Line) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._writer.run, name="audit", daemon=True)
                    self._thread.start()
        self._lines.put(line)


class _Writer:
    """The thread's side. Lines that somebody waits for are given up at the first failure, as nothing happens then."""

    def __init__(self, file: Path, lines: "queue.SimpleQueue[_Line | None]") -> None:
        self._file = file
        self._lines = lines
        self._descriptor: int | None = None
        self._waiting: deque[_Line] = deque()
        self._lost = 0
        self._said = float("-inf")

    def run(self) -> None:
        going_on = True
        while going_on:
            going_on = self._gather()
            self._write()
        if self._waiting:
            _log.error("the audit log lacks %d lines that could not be written", len(self._waiting) + self._lost)
        self._close()

    def _gather(self) -> bool:
        """All lines there are, at least one unless some wait already; False after the last."""
        try:
            line = self._lines.get(timeout=_RETRY_SECONDS if self._waiting or self._lost else None)
            while line is not None:
                self._waiting.append(line)
                line = self._lines.get_nowait()
        except queue.Empty:
            return True
        return False

    def _write(self) -> None:
        lines = list(self._waiting)
        if not lines and not self._lost:
            return
        content = b"".join(_bytes(line.deed) for line in lines)
        if self._lost:
            content += orjson.dumps({"lost": self._lost}) + b"\n"
        try:
            self._append(content, durable=any(line.written for line in lines))
        except OSError as error:
            self._failed(error)
            return
        self._waiting.clear()
        self._lost = 0
        for line in lines:
            if line.written is not None and line.written.set_running_or_notify_cancel():
                line.written.set_result(None)

    def _append(self, content: bytes, *, durable: bool) -> None:
        """All of it or nothing: what another process writes meanwhile stays whole too."""
        descriptor = self._opened()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            before = os.fstat(descriptor).st_size
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                if durable:
                    os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, before)
                raise
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _opened(self) -> int:
        if self._descriptor is not None and not self._is_ours(self._descriptor):
            self._close()
        if self._descriptor is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._descriptor

    def _is_ours(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._file.stat())
        except FileNotFoundError:
            return False

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _failed(self, error: OSError) -> None:
        refused = [line.written for line in self._waiting if line.written is not None]
        kept = [line for line in self._waiting if line.written is None]
        beyond = max(0, len(kept) - _MOST_WAITING)
        self._lost += beyond
        self._waiting = deque(kept[beyond:])
        if time.monotonic() - self._said >= _SAID_SECONDS:
            self._said = time.monotonic()
            message = "the audit log %s can't be written (%s): %d lines wait, %d are lost"
            _log.error(message, self._file, error.strerror, len(self._waiting), self._lost)
        for each in refused:
            if each.set_running_or_notify_cancel():
                each.set_exception(error)


def _bytes(deed: Deed) -> bytes:
    told = _told(deed)
    try:
        return orjson.dumps(told, option=orjson.OPT_UTC_Z) + b"\n"
    except TypeError:  # a name that isn't Unicode
        return json.dumps(told, default=str).encode() + b"\n"


def _told(deed: Deed) -> Mapping[str, Any]:
    entries: Sequence[tuple[str, Any]] = (
        ("at", deed.at),
        ("subject", deed.subject),
        ("authenticated", deed.authenticated),
        ("kind", deed.kind),
        ("operation", deed.operation),
        ("document", deed.document),
        ("fields", deed.fields),
        ("entities", deed.entities),
        ("outcome", deed.outcome),
        ("errors", deed.codes),
    )
    return {name: value for name, value in entries if value not in (None, (), [], {})}
