"""The bridges of the settings: their rows in the system bridge, and what asks their switches.

Wiring: settings -> switches. Nothing is asked here; a switch that is down is one that answers later.

Where no bridge is named and everything is Spojka's own, there is a simulator, so that a newcomer sees the whole flow.
Who names a bridge has real ones, and gets none beside them unless it is named too.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.config import Settings
from sources.bridge.settings import SIMULATOR, BridgeSettings, read
from sources.bridge.switches.janus import JanusSwitch
from sources.bridge.switches.simulator import SimulatorSettings, SimulatorSwitch
from sources.bridge.switches.switch import Switch
from sources.records.bridge import Bridge

__all__ = ["configured_bridges", "open_switches", "place_of_simulator", "simulated_bridges"]


def configured_bridges(settings: Settings, environment: Mapping[str, str] | None = None) -> tuple[BridgeSettings, ...]:
    """`[bridges]`, with the secrets that it names; without any the simulator. Raises ConfigError."""
    if settings.bridges is not None:
        return read(settings.bridges, os.environ if environment is None else environment)
    if settings.mappings or settings.read_only:
        return ()
    return (BridgeSettings(bridge=Bridge(SIMULATOR, None, SIMULATOR)),)


def simulated_bridges(settings: Settings) -> list[str]:
    """The ids of the bridges that are simulated."""
    return [each.bridge.id for each in configured_bridges(settings) if each.is_simulated]


def place_of_simulator(data: Path, bridge: str) -> Path:
    """The file in which the simulator of a bridge says where it is."""
    return data / "simulator" / f"{bridge}.place"


def open_switches(bridges: Sequence[BridgeSettings], data: Path) -> dict[str, Switch]:
    """The switches by their bridges' ids, in the settings' order; a bridge of which only files come has none."""
    switches: dict[str, Switch] = {}
    for each in bridges:
        id = each.bridge.id
        if each.janus is not None:
            switches[id] = JanusSwitch(id, each.janus)
        elif each.is_simulated:
            switches[id] = SimulatorSwitch(id, SimulatorSettings(place_of_simulator(data, id)))
    return switches
