"""What a source says when it cannot answer: `SourceError` and, below it, the two ways a system's database fails.

    SourceError                 has a code; its message and extensions are safe to show to anyone
      SystemUnavailable         SYSTEM_UNAVAILABLE: the database can't be reached, opened or read
      SystemBusy                SYSTEM_BUSY: somebody else holds a lock for too long; asking again later may help
      KeyReused                 IDEMPOTENCY_KEY_REUSED: the key was used before, with another input

What the driver said (paths, URLs, SQL) is only in the chained cause, for the log.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["KeyReused", "SourceError", "SystemBusy", "SystemUnavailable"]


class SourceError(Exception):
    """A refusal with a code. `extensions` becomes the GraphQL error's extensions: {"code": ..., ...}."""

    def __init__(self, message: str, *, code: str, extensions: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.extensions: dict[str, object] = {"code": code, **(extensions or {})}


class SystemUnavailable(SourceError):
    """The database of `system` can't be reached, opened or read."""

    def __init__(self, system: str) -> None:
        message = f"{system} is not available: its database can't be reached; ask its administrator"
        super().__init__(message, code="SYSTEM_UNAVAILABLE", extensions={"system": system})
        self.system = system


class SystemBusy(SourceError):
    """The database of `system` is locked by somebody else; nothing was written."""

    def __init__(self, system: str) -> None:
        message = f"{system} is busy: its database is locked by other work; try again in a moment"
        super().__init__(message, code="SYSTEM_BUSY", extensions={"system": system})
        self.system = system


class KeyReused(SourceError):
    """`mutation` was called before with this idempotency key and another input (design.md, Processes)."""

    def __init__(self, mutation: str, key: str) -> None:
        message = f"{mutation}: the idempotency key {key!r} was used before with another input; take a new key"
        super().__init__(message, code="IDEMPOTENCY_KEY_REUSED")
