"""Who stands at the door: the header `Authorization` -> Viewer.

Nothing said is ANONYMOUS. A token that isn't good is refused, never taken for none: its sender believes to be somebody.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Protocol

from joserfc.jwk import Key

from gateway.doors.settings import DoorsSettings
from gateway.doors.tokens import Header, Roles, begin, checked, viewer_of
from gateway.doors.viewer import ANONYMOUS, Viewer
from gateway.errors import TwoTokens, Unauthenticated

__all__ = ["CLOSED", "Door", "Keys", "TokenDoor"]

_MOST_REMEMBERED = 1000
_NO_ROLES: Roles = MappingProxyType({})


class Door(Protocol):
    """Says who somebody is."""

    async def viewer(self, authorization: Sequence[bytes]) -> Viewer:
        """`authorization` are the values of the header, as often as it came. Raises AccessError."""
        ...


class Keys(Protocol):
    """Where trusted keys are: in a file of our own, or at an issuer's URL."""

    generation: int

    async def keys(self, header: Header) -> Sequence[Key]:
        """Those that a token with this header may be signed with."""
        ...

    def is_fresh(self) -> bool:
        """Whether what was proven with this generation of keys still holds."""
        ...


class TokenDoor:
    """Lets in by bearer tokens (RFC 6750)."""

    def __init__(
        self,
        settings: DoorsSettings,
        keys: Keys,
        *,
        roles: Roles = _NO_ROLES,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._roles = roles
        self._clock = clock
        self._remembered = _Remembered()

    async def viewer(self, authorization: Sequence[bytes]) -> Viewer:
        """ANONYMOUS without a header; raises AccessError for what is no good token."""
        if not authorization:
            return ANONYMOUS
        return await self._viewer(_token(authorization))

    async def _viewer(self, token: bytes) -> Viewer:
        now = self._clock()
        digest = hashlib.sha256(token).digest()
        known = self._remembered.get(digest, generation=self._keys.generation, now=now)
        if known is not None and self._keys.is_fresh():
            return known
        header = begin(token, self._settings)
        keys = await self._keys.keys(header)
        if len(keys) != 1:
            raise Unauthenticated("the token is signed with a key that is not known here: get another")
        claims = checked(token, header, keys[0], self._settings, now=now)
        viewer = viewer_of(claims, self._settings, self._roles)
        self._remembered.add(digest, _Proven(viewer, claims["exp"], self._keys.generation))
        return viewer


@dataclass(frozen=True, slots=True)
class _Closed:
    async def viewer(self, authorization: Sequence[bytes]) -> Viewer:
        if authorization:
            raise Unauthenticated("no tokens are accepted here")
        return ANONYMOUS


CLOSED: Door = _Closed()
"""Nobody can say who they are."""


@dataclass(frozen=True, slots=True)
class _Proven:
    viewer: Viewer
    expires: float
    generation: int


class _Remembered:
    """The last tokens that were good, by their hash: a client sends the same one again and again."""

    def __init__(self) -> None:
        self._held: OrderedDict[bytes, _Proven] = OrderedDict()

    def get(self, digest: bytes, *, generation: int, now: datetime) -> Viewer | None:
        found = self._held.get(digest)
        if found is None:
            return None
        if found.generation != generation or found.expires <= now.timestamp():
            del self._held[digest]
            return None
        self._held.move_to_end(digest)
        return found.viewer

    def add(self, digest: bytes, proven: _Proven) -> None:
        self._held[digest] = proven
        if len(self._held) > _MOST_REMEMBERED:
            self._held.popitem(last=False)


def _token(authorization: Sequence[bytes]) -> bytes:
    if len(authorization) > 1:
        raise TwoTokens("there are several Authorization headers: send one")
    scheme, _, token = authorization[0].strip().partition(b" ")
    if scheme.lower() != b"bearer" or not token.strip():
        raise Unauthenticated("the header Authorization has no bearer token: send `Authorization: Bearer TOKEN`")
    return token.strip()
