"""Bytes -> SubgraphAnswer: what is GraphQL in it, what fits what was asked, and of its errors what may be told.

A  read      JSON that is a GraphQL response, whatever the status (GraphQL over HTTP: a status may say 4xx or 5xx too)
B  check     every part that was asked for is there and has its length; the rest is the last pass's (execution/shaping)
C  tell      an error's message may tell how a system is built, so it is masked; the log has all of it
"""

import codecs
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.subgraphs.operation import SubgraphOperation
from gateway.subgraphs.protocol import Inputs, SubgraphAnswer, SubgraphFault
from gateway.subgraphs.remote.connecting import RawAnswer
from gateway.subgraphs.remote.faults import HttpFailed, Malformed
from gateway.subgraphs.remote.settings import RemoteSettings

__all__ = ["KNOWN_CODES", "Reader"]

log = logging.getLogger(__name__)

# Codes that say what kind of thing went wrong and nothing else: those of Apollo's servers, and of our own subgraphs.
KNOWN_CODES = frozenset(
    [
        "BAD_REQUEST",
        "BAD_USER_INPUT",
        "BRIDGE_DOWN",
        "BRIDGE_REFUSED",
        "CONFLICT",
        "FORBIDDEN",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "IDEMPOTENCY_KEY_REUSED",
        "INTERNAL_SERVER_ERROR",
        "NOT_FOUND",
        "OPERATION_RESOLUTION_FAILURE",
        "PRINTER_DOWN",
        "PRINTER_REFUSED",
        "QUERY_TOO_COMPLEX",
        "RATE_LIMITED",
        "ROOM_IN_USE",
        "SYSTEM_BUSY",
        "SYSTEM_READ_ONLY",
        "SYSTEM_UNAVAILABLE",
        "UNAUTHENTICATED",
    ]
)
_MOST_FAULTS = 1000
_MOST_LOGGED = 20
_LONGEST_LOGGED = 2000
_DEEPEST = 200  # more brackets than this can be nested so deep that whatever walks through them falls over
_AROUND = 60  # levels, at most, that an answer has around what one subgraph gave: limits.document_depth, and lists
_CLOSED = frozenset({401, 403})
_LONG = b"0" * 19  # digits: all that have fewer fit into 64 bits
_DIGITS = bytes.maketrans(b"0123456789", b"0" * 10)


