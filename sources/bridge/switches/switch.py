"""A switch as the rest of Spojka sees it: rooms made and unmade, who is in them, and who is put out.

Every method raises BridgeDown when the switch can't be reached or doesn't answer in time, and BridgeRefused when it
answers that it won't. A PIN or a secret is in no error, log or URL. What a switch needs to steer its rooms, a secret of
each, it makes itself of its settings, so that any replica can steer what another one made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

__all__ = ["Present", "RoomOrder", "Switch"]


@dataclass(frozen=True, slots=True)
class RoomOrder:
    """A room that is wanted, as `revision` of `booking` has it; `pin` lets callers in."""

    room: str
    pin: str = field(repr=False)
    title: str
    booking: str
    revision: int


@dataclass(frozen=True, slots=True)
class Present:
    """Who is in a room now: `id` is the participant's, given anew for each join.

    `is_alive` is True when media was heard from the leg just now, False when none was for some seconds
    (a phone that vanished), None in between and where the switch can't tell. The last look that was True is the last
    moment of which it is known that somebody spoke.
    """

    id: str
    display: str | None
    is_alive: bool | None


class Switch(Protocol):
    """One switch. Rooms that somebody else made on it are seen, and left alone."""

    async def create_room(self, room: RoomOrder) -> None:
        """The room is there as ordered. An existing one of other settings is made anew if it is empty, else RoomInUse.

        Idempotent: a room that is as ordered stays, with the people in it; so does one whose revision alone is another.
        """
        ...

    async def destroy_room(self, room: str, *, only_empty: bool) -> bool:
        """Whether the room is gone: False when it stays because somebody is inside (only with `only_empty`).

        A room that isn't there is gone.
        """
        ...

    async def rooms(self) -> list[str]:
        """Every room on the switch that people can be in, by name; other people's too."""
        ...

    async def participants(self, room: str) -> list[Present]:
        """Who is in the room now, by id; nobody where there is no such room."""
        ...

    async def kick(self, room: str, participant: str) -> None:
        """Puts a participant out within a second or so; nothing happens when they aren't there."""
        ...

    async def epoch(self) -> datetime | None:
        """Which life of the switch this is: one instant at or after its start, the same until it is started again.

        UTC. Another instant than before means that the switch has lost its rooms and calls. None when it can't be told.
        """
        ...

    async def close(self) -> None:
        """Hangs up what is connected; what is under way fails."""
        ...
