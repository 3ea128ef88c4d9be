"""What mailing needs of those who render, print and send: the fewest members, so that tests can take their place.

`sources.printers`, `sources.post` and `sources.mailing.letters` have these shapes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from sources.records.mailing import Notice, Recipient, TemplateVersion

__all__ = [
    "Delivered",
    "JobState",
    "Outgoing",
    "Postman",
    "Preview",
    "Previewed",
    "Printer",
    "PrinterState",
    "Render",
    "Rendered",
    "Returned",
    "Told",
    "Typeset",
    "Undrawn",
    "Unrendered",
]


class JobState(Protocol):
    """What a printer says of a job: `state` is PENDING, PRINTING, PRINTED, FAILED, CANCELLED or UNKNOWN."""

    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def documents(self) -> int: ...


class PrinterState(Protocol):
    """What a printer says of itself: `reasons` are IPP's keywords (media-empty-error), without any that report none."""

    @property
    def condition(self) -> str: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...
    @property
    def message(self) -> str | None: ...


class Printer(Protocol):
    """A printer; each of these raises a SourceError when it can't be reached."""

    async def create(self, name: str) -> str:
        """A new job without a document; its id."""

    async def send(self, job: str, name: str, document: bytes) -> None:
        """The job's document, once: sent twice it is printed twice."""

    async def found(self, job: str, name: str) -> JobState | None:
        """The job with this id AND this name, None where there is none: ids are used again."""

    async def state(self) -> PrinterState:
        """How the printer is."""

    async def close(self) -> None:
        """Gives up connections."""


class Rendered(Protocol):
    @property
    def pdf(self) -> bytes: ...
    @property
    def pages(self) -> int: ...
    @property
    def sha256(self) -> str: ...


class Unrendered(Exception):
    """A letter that can't be made, and why."""


Render = Callable[[Recipient], Rendered]
"""A recipient's letter, always the same bytes for the same recipient; raises Unrendered."""

Typeset = Callable[[TemplateVersion, date], AbstractContextManager[Render]]
"""(template, the date on the letters) -> what renders its letters, open as long as the context is."""


class Previewed(Protocol):
    """A letter as it will be printed, and its first page as a picture."""

    @property
    def pdf(self) -> bytes: ...
    @property
    def png(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Undrawn:
    """Why a letter can't be made: the field that is to blame, or the line of the template's body, where one is."""

    reason: str
    field: str | None = None
    line: int | None = None


Preview = Callable[[TemplateVersion, date, Recipient], Previewed | Undrawn]
"""(template, the date on the letter, whose it is) -> the letter as it would be, nothing of which is kept."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notice that is due, with what its message says."""

    notice: Notice
    campaign: str
    client: str
    name: str
    subject: str
    text: str
    purpose: str
    language: str


class Delivered(Protocol):
    """What became of a message: `outcome` is ACCEPTED, DEFERRED, REFUSED or UNKNOWN."""

    @property
    def message_id(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def code(self) -> Any: ...
    @property
    def text(self) -> str | None: ...


Told = Callable[[Delivered], Awaitable[None]]
"""Hears what became of a notice as soon as that is known."""

Postman = Callable[[Sequence[Outgoing], Told], Any]
"""(notices that are due, who hears of each) -> awaitable of their `Delivered`, by message id.

Raises a SourceError when it is down.
"""


class Returned(Protocol):
    """A message that came back, or hasn't arrived yet: `is_final` where its server has given up."""

    @property
    def message_id(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def is_final(self) -> bool: ...
