"""The keys of an issuer, from its JWKS URL: kept, fetched again when old or when a token names an unknown one.

Whatever tokens come, the issuer is asked at most once per 30 s for keys that aren't known, and one fetch at a time is
under way. When it can't be reached, keys that were fetched hold for six times their age; then nobody is let in with a
token (KEYS_UNAVAILABLE), which is said as what it is: no fault of the token's.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from gateway.doors.tokens import Header, keys_that_fit
from gateway.errors import KeysUnavailable

__all__ = ["UNREADABLE", "KeySet", "fetch", "read_keys"]

_log = logging.getLogger("spojka.doors")
UNREADABLE = (OSError, HTTPException, ValueError, RecursionError)
"""What fetching and reading may raise."""

_SECONDS = 5.0
_PATIENCE_SECONDS = 11.0  # to connect, and to read
_MOST_BYTES = 256 * 1024
_MOST_KEYS = 100
_LEAST_RSA_CHARACTERS = 342  # 2048 bits in base64
_PAUSE_FOR_UNKNOWN = 30.0
_PAUSE_AFTER_FAILURE = 5.0
_HELD_AGES = 6

Fetch = Callable[[str], bytes]
Monotonic = Callable[[], float]


class KeySet:
    """The trusted keys at `url`. `generation` rises whenever they are fetched."""

    def __init__(
        self, url: str, max_age: timedelta, *, get: Fetch | None = None, clock: Monotonic = time.monotonic
    ) -> None:
        self._url = url
        self._max_age = max_age.total_seconds()
        self._get = get or fetch
        self._clock = clock
        self._keys: tuple[Key, ...] = ()
        self._fetched: float | None = None
        self._tried: float | None = None
        self._fetching = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self.generation = 0

    async def keys(self, header: Header) -> Sequence[Key]:
        """The keys that fit, after a fetch if there is reason for one. Raises KeysUnavailable."""
        found = keys_that_fit(self._keys, header) if self._hold() else []
        if found:
            if self._may_fetch(known=True) and not self._fetching.locked():
                self._refreshing = asyncio.create_task(self._fetch_if_due(header))  # nobody has to wait for it
            return found
        await self._fetch_if_due(header)
        if not self._hold():
            raise KeysUnavailable("tokens can't be checked now: the issuer's keys can't be fetched; try again later")
        return keys_that_fit(self._keys, header)

    def is_fresh(self) -> bool:
        """Whether the keys are younger than their greatest age."""
        return self._age() <= self._max_age

    def _hold(self) -> bool:
        return self._age() <= self._max_age * _HELD_AGES

    def _age(self) -> float:
        return float("inf") if self._fetched is None else self._clock() - self._fetched

    def _may_fetch(self, *, known: bool) -> bool:
        if known and self.is_fresh():
            return False
        pause = _PAUSE_FOR_UNKNOWN if self.is_fresh() else _PAUSE_AFTER_FAILURE
        return self._tried is None or self._clock() - self._tried >= pause

    async def _fetch_if_due(self, header: Header) -> None:
        async with self._fetching:
            if self._may_fetch(known=bool(keys_that_fit(self._keys, header))):
                await self._fetch()

    async def _fetch(self) -> None:
        self._tried = self._clock()
        try:
            self._keys = await asyncio.wait_for(asyncio.to_thread(read_keys, self._url, self._get), _PATIENCE_SECONDS)
        except UNREADABLE as error:
            _log.warning("the keys at %s can't be fetched: %s", self._url, error)
        else:
            self._fetched = self._clock()
            self.generation += 1


def read_keys(url: str, get: Fetch) -> tuple[Key, ...]:
    """The keys for signatures at `url`, at least one. Raises one of UNREADABLE."""
    listed = json.loads(get(url))
    entries = listed.get("keys") if isinstance(listed, dict) else None
    if not isinstance(entries, list):
        raise ValueError("there is no list of keys")  # noqa: TRY004 - what came is wrong, not what was passed
    keys = [key for each in entries[:_MOST_KEYS] if (key := _trusted(each))]
    if not keys:
        raise ValueError("there is no key for signatures among them")
    return tuple(keys)


def fetch(url: str) -> bytes:
    """What is at `url`, in 5 s and 256 KiB at most. Raises OSError, HTTPException, ValueError."""
    request = Request(url, headers={"accept": "application/jwk-set+json, application/json"})  # noqa: S310 - see settings
    try:
        with build_opener(_NoRedirect).open(request, timeout=_SECONDS) as response:
            return _content(response)
    except HTTPError as error:
        with error:
            raise OSError(f"status {error.code}") from error


def _content(response: HTTPResponse) -> bytes:
    until = time.monotonic() + _SECONDS
    content = bytearray()
    while piece := response.read1(16 * 1024):
        content += piece
        if len(content) > _MOST_BYTES:
            raise ValueError(f"there are more than {_MOST_BYTES} bytes")
        if time.monotonic() > until:
            raise TimeoutError("it takes too long")
    return bytes(content)


class _NoRedirect(HTTPRedirectHandler):
    """Keys come from where the settings say, and from nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _trusted(entry: Any) -> Key | None:
    """The public key in one entry; None for what is for something else, too weak, or not understood (RFC 7517, 5)."""
    if not isinstance(entry, dict) or entry.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    if entry["kty"] == "RSA" and len(str(entry.get("n"))) < _LEAST_RSA_CHARACTERS:
        return None
    operations = entry.get("key_ops")
    if entry.get("use", "sig") != "sig" or (isinstance(operations, list) and "verify" not in operations):
        return None
    public = {name: value for name, value in entry.items() if name in _PUBLIC_PARTS}
    try:
        key = import_key(public)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        _log.warning("a key of the issuer's is passed over: %s", error)
        return None
    return key


_PUBLIC_PARTS = frozenset({"kty", "kid", "alg", "n", "e", "crv", "x", "y"})
