"""The protocol of printers. Errors: PrinterDown (later, perhaps), PrinterRefused (not as long as nobody changes it)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["JobState", "PrintState", "Printer", "PrinterCondition", "PrinterState"]

JobState = Literal["PENDING", "PRINTING", "PRINTED", "FAILED", "CANCELLED", "UNKNOWN"]
PrinterCondition = Literal["IDLE", "PRINTING", "STOPPED"]


@dataclass(frozen=True, slots=True)
class PrintState:
    """What is known of a job. `reason` is for people: why it waits, or why it came to nothing; `documents` it has."""

    state: JobState
    reason: str | None = None
    documents: int = 1
    job: str | None = None


@dataclass(frozen=True, slots=True)
class PrinterState:
    """What a printer says of itself. `reasons` are IPP's keywords (media-empty-error); `about` is what it is."""

    condition: PrinterCondition
    accepting: bool = True
    reasons: tuple[str, ...] = ()
    message: str | None = None
    about: str = ""


class Printer(Protocol):
    """Where letters are printed, in the order in which they are created."""

    async def create(self, name: str) -> str:
        """The id of a new job of that name, without a document yet."""
        ...

    async def send(self, job: str, name: str, document: bytes) -> None:
        """The job's only document, a PDF; nothing happens where it has one already.

        PrinterRefused where `job` isn't the one called `name`.
        """
        ...

    async def found(self, job: str | None, name: str) -> PrintState | None:
        """What became of the job of that id and name; without an id, of that name. None where there is none."""
        ...

    async def state(self) -> PrinterState: ...

    async def close(self) -> None:
        """Gives up connections; the next call opens others."""
        ...
