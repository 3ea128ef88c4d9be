"""A command of ours as a child of `spojka serve`: started with it, started again when it dies, gone when it goes.

The child ends by itself when its standard input is closed, so it never outlives a parent that was killed.
"""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["simulators_beside", "worker_beside"]

_log = logging.getLogger("spojka")

SHORTEST_SECONDS, LONGEST_SECONDS = 0.5, 30.0
PATIENCE_SECONDS = 10.0
_WORK = "from gateway.start import main; main()"
_SIMULATE = "from gateway.commands.simulating import bridge_simulator; bridge_simulator()"


@contextmanager
def worker_beside(data: Path) -> Iterator[None]:
    """A worker on the company in `data` for as long as the context lasts."""
    with _beside("the worker", [sys.executable, "-c", _WORK, "work", "--data", str(data), "--beside"]):
        yield


@contextmanager
def simulators_beside(data: Path, bridges: Sequence[str]) -> Iterator[None]:
    """A simulator of each of these bridges for as long as the context lasts."""
    with ExitStack() as stack:
        for bridge in bridges:
            command = [sys.executable, "-c", _SIMULATE, "--bridge", bridge, "--data", str(data), "--beside"]
            stack.enter_context(_beside(f"the simulator of bridge {bridge}", command))
        yield


@contextmanager
def _beside(name: str, command: Sequence[str]) -> Iterator[None]:
    ending = threading.Event()
    keeper = threading.Thread(target=_keep, args=(name, command, ending), name=name, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join(PATIENCE_SECONDS + 1)


def _keep(name: str, command: Sequence[str], ending: threading.Event) -> None:
    pause = SHORTEST_SECONDS
    while not ending.is_set():
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:  # noqa: S603 - ours
            lived = _live(child, ending)
        if ending.is_set():
            return
        pause = SHORTEST_SECONDS if lived > LONGEST_SECONDS else min(pause * 2, LONGEST_SECONDS)
        _log.error("%s ended with status %s: another one begins in %.1f s", name, child.returncode, pause)
        ending.wait(pause)


def _live(child: subprocess.Popen[bytes], ending: threading.Event) -> float:
    """Until the child dies or the end is asked for; how many seconds it lived."""
    lived = 0.0
    while child.poll() is None:
        if ending.wait(0.2):
            assert child.stdin is not None
            child.stdin.close()
            try:
                child.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
        lived += 0.2
    return lived
