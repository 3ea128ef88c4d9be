"""The bridges of the settings: their rows in the system bridge, and what asks their switches.

Wiring: settings -> switches. Nothing is asked here; a switch that is down is one that answers later.
"""

import os
from collections.abc import Mapping, Sequence

from gateway.config import Settings
from sources.bridge.settings import BridgeSettings, read
from sources.bridge.switches.janus import JanusSwitch
from sources.bridge.switches.switch import Switch

__all__ = ["configured_bridges", "open_switches"]


def configured_bridges(settings: Settings, environment: Mapping[str, str] | None = None) -> tuple[BridgeSettings, ...]:
    """`[bridges]`, with the secrets that it names. Raises ConfigError."""
    if settings.bridges is None:
        return ()
    return read(settings.bridges, os.environ if environment is None else environment)


def open_switches(bridges: Sequence[BridgeSettings]) -> dict[str, Switch]:
    """The switches by their bridges' ids, in the settings' order; a bridge of which only files come has none."""
    return {each.bridge.id: JanusSwitch(each.bridge.id, each.janus) for each in bridges if each.janus is not None}
