"""Takes what a switch posts, keeps it, and only then answers 200. It needs no database and knows nothing of calls.

Janus takes any answer for a delivery, a 500 too, and then never sends the event again. So whatever goes wrong (a wrong
secret, a body that is too large, a disk that is full), the connection is closed without an answer, and Janus tries it
again later. A body that is no JSON is kept as it is and answered 200: sending it again would make it no better.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import h11

__all__ = ["BODY_BYTES", "Receiver", "Spooler", "receiving"]

_log = logging.getLogger("spojka")

BODY_BYTES = 4 * 1024 * 1024
CONNECTIONS = 64
REQUEST_SECONDS = 10
IDLE_SECONDS = 300
CHUNK = 65_536


class _Unanswered(Exception):
    """The request gets no answer; the message is for the log."""


class Spooler(Protocol):
    """Where bodies are kept: a spool of events, or a folder of call records."""

    async def keep(self, body: bytes) -> None:
        """`body` is on disk when it returns. Raises OSError where it can't be kept."""
        ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class Receiver:
    """`secret` is what the switch gives as its password (Basic); None asks for none."""

    spooler: Spooler
    secret: str | None = field(default=None, repr=False)
    connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request by request, until either side has enough."""
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        try:
            await self._converse(reader, writer)
        except (_Unanswered, h11.RemoteProtocolError, OSError, TimeoutError) as error:
            _log.warning("a switch's event is not acknowledged, so that it comes again: %s", error)
        except asyncio.CancelledError:
            pass  # the receiver is being stopped; what isn't kept is not acknowledged
        finally:
            self.connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self.connections) > CONNECTIONS:
            raise _Unanswered(f"there are {CONNECTIONS} connections already")
        connection = h11.Connection(h11.SERVER)
        while await self._answer_one(connection, reader, writer):
            connection.start_next_cycle()

    async def _answer_one(
        self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether another request may follow."""
        first = await asyncio.wait_for(_next_event(connection, reader, writer), IDLE_SECONDS)
        if not isinstance(first, h11.Request):
            return False
        async with asyncio.timeout(REQUEST_SECONDS):
            self._check(first)
            body = await _body(connection, reader, writer)
        status = 405
        if first.method == b"POST":
            await self.spooler.keep(body)
            status = 200
        headers = [("Content-Length", "0"), *([("Allow", "POST")] if status == 405 else [])]
        writer.write(connection.send(h11.Response(status_code=status, headers=headers)) or b"")
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        return connection.our_state is h11.DONE and connection.their_state is h11.DONE

    def _check(self, request: h11.Request) -> None:
        if self.secret is None:
            return
        given = next((value for name, value in request.headers if name == b"authorization"), b"")
        if not hmac.compare_digest(_password(given), self.secret.encode()):
            raise _Unanswered("it doesn't carry the bridge's secret (backend_pwd of the switch's event handler)")


def _password(authorization: bytes) -> bytes:
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(encoded, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


async def _next_event(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> h11.Event | type[h11.PAUSED]:
    while True:
        event = connection.next_event()
        if not isinstance(event, type) or event is h11.PAUSED:
            return event
        if connection.they_are_waiting_for_100_continue:
            go_on = h11.InformationalResponse(status_code=100, headers=[])
            writer.write(connection.send(go_on) or b"")
        connection.receive_data(await reader.read(CHUNK))


async def _body(connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    parts: list[bytes] = []
    size = 0
    while isinstance(event := await _next_event(connection, reader, writer), h11.Data):
        parts.append(bytes(event.data))
        size += len(event.data)
        if size > BODY_BYTES:
            raise _Unanswered(f"its body is larger than {BODY_BYTES} bytes")
    if not isinstance(event, h11.EndOfMessage):
        raise _Unanswered("it ended in the midst")
    return b"".join(parts)


@asynccontextmanager
async def receiving(listener: socket.socket, spooler: Spooler, *, secret: str | None) -> AsyncIterator[None]:
    """Events are taken at `listener` while the context lasts; then what is being kept is kept."""
    receiver = Receiver(spooler, secret)
    server = await asyncio.start_server(receiver.serve, sock=listener)
    try:
        yield
    finally:
        server.close()
        for task in tuple(receiver.connections):
            task.cancel()
        await asyncio.gather(*receiver.connections, return_exceptions=True)
        await spooler.close()
