"""The key of Spojka's own for links by which people unsubscribe: made at the first start, kept in the data directory.

Mails that were sent need it as long as somebody may read them, so backups take it along.
"""

import os
import secrets
from pathlib import Path

from gateway.section import ConfigError

__all__ = ["UNSUBSCRIBE_KEY", "make_key", "read_key"]

UNSUBSCRIBE_KEY = "unsubscribe.key"
_BYTES = 32


def make_key(data: Path) -> None:
    """Whole or not at all, and only once: of two processes that start together, the second finds the first one's."""
    file = data / UNSUBSCRIBE_KEY
    if file.exists():
        return
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as opened:
                opened.write(f"{secrets.token_urlsafe(_BYTES)}\n")
                opened.flush()
                os.fsync(opened.fileno())
            os.link(draft, file)  # fails where the name is taken, unlike a rename
        finally:
            draft.unlink()
    except FileExistsError:
        return
    except OSError as error:
        raise ConfigError(f"{file}: the key can't be made ({error.strerror}): give Spojka's user the right") from error


def read_key(data: Path) -> bytes:
    """Before the first start, when nobody can have a link yet, one that is nobody's. Raises ConfigError."""
    file = data / UNSUBSCRIBE_KEY
    try:
        key = file.read_bytes().strip()
    except FileNotFoundError:
        return secrets.token_bytes(_BYTES)
    except OSError as error:
        raise ConfigError(f"{file}: the key can't be read ({error.strerror}): give Spojka's user the right") from error
    if len(key) < _BYTES:
        raise ConfigError(f"{file}: it is no key that Spojka made: restore it, or move it away and links are new ones")
    return key
