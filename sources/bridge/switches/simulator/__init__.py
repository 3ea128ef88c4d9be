"""A simulator that speaks the same seam as a real switch: a process of its own, with rooms, participants and events.

    scripts.py     a call that was ordered, as what happens in it and when: pure
    simulator.py   its rooms and calls, kept in a file, and the telling of events into the bridge's spool
    seam.py        what may be asked of it, as JSON; gateway/commands/simulating.py listens for it
    switch.py      the Switch that asks it

Nobody is called and nothing is heard. It never passes for a real switch: its bridge's kind is `simulator`, its events
are of a plugin of its own, and a leg's end reason begins with `simulated-`.
"""

from sources.bridge.switches.simulator.scripts import CallScript, Part
from sources.bridge.switches.simulator.switch import Simulates, SimulatorSettings, SimulatorSwitch

__all__ = ["CallScript", "Part", "Simulates", "SimulatorSettings", "SimulatorSwitch"]
