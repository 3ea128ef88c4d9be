"""What a source says when it cannot answer: `SourceError` and, below it, the ways in which a system's database fails.

    SourceError                 has a code; its message and extensions are safe to show to anyone
      SystemUnavailable         SYSTEM_UNAVAILABLE: the database can't be reached, opened or read
      ForeignTables             SYSTEM_UNAVAILABLE: another program's tables are where a system was to be made
      SystemBusy                SYSTEM_BUSY: somebody else holds a lock for too long; asking again later may help
      SystemReadOnly            SYSTEM_READ_ONLY: nothing is ever written there
      MappingRefused            MAPPING_REFUSED: the database isn't as the mapping of its tables says
      ValueRefused              MAPPED_VALUE_REFUSED: a mapped column holds what its mapping doesn't know
      KeyReused                 IDEMPOTENCY_KEY_REUSED: the key was used before, with another input

What the driver said (paths, URLs, SQL) is only in the chained cause, for the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = [
    "ForeignTables",
    "KeyReused",
    "MappingRefused",
    "SourceError",
    "SystemBusy",
    "SystemReadOnly",
    "SystemUnavailable",
    "ValueRefused",
]


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


class ForeignTables(SourceError):
    """The database where `system` was to be made has another program's tables, which nobody has mapped."""

    def __init__(self, system: str, told: str) -> None:
        super().__init__(f"{system}: {told}", code="SYSTEM_UNAVAILABLE", extensions={"system": system})
        self.system = system


class SystemBusy(SourceError):
    """The database of `system` is locked by somebody else; nothing was written."""

    def __init__(self, system: str) -> None:
        message = f"{system} is busy: its database is locked by other work; try again in a moment"
        super().__init__(message, code="SYSTEM_BUSY", extensions={"system": system})
        self.system = system


class SystemReadOnly(SourceError):
    """Something was to be written into `system`, which is only read."""

    def __init__(self, system: str) -> None:
        message = f"{system} is only read here (read_only, or its tables are mapped): change it in the system itself"
        super().__init__(message, code="SYSTEM_READ_ONLY", extensions={"system": system})
        self.system = system


class MappingRefused(SourceError):
    """The database of `system` isn't as its mapping says. `problems` name what is wrong, for whoever runs Spojka."""

    def __init__(self, system: str, problems: Sequence[object]) -> None:
        message = f"{system} can't be read: its database isn't as its mapping says; ask its administrator"
        super().__init__(message, code="MAPPING_REFUSED", extensions={"system": system})
        self.system = system
        self.problems = tuple(problems)


class ValueRefused(SourceError):
    """A value of a mapped column can't be meant: an unknown code, a time that is no instant, nothing at all."""

    def __init__(self, system: str, table: str, column: str, why: str) -> None:
        extensions = {"system": system, "table": table, "column": column}
        super().__init__(
            f"{system}: a value of {table}.{column} is refused: {why}",
            code="MAPPED_VALUE_REFUSED",
            extensions=extensions,
        )
        self.why = why


class KeyReused(SourceError):
    """`mutation` was called before with this idempotency key and another input (design.md, Processes)."""

    def __init__(self, mutation: str, key: str) -> None:
        message = f"{mutation}: the idempotency key {key!r} was used before with another input; take a new key"
        super().__init__(message, code="IDEMPOTENCY_KEY_REUSED")
