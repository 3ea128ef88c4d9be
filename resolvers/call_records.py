"""What bridge and processes both say about files of call records."""

from __future__ import annotations

from enum import Enum
from typing import Protocol, Self

import strawberry

from resolvers.access import Scope, asks

__all__ = ["CallRecordFormat", "QuarantinedLine"]


@strawberry.enum
class CallRecordFormat(Enum):
    """`ASTERISK_CSV` is cdr_csv's Master.csv."""

    ASTERISK_CSV = "ASTERISK_CSV"


class Quarantined(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def text(self) -> str: ...


@strawberry.federation.type(shareable=True)
class QuarantinedLine:
    """A line that was not taken: where it begins in the file, why (`reason` is kebab-case), and its text."""

    line: int
    reason: str
    message: str
    text: str = strawberry.federation.field(requires_scopes=asks(Scope.CALLERS_READ))

    @classmethod
    def of(cls, quarantined: Quarantined) -> Self:
        return cls(line=quarantined.line, reason=quarantined.reason, message=quarantined.message, text=quarantined.text)
