"""What doors are set to: who signs the tokens, for whom they are meant, and what of them is trusted.

    [doors]
    issuer = "https://login.example.org/realms/company"
    audience = "spojka"
    jwks = "https://login.example.org/realms/company/protocol/openid-connect/certs"

Without any of them tokens are signed by a key of Spojka's own (`embedded`), which `spojka token` uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import urlsplit

from gateway.section import Section

__all__ = ["ALGORITHMS", "DoorsSettings", "read"]

# By the key's type, or its curve: a token can't choose how its key is used. Nothing symmetric, no "none".
ALGORITHMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        "P-256": ("ES256",),
        "P-384": ("ES384",),
        "P-521": ("ES512",),
        "Ed25519": ("EdDSA", "Ed25519"),
    }
)
_USUAL = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
_EMBEDDED = "spojka"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorsSettings:
    """`jwks` None means that the key of Spojka's own signs; `chosen` says that somebody decided on that.

    `roles_claim` is the claim that lists roles, None where tokens list scopes only. `refuse`: what happens to a request
    that asks for more than its viewer may see: only the "field" is null, or the whole "request" is refused.
    """

    issuer: str = _EMBEDDED
    audience: str = _EMBEDDED
    jwks: str | None = None
    chosen: bool = False
    algorithms: tuple[str, ...] = _USUAL
    leeway: timedelta = timedelta(seconds=30)
    keys_max_age: timedelta = timedelta(minutes=10)
    roles_claim: str | None = None
    role_names: Mapping[str, str] = field(default_factory=dict)
    refuse: str = "field"


def read(section: Section) -> DoorsSettings:
    """`[doors]`. A JWKS needs an issuer and an audience; with the embedded key neither is a choice."""
    usual = DoorsSettings()
    jwks = section.text("jwks")
    embedded = section.boolean("embedded", default=False)
    if jwks is not None and (problem := _problem_of_url(jwks)):
        raise section.refused("jwks", problem)
    if jwks is not None and embedded:
        raise section.refused("embedded", "there is a jwks too: tokens are signed by the one or by the other")
    issuer, audience = section.text("issuer"), section.text("audience")
    if jwks is not None:
        section.required("issuer", issuer)
        section.required("audience", audience)
    elif issuer is not None or audience is not None:
        raise section.refused("issuer" if issuer else "audience", "there is no jwks: name where the issuer's keys are")
    roles = section.table("roles")
    return DoorsSettings(
        issuer=issuer or usual.issuer,
        audience=audience or usual.audience,
        jwks=jwks,
        chosen=embedded or jwks is not None,
        algorithms=_algorithms(section, usual),
        leeway=section.duration("leeway", usual.leeway),
        keys_max_age=section.duration("keys_max_age", usual.keys_max_age),
        roles_claim=roles.text("claim"),
        role_names=_names(roles.table("names")),
        refuse=section.one_of("refuse", ("field", "request"), usual.refuse),
    )


def _algorithms(section: Section, usual: DoorsSettings) -> tuple[str, ...]:
    known = [each for group in ALGORITHMS.values() for each in group]
    chosen = section.texts("algorithms", usual.algorithms)
    if not chosen or not set(chosen) <= set(known):
        raise section.refused("algorithms", f"it is not a list of some of {', '.join(known)}")
    return chosen


def _names(section: Section) -> dict[str, str]:
    """What a role is called in tokens -> what it is called here."""
    return {name: section.required(name, section.text(name)) for name in section.names()}


def _problem_of_url(url: str) -> str | None:
    """Keys that somebody on the way can change are worth nothing."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port_fits = parts.port != 0
    except ValueError:
        return "it is not a URL"
    if parts.username or parts.password:
        return "it has a name or password in it: keys are public, none is needed"
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    return None if safe and host and port_fits else "it is not an https URL (http is for this machine alone)"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
