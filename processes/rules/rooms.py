"""On which bridge a booking has its room (edge case 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from processes.rules.bookings import LAST_MOMENT

__all__ = ["Bridge", "bridge_to_ask", "is_urgent"]


@dataclass(frozen=True, slots=True)
class Bridge:
    """`state` is UP or DOWN as its switch answers now; None where it has none, and rooms are made by hand."""

    id: str
    state: str | None

    @property
    def has_switch(self) -> bool:
        return self.state is not None

    @property
    def is_up(self) -> bool:
        return self.state == "UP"


def is_urgent(starts_at: datetime, now: datetime) -> bool:
    """From 15 minutes before the start on no bridge is waited for."""
    return now >= starts_at - LAST_MOMENT


def bridge_to_ask(bridges: Sequence[Bridge], had: str | None, *, failed: Sequence[str] = ()) -> str | None:
    """Where the room is already, else the first that has a switch; None where none has.

    Of those that `failed` (the last one last) each is asked again only after all others; one that answers first.
    """
    possible = [bridge for bridge in bridges if bridge.has_switch]
    if not possible:
        return None
    tries = {id: place + 1 for place, id in enumerate(failed)}
    wanted = sorted(possible, key=lambda bridge: (tries.get(bridge.id, 0), bridge.id != had))
    if failed:
        wanted.sort(key=lambda bridge: not bridge.is_up or bridge.id in tries)
    return wanted[0].id
