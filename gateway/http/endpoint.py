"""The endpoint `/graphql` as a bare ASGI application: the hot path, 54 against 86 µs of a Starlette route."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Protocol

from starlette.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from gateway.doors.door import CLOSED, Door
from gateway.doors.viewer import Viewer
from gateway.errors import AccessError, DocumentRefused, OverLimit, TwoTokens, formatted
from gateway.http.cors import check_site
from gateway.http.media_types import MediaType, accepted, check_content_type
from gateway.http.persisted import PersistedDocuments
from gateway.http.reading import Disconnected, from_json, from_query_string, read_body
from gateway.http.refusals import Refusal
from gateway.http.request_id import HEADER as REQUEST_ID
from gateway.http.request_id import request_id as known_as
from gateway.http.writing import failure, written
from gateway.limits import Limits, check_document
from gateway.request import Explain, GraphQLRequest, GraphQLResponse

__all__ = ["Answerer", "Endpoint"]

_log = logging.getLogger("spojka.http")
_GET_AND_POST: Mapping[bytes, bytes] = {b"allow": b"GET, POST"}
_ONLY_POST: Mapping[bytes, bytes] = {b"allow": b"POST"}
_NOTHING_MORE: Mapping[bytes, bytes] = {}
_NONE_RETURNED: Sequence[tuple[bytes, bytes]] = ()
_BY_STATUS = {405: _ONLY_POST, 401: {b"www-authenticate": b"Bearer"}}
# The header Spojka-Plan: the plan beside the answer, or the plan alone (gateway/execution/explaining.py).
_EXPLAIN: Mapping[bytes, Explain] = {b"1": "beside", b"only": "only"}
# Longer documents are scanned each time, so that remembering the others can't fill the memory.
_REMEMBERED_LENGTH = 10_000


class Answerer(Protocol):
    """Whatever answers a request: the gateway in this process, or a fake in a test."""

    async def answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        """Never raises for what a client or a subgraph does wrong."""
        ...


class Endpoint:
    """GraphQL over HTTP for one answerer; `door` says who asks, before anything of the request is read."""

    def __init__(
        self,
        answerer: Answerer,
        *,
        limits: Limits,
        door: Door = CLOSED,
        documents: PersistedDocuments | None = None,
    ) -> None:
        self._answerer = answerer
        self._door = door
        self._documents = documents or PersistedDocuments({})
        self._limits = limits
        self._check_remembered = lru_cache(maxsize=1000)(self._check)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if scope["method"] == "GET" and _is_a_person(headers, scope["query_string"]):
            await RedirectResponse("/", status_code=303)(scope, receive, send)
            return
        media_type, more, returned = MediaType.LEGACY, _NOTHING_MORE, _NONE_RETURNED
        request_id = known_as(headers.get(REQUEST_ID))
        try:
            media_type = accepted(headers.get(b"accept", b""))
            viewer = await self._viewer(scope)
            response = await self._answered(scope, receive, headers, viewer, request_id)
            status, body = written(response, media_type)
            more, returned = _BY_STATUS.get(status, _NOTHING_MORE), response.headers
        except Refusal as refusal:
            status, body, more = refusal.status, failure(str(refusal), refusal.code), refusal.headers
        except AccessError as error:
            status, body, more = error.status, failure(str(error), error.code), _challenge(error)
        except Disconnected:
            return
        except Exception:  # the edge: whatever is wrong in here, the client learns only that something is
            _log.exception("a request to %s failed, request %s", scope["path"], request_id)
            status, body = 500, failure("internal error: see the server's log", "INTERNAL_SERVER_ERROR")
        await _send(send, status, body, media_type, [(REQUEST_ID, request_id.encode()), *more.items(), *returned])

    async def _answered(
        self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], viewer: Viewer, request_id: str
    ) -> GraphQLResponse:
        try:
            request = await self._request(scope, receive, headers)
        except DocumentRefused as error:
            return GraphQLResponse(errors=tuple(formatted(error)), executed=False)
        explain = _EXPLAIN.get(headers.get(b"spojka-plan", b""), request.explain)
        request = replace(request, explain=explain, headers=headers, request_id=request_id)
        return await self._answer(request, viewer)

    async def _request(self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes]) -> GraphQLRequest:
        match scope["method"]:
            case "POST":
                check_content_type(headers.get(b"content-type", b""), headers.get(b"content-encoding", b""))
                announced = headers.get(b"content-length", b"")
                body = await read_body(receive, announced=announced, limits=self._limits)
                return from_json(body, self._documents)
            case "GET":
                check_site(headers)
                return from_query_string(scope["query_string"], self._documents)
            case method:
                message = f"{method} is not for this endpoint: use POST, or GET for queries"
                raise Refusal(405, "METHOD_NOT_ALLOWED", message, headers=_GET_AND_POST)

    async def _viewer(self, scope: Scope) -> Viewer:
        """A URL ends up in logs and histories, so a token in one is refused, whatever it is worth (RFC 6750, 2.3)."""
        if b"access_token" in scope["query_string"]:
            raise TwoTokens("there is an access_token in the URL: send the token in the header Authorization")
        return await self._door.viewer([value for name, value in scope["headers"] if name == b"authorization"])

    async def _answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        try:
            self._check_document(request.query)
        except OverLimit as error:
            return GraphQLResponse(errors=tuple(formatted(error)), executed=False)
        return await self._answerer.answer(request, viewer)

    def _check_document(self, document: str) -> None:
        if len(document) > _REMEMBERED_LENGTH:
            self._check(document)
        else:
            self._check_remembered(document)

    def _check(self, document: str) -> None:
        check_document(document, self._limits)


def _challenge(error: AccessError) -> Mapping[bytes, bytes]:
    """RFC 6750, section 3: how to come in, and what was wrong."""
    return {b"www-authenticate": f'Bearer error="{error.challenge}"'.encode()} if error.challenge else _NOTHING_MORE


def _is_a_person(headers: Mapping[bytes, bytes], query_string: bytes) -> bool:
    """Somebody opened the endpoint itself in a browser."""
    return not query_string and b"text/html" in headers.get(b"accept", b"")


async def _send(
    send: Send, status: int, body: bytes, media_type: MediaType, more: Iterable[tuple[bytes, bytes]]
) -> None:
    headers = [
        (b"content-type", f"{media_type.value}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept"),
        (b"x-content-type-options", b"nosniff"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
