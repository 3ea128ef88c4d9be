"""typst in a process of its own, kept for as many letters as there are.

A template is a program that somebody else wrote. Compiled in this process it could take all its memory, and nothing can
stop it once it runs. So it runs in another one (typst_process.py), which can't open anything and is ended by the kernel
when it takes too much; the next letter gets a new one.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO, Literal, Self

__all__ = ["Bounds", "NotTypeset", "Typesetter"]

PROGRAM = Path(__file__).with_name("typst_process.py")
ENVIRONMENT = {"RAYON_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"}
"""One core, and nothing of this process's secrets."""
PLACE = re.compile(r"┌─ [^\n]*?:(\d+):\d+\n")
MIB = 1024 * 1024
OUT_OF_MEMORY = 3
"""How the program ends when Python, not typst, gets no more memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one letter may take: seconds of a processor, seconds by the clock (a busy machine), bytes of the process."""

    seconds: float = 5.0
    clock_seconds: float = 120.0
    memory: int = 768 * MIB


class NotTypeset(Exception):
    """typst refuses, or is ended. `lines` are the places it names, the innermost first, as lines of the source."""

    def __init__(self, reason: str, lines: tuple[int, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.lines = lines


class Typesetter:
    """Source and data in, pages out; from any thread, one at a time. The process starts when it is first needed."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: weakref.finalize[[subprocess.Popen[bytes]], Typesetter] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process; the next letter starts another."""
        with self._lock:
            self._end()

    def typeset(
        self,
        source: str,
        letter: str,
        *,
        timestamp: int,
        format: Literal["pdf", "png"] = "pdf",
        ppi: int | None = None,
        standard: Literal["a-2b"] | None = "a-2b",
    ) -> list[bytes]:
        """A PDF alone, or a PNG for each page. PDF/A refuses letters that no font has. Raises NotTypeset."""
        request = {"source": source, "letter": letter, "timestamp": timestamp, "format": format, "ppi": ppi}
        request["standard"] = standard
        line = json.dumps({**request, "seconds": self.bounds.seconds}).encode() + b"\n"
        with self._lock:
            head, parts = self._ask(line)
        if "sizes" in head:
            return parts
        raise NotTypeset(str(head["message"]), tuple(int(found) for found in PLACE.findall(str(head["diagnostic"]))))

    def _ask(self, line: bytes) -> tuple[dict[str, object], list[bytes]]:
        """Once more where the process was ended by somebody else: a letter has no effect but its bytes."""
        for last_try in (False, True):
            process = self._running()
            try:
                return exchange(process, line, self.bounds.clock_seconds)
            except TimeoutError as error:
                self._end()
                raise NotTypeset(f"it takes longer than {self.bounds.clock_seconds:g} s") from error
            except (EOFError, BrokenPipeError) as error:
                ended = process.wait()
                self._end()
                reason = self._why(ended)
                if reason is not None or last_try:
                    raise NotTypeset(reason or f"typst was ended while it worked on it ({ended})") from error
        raise AssertionError

    def _why(self, ended: int) -> str | None:
        if ended == -signal.SIGPROF:
            return f"it takes more than {self.bounds.seconds:g} s of a processor's time"
        if ended in (-signal.SIGABRT, -signal.SIGSEGV, OUT_OF_MEMORY):
            return f"it takes more than {self.bounds.memory // MIB} MB of memory"
        return None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - this Python and our own file
                [sys.executable, "-I", str(PROGRAM), str(self.bounds.memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
            )
            self._ending = weakref.finalize(self, end, self._process)
        return self._process

    def _end(self) -> None:
        if self._ending is not None:
            self._ending()
        self._process = self._ending = None


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()


def exchange(process: subprocess.Popen[bytes], line: bytes, seconds: float) -> tuple[dict[str, object], list[bytes]]:
    """Raises EOFError or BrokenPipeError when the process ends, TimeoutError when it doesn't answer."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line)
    process.stdin.flush()
    with DefaultSelector() as selector:
        selector.register(process.stdout, EVENT_READ)
        answer = Answer(process.stdout, selector, time.monotonic() + seconds)
        head: dict[str, object] = json.loads(answer.line())
        sizes = head.get("sizes", [])
        assert isinstance(sizes, list)
        return head, [answer.bytes(size) for size in sizes]


class Answer:
    """What comes on a pipe until a time."""

    def __init__(self, pipe: IO[bytes], selector: DefaultSelector, until: float) -> None:
        self.pipe, self.selector, self.until = pipe, selector, until
        self.read = bytearray()

    def line(self) -> bytes:
        while b"\n" not in self.read:
            self.more()
        line, _, self.read = self.read.partition(b"\n")
        return bytes(line)

    def bytes(self, size: int) -> bytes:
        while len(self.read) < size:
            self.more()
        found, self.read = self.read[:size], self.read[size:]
        return bytes(found)

    def more(self) -> None:
        if not self.selector.select(max(0.0, self.until - time.monotonic())):
            raise TimeoutError
        read = self.pipe.read1(1 << 16)  # type: ignore[attr-defined]
        if not read:
            raise EOFError
        self.read += read
