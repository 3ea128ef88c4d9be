"""What a switch posts is on disk before it is acknowledged, and is read once, whatever happens between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import create_server
from typing import Any

import pytest

from sources.bridge.spooling import receiver
from sources.bridge.spooling.reading import read_spool, remove_read
from sources.bridge.spooling.receiver import receiving
from sources.bridge.spooling.spool import Spool, Spooler, SpoolInUse, files_of
from sources.records.calls import SpoolPlace


def spooled(folder: Path) -> list[Any]:
    deliveries, _ = read_spool(folder, SpoolPlace())
    return [list(each.events) if each.malformed is None else each.malformed for each in deliveries]


@asynccontextmanager
async def a_receiver(folder: Path, *, secret: str | None = None, spool: Spool | None = None) -> AsyncIterator[int]:
    listener = create_server(("127.0.0.1", 0))
    async with receiving(listener, Spooler(spool or Spool(folder)), secret=secret):
        yield listener.getsockname()[1]


async def post(port: int, body: bytes, *headers: str, method: str = "POST") -> bytes:
    """The first line of the answer; empty where the connection was closed without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{method} /janus-events HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers, "", ""]
    writer.write("\r\n".join(lines).encode() + body)
    try:
        return (await reader.readline()).strip()
    finally:
        writer.close()


OK = b"HTTP/1.1 200"


async def test_events_are_kept_in_order_before_they_are_acknowledged(tmp_path: Path) -> None:
    """The acknowledgement says that they are on disk."""
    async with a_receiver(tmp_path) as port:
        for number in range(3):
            assert (await post(port, json.dumps([{"n": number}]).encode())).startswith(OK)
            assert spooled(tmp_path) == [[{"n": each}] for each in range(number + 1)]


async def test_many_at_once_are_kept_together(tmp_path: Path) -> None:
    """One synchronisation for all that wait: far fewer than requests."""
    commits = 0

    class Counting(Spool):
        def append(self, lines: Any) -> None:
            nonlocal commits
            commits += 1
            super().append(lines)

    spooler = Spooler(Counting(tmp_path))
    await asyncio.gather(*(spooler.keep(b'[{"n": %d}]' % number) for number in range(500)))
    await spooler.close()
    assert len(spooled(tmp_path)) == 500
    assert commits <= 2


@pytest.mark.parametrize("body", [b"no json", b"\xff\xfe", b"", b'{"half": '])
async def test_what_is_no_json_is_kept_and_acknowledged(tmp_path: Path, body: bytes) -> None:
    """Sending it again would make it no better."""
    async with a_receiver(tmp_path) as port:
        assert (await post(port, body)).startswith(OK)
    assert spooled(tmp_path) == [body.decode("utf-8", "backslashreplace")]


async def test_single_event_is_kept_as_a_list_of_one(tmp_path: Path) -> None:
    """Janus without `grouping` posts objects."""
    async with a_receiver(tmp_path) as port:
        assert (await post(port, b'{"type": 1}')).startswith(OK)
    assert spooled(tmp_path) == [[{"type": 1}]]


