"""What a source says when it cannot answer: `SourceError` and, below it, the ways in which a system's database fails.

    SourceError                 has a code; its message and extensions are safe to show to anyone
      SystemUnavailable         SYSTEM_UNAVAILABLE: the database can't be reached, opened or read
        PostUnavailable         the same of the mail server, or the mailbox of bounces
      ForeignTables             SYSTEM_UNAVAILABLE: another program's tables are where a system was to be made
      SystemBusy                SYSTEM_BUSY: somebody else holds a lock for too long; asking again later may help
      RoomBusy                  SYSTEM_BUSY: another request works on the same room
      SystemReadOnly            SYSTEM_READ_ONLY: nothing is ever written there
      MappingRefused            MAPPING_REFUSED: the database isn't as the mapping of its tables says
      ValueRefused              MAPPED_VALUE_REFUSED: a mapped column holds what its mapping doesn't know
      KeyReused                 IDEMPOTENCY_KEY_REUSED: the key was used before, with another input
      BridgeDown                BRIDGE_DOWN: a switch can't be reached, or doesn't answer in time
      BridgeRefused             BRIDGE_REFUSED: a switch answers that it won't do what is asked
      PrinterDown               PRINTER_DOWN: a printer can't be reached, or can't print now
      PrinterRefused            PRINTER_REFUSED: a printer answers that it won't do what is asked
      RoomInUse                 ROOM_IN_USE: a room can't be changed or removed while somebody is inside

What the driver said (paths, URLs, SQL) is only in the chained cause, for the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = [
    "BridgeDown",
    "BridgeRefused",
    "ForeignTables",
    "KeyReused",
    "MappingRefused",
    "PostUnavailable",
    "PrinterDown",
    "PrinterRefused",
    "RoomBusy",
    "RoomInUse",
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


class PostUnavailable(SystemUnavailable):
    """The mail server, the folder in its place or the mailbox of bounces can't be used. `why` has no secret in it."""

    def __init__(self, why: str) -> None:
        message = f"post is not available: {why}; ask its administrator, or try again later"
        SourceError.__init__(self, message, code="SYSTEM_UNAVAILABLE", extensions={"system": "post"})
        self.system = "post"
        self.why = why


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


class BridgeDown(SourceError):
    """The switch of `bridge` can't be reached or doesn't answer. `why` is for people and has no secret in it."""

    def __init__(self, bridge: str, why: str) -> None:
        message = f"bridge {bridge} doesn't answer: {why}; ask its administrator, or try again later"
        super().__init__(message, code="BRIDGE_DOWN", extensions={"bridge": bridge})
        self.bridge = bridge
        self.why = why


class BridgeRefused(SourceError):
    """The switch of `bridge` answered that it won't. `why` names the error as the switch does, with no secret in it."""

    def __init__(self, bridge: str, why: str) -> None:
        message = f"bridge {bridge} refuses: {why}; compare its settings here with the switch's own"
        super().__init__(message, code="BRIDGE_REFUSED", extensions={"bridge": bridge})
        self.bridge = bridge
        self.why = why


class PrinterDown(SourceError):
    """`printer` can't be reached or can't print now. `why` is for people and has no secret in it."""

    def __init__(self, printer: str, why: str) -> None:
        message = f"printer {printer} can't print now: {why}; look at it, or try again later"
        super().__init__(message, code="PRINTER_DOWN", extensions={"printer": printer})
        self.printer = printer
        self.why = why


class PrinterRefused(SourceError):
    """`printer` answered that it won't, and won't later either. `why` names what is to be changed."""

    def __init__(self, printer: str, why: str) -> None:
        message = f"printer {printer} refuses: {why}; compare its settings here with the printer's own"
        super().__init__(message, code="PRINTER_REFUSED", extensions={"printer": printer})
        self.printer = printer
        self.why = why


class RoomInUse(SourceError):
    """Somebody is inside `room`, which was to be changed or removed; nothing was done to it."""

    def __init__(self, bridge: str, room: str) -> None:
        message = f"room {room} of bridge {bridge} is in use: somebody is inside; try again when they have left"
        super().__init__(message, code="ROOM_IN_USE", extensions={"bridge": bridge, "room": room})
        self.bridge = bridge
        self.room = room


class RoomBusy(SourceError):
    """Another request works on the room of `booking` at this moment; nothing was done."""

    def __init__(self, booking: str) -> None:
        message = f"the room of {booking} is being made or closed by another request; try again in a moment"
        super().__init__(message, code="SYSTEM_BUSY", extensions={"system": "bridge"})
        self.booking = booking
