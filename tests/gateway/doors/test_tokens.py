"""Which tokens let somebody in, and which are refused: always as refused, never as nobody."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from joserfc.jwk import Key, OctKey, RSAKey

from gateway.doors.door import TokenDoor
from gateway.doors.settings import DoorsSettings
from gateway.doors.tokens import MOST_BYTES, Header, keys_that_fit
from gateway.doors.viewer import ANONYMOUS, Viewer
from gateway.errors import AccessError, TwoTokens, Unauthenticated
from tests.gateway.doors.issuer import ISSUER, NOW, SETTINGS, claims, ec_key, okp_key, rsa_key, signed

RSA, EC, OKP = rsa_key(), ec_key(), okp_key()
STAMP = int(NOW.timestamp())


@dataclass
class FixedKeys:
    """Trusted keys that never change."""

    trusted: tuple[Key, ...] = (RSA, EC, OKP)
    generation: int = 0

    async def keys(self, header: Header) -> list[Key]:
        return keys_that_fit(self.trusted, header)

    def is_fresh(self) -> bool:
        return True


def _door(settings: DoorsSettings = SETTINGS, *, roles: dict[str, frozenset[str]] | None = None) -> TokenDoor:
    return TokenDoor(settings, FixedKeys(), roles=roles or {}, clock=lambda: NOW)


async def _viewer(token: bytes, door: TokenDoor | None = None) -> Viewer:
    return await (door or _door()).viewer([b"Bearer " + token])


async def test_nobody_says_nothing() -> None:
    """Without the header somebody is anonymous, and not authenticated."""
    assert await _door().viewer([]) is ANONYMOUS
    assert not ANONYMOUS.authenticated


@pytest.mark.parametrize(
    ("key", "alg"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (OKP, "EdDSA"), (OKP, "Ed25519")]
)
async def test_good_token_lets_in(key: Key, alg: str) -> None:
    """With every algorithm that is accepted unless settings say otherwise; a warning would fail this."""
    viewer = await _viewer(signed(key, claims(scope="clients:read rates:read"), alg=alg))
    assert (viewer.subject, viewer.authenticated) == ("jana.kralova", True)
    assert viewer.scopes == {"clients:read", "rates:read"}
    assert viewer.claims["iss"] == ISSUER


@pytest.mark.parametrize("scheme", [b"bearer", b"BEARER", b"Bearer ", b" Bearer"])
async def test_scheme_is_read_in_any_case(scheme: bytes) -> None:
    """RFC 9110: the name of a scheme is case-insensitive."""
    assert (await _door().viewer([scheme + b" " + signed(OKP, alg="EdDSA")])).subject == "jana.kralova"


def _in_base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _forged(part: int, content: bytes) -> bytes:
    parts = signed(RSA, alg="RS256").split(b".")
    parts[part] = _in_base64(content)
    return b".".join(parts)


def _public_key_as_secret() -> bytes:
    """The forger's trick of old: HS256 with the RSA key that everybody can read."""
    parts = [json.dumps({"alg": "HS256", "kid": "rsa"}).encode(), json.dumps(claims()).encode()]
    text = b".".join(_in_base64(each) for each in parts)
    return text + b"." + _in_base64(hmac.digest(RSA.as_pem(private=False), text, "sha256"))


def _unsigned() -> bytes:
    return signed(OctKey.import_key(b"x" * 32), alg="none", kid="rsa")


def _other_signature() -> bytes:
    head, body, _ = signed(RSA, alg="RS256").split(b".")
    return b".".join([head, body, signed(rsa_key(), alg="RS256").split(b".")[2]])


def _other_claims() -> bytes:
    body = _in_base64(json.dumps(claims(sub="eva")).encode())
    head, _, signature = signed(RSA, alg="RS256").split(b".")
    return b".".join([head, body, signature])