class FullDisk(Spool):
    """Full for the first write, after half of it."""

    is_full = True

    def _write(self, file: int, content: bytes) -> None:
        if self.is_full:
            self.is_full = False
            super()._write(file, content[: len(content) // 2])
            raise OSError(28, "No space left on device")
        super()._write(file, content)


async def test_full_disk_is_no_answer_and_tears_nothing_else(tmp_path: Path) -> None:
    """Not a 500, which Janus takes for a delivery. What comes when there is room again isn't behind a torn line."""
    async with a_receiver(tmp_path, spool=FullDisk(tmp_path)) as port:
        assert await post(port, b'[{"n": 1}]') == b""
        assert (await post(port, b'[{"n": 1}]')).startswith(OK)
    assert spooled(tmp_path) == [[{"n": 1}]]


@pytest.mark.parametrize(
    ("headers", "is_kept"),
    [
        ([], False),
        (["Authorization: Basic YnJpZGdlOnNlY3JldA=="], True),  # bridge:secret
        (["Authorization: Basic YnJpZGdlOndyb25n"], False),
        (["Authorization: Basic ???"], False),
        (["Authorization: Bearer secret"], False),
    ],
)
async def test_only_the_bridge_may_tell(tmp_path: Path, headers: list[str], is_kept: bool) -> None:
    """Who doesn't know the secret gets no answer, so that a switch that is set up wrongly loses nothing yet."""
    async with a_receiver(tmp_path, secret="secret") as port:  # noqa: S106
        answer = await post(port, b"[]", *headers)
    assert answer.startswith(OK) if is_kept else answer == b""
    assert spooled(tmp_path) == ([[]] if is_kept else [])


async def test_too_large_a_body_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded."""
    monkeypatch.setattr(receiver, "BODY_BYTES", 100)
    async with a_receiver(tmp_path) as port:
        assert await post(port, b" " * 101) == b""
        assert (await post(port, b'[{"a": "' + b"x" * 80 + b'"}]')).startswith(OK)


async def test_other_methods_are_refused(tmp_path: Path) -> None:
    """405, and nothing is kept."""
    async with a_receiver(tmp_path) as port:
        assert (await post(port, b"", method="GET")).startswith(b"HTTP/1.1 405")
    assert spooled(tmp_path) == []


async def test_several_requests_come_over_one_connection(tmp_path: Path) -> None:
    """And one that asks first whether it may go on is told so, as curl does with large bodies."""
    async with a_receiver(tmp_path) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(3):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
            writer.write(b'[{"n":%d}]' % number)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(OK)
        writer.close()
    assert spooled(tmp_path) == [[{"n": number}] for number in range(3)]


# Reading


def kept(spool: Spool, *numbers: int) -> None:
    spool.append([b'{"received":%d,"events":[%d]}\n' % (number, number) for number in numbers])


def numbers_after(folder: Path, place: SpoolPlace, **more: int) -> tuple[list[int], SpoolPlace]:
    deliveries, place = read_spool(folder, place, **more)
    return [event for each in deliveries for event in each.events], place


def test_spool_is_read_on_from_where_it_was_left_off(tmp_path: Path) -> None:
    """Over files, in order, each line once; what is read is taken away when a later file is there."""
    spool = Spool(tmp_path, file_bytes=60)
    kept(spool, 1, 2)
    found, place = numbers_after(tmp_path, SpoolPlace())
    assert found == [1, 2]
    kept(spool, 3)
    kept(spool, 4)
    found, place = numbers_after(tmp_path, place)
    assert found == [3, 4]
    remove_read(tmp_path, place)
    assert len(files_of(tmp_path)) == 1
    assert numbers_after(tmp_path, place) == ([], place)
    spool.close()
    again = Spool(tmp_path)
    kept(again, 5)
    assert numbers_after(tmp_path, place)[0] == [5]
    again.close()


def test_spool_is_read_in_parts(tmp_path: Path) -> None:
    """A day's events after a long pause don't have to fit into memory."""
    spool = Spool(tmp_path)
    kept(spool, *range(100))
    place, read, parts = SpoolPlace(), [], 0
    while found := numbers_after(tmp_path, place, most_bytes=64):
        if not found[0]:
            break
        read += found[0]
        place, parts = found[1], parts + 1
    assert read == list(range(100))
    assert parts > 10
    spool.close()


def test_line_longer_than_a_part_is_read(tmp_path: Path) -> None:
    """It would stop everything behind it."""
    spool = Spool(tmp_path)
    spool.append([b'{"received":1,"events":["%s"]}\n' % (b"x" * 500)])
    assert len(read_spool(tmp_path, SpoolPlace(), most_bytes=16)[0]) == 1
    spool.close()


def test_long_line_of_the_next_file_loses_nothing_before_it(tmp_path: Path) -> None:
    """It is left for the next time, and what was read before it is given first."""
    spool = Spool(tmp_path)
    kept(spool, 1)
    spool.close()
    spool = Spool(tmp_path)  # whoever opens it anew begins another file
    spool.append([b'{"received":1,"events":["%s"]}\n' % (b"x" * 500)])
    assert len(files_of(tmp_path)) == 2
    first, place = read_spool(tmp_path, SpoolPlace(), most_bytes=64)
    rest, _ = read_spool(tmp_path, place, most_bytes=64)
    assert [len(first), len(rest)] == [1, 1]
    spool.close()


def test_torn_line_is_passed_over(tmp_path: Path) -> None:
    """It was never acknowledged, so the switch sends it again."""
    spool = Spool(tmp_path)
    kept(spool, 1)
    (_, path) = files_of(tmp_path)[0]
    with path.open("ab") as file:
        file.write(b'{"received":2,"eve')
    found, place = numbers_after(tmp_path, SpoolPlace())
    assert found == [1]
    spool.close()
    again = Spool(tmp_path)
    kept(again, 2)
    assert numbers_after(tmp_path, place)[0] == [2]
    again.close()


def test_spool_that_was_made_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    """Somebody took the folder away: its files are numbered from one again."""
    spool = Spool(tmp_path)
    kept(spool, 1)
    assert numbers_after(tmp_path, SpoolPlace(7, 1000))[0] == [1]
    spool.close()


def test_two_spoolers_dont_write_one_spool(tmp_path: Path) -> None:
    """The second is told."""
    spool = Spool(tmp_path)
    with pytest.raises(SpoolInUse, match="stop that one first"):
        Spool(tmp_path)
    spool.close()
    Spool(tmp_path).close()
