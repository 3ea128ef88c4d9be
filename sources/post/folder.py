"""A folder that receives each message as a file `.eml`: what is sent where no mail server is named.

A file is there whole or not at all. It is named by the Message-ID, so a message that is sent twice is one file.
Whatever a Message-ID has in it, no file is made elsewhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from sources.errors import PostUnavailable
from sources.post.mailer import Delivery, Mailer, Message, Origin, Outcome, Told
from sources.post.mime import Ready
from sources.post.sending import Clock, deliver_each, utc_now

__all__ = ["file_name", "folder_mailer"]

LONGEST_NAME = 200


def folder_mailer(path: Path, *, origin: Origin, clock: Clock = utc_now) -> Mailer:
    """A mailer that writes into `path`, which is made when the first message comes."""
    return _FolderMailer(path, origin, clock)


def file_name(message_id: str) -> str:
    """c7-12@example.org.eml; what isn't a letter, a digit, `@`, `.`, `_` or `-` is %2F and the like."""
    name = quote(message_id.strip("<>"), safe="@", encoding="utf-8")
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 65]}-{hashlib.sha256(message_id.encode()).hexdigest()}"
    return f"{name}.eml"


class _FolderMailer:
    def __init__(self, path: Path, origin: Origin, clock: Clock) -> None:
        self._path = path
        self._origin = origin
        self._clock = clock

    async def send(self, messages: Sequence[Message], *, told: Told | None = None) -> Sequence[Delivery]:
        return await deliver_each(messages, self._origin, self._clock, self._deliver, told)

    async def greeted(self) -> str:
        return f"the folder {self._path}"

    async def close(self) -> None:
        """Nothing is open."""

    async def _deliver(self, ready: Ready) -> Delivery:
        try:
            await asyncio.to_thread(self._write, ready)
        except OSError as error:
            raise PostUnavailable(f"its folder can't be written ({error.strerror})") from error
        name = file_name(ready.message_id)
        return Delivery(message_id=ready.message_id, outcome=Outcome.ACCEPTED, code=None, text=f"written as {name}")

    def _write(self, ready: Ready) -> None:
        self._path.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(prefix=".", suffix=".part", dir=self._path)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(ready.content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, self._path / file_name(ready.message_id))
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
        folder = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
