"""Call records that a switch posts are on disk before it is told so; what can't be kept is not answered."""

from __future__ import annotations

import asyncio
import base64
import socket
from pathlib import Path

import pytest

from sources.bridge.spooling.receiver import receiving
from sources.feeds.posted import PostedRecords

CRED = "fs:of-the-tests"
BODY = b'{"variables":{"uuid":"1"}}'


def kept(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def post(port: int, body: bytes, *, cred: str = CRED) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    login = base64.b64encode(cred.encode()).decode()
    head = f"POST /?uuid=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.readline()
    writer.close()
    return answer


async def posted(folder: Path, *bodies: bytes, cred: str = CRED) -> list[bytes]:
    listener = socket.create_server(("127.0.0.1", 0))
    async with receiving(listener, PostedRecords(folder), secret=CRED.partition(":")[2]):
        port = listener.getsockname()[1]
        return [await post(port, body, cred=cred) for body in bodies]


async def test_record_that_is_answered_is_a_file(tmp_path: Path) -> None:
    """Whole, with its last line ended; one that comes again is the same file."""
    assert await posted(tmp_path, BODY, BODY, BODY + b"\n") == [b"HTTP/1.1 200 \r\n"] * 3
    [file] = kept(tmp_path)
    assert file.name.endswith(".cdr.json")
    assert file.read_bytes() == BODY + b"\n"


async def test_what_cannot_be_kept_is_not_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full: the connection is closed, so the switch tries again; nothing unfinished is left behind."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert await posted(tmp_path, BODY) == [b""]
    assert kept(tmp_path) == []
    monkeypatch.undo()
    assert await posted(tmp_path / "away", BODY) == [b""]
    assert await posted(tmp_path, BODY) == [b"HTTP/1.1 200 \r\n"]


async def test_wrong_password_keeps_nothing(tmp_path: Path) -> None:
    """It isn't answered either: the record comes again once the password is right."""
    assert await posted(tmp_path, BODY, cred="fs:wrong") == [b""]
    assert kept(tmp_path) == []
