"""What `spojka check` finds out about each bridge of the settings: does its switch answer, and take our secrets?"""

import asyncio

from gateway.bridges import configured_bridges, open_switches
from gateway.commands.findings import Finding, fine, note, problem
from gateway.config import ConfigError, Settings
from processes.rules.counts import counted
from sources.bridge.switches.switch import Switch
from sources.errors import SourceError

__all__ = ["look_at_bridges"]

_NO_ROOM = "spojka-check"  # which nobody makes: whether rooms may have names at all


def look_at_bridges(settings: Settings) -> list[Finding]:
    """One finding each, in the settings' order. Nothing is made on a switch."""
    try:
        bridges = configured_bridges(settings)
    except ConfigError as error:
        return [problem("bridges", str(error))]
    real = [each for each in bridges if not each.is_simulated]
    answers = asyncio.run(_asked(open_switches(real, settings.data)))
    simulated = [note(each.bridge.id, "it is simulated, by `spojka serve`") for each in bridges if each.is_simulated]
    files = [note(each.bridge.id, "only its files of call records come") for each in bridges if not each.is_live]
    return [*answers, *simulated, *files]


async def _asked(switches: dict[str, Switch]) -> list[Finding]:
    try:
        return list(await asyncio.gather(*(_look_at(id, switch) for id, switch in switches.items())))
    finally:
        await asyncio.gather(*(switch.close() for switch in switches.values()))


async def _look_at(id: str, switch: Switch) -> Finding:
    try:
        rooms = await switch.rooms()
        await switch.participants(_NO_ROOM)
    except SourceError as error:
        return problem(id, error.message)
    return fine(id, f"its switch answers; {counted(len(rooms), 'room')}")
