"""GraphQLResponse -> status and bytes."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.http.media_types import MediaType
from gateway.request import GraphQLResponse

__all__ = ["Answer", "failure", "written"]

Answer = tuple[int, bytes]

# A mutation by GET isn't a well-formed request, so the legacy type has the same status. A fault of ours is not the
# client's, and who may not ask has asked well; but only today's media type can say so.
_ALWAYS = {"MUTATION_NOT_ALLOWED": 405}
_WHERE_TRUSTED = {
    "INTERNAL_SERVER_ERROR": 500,
    "QUERY_PLANNING_FAILED": 500,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
}


def written(response: GraphQLResponse, media_type: MediaType) -> Answer:
    """The response as it goes out: errors first, so that a reader sees them; no `data` where nothing was executed."""
    entries: dict[str, Any] = {"errors": response.errors} if response.errors else {}
    if response.executed:
        entries["data"] = response.data
    if response.extensions:
        entries["extensions"] = response.extensions
    return _status(response, media_type), _json(entries)


def failure(message: str, code: str) -> bytes:
    """The body of an answer that HTTP itself gives."""
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})


def _json(entries: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(entries)
    except TypeError:  # a scalar of a subgraph's own may be an integer beyond 64 bits
        return json.dumps(entries, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _status(response: GraphQLResponse, media_type: MediaType) -> int:
    """GraphQL over HTTP, "Status Codes": anything executed is 200, however it went."""
    if response.executed:
        return 200
    code = _code(response.errors)
    if code in _ALWAYS:
        return _ALWAYS[code]
    return 200 if media_type is MediaType.LEGACY else _WHERE_TRUSTED.get(code, 400)


def _code(errors: Sequence[Mapping[str, Any]]) -> str:
    return str(errors[0].get("extensions", {}).get("code", "")) if errors else ""
