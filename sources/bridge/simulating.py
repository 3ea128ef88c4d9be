"""A call is simulated in a booking's room, or in a room by its name, on a bridge that is a simulator."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import astuple

from sources.bridge.rooms import Rooms
from sources.bridge.switches.simulator import CallScript, Part, Simulates
from sources.bridge.switches.switch import Switch
from sources.bridge.tables import KEYS
from sources.database import Database
from sources.idempotency import Call, claim, input_hash
from sources.records.refusal import Refusal
from sources.records.rooms import SimulatedCall

__all__ = ["simulate"]

MUTATION = "simulateCall"


async def simulate(
    database: Database,
    rooms: Rooms,
    *,
    booking: str | None,
    room: str | None,
    parts: Sequence[Part],
    speed: int,
    caller: str,
    key: str,
) -> SimulatedCall | Refusal:
    """The call, which is played from now on; once, by caller and key. Exactly one of `booking` and `room` is given.

    Refused `no-room` where the booking has none yet, `not-simulated` where it is on a real bridge or no bridge is a
    simulator. Raises BridgeDown while the simulator doesn't run, and KeyReused.
    """
    call = Call(MUTATION, caller, key, input_hash([booking, room, speed, *map(astuple, parts)]))
    await database.write(lambda connection: claim(connection, KEYS, call=call))
    simulated = simulators(rooms.switches)
    if not simulated:
        return Refusal("not-simulated", "no bridge is a simulator: real bridges are configured, and people call there")
    place = next(iter(simulated)), room
    if booking is not None:
        opened = [each for each in await rooms.of_bookings([booking]) if each.state == "OPEN"]
        if not opened:
            return Refusal(
                "no-room", f"booking {booking} has no room: check its reference, and wait until it is PROVISIONED"
            )
        place = opened[0].bridge, opened[0].room
    bridge, where = place
    if bridge not in simulated:
        return Refusal("not-simulated", f"bridge {bridge} is a real one: a call there is made by people")
    assert where is not None
    id = hashlib.sha256(repr((caller, key)).encode()).hexdigest()[:12]
    script = await simulated[bridge].simulate(id, where, speed=speed, parts=tuple(parts))
    return script if isinstance(script, Refusal) else told(bridge, script)


def simulators(switches: Mapping[str, Switch]) -> dict[str, Simulates]:
    return {id: switch for id, switch in switches.items() if isinstance(switch, Simulates)}


def told(bridge: str, script: CallScript) -> SimulatedCall:
    return SimulatedCall(bridge, script.room, script.told_from, script.over_at)
