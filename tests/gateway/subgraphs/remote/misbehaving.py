"""The ways in which a subgraph misbehaves, each with the code that clients are told for what is lost by it.

A way is the raw bytes of an answer, or makes them of the request. `WHOLE` are those by which all of an answer is lost.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from tests.gateway.subgraphs.remote.serving import BROKEN_OFF, Received, gzipped, http, silence

__all__ = [
    "DOWN", "ERROR", "HTTP", "INVALID", "LARGE", "MOST", "NO_GRAPHQL", "SLOW", "WAYS", "WHOLE", "Way",
    "doing", "entities", "said",
]  # fmt: skip

Way = Callable[[Received], Any] | bytes

MOST = 100_000


def entities(*found: Any) -> bytes:
    return http(json.dumps({"data": {"_entities": found}}).encode())


def said(value: Any, **how: Any) -> bytes:
    return http(json.dumps(value).encode(), **how)


async def half(received: Received) -> bytes:
    whole = json.dumps(await received.answered()).encode()
    return http(whole[: len(whole) // 2], length=len(whole))


def chunked(size: int) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + (b"1000\r\n" + b" " * 0x1000 + b"\r\n") * (size // 0x1000) + b"0\r\n\r\n"


def chunks(*given: bytes, end: bytes) -> bytes:
    """In chunks; without the last, empty one nobody knows whether that was all."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in given) + end


def coded(code: str) -> dict[str, Any]:
    return {"extensions": {"code": code}}


BOMB = gzip.compress(b'{"data": {"_entities": [' + b" " * 50_000_000 + b"]}}")
DEFLATED = zlib.compress(b" " * 50_000_000)
DEEP = b'{"data":{"_entities":' + b"[" * 900 + b"]" * 900 + b"}}"
DOWN = "SUBGRAPH_UNAVAILABLE"
SLOW = "SUBGRAPH_TIMEOUT"
HTTP = "SUBGRAPH_HTTP_ERROR"
NO_GRAPHQL = "SUBGRAPH_MALFORMED_RESPONSE"
LARGE = "SUBGRAPH_RESPONSE_TOO_LARGE"
INVALID = "INVALID_SUBGRAPH_DATA"
ERROR = "SUBGRAPH_ERROR"

