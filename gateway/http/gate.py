"""The gate of a subgraph that is served alone: only the gateway in front of it comes in.

It proves itself by a secret in the header `Spojka-Secret`, or by a certificate, which TLS has checked before anything
comes here. Then its word for who asks is taken: `Spojka-Caller`, whose idempotency keys are their own. From anybody
else that header means nothing. A user's own token, which gateways like to hand on, is not looked at.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.doors.viewer import ANONYMOUS, Viewer
from gateway.http.endpoint import Answerer
from gateway.http.writing import failure
from gateway.request import GraphQLRequest, GraphQLResponse

__all__ = ["CALLER", "SECRET", "Announced", "Gate", "Proof"]

SECRET = b"spojka-secret"
CALLER = b"spojka-caller"
_GATEWAY = "gateway"  # who asks, where the gateway doesn't say
_NAME = re.compile(rb"[\x21-\x7e][\x20-\x7e]{0,199}")
_asking: ContextVar[Viewer] = ContextVar("asking", default=ANONYMOUS)


class Proof:
    """How the gateway proves who it is: by `secret`, by a certificate (`by_certificate`), or by both."""

    def __init__(self, secret: str | None, *, by_certificate: bool) -> None:
        self._digest = None if secret is None else _digest(secret.encode())
        self._by_certificate = by_certificate

    @property
    def is_needed(self) -> bool:
        """False where everybody on this machine may ask."""
        return self._digest is not None or self._by_certificate

    def holds(self, secrets: Sequence[bytes]) -> bool:
        """Takes as long for a secret that is nearly right as for one that isn't."""
        if self._digest is None:
            return True
        return len(secrets) == 1 and hmac.compare_digest(_digest(secrets[0]), self._digest)


class Gate:
    """Refuses with 401 whoever can't prove to be the gateway, before anything of the request is read."""

    def __init__(self, app: ASGIApp, proof: Proof) -> None:
        self._app = app
        self._proof = proof

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = scope["headers"]
        if not self._proof.holds([value for name, value in headers if name == SECRET]):
            message = "the header Spojka-Secret doesn't hold this subgraph's secret: ask through the gateway"
            await _refuse(send, 401, failure(message, "UNAUTHENTICATED"))
            return
        callers = [value for name, value in headers if name == CALLER] if self._proof.is_needed else []
        if len(callers) > 1 or any(not _NAME.fullmatch(each) for each in callers):
            message = "the header Spojka-Caller is not one name of 1 to 200 printable ASCII characters"
            await _refuse(send, 400, failure(message, "BAD_REQUEST"))
            return
        _asking.set(self._viewer(callers))
        passed = [(name, value) for name, value in headers if name not in (SECRET, b"authorization")]
        await self._app({**scope, "headers": passed}, receive, send)

    def _viewer(self, callers: Sequence[bytes]) -> Viewer:
        if not self._proof.is_needed:
            return ANONYMOUS
        return Viewer(callers[0].decode("ascii") if callers else _GATEWAY)


class Announced:
    """Answers whom the gate let in, instead of whom the endpoint sees."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    async def answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        return await self._answerer.answer(request, _asking.get())


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


async def _refuse(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/graphql-response+json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
