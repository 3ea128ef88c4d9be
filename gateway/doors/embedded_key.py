"""The key of Spojka's own: made at the first start, kept in the data directory, for tokens that `spojka token` prints.

The file holds an Ed25519 key as a JSON Web Key. Whoever can read it can be anybody, so it is refused where others can.
"""

import json
import os
import secrets
import stat
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, OKPKey

from gateway.doors.settings import DoorsSettings
from gateway.doors.tokens import Header, keys_that_fit
from gateway.errors import KeyFileError

__all__ = ["EmbeddedKey"]

_ALGORITHM = "Ed25519"


class EmbeddedKey:
    """A key that signs and proves."""

    def __init__(self, key: OKPKey) -> None:
        self._key = key
        self.generation = 0

    @classmethod
    def open(cls, file: Path) -> "EmbeddedKey":
        """The key in `file`, made there where there is none yet. Raises KeyFileError."""
        try:
            if not file.exists():
                _make(file)
            return cls(_read(file))
        except OSError as error:
            raise KeyFileError(f"{file}: the key can't be read or made ({error.strerror})") from error

    async def keys(self, header: Header) -> Sequence[Key]:
        """The one key, if it fits."""
        return keys_that_fit([self._key], header)

    def is_fresh(self) -> bool:
        """It never changes while the process lives."""
        return True

    def token(
        self, subject: str, scopes: frozenset[str], settings: DoorsSettings, *, now: datetime, lasts: timedelta
    ) -> str:
        """A token for `subject`, valid from `now` on."""
        claims = {
            "iss": settings.issuer,
            "aud": settings.audience,
            "sub": subject,
            "iat": int(now.timestamp()),
            "exp": int((now + lasts).timestamp()),
            "scope": " ".join(sorted(scopes)),
        }
        return jwt.encode({"alg": _ALGORITHM, "kid": self._key.kid}, claims, self._key, algorithms=[_ALGORITHM])


def _make(file: Path) -> None:
    """Whole or not at all, and only once: of two processes that start together, the second finds the first one's."""
    content = json.dumps(OKPKey.generate_key("Ed25519", auto_kid=True).as_dict(private=True))
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        try:
            os.link(draft, file)  # fails where the name is taken, unlike a rename
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _read(file: Path) -> OKPKey:
    with file.open(encoding="utf-8") as opened:
        mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
        if mode & 0o077:
            raise KeyFileError(f"{file}: others may read or write it (mode {mode:04o}): chmod 600 it, or delete it")
        try:
            key = OKPKey.import_key(json.load(opened))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise KeyFileError(f"{file}: there is no key in it: delete it, and another one is made") from error
    if not key.is_private or key.curve_name != "Ed25519":
        raise KeyFileError(f"{file}: it is not a private Ed25519 key: delete it, and another one is made")
    key.ensure_kid()
    return key
