"""What was observed of calls on a live switch, and the legs that follow from it.

An observation is a single fact: an event that the switch sent, or what a poll of it saw. Events have the switch's clock
(`at`) and ours (`received_at`); a poll has ours alone. All instants are aware and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = [
    "EndReason",
    "EndedCall",
    "FoldedLeg",
    "HeldLeg",
    "Kind",
    "LiveCall",
    "Observation",
    "PublishedCall",
    "QuarantinedCall",
    "Source",
    "SpoolPlace",
]


class Source(StrEnum):
    """Who says so."""

    EVENT = "event"
    POLL = "poll"


class Kind(StrEnum):
    """What was observed. STARTED, SHUTDOWN and SESSION_LOST are of the whole switch, DESTROYED of a room."""

    STARTED = "started"
    SHUTDOWN = "shutdown"
    SESSION_LOST = "session-lost"  # the program that steered some legs is gone; the switch puts them out
    DESTROYED = "destroyed"
    JOINED = "joined"
    LEFT = "left"
    KICKED = "kicked"
    SEEN = "seen"  # a stretch of polls that all saw the participant
    SILENT = "silent"  # nothing has been heard from the participant since `at`, for longer than is allowed


class EndReason(StrEnum):
    """Why a leg ended."""

    LEFT = "left"
    KICKED = "kicked"
    ROOM_DESTROYED = "room-destroyed"
    BRIDGE_LOST = "bridge-lost"
    BRIDGE_SHUTDOWN = "bridge-shutdown"
    MEDIA_TIMEOUT = "media-timeout"
    CONTROLLER_TIMEOUT = "controller-timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """`session` is the program's session on the switch through which the participant came, where events tell it.

    Of a SEEN stretch `at` is the first poll, `until` the last one so far, and `gone_at` the first that no longer saw
    the participant: None while the stretch goes on. Of a start that polls found `at` is when, at the latest, and
    `until` when they last saw the life before. `received_at` of events rises strictly, in the order of receipt.
    """

    bridge: str
    kind: Kind
    at: datetime
    received_at: datetime
    source: Source = Source.EVENT
    room: str | None = None
    participant: str | None = None
    display: str | None = None
    session: str | None = None
    until: datetime | None = None
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedLeg:
    """A leg as all observations of its room together tell it; `left_at` is None while the participant is inside.

    `is_agreed`: the switch's events tell both ends and no poll sees the participant any more, so nothing is to be
    waited for. `problem` is why it can't be a call record as it is: `clock`, `overlap` or `incomplete`.
    """

    id: str
    bridge: str
    epoch: str
    room: str
    participant: str
    display: str | None
    joined_at: datetime
    left_at: datetime | None
    end_reason: EndReason | None
    is_agreed: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call that is over and whose legs are not published yet. `id` is `<bridge>:<room>:<n>`."""

    id: str
    bridge: str
    room: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call that is not published yet, in the room that `booking` has on the switch, if any has.

    `is_over`: it is among the ended ones; else somebody is inside, or what is known is still being put together.
    """

    id: str
    bridge: str
    room: str
    booking: str | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class HeldLeg:
    """A leg that is in quarantine instead of being published: a person decides. `code` is the reason."""

    id: str
    seconds: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PublishedCall:
    """A call whose legs are call records for good. `position` rises with each one that is published.

    `seconds` is the sum over all its legs as the switch told them, published and held.
    """

    id: str
    bridge: str
    room: str
    position: int
    ended_at: datetime
    published_at: datetime
    seconds: int
    legs: tuple[str, ...]
    held: tuple[HeldLeg, ...]


@dataclass(frozen=True, slots=True)
class QuarantinedCall:
    """What a live switch said and could not be taken, with the reason and its own text: nothing is lost."""

    id: str
    reason: str
    message: str
    text: str
    noted_at: datetime


@dataclass(frozen=True, slots=True, order=True)
class SpoolPlace:
    """How far a spool has been read: up to byte `offset` of its file number `file`."""

    file: int = 0
    offset: int = 0
