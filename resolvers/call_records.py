"""What bridge and processes both say about files of call records."""

from __future__ import annotations

from enum import Enum
from typing import Protocol, Self

import strawberry

from resolvers.access import Scope, asks

__all__ = ["CallRecordFormat", "QuarantinedLine"]


@strawberry.enum
class CallRecordFormat(Enum):
    """What wrote the records: a switch's module, in its own format.

    ASTERISK_CSV               Master.csv of cdr_csv
    ASTERISK_TABLE             rows of the SQL table cdr, a line of JSON for each, by the names of its columns
    FREESWITCH_CONFERENCE_XML  the conference's own file, <uuid>.cdr.xml, with all of its members
    FREESWITCH_CSV             Master.csv of mod_cdr_csv: its own template or `example`; a header may name other columns
    FREESWITCH_JSON            mod_json_cdr: an object for each leg, as it is posted or spooled, a line each
    """

    ASTERISK_CSV = "ASTERISK_CSV"
    ASTERISK_TABLE = "ASTERISK_TABLE"
    FREESWITCH_CONFERENCE_XML = "FREESWITCH_CONFERENCE_XML"
    FREESWITCH_CSV = "FREESWITCH_CSV"
    FREESWITCH_JSON = "FREESWITCH_JSON"


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