DEEP = b'{"alg":"RS256","kid":' + b"[" * 1200 + b"]" * 1200 + b"}"
BAD: dict[str, Callable[[], bytes]] = {
    "expired": lambda: signed(RSA, claims(exp=STAMP - 31), alg="RS256"),
    "without expiry": lambda: signed(RSA, claims(exp=None), alg="RS256"),
    "that never expires": lambda: signed(RSA, claims(exp=float("nan")), alg="RS256"),
    "that expires in a text": lambda: signed(RSA, claims(exp="2099-01-01"), alg="RS256"),
    "not valid yet": lambda: signed(RSA, claims(nbf=STAMP + 31), alg="RS256"),
    "issued in the future": lambda: signed(RSA, claims(iat=STAMP + 3600), alg="RS256"),
    "of another issuer": lambda: signed(RSA, claims(iss="https://evil.example"), alg="RS256"),
    "of several issuers": lambda: signed(RSA, claims(iss=[ISSUER]), alg="RS256"),
    "without an issuer": lambda: signed(RSA, claims(iss=None), alg="RS256"),
    "for another audience": lambda: signed(RSA, claims(aud="payroll"), alg="RS256"),
    "for an audience that begins alike": lambda: signed(RSA, claims(aud="spojka2"), alg="RS256"),
    "without an audience": lambda: signed(RSA, claims(aud=None), alg="RS256"),
    "without a subject": lambda: signed(RSA, claims(sub=None), alg="RS256"),
    "with an empty subject": lambda: signed(RSA, claims(sub=""), alg="RS256"),
    "with a number for a subject": lambda: signed(RSA, claims(sub=7), alg="RS256"),
    "with a line in its subject": lambda: signed(RSA, claims(sub="a\nb"), alg="RS256"),
    "with an endless subject": lambda: signed(RSA, claims(sub="a" * 256), alg="RS256"),
    "with none for a signature": _unsigned,
    "signed with the public key as a secret": _public_key_as_secret,
    "signed with a secret": lambda: signed(OctKey.import_key(b"x" * 32), alg="HS256", kid="rsa"),
    "with another's signature": _other_signature,
    "with other claims": _other_claims,
    "of an unknown key": lambda: signed(rsa_key("unknown"), alg="RS256"),
    "of another key under a known id": lambda: signed(rsa_key("rsa"), alg="RS256"),
    "that says what its key is not for": lambda: signed(EC, alg="ES256", kid="rsa"),
    "in a way that is not accepted": lambda: signed(RSA, alg="RS512"),
    "that demands an extension": lambda: signed(RSA, alg="RS256", crit=["b64"], b64=True),
    "with a key of its own": lambda: signed(
        rsa_key("own"), alg="RS256", kid="own", jwk=rsa_key("own").as_dict(private=False)
    ),
    "with a list for a key's id": lambda: _forged(0, b'{"alg":"RS256","kid":["rsa"]}'),
    "with a list for an algorithm": lambda: _forged(0, b'{"alg":["RS256"],"kid":"rsa"}'),
    "with a header that is no object": lambda: _forged(0, b'["alg"]'),
    "with a header that is nested": lambda: _forged(0, DEEP),
    "with claims that are nested": lambda: _forged(1, b"[" * 5000),
    "in two parts": lambda: b"a.b",
    "in five parts": lambda: b"a.b.c.d.e",
    "of garbage": lambda: b"\xff\x00" * 40,
    "of dots": lambda: b"." * 2000,
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_token_is_refused(name: str) -> None:
    """As UNAUTHENTICATED, in a sentence that has nothing of the token in it."""
    token = BAD[name]()
    with pytest.raises(Unauthenticated) as refusal:
        await _viewer(token)
    assert (refusal.value.code, refusal.value.status) == ("UNAUTHENTICATED", 401)
    told = str(refusal.value)
    assert token.decode("latin-1") not in told
    assert "jana.kralova" not in told


@pytest.mark.parametrize("changed", [{"exp": STAMP - 29}, {"nbf": STAMP + 29}, {"aud": ["payroll", "spojka"]}])
async def test_clocks_may_differ_a_little_and_audiences_be_several(changed: dict[str, Any]) -> None:
    """30 s of leeway; one of a token's audiences is enough."""
    assert (await _viewer(signed(RSA, claims(**changed), alg="RS256"))).authenticated


async def test_time_to_refuse_is_bounded() -> None:
    """Whatever the size: too long is refused unread, and the longest that is read takes milliseconds."""
    huge = b"a" * 3_000_000
    longest = b".".join([b"a" * 2000, b"b" * 5000, b"c" * 1000])
    deep = _forged(1, b"[" * 5000)
    assert len(longest) <= MOST_BYTES
    for token in (huge, longest, deep, b"." * MOST_BYTES):
        started = time.perf_counter()
        with pytest.raises(Unauthenticated):
            await _viewer(token)
        assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    "authorization",
    [[b""], [b"Bearer"], [b"Bearer "], [b"Basic amFuYTpwYXNz"], [b"Bearerabc"], [b"Token abc"]],
)
async def test_other_ways_to_come_in_are_refused(authorization: list[bytes]) -> None:
    """A header that says nothing is no token; it isn't taken for none either."""
    with pytest.raises(Unauthenticated):
        await _door().viewer(authorization)


