"""A subgraph elsewhere, as the engine sees any: it compiles what it is sent once, and never raises.

A  compile   the part of the request's body that never changes
B  execute   body and headers -> shared where it may be -> the answer read, or the fault that there is none
C  attempts  one after another while there is time: queries again, mutations never
"""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson

from gateway.subgraphs.operation import SubgraphOperation
from gateway.subgraphs.protocol import Inputs, RequestContext, SubgraphAnswer
from gateway.subgraphs.remote.breaking import Breaker
from gateway.subgraphs.remote.connecting import Connections, RawAnswer
from gateway.subgraphs.remote.faults import NoAnswer, TooSlow
from gateway.subgraphs.remote.headers import HeaderRules
from gateway.subgraphs.remote.reading import Reader
from gateway.subgraphs.remote.settings import RemoteSettings
from gateway.subgraphs.remote.sharing import InFlight

__all__ = ["CompiledRequest", "RemoteSubgraph"]

log = logging.getLogger(__name__)

_FIRST_PAUSE = 0.05  # seconds, at most: each is drawn by lot, so that many gateways don't come back at once
_KNOCK = b'{"query":"{__typename}"}'
_KNOCK_TIME = timedelta(seconds=2)
_LOCAL = ("localhost", "127.0.0.1", "::1")
Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRequest:
    """`head` is the body up to its variables."""

    operation: SubgraphOperation
    head: bytes

    def body(self, inputs: Inputs) -> bytes:
        """The whole of it."""
        variables = dict(_variables(self.operation, inputs))
        return self.head + _dumped(variables) + b"}" if variables else self.head + b"{}}"


class RemoteSubgraph:
    """One subgraph at one URL; `close` when nothing is asked any more."""

    def __init__(
        self, name: str, url: str, settings: RemoteSettings, *, lot: Callable[[], float] = random.random
    ) -> None:
        self.name = name
        self._seconds = settings.timeout.total_seconds()
        self._retries = settings.retries
        self._rules = HeaderRules(settings)
        self._connections = Connections(url, settings, self._rules)
        self._breaker = Breaker(name, after=settings.break_after, pause=settings.break_for.total_seconds())
        self._reader = Reader(name, settings)
        self._in_flight: InFlight[RawAnswer] | None = InFlight() if settings.dedupe else None
        self._lot = lot
        parts = urlsplit(url)
        # Whether headers that may be secrets are sent where others can read them.
        self.is_in_the_clear = bool(self._rules.fixed) and parts.scheme == "http" and parts.hostname not in _LOCAL

    # A
    def compile(self, operation: SubgraphOperation) -> CompiledRequest:
        """Everything but the variables is the same each time."""
        head = b'{"query":' + orjson.dumps(operation.text) + b',"variables":'
        return CompiledRequest(operation, head)

    # B
    async def execute(self, compiled: CompiledRequest, inputs: Inputs, context: RequestContext) -> SubgraphAnswer:
        """Its answer; a fault where there is none."""
        try:
            body, headers = compiled.body(inputs), self._rules.sent(context)
            if self._in_flight is not None and compiled.operation.kind == "query":
                key = (body, tuple(each for each in headers if each[0] != "x-request-id"))
                raw = await self._in_flight.ask(key, lambda: self._asked(body, headers, self._retries))
            else:
                raw = await self._asked(body, headers, self._retries if compiled.operation.kind == "query" else 0)
            context.returned.extend(raw.returned)
            return self._reader.answer(raw, compiled.operation, inputs, context.request_id)
        except NoAnswer as error:
            log.warning("%s %s, request %s: %s", self.name, error, context.request_id or "-", error.detail or "-")
            return SubgraphAnswer(None, [error.fault(self.name)])

    async def readiness(self) -> str | None:
        """None when it answers; else a sentence that may be shown."""
        try:
            async with asyncio.timeout(_KNOCK_TIME.total_seconds()):
                raw = await self._connections.send(_KNOCK, [], _KNOCK_TIME)
        except TimeoutError:
            return "took too long"
        except NoAnswer as error:
            return error.told
        return None if raw.status == 200 else f"answered with status {raw.status}"

    async def close(self) -> None:
        """Hangs up."""
        await self._connections.close()

    # C
    async def _asked(self, body: bytes, headers: Headers, retries: int) -> RawAnswer:
        deadline = asyncio.get_running_loop().time() + self._seconds
        for attempt in range(retries):
            try:
                return await self._attempt(body, headers, deadline)
            except NoAnswer as error:
                pause = error.wait + _FIRST_PAUSE * 2**attempt * self._lot()
                if not error.again or asyncio.get_running_loop().time() + pause >= deadline:
                    raise
            await asyncio.sleep(pause)
        return await self._attempt(body, headers, deadline)

    async def _attempt(self, body: bytes, headers: Headers, deadline: float) -> RawAnswer:
        with self._breaker.attempt():
            try:
                async with asyncio.timeout_at(deadline):
                    left = deadline - asyncio.get_running_loop().time()
                    return await self._connections.send(body, headers, timedelta(seconds=max(left, 0)))
            except (TimeoutError, TooSlow) as error:
                detail = error.detail if isinstance(error, TooSlow) else ""
                raise TooSlow(f"took longer than {self._seconds:g} s", detail=detail) from None


def _variables(operation: SubgraphOperation, inputs: Inputs) -> Iterator[tuple[str, Any]]:
    yield from zip(operation.entity_variables, inputs.representations, strict=True)
    for name in operation.variables:
        if name in inputs.variables:
            yield name, inputs.variables[name]


def _dumped(variables: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(variables)
    except TypeError:  # an integer beyond 64 bits
        return json.dumps(variables).encode()
