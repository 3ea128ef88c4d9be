"""Call records that a switch posts: each is a file of the folder that is fed, on disk before it is acknowledged.

The file's name is the digest of what it holds, so a record that comes again (the answer was lost) is the same file.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

__all__ = ["PostedRecords"]

ENDING = ".cdr.json"


class PostedRecords:
    """Keeps bodies in `folder`, as sources/bridge/spooling/receiver.py hands them over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, body: bytes) -> None:
        """It is on disk, under its own name, when this returns. Raises OSError where it can't be kept."""
        await asyncio.to_thread(self._keep, body)

    async def close(self) -> None:
        """Nothing is open between two records."""

    def _keep(self, body: bytes) -> None:
        content = body if body.endswith(b"\n") else body + b"\n"  # a last line that ends says that it is whole
        name = f"{hashlib.sha256(content).hexdigest()[:40]}{ENDING}"
        unfinished = self._folder / f".{name}.{os.getpid()}"
        try:
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, self._folder / name)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        folder = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
