"""Everything that can go wrong in the engine, as one tree.

    SpojkaError                     code
    ├── RequestError                the request can't be executed: answered without `data`
    │   ├── SyntaxRefused           GRAPHQL_PARSE_FAILED
    │   ├── ValidationRefused       GRAPHQL_VALIDATION_FAILED
    │   ├── BadVariables            BAD_USER_INPUT
    │   ├── OperationNotFound       OPERATION_RESOLUTION_FAILURE
    │   ├── MutationRefused         MUTATION_NOT_ALLOWED: it came with HTTP GET
    │   ├── DocumentRefused         PERSISTED_DOCUMENT_NOT_FOUND and others: not one that is known here
    │   ├── AccessRefused           FORBIDDEN, UNAUTHENTICATED: it asks for what the viewer may not see or do
    │   └── OverLimit               DOCUMENT_TOO_DEEP, DOCUMENT_TOO_LARGE, QUERY_TOO_COMPLEX, BODY_TOO_LARGE
    ├── AccessError                 nobody was let in: `status` is HTTP's
    │   ├── Unauthenticated         UNAUTHENTICATED: there is a token and it isn't good
    │   ├── TwoTokens               BAD_REQUEST: which one holds is not guessed
    │   └── KeysUnavailable         KEYS_UNAVAILABLE: tokens can't be checked now
    ├── RowRuleError                a row rule can't be kept on this graph; at the start only
    ├── KeyFileError                the file of the embedded key can't be used; at the start only
    ├── AuditUnavailable            AUDIT_UNAVAILABLE: a mutation may not happen unseen
    ├── PlanningError               QUERY_PLANNING_FAILED: no way through the subgraphs gives what was asked
    └── SupergraphError             SUPERGRAPH_INVALID: the supergraph document itself can't be used

`formatted` is the only function that turns one of them into the `errors` entry of a response (GraphQL spec, 7.1.3).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

__all__ = [
    "AccessError",
    "AccessRefused",
    "AuditUnavailable",
    "BadVariables",
    "DocumentRefused",
    "KeyFileError",
    "KeysUnavailable",
    "MutationRefused",
    "OperationNotFound",
    "OverLimit",
    "PlanningError",
    "RefusedField",
    "RequestError",
    "RowRuleError",
    "SpojkaError",
    "SupergraphError",
    "SyntaxRefused",
    "TwoTokens",
    "Unauthenticated",
    "ValidationRefused",
    "formatted",
]

_LONGEST_MESSAGE = 1000


class SpojkaError(Exception):
    """The root of the tree; `code` is what a program switches on, the message is for people and safe to show."""

    code = "INTERNAL_SERVER_ERROR"


class RequestError(SpojkaError):
    """The request was refused before any subgraph was asked; `causes` are GraphQL's own errors, with locations."""

    code = "BAD_REQUEST"

    def __init__(self, message: str, *, causes: Iterable[GraphQLError] = ()) -> None:
        super().__init__(message)
        self.causes = tuple(causes)


class SyntaxRefused(RequestError):
    """The document is not GraphQL."""

    code = "GRAPHQL_PARSE_FAILED"


class ValidationRefused(RequestError):
    """The document asks for what the API schema doesn't have (GraphQL spec, section 5)."""

    code = "GRAPHQL_VALIDATION_FAILED"


class BadVariables(RequestError):
    """A variable is missing or has a value that its type refuses (GraphQL spec, section 6.1.2)."""

    code = "BAD_USER_INPUT"


class OperationNotFound(RequestError):
    """The document has no operation of that name, or several and no name was given."""

    code = "OPERATION_RESOLUTION_FAILURE"


class MutationRefused(RequestError):
    """The operation is a mutation, and the request's transport may only query."""

    code = "MUTATION_NOT_ALLOWED"


class DocumentRefused(RequestError):
    """The document isn't known by the id that was sent, or isn't one that may be asked for; `code` says which."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class RefusedField:
    """A field that the viewer may not have, where they asked for it (response keys)."""

    path: tuple[str, ...]
    message: str
    code: str


class AccessRefused(RequestError):
    """Nothing of the request is carried out, as the viewer may not have all of it; `fields` are what they may not."""

    def __init__(self, fields: Sequence[RefusedField]) -> None:
        super().__init__("; ".join(each.message for each in fields))
        self.fields = tuple(fields)
        self.code = fields[0].code


class OverLimit(RequestError):
    """The document is deeper, larger or more complex than this gateway accepts; `code` says which."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class AccessError(SpojkaError):
    """Somebody said who they are and was not let in. `challenge` is the error code of RFC 6750, section 3.1."""

    status = 401
    challenge: str | None = "invalid_token"


class Unauthenticated(AccessError):
    """A token that isn't good; the message says why, with nothing of the token in it."""

    code = "UNAUTHENTICATED"


class TwoTokens(AccessError):
    """More than one way of saying who somebody is."""

    code = "BAD_REQUEST"
    status = 400
    challenge = "invalid_request"


class KeysUnavailable(AccessError):
    """The issuer's keys can't be had: it says nothing about the token."""

    code = "KEYS_UNAVAILABLE"
    status = 503
    challenge = None


class RowRuleError(SpojkaError):
    """A row rule can't be kept; the message names its type and the reason."""


class KeyFileError(SpojkaError):
    """The embedded key's file can't be used."""


class AuditUnavailable(SpojkaError):
    """The audit log can't be written, and no mutation may happen without."""

    code = "AUDIT_UNAVAILABLE"


class PlanningError(SpojkaError):
    """The operation is valid, but no way through the subgraphs gives what it asks."""

    code = "QUERY_PLANNING_FAILED"


class SupergraphError(SpojkaError):
    """The supergraph document can't be used; the message names the type or directive that is wrong."""

    code = "SUPERGRAPH_INVALID"


def formatted(error: SpojkaError) -> list[dict[str, Any]]:
    """`error` as entries of a response's `errors`, each with `extensions.code`.

    A refusal by GraphQL's own rules gives one entry per broken rule, with its locations in the document.
    """
    if isinstance(error, AccessRefused):
        return [_refused(each) for each in error.fields]
    causes = error.causes if isinstance(error, RequestError) else ()
    if not causes:
        return [{"message": str(error), "extensions": {"code": error.code}}]
    return [_with_code(cause.formatted, error.code) for cause in causes]


def _refused(field: RefusedField) -> dict[str, Any]:
    place = {"path": list(field.path)} if field.path else {}
    return {"message": field.message, **place, "extensions": {"code": field.code}}


def _with_code(entry: Mapping[str, Any], code: str) -> dict[str, Any]:
    """Its message repeats what was sent, so it is cut: nobody needs a megabyte of their own back."""
    message = str(entry["message"])
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}..."
    return {**entry, "message": message, "extensions": {**entry.get("extensions", {}), "code": code}}
