"""Who asks, as the engine knows it: a name, what they may do, and what their token says. Nothing of roles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

__all__ = ["ANONYMOUS", "Viewer"]

_NO_CLAIMS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Viewer:
    """`subject` names who it is; `scopes` say what they may do; `claims` are what row rules compare with.

    `authenticated` is False for whoever came without a token, and for nobody else.
    """

    subject: str
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=lambda: _NO_CLAIMS, hash=False)
    authenticated: bool = True


ANONYMOUS = Viewer("anonymous", authenticated=False)
