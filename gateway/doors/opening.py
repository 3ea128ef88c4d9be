"""Settings -> the door of this process, and tokens for the embedded key."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.doors.door import Keys, TokenDoor
from gateway.doors.embedded_key import EmbeddedKey
from gateway.doors.key_set import UNREADABLE, KeySet, fetch, read_keys
from gateway.doors.settings import DoorsSettings
from gateway.doors.tokens import Roles
from gateway.errors import KeyFileError

__all__ = ["Clock", "embedded_token", "open_door", "problem_of_door"]

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


def open_door(settings: DoorsSettings, data: Path, *, roles: Roles, clock: Clock = _now) -> TokenDoor:
    """The door; the embedded key is made in `data` where there is none yet. Raises KeyFileError."""
    return TokenDoor(settings, _keys(settings, data), roles=roles, clock=clock)


def embedded_token(
    settings: DoorsSettings, data: Path, *, subject: str, scopes: frozenset[str], lasts: timedelta, now: datetime
) -> str:
    """A token that the embedded key signs. Raises KeyFileError, also where tokens are somebody else's to give."""
    if settings.jwks is not None:
        raise KeyFileError(f"tokens for this company come from {settings.issuer}: get one there")
    return EmbeddedKey.open(_file(data)).token(subject, scopes, settings, now=now, lasts=lasts)


def problem_of_door(settings: DoorsSettings, data: Path) -> str | None:
    """Why nobody could come in now, None where they could: the issuer is asked, or the key's file is read."""
    if settings.jwks is not None:
        try:
            read_keys(settings.jwks, fetch)
        except UNREADABLE as error:
            return f"the keys at {settings.jwks} can't be fetched: {error}"
        return None
    file = _file(data)
    try:
        if file.exists():  # else it is made at the first start
            EmbeddedKey.open(file)
    except KeyFileError as error:
        return str(error)
    return None


def _keys(settings: DoorsSettings, data: Path) -> Keys:
    if settings.jwks is None:
        return EmbeddedKey.open(_file(data))
    return KeySet(settings.jwks, settings.keys_max_age)


def _file(data: Path) -> Path:
    return data / "doors.key"
