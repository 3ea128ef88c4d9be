"""Whether media comes in from a leg: what Janus shows of one moment, followed over looks.

`handle_info` shows the packets that wait to be mixed (`queue-in`), and no key where none does. A leg that speaks has
some 6 waiting from its start; once it had a pause, a packet is there for 6 of each 20 ms. So one look is a few glances
apart by less than that, and only several looks in a row that heard nothing, over a length of time, mean silence.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

__all__ = ["GLANCES", "GLANCES_APART", "Ears", "can_be_heard", "is_heard"]

GLANCES = 5
GLANCES_APART = 0.006  # seconds
FEWEST_LOOKS = 3


def can_be_heard(leg: dict[str, Any]) -> bool:
    """Whether a leg's `plugin_specific` would show media at all: not of one that is muted, or not yet connected."""
    return bool(leg.get("started")) and not leg.get("muted") and not leg.get("pre-buffering")


def is_heard(leg: dict[str, Any]) -> bool:
    """Whether media waits to be mixed at this moment."""
    return bool(leg.get("queue-in"))


@dataclass(slots=True)
class Silence:
    """Since when, by a clock that only goes on, and for how many looks."""

    since: float
    looks: int = 0


class Ears:
    """What was heard of each leg so far, by (room, participant). `timeout` is how long silence must last."""

    def __init__(self, timeout: timedelta) -> None:
        self._timeout = timeout.total_seconds()
        self._silences: dict[tuple[str, str], Silence] = {}

    def told(self, leg: tuple[str, str], *, heard: bool | None, at: float) -> bool | None:
        """True, False or None, as Present.is_alive has them. `heard` is None where nothing can be told now."""
        if heard is not False:
            self._silences[leg] = Silence(at)
            return heard
        silence = self._silences.setdefault(leg, Silence(at))
        silence.looks += 1
        is_over = silence.looks >= FEWEST_LOOKS and at - silence.since >= self._timeout
        return False if is_over else None

    def keep(self, room: str, participants: Collection[str]) -> None:
        """Forgets who is no longer in the room."""
        gone = [leg for leg in self._silences if leg[0] == room and leg[1] not in participants]
        for leg in gone:
            del self._silences[leg]
