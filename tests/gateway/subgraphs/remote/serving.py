"""The tests' world over real HTTP: each of its subgraphs a server on this machine, which can be told to misbehave.

async with served(company()) as there:
    there.servers["billing"].does = lambda request: http(b"<html>", "text/html")
    answer = await there.ask("{ client(id: 1) { name } }")
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from inspect import isawaitable
from typing import Any

from graphql import execute, parse

from gateway.pipeline import Gateway
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.subgraphs.protocol import RequestContext
from gateway.subgraphs.remote.settings import RemoteSettings
from gateway.subgraphs.remote.subgraph import RemoteSubgraph
from tests.gateway.federation import NOW, TESTER, World

__all__ = ["BROKEN_OFF", "Received", "Served", "Server", "gzipped", "http", "listening", "served", "silence", "until"]

BROKEN_OFF = b""
"""An answer that ends the connection where it would begin."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came; `answered` is what the subgraph would answer if it behaved."""

    head: str
    body: bytes
    answered: Callable[[], Awaitable[dict[str, Any]]]

    def header(self, name: str) -> str | None:
        found = [
            line.partition(":")[2].strip() for line in self.head.splitlines() if line.lower().startswith(f"{name}:")
        ]
        assert len(found) <= 1
        return found[0] if found else None


Does = Callable[[Received], "bytes | Awaitable[bytes]"]


@dataclass(slots=True, eq=False)
class Server:
    """`does` gives the raw bytes of an answer; None behaves. Bytes that announce more than they have break off."""

    answered: Callable[[bytes], Awaitable[dict[str, Any]]]
    does: Does | None = None
    url: str = ""
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    gone: int = 0
    _listener: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self, port: int = 0, **options: Any) -> None:
        self._listener = await asyncio.start_server(self._connected, "127.0.0.1", port, **options)
        scheme = "https" if "ssl" in options else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}/graphql"

    async def stop(self) -> None:
        if self._listener:
            self._listener.close()
            for writer in self._writers:
                writer.close()
            await _all_gone(self._listener)
            self._listener = None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                (length,) = [line for line in head.lower().splitlines() if line.startswith("content-length:")]
                body = await reader.readexactly(int(length.partition(":")[2]))
                received = Received(head, body, lambda body=body: self.answered(body))  # type: ignore[misc]
                self.received.append(received)
                if not await self._answer(received, reader, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection may be used again."""
        made = self.does(received) if self.does else http(json.dumps(await received.answered()).encode())
        if isawaitable(made):
            leaving = asyncio.ensure_future(reader.read(1))
            making = asyncio.ensure_future(made)
            await asyncio.wait([leaving, making], return_when=asyncio.FIRST_COMPLETED)
            if not making.done():
                self.gone += 1
                making.cancel()
                return False
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            made = await making
        writer.write(made)
        await writer.drain()
        return _is_whole(made)


async def _all_gone(listener: asyncio.Server) -> None:
    """Once no connection is left, not even one whose TLS handshake failed, of which no handler ever heard.

    Before Python 3.12 `wait_closed` waits for none; what then still closed as the loop ended was a warning in any test.
    """
    async with asyncio.timeout(20):
        while getattr(listener, "_active_count", 0):  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.001)
    await listener.wait_closed()


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    return f"content-length: {len(body)}".encode() in head


def http(
    body: bytes,
    media_type: str = "application/json",
    *,
    status: str = "200 OK",
    headers: str = "",
    length: int | None = None,
) -> bytes:
    """The bytes of an answer; one with a longer `length` breaks off."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\n{headers}"
    return f"{head}content-length: {len(body) if length is None else length}\r\n\r\n".encode() + body


def gzipped(body: bytes) -> bytes:
    """The bytes of an answer that is packed already."""
    return http(body, headers="content-encoding: gzip\r\n")


async def silence(received: Received) -> bytes:
    """No answer, as long as anybody waits for one."""
    await asyncio.sleep(60)
    return BROKEN_OFF


async def until(holds: Callable[[], bool]) -> None:
    """Waits for what nobody tells of: what another process does, or a server sees."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.02)


@dataclass(slots=True, eq=False)
class Served:
    """A world, its servers by name, and the gateway over them."""

    world: World
    servers: Mapping[str, Server]
    subgraphs: Mapping[str, RemoteSubgraph]
    gateway: Gateway

    def context(self, **of_http: Any) -> RequestContext:
        return RequestContext(now=NOW, **{"viewer": TESTER, **of_http})

    async def ask(self, query: str, context: RequestContext | None = None, **variables: Any) -> GraphQLResponse:
        """The answer; AssertionError when a subgraph had to complain."""
        self.world.complaints.clear()
        request = GraphQLRequest(query=query, variables=variables)
        answer = await self.gateway.answer(request, context or self.context())
        assert not self.world.complaints, "\n".join(self.world.complaints)
        return answer


QUICK = RemoteSettings(timeout=timedelta(seconds=5), retries=0, break_after=0)


@asynccontextmanager
async def served(world: World, settings: RemoteSettings = QUICK, **of_one: RemoteSettings) -> AsyncIterator[Served]:
    """Every subgraph of the world at a URL of its own; `of_one` are settings of one subgraph."""
    async with AsyncExitStack() as stack:
        servers, subgraphs = {}, {}
        for name, subgraph in world.subgraphs.items():
            server = await stack.enter_async_context(listening(_answering(subgraph.schema)))
            servers[name] = server
            subgraphs[name] = RemoteSubgraph(name, server.url, of_one.get(name, settings))
            stack.push_async_callback(subgraphs[name].close)
        yield Served(world, servers, subgraphs, Gateway(world.supergraph, subgraphs, most_objects=10**15))


@asynccontextmanager
async def listening(answered: Callable[[bytes], Awaitable[dict[str, Any]]], **options: Any) -> AsyncIterator[Server]:
    """A server that answers so, if nothing else is said."""
    server = Server(answered)
    await server.start(**options)
    try:
        yield server
    finally:
        await server.stop()


def _answering(schema: Any) -> Callable[[bytes], Awaitable[dict[str, Any]]]:
    async def answered(body: bytes) -> dict[str, Any]:
        asked = json.loads(body)
        assert asked.keys() <= {"query", "variables"}
        running = execute(schema, parse(asked["query"]), variable_values=asked.get("variables"))
        result = await running if isawaitable(running) else running
        formatted: dict[str, Any] = dict(result.formatted)
        return formatted

    return answered
