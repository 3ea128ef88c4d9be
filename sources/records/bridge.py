"""What the conference bridges know: the switches themselves, conferences, legs, and files of call records.

Instants are aware and in UTC. One leg is one call record (CDR): its `id` is the CDR's identity (domain.md, I1).
"""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Bridge", "Conference", "ConferenceGroup", "Leg", "QuarantinedLine", "ReceivedFile"]


@dataclass(frozen=True, slots=True)
class Bridge:
    """A switch. `cdr_zone` is the zone of its call record files (`UTC`, `Europe/Prague`); None: not declared.

    `kind` is what it is asked by: `janus`, or `files` where only its files of call records come; a `simulator` is no
    real one. `service` is what its legs are, where a record doesn't say: `dial-in`, `dial-out` or `toll-free`.
    """

    id: str
    cdr_zone: str | None
    kind: str = "files"
    service: str = "dial-in"


@dataclass(frozen=True, slots=True)
class Leg:
    """One participant from joining to leaving; a rejoin is a new leg.

    `service` is `dial-in`, `dial-out` or `toll-free`. `conference` is None until the leg is assembled.
    """

    id: str
    bridge: str
    room: str
    service: str
    display_name: str | None
    caller_number: str | None
    joined_at: datetime
    left_at: datetime
    end_reason: str | None = None
    conference: str | None = None


@dataclass(frozen=True, slots=True)
class Conference:
    """The legs of one room that belong together. It lasts from the first join to the last leave."""

    id: str
    bridge: str
    room: str
    booking: str | None
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class ConferenceGroup:
    """Legs that a rule found to be one conference; `booking` is None outside every booking's window."""

    bridge: str
    room: str
    booking: str | None
    legs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuarantinedLine:
    """A line that was not taken, with the reason (`malformed`, `clock`, ...) and its own text: nothing is lost.

    `line` is the number of its first physical line in the file, from 1.
    """

    line: int
    reason: str
    message: str
    text: str


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """What came of one file. `legs` are the identities of all its good lines, new and known ones alike."""

    received: int
    duplicates: int
    skipped: int
    quarantined: tuple[QuarantinedLine, ...]
    legs: tuple[str, ...]