WAYS: dict[str, tuple[Way, str]] = {
    "hangs up": (BROKEN_OFF, DOWN),
    "hangs up within the head": (b"HTTP/1.1 200 OK\r\ncontent-ty", DOWN),
    "gives half an answer": (half, DOWN),
    "speaks no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", DOWN),
    "breaks off within a chunk": (chunks(b'{"data": {"_entities": [', end=b"ff\r\nhalf"), DOWN),
    "ends no chunks": (chunks(b'{"data": null, "errors": [{}]}', end=b""), DOWN),
    "gives half a packed answer": (gzipped(gzip.compress(b'{"data": {}}')[:-6]), DOWN),
    "packs wrongly": (gzipped(b"this is not gzip"), DOWN),
    "has no room": (http(b"busy", "text/plain", status="503 Service Unavailable"), DOWN),
    "is behind a proxy that has nobody": (http(b"<html>502", "text/html", status="502 Bad Gateway"), DOWN),
    "is behind a proxy that waits too long": (said({"errors": [{"message": "x"}]}, status="504 Gateway Timeout"), DOWN),
    "says nothing": (silence, SLOW),
    "fails": (http(b"<html>500</html>", "text/html", status="500 Internal Server Error"), HTTP),
    "isn't there": (http(b"", "text/plain", status="404 Not Found"), HTTP),
    "forbids it": (said({"errors": [{"message": "secret"}]}, status="403 Forbidden"), HTTP),
    "has had enough": (http(b"later", "text/plain", status="429 No", headers="retry-after: 9\r\n"), HTTP),
    "fails without words, as HTTP/1.0": (b"HTTP/1.0 500 No\r\n\r\n", HTTP),
    "sends elsewhere": (http(b"", status="308 No", headers="location: http://127.0.0.1:1/\r\n"), HTTP),
    "has not changed": (b"HTTP/1.1 304 Not Modified\r\n\r\n", HTTP),
    "lets nobody in": (said({"errors": [{"message": "secret", **coded("UNAUTHENTICATED")}]}, status="401 No"), HTTP),
    "gives a page": (http(b"<html><body>Welcome</body></html>", "text/html"), NO_GRAPHQL),
    "gives JSON that calls itself a page": (said({"data": {"_entities": []}}, media_type="text/html"), NO_GRAPHQL),
    "gives wrong JSON": (http(b'{"data": {"_entities": [{"currency": "CZK"},]}}'), NO_GRAPHQL),
    "gives nothing": (http(b""), NO_GRAPHQL),
    "has no content": (b"HTTP/1.1 204 No Content\r\n\r\n", NO_GRAPHQL),
    "gives no number": (http(b'{"data": {"_entities": [{"balance": NaN}]}}'), NO_GRAPHQL),
    "gives infinity": (http(b'{"data": {"_entities": [{"balance": 1e999}]}}'), NO_GRAPHQL),
    "gives a number without end": (http(b'{"data": {"account": {"balance": ' + b"9" * 5000 + b"}}}"), NO_GRAPHQL),
    "speaks latin": (http(b'{"data": {"x": "\xe9"}}', "application/json; charset=iso-8859-1"), NO_GRAPHQL),
    "speaks UTF-16": (http('{"data": {}}'.encode("utf-16"), "application/json; charset=utf-16"), NO_GRAPHQL),
    "gives two": (http(b'{"data": {}}{"data": {}}'), NO_GRAPHQL),
    "streams events": (http(b"event: next\ndata: {}\n\n", "text/event-stream"), NO_GRAPHQL),
    "streams parts": (http(b"---\r\n\r\n{}", "multipart/mixed; boundary=-"), NO_GRAPHQL),
    "gives data of a text": (said({"data": "x"}), NO_GRAPHQL),
    "gives an object as errors": (said({"data": None, "errors": {"message": "secret"}}), NO_GRAPHQL),
    "gives no UTF-8": (http(b'{"data": {"_entities": ["\xff"]}}'), NO_GRAPHQL),
    "gives half a character": (http(b'{"data": {"_entities": ["\\ud800"]}}'), NO_GRAPHQL),
    "gives a list": (said([1]), NO_GRAPHQL),
    "gives null": (said(None), NO_GRAPHQL),
    "gives an empty object": (said({}), NO_GRAPHQL),
    "gives no error": (said({"errors": []}), NO_GRAPHQL),
    "gives null and no error": (said({"data": None}), NO_GRAPHQL),
    "gives a list as data": (said({"data": []}), NO_GRAPHQL),
    "gives a text as errors": (said({"data": None, "errors": "no"}), NO_GRAPHQL),
    "nests endlessly": (http(DEEP), NO_GRAPHQL),
    "gives too much": (http(b" " * (MOST + 1)), LARGE),
    "gives too much in pieces": (chunked(10 * MOST), LARGE),
    "gives a bomb": (gzipped(BOMB), LARGE),
    "gives a bomb of another kind": (http(DEFLATED, headers="content-encoding: deflate\r\n"), LARGE),
    "fails with nothing more": (said({"data": None, "errors": [{}]}), ERROR),
    "gives errors that are none": (said({"errors": [1, None, "x", [], {"message": 3, "path": 4}]}), ERROR),
    "fails without a path": (said({"errors": [{"message": "secret"}]}, status="500 Internal Server Error"), ERROR),
    "gives null for all entities": (said({"data": {"_entities": None}}), INVALID),
    "gives data without entities": (said({"data": {}}), INVALID),
    "gives too few entities": (entities({"currency": "CZK"}), INVALID),
    "gives too many entities": (entities({"currency": "CZK"}, {"currency": "EUR"}, {"currency": "USD"}), INVALID),
    "gives an object of entities": (said({"data": {"_entities": {}}}), INVALID),
    "gives entities that are none": (entities(1, ["x"]), ERROR),
    "gives values of other types": (entities({"currency": {"code": "CZK"}}, {"currency": ["EUR"]}), INVALID),
}  # fmt: skip


def doing(way: Way) -> Callable[[Received], Any]:
    return way if callable(way) else lambda _: way


_IN_PART = {"gives entities that are none"}
WHOLE: Mapping[str, tuple[Way, str]] = {
    way: each for way, each in WAYS.items() if each[1] != INVALID and way not in _IN_PART
}
