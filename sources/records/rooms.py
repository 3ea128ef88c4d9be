"""What is known of rooms on the switches: whose they are, and how the switches are. Instants are aware and in UTC."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Room", "SimulatedCall", "SwitchState"]


@dataclass(frozen=True, slots=True)
class Room:
    """A room of `booking` on the switch of `bridge`, as its `revision` has it.

    `state` is PENDING (it was begun, and whether it came to be isn't known), OPEN, LOST (it is to be gone, and its
    switch doesn't answer) or CLOSED. `created_at` is None while it is PENDING for the first time.
    """

    booking: str
    bridge: str
    room: str
    revision: int
    state: str
    created_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SwitchState:
    """Whether a bridge's switch answered just now (None: it has none, only files come of it).

    `since` is when it was first seen so by this process; `rooms` how many rooms are on it, None when it doesn't answer.
    """

    bridge: str
    kind: str
    is_up: bool | None
    since: datetime | None
    rooms: int | None


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """A call that a simulator plays: it began at `starts_at` as it is told, and everybody has left at `ends_at`."""

    bridge: str
    room: str
    starts_at: datetime
    ends_at: datetime
