"""The other side of the endpoint: an answerer that asks a Spojka which runs elsewhere, over HTTP."""

import asyncio
import re
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import orjson

from gateway.http.media_types import MediaType, parameters_of
from gateway.request import GraphQLRequest, GraphQLResponse

__all__ = ["RemoteAnswerer", "Unreachable"]

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 6750, section 2.1
_SECONDS = 300  # an import of a large file is one request


class Unreachable(Exception):
    """Nothing that speaks GraphQL answers at the URL."""

    def __init__(self, url: str, fact: object) -> None:
        super().__init__(f"no graph answers at {url} ({fact}): start one with `spojka serve`, or give its URL")


class RemoteAnswerer:
    """Answers by asking `url`, one request at a time on one connection, as whoever `token` is for.

    ValueError for what is no HTTP URL, or no token.
    """

    def __init__(self, url: str, *, token: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not a graph's URL: give one like http://127.0.0.1:8000/graphql")
        if token is not None and not _TOKEN.fullmatch(token):
            raise ValueError("what is given as a token is none: get one with `spojka token`")
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._url = url
        self._target = f"{parts.path or '/'}?{parts.query}".rstrip("?")
        self._connection = kind(parts.hostname, parts.port, timeout=_SECONDS)

    async def answer(self, request: GraphQLRequest) -> GraphQLResponse:
        """The answer from there. Raises Unreachable when there is none."""
        body = orjson.dumps(
            {"query": request.query, "operationName": request.operation_name, "variables": dict(request.variables)}
        )
        try:
            content = orjson.loads(await asyncio.to_thread(self._ask, body))
        except (OSError, HTTPException, orjson.JSONDecodeError) as error:
            self._connection.close()
            raise Unreachable(self._url, error) from error
        return GraphQLResponse(
            data=content.get("data"), errors=tuple(content.get("errors", ())), executed="data" in content
        )

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, body: bytes) -> bytes:
        headers = {"content-type": "application/json", "accept": MediaType.GRAPHQL.value, **self._headers}
        self._connection.request("POST", self._target, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        media_type, _ = parameters_of(response.getheader("content-type", ""))
        if media_type not in [each.value for each in MediaType]:
            raise HTTPException(f"status {response.status}, {media_type or 'no content'}")
        return content
