"""Calls on a live bridge, told to its database as its watch tells them, without a switch and without a spool."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from sources.bridge.calls.recording import record_events
from sources.bridge.calls.settling import CallRules, settle
from sources.database import Database
from sources.records.calls import Kind, Observation, SpoolPlace

__all__ = ["BRIDGE", "tell_calls"]

BRIDGE = "pbx-praha"
Stay = tuple[str, float | None, float | None]
"""Who, when they joined and left, in seconds from the call's start. None: the event is lost, or they are inside."""


async def tell_calls(
    database: Database, calls: dict[str, Sequence[Stay]], *, starts: datetime, bridge: str = BRIDGE
) -> None:
    """The stays in each room; afterwards calls that everybody has left are ended, each the first of its room."""
    events: list[Observation] = []
    for room, stays in calls.items():
        for who, joined, left in stays:
            for kind, seconds in ((Kind.JOINED, joined), (Kind.LEFT, left)):
                if seconds is not None:
                    at = starts + timedelta(seconds=seconds)
                    events.append(
                        Observation(
                            bridge=bridge,
                            kind=kind,
                            at=at,
                            received_at=at + timedelta(milliseconds=2),
                            room=room,
                            participant=who,
                            display=who.title(),
                        )
                    )
    later = max(each.at for each in events) + timedelta(minutes=1)

    def work(connection: Connection) -> None:
        place = SpoolPlace()
        record_events(connection, bridge, events, [], read=(place, place), now=later)
        for room in calls:
            settle(connection, bridge, room, rules=CallRules(), now=later + timedelta(minutes=1))

    await database.write(work)
