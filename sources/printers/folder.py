"""A folder in the place of a printer: numbered PDFs, in order. It says that it is a folder, and prints nothing.

A job is its number. `000007-campaign-7.pdf` is whole from the moment it is there (written beside, flushed, renamed);
what was created and has no document yet is `.000007-campaign-7.job`. Numbers come from one file under a lock, so that
several processes can share a folder; who deletes PDFs frees no number.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sources.errors import PrinterDown, PrinterRefused
from sources.printers.printer import PrinterState, PrintState

__all__ = ["FolderPrinter", "folder_printer"]

LONGEST_NAME = 120
NUMBERED = re.compile(r"\.?(\d{6,})-")


def folder_printer(path: Path, id: str = "folder") -> FolderPrinter:
    return FolderPrinter(path, id)


class FolderPrinter:
    """`Printer` on a folder, which is made when it is first needed."""

    def __init__(self, path: Path, id: str = "folder") -> None:
        self.path = path
        self.id = id

    async def create(self, name: str) -> str:
        return await asyncio.to_thread(self._create, name)

    async def send(self, job: str, name: str, document: bytes) -> None:
        await asyncio.to_thread(self._send, job, name, document)

    async def found(self, job: str | None, name: str) -> PrintState | None:
        return await asyncio.to_thread(self._found, job, name)

    async def state(self) -> PrinterState:
        return await asyncio.to_thread(self._state)

    async def close(self) -> None:
        """Nothing is open."""

    def _create(self, name: str) -> str:
        with self._reachable(), self._locked():
            number = self._next_number()
            job = f"{number:06}"
            self._waiting(job, name).touch(exist_ok=False)
            written(self.path / ".number", str(number).encode())
        return job

    def _send(self, job: str, name: str, document: bytes) -> None:
        with self._reachable():
            if self._printed(job, name).exists():
                return
            if not self._waiting(job, name).exists():
                raise PrinterRefused(self.id, f"there is no job {job} called {name[:LONGEST_NAME]}")
            written(self._printed(job, name), document)
            self._waiting(job, name).unlink(missing_ok=True)

    def _found(self, job: str | None, name: str) -> PrintState | None:
        with self._reachable():
            if job is not None:
                return self._state_of(job, name)
            ends = (f"-{in_a_file(name)}.pdf", f"-{in_a_file(name)}.job")
            with os.scandir(self.path) as entries:
                jobs = {
                    found[1] for each in entries if each.name.endswith(ends) and (found := NUMBERED.match(each.name))
                }
        states = [state for each in sorted(jobs) if (state := self._state_of(each, name))]
        if len(states) > 1:
            return PrintState("UNKNOWN", f"{len(states)} jobs have this name: look which of them is right", len(states))
        return states[0] if states else None

    def _state_of(self, job: str, name: str) -> PrintState | None:
        if self._printed(job, name).exists():
            return PrintState("PRINTED", "a PDF in a folder, not on paper", 1, job)
        if self._waiting(job, name).exists():
            return PrintState("PENDING", "its document hasn't come yet", 0, job)
        return None

    def _state(self) -> PrinterState:
        with self._reachable():
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise PermissionError
        about = f"a folder: nothing is printed on paper, PDFs are put into {self.path}"
        return PrinterState("IDLE", about=about, message=about)

    def _next_number(self) -> int:
        try:
            return int((self.path / ".number").read_text()) + 1
        except (FileNotFoundError, ValueError):
            names = (each.name for each in self.path.iterdir())
            return max((int(found[1]) for name in names if (found := NUMBERED.match(name))), default=0) + 1

    def _printed(self, job: str, name: str) -> Path:
        return self.path / f"{number_of(job)}-{in_a_file(name)}.pdf"

    def _waiting(self, job: str, name: str) -> Path:
        return self.path / f".{number_of(job)}-{in_a_file(name)}.job"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.path / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as error:
            raise PrinterDown(self.id, f"its folder can't be used ({error.strerror or 'not allowed'})") from error


def in_a_file(name: str) -> str:
    """Letters and digits as they are, all else as %XX: no name leads out of the folder, and no two share a file."""
    quoted = quote(name.encode("utf-8", "surrogatepass"), safe="").replace(".", "%2E")
    if len(quoted) <= LONGEST_NAME:
        return quoted
    return f"{quoted[:LONGEST_NAME]}~{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"


def number_of(job: str) -> str:
    return job if job.isascii() and job.isdigit() else "none"


def written(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the machine loses its power."""
    beside = path.with_name(f".{path.name.lstrip('.')}.part")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
