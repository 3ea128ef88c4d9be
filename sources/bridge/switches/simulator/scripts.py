"""A simulated call as a script: who joins when, who leaves or is kicked, and what events tell of it.

Times in a script are seconds of the call. At speed 1 they are seconds of the clock, and the call goes on before one's
eyes. At speed 60 a call of twenty minutes is over in twenty seconds; it is told as if it had ended just then, and so
had begun before it was ordered. Nothing is ever told of a time to come:

    speed 1     ordered 10:00:00   joined 10:00:00, told 10:00:00      left 10:20:00, told 10:20:00
    speed 60    ordered 10:00:00   joined 09:40:20, told 10:00:00      left 10:00:20, told 10:00:20
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["EMITTER", "PLUGIN", "CallScript", "Part", "Told"]

PLUGIN = "spojka.simulator"
EMITTER = "spojka-simulator"
ABSENT = "absent"
OF_A_PLUGIN = 64  # the type of such events, as Janus numbers them
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One participant's one stay, in seconds of the call; a rejoin is another part.

    `how` it ends: `left` or `kicked`; ABSENT: the call was over before they came.
    """

    display: str
    joins_after: float
    stays_for: float
    how: str = "left"

    @property
    def leaves_after(self) -> float:
        return self.joins_after + self.stays_for


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happens: it is told at `due`, by the clock, of the time `at`."""

    due: datetime
    at: datetime
    what: str
    participant: str
    display: str

    def event(self, room: str) -> dict[str, Any]:
        """As the spool has it, in the shape of Janus' events."""
        data = {"event": self.what, "room": room, "id": self.participant, "display": self.display}
        return {
            "emitter": EMITTER,
            "type": OF_A_PLUGIN,
            "timestamp": (self.at - EPOCH) // MICROSECOND,
            "event": {"plugin": PLUGIN, "data": data},
        }


@dataclass(frozen=True, slots=True)
class CallScript:
    """A call in `room`, played from `begins_at` on, `speed` times as fast as the clock, and told as from `told_from`.

    `id` is its own alone. Instants are in UTC.
    """

    id: str
    room: str
    begins_at: datetime
    told_from: datetime
    speed: int
    parts: tuple[Part, ...]

    @classmethod
    def ordered(cls, id: str, room: str, *, now: datetime, speed: int, parts: tuple[Part, ...]) -> CallScript:
        """A call that begins to be played now, and ends now and by its own time at one instant."""
        length = max(part.leaves_after for part in parts)
        told_from = now + timedelta(seconds=length / speed) - timedelta(seconds=length)
        return cls(id, room, now, told_from, speed, parts)

    @property
    def over_at(self) -> datetime:
        """When everybody has left, by the clock."""
        return self.due(max(part.leaves_after for part in self.parts if part.how != ABSENT))

    @property
    def can_be_seen(self) -> bool:
        """Whether who looks into the room sees the participants: at the clock's own speed. Else a look would tell of
        other times than the events do."""
        return self.speed == 1

    def due(self, after: float) -> datetime:
        return self.begins_at + timedelta(seconds=after / self.speed)

    def at(self, after: float) -> datetime:
        return self.told_from + timedelta(seconds=after)

    def participant(self, number: int) -> str:
        return f"{self.id}-{number + 1}"

    def story(self) -> list[Told]:
        """All that is told, in order of time; who comes the moment another goes comes first."""
        told = [event for number, part in enumerate(self.parts) for event in self._told_of(number, part)]
        return sorted(told, key=lambda event: (event.due, event.what != "joined", event.participant))

    def inside(self, now: datetime) -> list[tuple[str, str]]:
        """(participant, display) of those in the room, in order of their ids."""
        return [
            (self.participant(number), part.display)
            for number, part in enumerate(self.parts)
            if part.how != ABSENT and self.due(part.joins_after) <= now < self.due(part.leaves_after)
        ]

    def cut(self, participant: str | None, how: str, now: datetime) -> CallScript:
        """The script when who is inside goes now (`participant`, None: everybody, and nobody comes any more)."""
        after = (now - self.begins_at).total_seconds() * self.speed
        there = {id for id, _ in self.inside(now)}
        parts = []
        for number, part in enumerate(self.parts):
            id = self.participant(number)
            is_inside = id in there and participant in (None, id)
            is_to_come = participant is None and part.joins_after > after
            if is_inside:
                part = replace(part, stays_for=after - part.joins_after, how=how)
            elif is_to_come:
                part = replace(part, how=ABSENT)
            parts.append(part)
        return replace(self, parts=tuple(parts))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "room": self.room,
            "begins_at": self.begins_at.isoformat(),
            "told_from": self.told_from.isoformat(),
            "speed": self.speed,
            "parts": [[part.display, part.joins_after, part.stays_for, part.how] for part in self.parts],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> CallScript:
        parts = tuple(Part(*part) for part in kept["parts"])
        begins_at, told_from = (datetime.fromisoformat(kept[name]) for name in ("begins_at", "told_from"))
        return cls(kept["id"], kept["room"], begins_at, told_from, kept["speed"], parts)

    def _told_of(self, number: int, part: Part) -> Iterator[Told]:
        if part.how == ABSENT:
            return
        id = self.participant(number)
        for after, what in ((part.joins_after, "joined"), (part.leaves_after, part.how)):
            yield Told(self.due(after), self.at(after), what, id, part.display)
