"""A token is read, or refused: JSON Web Tokens in their compact form (RFC 7519, with the advice of RFC 8725).

A  begin    the size, the three parts, the header; nothing in it is believed yet
B  key      one of the trusted keys that fits the header; the key says which algorithms it is used with
C  check    the signature, then issuer, audience and times
D  viewer   claims -> Viewer

What a caller learns of a refusal is a sentence that never has any of the token in it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import (
    ExpiredTokenError,
    InvalidClaimError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from gateway.doors.settings import ALGORITHMS, DoorsSettings
from gateway.doors.viewer import Viewer
from gateway.errors import Unauthenticated

__all__ = ["MOST_BYTES", "Header", "Roles", "begin", "checked", "keys_that_fit", "scopes_in", "viewer_of"]

MOST_BYTES = 8192
"""Longer tokens are refused unread, so that refusing one costs as little as it does."""

Roles = Mapping[str, frozenset[str]]
"""The scopes of each role."""

# What reading what a stranger wrote may raise: the library's own errors, and those of base64, JSON and comparing.
_UNREADABLE = (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)
_MOST_SUBJECT = 255
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Header:
    """What a token says of itself, unproven: how it is signed, and by which key."""

    algorithm: str
    key_id: str | None


class _Pinned(JWSRegistry):
    """Nothing but the algorithms it is given, and no warning of "EdDSA": that is what the world sends."""

    max_header_length = 2048
    max_payload_length = MOST_BYTES

    def __init__(self, algorithms: Sequence[str] = ()) -> None:
        super().__init__(algorithms=algorithms, strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        if not self.allowed or name not in self.allowed:
            raise UnsupportedAlgorithmError("not allowed")
        return self.algorithms[name]


_SIZES = _Pinned()


# A
def begin(token: bytes, settings: DoorsSettings) -> Header:
    """The header, if a token like this could be trusted at all. Raises Unauthenticated."""
    if len(token) > MOST_BYTES:
        raise Unauthenticated(f"the token is longer than {MOST_BYTES} bytes: get a smaller one")
    try:
        header = jws.extract_compact(token, registry=_SIZES).headers()
        algorithm, key_id = header["alg"], header.get("kid")
        critical = "crit" in header
    except _UNREADABLE as error:
        raise Unauthenticated("the token can't be read: get another") from error
    if critical:
        raise Unauthenticated("the token demands an extension that is not known here: get one without `crit`")
    if algorithm not in settings.algorithms:
        raise Unauthenticated("the token is signed in a way that is not accepted here")
    if key_id is not None and not isinstance(key_id, str):
        raise Unauthenticated("the token can't be read: get another")
    return Header(algorithm, key_id)


# B
def keys_that_fit(keys: Iterable[Key], header: Header) -> list[Key]:
    """The keys that the token may be signed with: by their id where it has one, and by what they are for."""
    return [
        key
        for key in keys
        if header.algorithm in _algorithms_of(key) and (header.key_id is None or key.kid == header.key_id)
    ]


def _algorithms_of(key: Key) -> Sequence[str]:
    match key:
        case RSAKey():
            possible = ALGORITHMS["RSA"]
        case ECKey() | OKPKey():
            possible = ALGORITHMS.get(key.curve_name, ())
        case _:
            possible = ()  # a shared secret is no key of ours, and a public key is never used as one
    return [each for each in possible if key.alg in (None, each)]


# C
def checked(token: bytes, header: Header, key: Key, settings: DoorsSettings, *, now: datetime) -> dict[str, Any]:
    """The claims, all proven. Raises Unauthenticated."""
    try:
        decoded = jwt.decode(token, key, registry=_Pinned([header.algorithm]))
        _rules(settings, now).validate(decoded.claims)
    except ExpiredTokenError as error:
        raise Unauthenticated("the token has expired: get another") from error
    except MissingClaimError as error:
        raise Unauthenticated(f"the token lacks a claim: it needs {', '.join(_NEEDED)}") from error
    except InvalidClaimError as error:
        raise Unauthenticated(_REASONS.get(str(error.claim), "a claim of the token is wrong")) from error
    except _UNREADABLE as error:
        raise Unauthenticated("the token's signature is not valid: get another") from error
    subject = decoded.claims["sub"]
    if len(subject) > _MOST_SUBJECT or not _PRINTABLE.fullmatch(subject):
        raise Unauthenticated(_REASONS["sub"])
    return decoded.claims


_NEEDED = ("iss", "aud", "exp", "sub")
_REASONS = {
    "iss": "the token is from another issuer than the one that is trusted here",
    "aud": "the token is meant for another audience",
    "nbf": "the token is not valid yet",
    "iat": "the token was issued in the future",
    "exp": "the token's time of expiry is no time",
    "sub": "the token's subject is not a name",
}


def _rules(settings: DoorsSettings, now: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=int(settings.leeway.total_seconds()),
        iss={"essential": True, "value": settings.issuer},
        aud={"essential": True, "value": settings.audience},
        exp={"essential": True},
        sub={"essential": True},
    )


# D
def viewer_of(claims: Mapping[str, Any], settings: DoorsSettings, roles: Roles) -> Viewer:
    """Who the claims speak of, with the scopes they list and those of the roles in the claim that settings name."""
    names = _strings(_found(claims, settings.roles_claim)) if settings.roles_claim else []
    known = (roles.get(settings.role_names.get(name, name), frozenset()) for name in names)
    return Viewer(claims["sub"], scopes_in(claims).union(*known), claims)


def scopes_in(claims: Mapping[str, Any]) -> frozenset[str]:
    """`scope` is a text with spaces (RFC 8693), `scp` a list or such a text."""
    return frozenset(each for name in ("scope", "scp") for each in _strings(claims.get(name)))


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """The claim of that name, else what the name leads to (`realm_access.roles`)."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for step in name.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split()
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