class Reader:
    """Of one subgraph's answers."""

    def __init__(self, service: str, settings: RemoteSettings) -> None:
        self._service = service
        self._masks = settings.mask
        self._codes = KNOWN_CODES | set(settings.codes)
        self._hands_on_tokens = "authorization" in settings.forward

    def answer(self, raw: RawAnswer, operation: SubgraphOperation, inputs: Inputs, request_id: str) -> SubgraphAnswer:
        """What it answered to `operation`. Raises NoAnswer."""
        content = self._response(raw)
        data, errors = content.get("data"), content.get("errors")
        if data is not None and not isinstance(data, dict):
            raise Malformed("gave no GraphQL answer", detail="data is no object")
        if errors is not None and not isinstance(errors, list):
            raise Malformed("gave no GraphQL answer", detail="errors is no list")
        faults = self._faults(errors or (), request_id)
        if data is None:
            if not faults:
                raise Malformed("gave no GraphQL answer", detail="neither data nor errors")
            return SubgraphAnswer(None, faults)
        faults += self._miscounted(data, operation, inputs, faults)
        return SubgraphAnswer(data, faults)

    # A
    def _response(self, raw: RawAnswer) -> dict[str, Any]:
        found = _json(raw.body) if _is_json(raw.media_type) else None
        is_graphql = isinstance(found, dict) and ("data" in found or bool(found.get("errors")))
        if raw.status in _CLOSED and not self._hands_on_tokens:
            # It is this gateway that isn't let in: no token of the client's would change that.
            raise HttpFailed(f"answered with status {raw.status}", detail=_start(raw))
        if is_graphql and isinstance(found, dict):
            return found
        if not 200 <= raw.status < 300:
            raise HttpFailed(f"answered with status {raw.status}", detail=_start(raw))
        raise Malformed("gave no GraphQL answer", detail=f"{raw.media_type or 'no content type'}: {_start(raw)}")

    # B
    def _miscounted(
        self, data: dict[str, Any], operation: SubgraphOperation, inputs: Inputs, faults: Sequence[SubgraphFault]
    ) -> list[SubgraphFault]:
        """Entities belong to what was sent by their position; with another count none can be told from another."""
        wrong = []
        for key, sent in zip(operation.entity_keys, inputs.representations, strict=True):
            found = data.get(key)
            if isinstance(found, list) and len(found) == len(sent):
                continue
            data[key] = None
            if found is not None:
                count = "no list of entities"
                if isinstance(found, list):
                    count = "1 entity" if len(found) == 1 else f"{len(found)} entities"
                wrong.append(self._wrong(f"gave {count} where {len(sent)} were asked for", (key,)))
            elif not any(each.path[:1] in ((), (key,)) for each in faults):
                wrong.append(self._wrong("gave no entities where some were asked for", (key,)))
        return wrong

    def _wrong(self, told: str, path: tuple[str | int, ...]) -> SubgraphFault:
        return SubgraphFault(
            f"{self._service} {told}", path, {"code": "INVALID_SUBGRAPH_DATA", "service": self._service}
        )

    # C
    def _faults(self, errors: Sequence[Any], request_id: str) -> list[SubgraphFault]:
        for number, each in enumerate(errors[:_MOST_LOGGED]):
            text = json.dumps(each, ensure_ascii=False)[:_LONGEST_LOGGED]
            log.warning("%s: error %d, request %s: %s", self._service, number + 1, request_id or "-", text)
        faults = [self._fault(each) for each in errors[:_MOST_FAULTS]]
        if (more := len(errors) - len(faults)) > 0:
            told = f"{self._service} answered with {more} more error{'s' if more > 1 else ''}"
            faults.append(SubgraphFault(told, (), {"code": "SUBGRAPH_ERROR", "service": self._service}))
        return faults

    def _fault(self, error: Any) -> SubgraphFault:
        given: Mapping[str, Any] = error if isinstance(error, dict) else {}
        extensions = given.get("extensions")
        known: Mapping[str, Any] = extensions if isinstance(extensions, dict) else {}
        path = _path(given.get("path"))
        code, message = known.get("code"), given.get("message")
        if self._masks or not isinstance(message, str):
            told = f"{self._service} answered with an error: the log has it"
            shown = {"code": code if isinstance(code, str) and code in self._codes else "SUBGRAPH_ERROR"}
            return SubgraphFault(told, path, {**shown, "service": self._service})
        shown = {**known, "code": code if isinstance(code, str) else "SUBGRAPH_ERROR", "service": self._service}
        return SubgraphFault(message, path, shown)


def _is_json(media_type: str) -> bool:
    return not media_type or media_type == "application/json" or media_type.endswith("+json")


def _json(body: bytes) -> Any:
    """What is written there; None for what isn't JSON, or deeper than any GraphQL answer is."""
    text = body.removeprefix(codecs.BOM_UTF8)  # RFC 8259, 8.1: a reader may ignore it, and .NET writes it
    try:
        found = orjson.loads(text)
        if text.count(b"[") + text.count(b"{") > _DEEPEST:
            orjson.dumps(_within(found))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    # orjson makes a float of an integer beyond 64 bits, and so loses its last digits.
    return json.loads(text) if _LONG in text.translate(_DIGITS) else found


def _within(value: Any) -> Any:
    """As deep as it may stand in the client's answer: orjson writes nothing that is nested deeper than 254."""
    for _ in range(_AROUND):
        value = [value]
    return value


def _path(path: Any) -> tuple[str | int, ...]:
    steps = path if isinstance(path, list) else []
    fits = all(isinstance(each, (str, int)) and not isinstance(each, bool) for each in steps)
    return tuple(steps) if fits else ()


def _start(raw: RawAnswer) -> str:
    return repr(raw.body[:200])