async def test_two_headers_are_refused_though_both_are_good() -> None:
    """Which one a proxy has looked at can't be known."""
    good = b"Bearer " + signed(OKP, alg="EdDSA")
    with pytest.raises(TwoTokens) as refusal:
        await _door().viewer([good, good])
    assert refusal.value.status == 400


async def test_token_without_a_key_id_needs_a_single_key() -> None:
    """Where only one key fits it is that one; where two fit nothing is tried out."""
    assert (await _viewer(signed(EC, alg="ES256", kid=None))).authenticated
    door = TokenDoor(SETTINGS, FixedKeys((EC, ec_key("second"))), clock=lambda: NOW)
    with pytest.raises(Unauthenticated):
        await _viewer(signed(EC, alg="ES256", kid=None), door)


async def test_key_that_says_its_algorithm_is_used_with_no_other() -> None:
    """RFC 7517: `alg` of a key."""
    key = rsa_key("pinned")
    pinned = RSAKey.import_key({**key.as_dict(private=False), "alg": "PS256"})
    door = TokenDoor(SETTINGS, FixedKeys((pinned,)), clock=lambda: NOW)
    assert (await _viewer(signed(key, alg="PS256"), door)).authenticated
    with pytest.raises(Unauthenticated):
        await _viewer(signed(key, alg="RS256"), door)


async def test_remembered_token_expires_all_the_same() -> None:
    """A token that was good a moment ago is not good for longer than it says."""
    at = [NOW]
    door = TokenDoor(SETTINGS, FixedKeys(), clock=lambda: at[0])
    token = signed(RSA, claims(exp=STAMP + 5), alg="RS256")
    first = await _viewer(token, door)
    assert await _viewer(token, door) is first
    at[0] = NOW.replace(minute=31)
    with pytest.raises(Unauthenticated, match="expired"):
        await _viewer(token, door)


async def test_remembered_token_falls_with_its_key() -> None:
    """Keys that were fetched anew may lack the one that signed it."""
    keys = FixedKeys()
    door = TokenDoor(SETTINGS, keys, clock=lambda: NOW)
    token = signed(RSA, alg="RS256")
    assert (await _viewer(token, door)).authenticated
    keys.trusted, keys.generation = (EC,), 1
    with pytest.raises(AccessError):
        await _viewer(token, door)


ROLES = {"salesperson": frozenset({"clients:read"}), "manager": frozenset({"clients:all"})}


@pytest.mark.parametrize(
    ("settings", "content", "scopes"),
    [
        ({"roles_claim": "roles"}, {"roles": ["salesperson", "manager"]}, {"clients:read", "clients:all"}),
        ({"roles_claim": "roles"}, {"roles": "manager", "scope": "more"}, {"clients:all", "more"}),
        ({"roles_claim": "realm_access.roles"}, {"realm_access": {"roles": ["manager"]}}, {"clients:all"}),
        ({"roles_claim": "https://x.y/roles"}, {"https://x.y/roles": ["manager"]}, {"clients:all"}),
        ({"roles_claim": "roles", "role_names": {"CRM-7": "manager"}}, {"roles": ["CRM-7"]}, {"clients:all"}),
        ({"roles_claim": "roles"}, {"roles": ["unknown", 7, None]}, set()),
        ({"roles_claim": "roles.of.nobody"}, {"roles": ["manager"]}, set()),
        ({}, {"roles": ["manager"]}, set()),
        ({}, {"scp": ["a", "b"]}, {"a", "b"}),
        ({}, {"scp": "a b", "scope": 7}, {"a", "b"}),
    ],
)
async def test_scopes_come_from_scopes_and_roles(
    settings: dict[str, Any], content: dict[str, Any], scopes: set[str]
) -> None:
    """Roles count only where settings name their claim; what isn't known gives nothing."""
    door = _door(replace(SETTINGS, **settings), roles=ROLES)
    assert (await _viewer(signed(RSA, claims(**content), alg="RS256"), door)).scopes == scopes
