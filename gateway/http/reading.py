"""Bytes -> GraphQLRequest: the parameters of GraphQL over HTTP, from a JSON body or from a query string."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive

from gateway.errors import OverLimit
from gateway.http.persisted import PersistedDocuments
from gateway.http.refusals import Refusal
from gateway.limits import Limits, check_body
from gateway.request import GraphQLRequest

__all__ = ["Disconnected", "from_json", "from_query_string", "read_body"]


class Disconnected(Exception):
    """The client left before its request was whole: there is nobody to answer."""


async def read_body(receive: Receive, *, announced: bytes, limits: Limits) -> bytes:
    """The whole body; refused with 413 as soon as it is too large, unread when `announced` (Content-Length) says so."""
    try:
        check_body(int(announced) if announced.isdigit() else 0, limits)
        message = await receive()
        body: bytes = message.get("body", b"")
        check_body(len(body), limits)
        chunks, size = [body], len(body)
        while message.get("more_body", False):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            check_body(size, limits)
    except OverLimit as error:
        raise Refusal(413, error.code, str(error)) from error
    return body if len(chunks) == 1 else b"".join(chunks)


def from_json(body: bytes, documents: PersistedDocuments) -> GraphQLRequest:
    """The request in a JSON body."""
    return _request(_json(body, of="the body"), documents, allow_mutations=True)


def from_query_string(query_string: bytes, documents: PersistedDocuments) -> GraphQLRequest:
    """The request in a URL, which may only query: a link must not change anything (GraphQL over HTTP, "GET")."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError as error:
        raise Refusal(400, "BAD_REQUEST", "the query string can't be read: send it URL-encoded, in UTF-8") from error
    parameters: dict[str, Any] = {name: value for name, value in pairs if value or name == "query"}
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _json(parameters[name], of=name)
    return _request(parameters, documents, allow_mutations=False)


def _json(text: bytes | str, *, of: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "BAD_REQUEST", f"{of} is not JSON in UTF-8 ({error})") from error


def _request(parameters: Any, documents: PersistedDocuments, *, allow_mutations: bool) -> GraphQLRequest:
    if not isinstance(parameters, dict):
        raise Refusal(400, "BAD_REQUEST", "the body is not a JSON object: send one request, {query, variables, ...}")
    operation_name = parameters.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise Refusal(400, "BAD_REQUEST", '"operationName" is not a string: name an operation of the document, or none')
    _object(parameters, "extensions")
    return GraphQLRequest(
        query=documents.text(parameters),
        operation_name=operation_name or None,
        variables=_object(parameters, "variables"),
        allow_mutations=allow_mutations,
    )


def _object(parameters: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parameters.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal(400, "BAD_REQUEST", f'"{name}" is not a JSON object: send names with their values, or none')
    return value
