"""What may be asked of a simulator, as JSON over HTTP on this machine: a request's path and body -> its answer.

    POST /rooms {}                                         {"rooms": [...]}
    POST /participants {"room"}                            {"participants": [[id, display], ...]}
    POST /epoch {}                                         {"epoch": "2026-11-24T10:00:00+00:00"}
    POST /create {"room", "pin", "title", ...}             {} or {"refused": "room-in-use"}
    POST /destroy {"room", "only_empty"}                   {"is_gone": true}
    POST /kick {"room", "participant"}                     {}
    POST /simulate {"id", "room", "speed", "parts"}        {"call": {...}} or {"refused": "no-such-room"}

Where it listens, and the secret that it asks for (Bearer), is in a file that only its owner may read: both are new each
time it is started, so nothing has to be set up, and several may run on one machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sources.bridge.switches.simulator.scripts import Part
from sources.bridge.switches.simulator.simulator import NoSuchRoom, Occupied, Simulator
from sources.bridge.switches.switch import RoomOrder

__all__ = ["Place", "announce", "answered", "found_at", "withdraw"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a simulator listens, and what it asks for."""

    url: str
    secret: str = field(repr=False)


def announce(file: Path, place: Place) -> None:
    """Says where the simulator is, to whoever may read what its owner reads."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        json.dump({"url": place.url, "secret": place.secret}, written)
    beside.replace(file)


def withdraw(file: Path) -> None:
    file.unlink(missing_ok=True)


def found_at(file: Path) -> Place | None:
    """Where the simulator is; None where none runs."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Place(told["url"], told["secret"])
    except (OSError, ValueError, KeyError):
        return None


def answered(simulator: Simulator, what: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """None where nothing of that name may be asked. KeyError, TypeError or ValueError for what can't be meant."""
    match what:
        case "rooms":
            return {"rooms": simulator.rooms()}
        case "participants":
            return {"participants": simulator.participants(asked["room"])}
        case "epoch":
            return {"epoch": simulator.epoch.isoformat()}
        case "create":
            try:
                simulator.create_room(RoomOrder(**asked))
            except Occupied:
                return {"refused": "room-in-use"}
            return {}
        case "destroy":
            return {"is_gone": simulator.destroy_room(asked["room"], only_empty=asked["only_empty"])}
        case "kick":
            simulator.kick(asked["room"], asked["participant"])
            return {}
        case "simulate":
            return simulated(simulator, asked)
        case _:
            return None


def simulated(simulator: Simulator, asked: Mapping[str, Any]) -> dict[str, Any]:
    parts = tuple(Part(*each) for each in asked["parts"])
    try:
        call = simulator.simulate(asked["id"], asked["room"], speed=asked["speed"], parts=parts)
    except NoSuchRoom:
        return {"refused": "no-such-room"}
    return {"call": call.as_json()}
