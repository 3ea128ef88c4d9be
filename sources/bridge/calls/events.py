"""What Janus posts, as observations. Other events (created, configured, handles) say nothing about legs.

    type 64   of a plugin     joined, left, kicked, destroyed; a `left` after a kick has no session. Of the
                              AudioBridge; the simulator's have the same shape
    type 1    of a session    timeout: the program that steered its legs is gone
    type 256  of Janus itself started, shutdown

Instants are the switch's own, in microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from sources.bridge.spooling.reading import Delivery
from sources.bridge.switches.simulator.scripts import PLUGIN
from sources.records.calls import Kind, Observation

__all__ = ["Observed", "Unread", "observed"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_NAME = 100
LATEST = 2**53
AUDIOBRIDGE = "janus.plugin.audiobridge"
TELLING = frozenset({AUDIOBRIDGE, PLUGIN})
OF_PARTICIPANTS = {"joined": Kind.JOINED, "left": Kind.LEFT, "kicked": Kind.KICKED}


@dataclass(frozen=True, slots=True)
class Unread:
    """An event that can't be meant, as text, and why."""

    received_at: datetime
    why: str
    text: str


@dataclass(slots=True)
class Observed:
    observations: list[Observation] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


class _CantBeMeant(Exception):
    """The event names what no Janus names; the message says what."""


def observed(bridge: str, deliveries: Iterable[Delivery]) -> Observed:
    """What the deliveries tell of `bridge`, in their order."""
    result = Observed()
    for delivery in deliveries:
        if delivery.malformed is not None:
            result.unread.append(Unread(delivery.received_at, "it is no JSON", delivery.malformed))
        for number, event in enumerate(delivery.events):
            received_at = delivery.received_at + timedelta(microseconds=number)
            try:
                found = _observation(bridge, event, received_at)
            except _CantBeMeant as error:
                result.unread.append(Unread(received_at, str(error), orjson.dumps(event).decode()))
            else:
                result.observations += [found] if found else []
    return result


def _observation(bridge: str, event: object, received_at: datetime) -> Observation | None:
    if not isinstance(event, dict):
        raise _CantBeMeant("it is no event: a JSON object was expected")
    content = event.get("event")
    match event.get("type"), content:
        case 64, {"plugin": plugin, "data": dict(data)} if plugin in TELLING:
            return _of_a_room(bridge, event, data, received_at)
        case 1, {"name": "timeout"}:
            session = _name(event, "session_id")
            return Observation(
                bridge=bridge, kind=Kind.SESSION_LOST, at=_at(event), received_at=received_at, session=session
            )
        case 256, {"status": "started"}:
            return Observation(bridge=bridge, kind=Kind.STARTED, at=_at(event), received_at=received_at)
        case 256, {"status": "shutdown"}:
            return Observation(bridge=bridge, kind=Kind.SHUTDOWN, at=_at(event), received_at=received_at)
        case _:
            return None


def _of_a_room(
    bridge: str, event: Mapping[str, Any], data: Mapping[str, Any], received_at: datetime
) -> Observation | None:
    what = data.get("event")
    if what == "destroyed":
        return Observation(
            bridge=bridge, kind=Kind.DESTROYED, at=_at(event), received_at=received_at, room=_name(data, "room")
        )
    kind = OF_PARTICIPANTS.get(what) if isinstance(what, str) else None
    if kind is None:
        return None
    display = data.get("display")
    return Observation(
        bridge=bridge,
        kind=kind,
        at=_at(event),
        received_at=received_at,
        room=_name(data, "room"),
        participant=_name(data, "id"),
        display=display if isinstance(display, str) and display else None,
        session=_name(event, "session_id") if "session_id" in event else None,
    )


def _at(event: Mapping[str, Any]) -> datetime:
    stamp = event.get("timestamp")
    if not isinstance(stamp, int) or not 0 <= stamp < LATEST:
        raise _CantBeMeant("its timestamp is not in microseconds since 1970")
    return EPOCH + timedelta(microseconds=stamp)


def _name(of: Mapping[str, Any], key: str) -> str:
    """An id: text, or a number where the switch is set up without `string_ids`."""
    value = of.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise _CantBeMeant(f"its {key} is no name of at most {LONGEST_NAME} letters")
    return value
