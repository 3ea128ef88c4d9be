"""What connections do beside carrying answers: they end when nobody expects it, are slow, refuse, and come back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.doors.viewer import Viewer
from gateway.subgraphs.remote.settings import RemoteSettings
from gateway.subgraphs.remote.subgraph import RemoteSubgraph
from tests.gateway.company import company
from tests.gateway.subgraphs.remote.serving import Received, http, served, until

QUERY = "{ account(number: 7) { balance } client(id: 1) { name } }"
WHOLE = {"account": {"balance": 100}, "client": {"name": "Anna"}}
MUTATION = "mutation { pay(account: 7, amount: 1) { sequence } }"
PATIENT = RemoteSettings(timeout=timedelta(seconds=10), retries=3, break_after=0, connections=2)


def under(head: bytes) -> Callable[[Received], Awaitable[bytes]]:
    """The right answer under another head, after which the server hangs up without a word."""

    async def does(received: Received) -> bytes:
        body = json.dumps(await received.answered()).encode()
        return head.replace(b"LENGTH", str(len(body)).encode()) + b"content-type: application/json\r\n\r\n" + body

    return does


ENDINGS = {
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n",
    "HTTP/1.0 with a length": b"HTTP/1.0 200 OK\r\nContent-Length: LENGTH\r\n",
    "until it hangs up": b"HTTP/1.1 200 OK\r\nconnection: close\r\n",
    "told to stay open, and hangs up": b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: LENGTH\r\n",
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_server_that_hangs_up_between_requests_loses_none(ending: str) -> None:
    """A query is sent again if it has to be; a mutation goes out once or never, and then that is told."""
    async with served(company(), PATIENT) as there:
        billing = there.servers["billing"]
        billing.does = under(ENDINGS[ending])
        for _ in range(10):
            answer = await there.ask(QUERY)
            assert (answer.data, answer.errors) == (WHOLE, ())
        billing.received.clear()
        told = []
        for _ in range(10):
            answer = await there.ask(MUTATION)
            told += [answer.data["pay"]["sequence"]] if answer.data else []
            assert bool(answer.data) != bool(answer.errors)
        assert told == sorted(set(told))
        assert len(told) <= len(billing.received) <= 10


async def test_one_that_goes_down_and_comes_back_under_load() -> None:
    """While it is down few ask it, and nobody waits; soon after it is back it answers everybody."""
    settings = replace(PATIENT, retries=0, break_after=5, break_for=timedelta(seconds=0.1), connections=50)
    askers = 20
    async with served(company(), billing=settings) as there:
        billing = there.servers["billing"]
        ended = asyncio.Event()
        answers: list[Any] = []

        async def asking() -> None:
            while not ended.is_set():
                answer = await there.ask(QUERY)
                answers.append(answer)
                assert answer.data["client"] == WHOLE["client"]
                assert (answer.data["account"] is None) == bool(answer.errors)

        asked = [asyncio.ensure_future(asking()) for _ in range(askers)]
        await asyncio.sleep(0.2)
        billing.does = lambda _: http(b"", "text/plain", status="503 No")
        billing.received.clear()
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(0.6)
        probes = (asyncio.get_running_loop().time() - began) / 0.1
        assert 5 <= len(billing.received) <= askers + 5 + probes
        billing.does = None
        await until(lambda: not answers[-1].errors)
        ended.set()
        await asyncio.gather(*asked)
        assert (await there.ask(QUERY)).errors == ()


@pytest.mark.parametrize(("secret", "requests"), [("known to the gateway", 2), (None, 1)])
async def test_viewers_share_only_where_the_subgraph_can_not_tell_them_apart(secret: str | None, requests: int) -> None:
    """With `dedupe`: a subgraph that is told who asks is asked for each."""
    async with served(company(), replace(PATIENT, dedupe=True, secret=secret)) as there:
        viewers = [there.context(viewer=Viewer(name)) for name in ("jana", "petr")]
        query = "{ account(number: 7) { balance } }"
        await asyncio.gather(*(there.ask(query, each) for each in viewers))
        assert len(there.servers["billing"].received) == requests


async def test_waiting_for_a_connection_takes_no_longer_than_asking_may() -> None:
    """More requests than `connections`, at a subgraph that says nothing: each ends in its own time."""

    async def never(received: Received) -> bytes:
        await asyncio.sleep(60)
        return b""

    hasty = RemoteSettings(timeout=timedelta(seconds=0.3), retries=0, break_after=0, connections=1)
    async with served(company(), billing=hasty) as there:
        there.servers["billing"].does = never
        async with asyncio.timeout(5):
            answers = await asyncio.gather(*(there.ask(QUERY) for _ in range(8)))
        assert {each.errors[0]["extensions"]["code"] for each in answers} == {"SUBGRAPH_TIMEOUT"}
        there.servers["billing"].does = None
        assert (await there.ask(QUERY)).data == WHOLE


CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
ENDLESS = {
    "a body": (CHUNKED, b"1000\r\n" + b" " * 0x1000 + b"\r\n", {"SUBGRAPH_RESPONSE_TOO_LARGE"}),
    "a length of one chunk": (CHUNKED, b"0" * 1000, {"SUBGRAPH_TIMEOUT", "SUBGRAPH_UNAVAILABLE"}),
    "extensions of a chunk": (CHUNKED + b"1", b";a=" + b"b" * 1000, {"SUBGRAPH_UNAVAILABLE"}),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"x-more: " + b"y" * 1000 + b"\r\n", {"SUBGRAPH_UNAVAILABLE"}),
    "trailers": (CHUNKED + b"0\r\n", b"x-more: " + b"y" * 1000 + b"\r\n", {"SUBGRAPH_UNAVAILABLE"}),
    "promises": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50, {"SUBGRAPH_TIMEOUT", "SUBGRAPH_UNAVAILABLE"}),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_what_never_ends_is_given_up_and_hung_up(what: str) -> None:
    """Whatever a server goes on sending: the client has its answer in time, and the server sees its client go."""
    head, more, codes = ENDLESS[what]
    gone = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head)
            while True:
                writer.write(more)
                await writer.drain()
                await asyncio.sleep(0)
        except (ConnectionError, asyncio.IncompleteReadError):
            gone.set()
        finally:
            writer.close()

    hasty = RemoteSettings(timeout=timedelta(seconds=1.5), retries=0, break_after=0, answer_bytes=1_000_000)
    async with served(company()) as there, await asyncio.start_server(endless, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        subgraph = RemoteSubgraph("billing", f"http://127.0.0.1:{port}/", hasty)
        there.gateway._subgraphs["billing"] = subgraph  # type: ignore[index]
        async with asyncio.timeout(4):
            answer = await there.ask(QUERY)
        async with asyncio.timeout(20):
            await gone.wait()
        await subgraph.close()
    assert answer.data == {"account": None, "client": {"name": "Anna"}}
    assert {each["extensions"]["code"] for each in answer.errors} <= codes
