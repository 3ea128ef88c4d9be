"""Pooled HTTP to one subgraph: the bytes of a request -> status, headers and bytes of the answer, or NoAnswer.

pyreqwest costs 47 to 110 µs a call, a third of the next best. What it says of an error has the URL in it, so only the
causes beneath go into the log.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    ClientClosedError,
    ConnectError,
    PyreqwestError,
    RequestError,
    RequestTimeoutError,
)

from gateway.subgraphs.remote.faults import HttpFailed, NoAnswer, TooLarge, TooSlow, Unavailable
from gateway.subgraphs.remote.headers import HeaderRules
from gateway.subgraphs.remote.settings import RemoteSettings

if TYPE_CHECKING:
    from pyreqwest.response import Response

__all__ = ["Connections", "RawAnswer"]

_ACCEPT = "application/graphql-response+json, application/json;q=0.9"
_DOWN = frozenset({502, 503, 504})
# uvicorn and Node hang up after 5 s: a connection that is about to end isn't used for a mutation.
_IDLE = timedelta(seconds=4)
_CONNECT = timedelta(seconds=5)
_CONNECTING = "client error (Connect)"  # as hyper says it: whatever happened, nothing was sent


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came, unread; `returned` are those of its headers that the client gets."""

    status: int
    media_type: str
    body: bytes
    returned: tuple[tuple[bytes, bytes], ...] = ()


class Connections:
    """To one URL. Certificates are checked, redirects refused, and proxies of the environment not asked."""

    def __init__(self, url: str, settings: RemoteSettings, rules: HeaderRules) -> None:
        self._url = url
        self._most = settings.answer_bytes
        self._rules = rules
        self._client = _client(settings, rules)

    async def send(self, body: bytes, headers: list[tuple[str, str]], within: timedelta) -> RawAnswer:
        """One request, once. Raises NoAnswer.

        The time is pyreqwest's to keep: a task that is cancelled doesn't end its request (0.15.1), only a timeout does.
        """
        try:
            request = self._client.post(self._url).headers(headers).body_bytes(body).timeout(within).build_streamed()
            async with request as response:
                return await self._received(response)
        except RequestTimeoutError as error:
            causes = _causes(error)
            if _CONNECTING in causes:
                raise Unavailable(detail=causes) from None
            raise TooSlow("took too long", detail=causes) from None
        except ConnectError as error:
            raise Unavailable(detail=_causes(error)) from None
        except ClientClosedError as error:
            raise Unavailable(detail="the gateway is closing", again=False) from error
        except RequestError as error:
            raise Unavailable("broke off its answer", detail=_causes(error), again=False) from None
        except PyreqwestError as error:
            raise NoAnswer("couldn't be asked", detail=_causes(error)) from None

    async def close(self) -> None:
        """Hangs up everything; what is under way fails."""
        await self._client.close()

    async def _received(self, response: "Response") -> RawAnswer:
        status = response.status
        if status in _DOWN:
            raise Unavailable("can't answer now", detail=f"status {status}", wait=_wait(response))
        if 300 <= status < 400:
            raise HttpFailed("answered with a redirect, which is never followed", detail=f"status {status}")
        media_type = (response.get_header("content-type") or "").partition(";")[0].strip().lower()
        body = await self._body(response)
        return RawAnswer(status, media_type, body, tuple(self._rules.returned(response)))

    async def _body(self, response: "Response") -> bytes:
        """No more than may be, however it was packed: a length that is announced is that of plain bytes."""
        announced = response.get_header("content-length")
        if announced is not None and announced.isdigit():
            if int(announced) > self._most:
                raise self._too_large()
            return (await response.bytes()).to_bytes()
        parts, size = [], 0
        reader = response.body_reader
        while (part := await reader.read_chunk()) is not None:
            size += len(part)
            if size > self._most:
                raise self._too_large()
            parts.append(part.to_bytes())
        return b"".join(parts)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"gave an answer of more than {self._most} bytes")


def _client(settings: RemoteSettings, rules: HeaderRules) -> Client:
    builder = (
        ClientBuilder()
        .default_headers({**rules.fixed, "content-type": "application/json", "accept": _ACCEPT})
        .user_agent("spojka")
        .follow_redirects(False)
        .referer(False)
        .no_proxy()
        .max_connections(settings.connections)
        .pool_idle_timeout(_IDLE)
        .connect_timeout(min(_CONNECT, settings.timeout))
    )
    if settings.ca:
        builder = builder.add_root_certificate_pem(settings.ca.read_bytes())
    if settings.certificate and settings.key:
        builder = builder.identity_pem(settings.key.read_bytes() + b"\n" + settings.certificate.read_bytes())
    return builder.build()


def _wait(response: "Response") -> float:
    """Retry-After in seconds (RFC 9110, 10.2.3); one that is a date is not looked at."""
    given = response.get_header("retry-after") or ""
    return float(given) if given.isascii() and given.isdigit() else 0


def _causes(error: PyreqwestError) -> str:
    details = getattr(error, "details", None) or {}
    causes = [each["message"] for each in details.get("causes") or () if "url (" not in each["message"]]
    return ": ".join(causes) or type(error).__name__
