"""Python's garbage collector in a process that works: what was made at its start lives as long as the process.

The schemas and plans of a graph are some hundred thousand objects, which a full collection walks through each time; and
answers are made of many dicts and no cycles, so that the usual thresholds collect often and find nothing. Of importing
and invoicing call records both together were an eighth (tests/benchmarks/backlog.py).
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["spare_what_stays", "sparing_what_stays"]

_THRESHOLDS = (20_000, 20, 20)


def spare_what_stays() -> None:
    """From now on what exists by now isn't looked at, and new objects are looked at more seldom."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


@contextmanager
def sparing_what_stays() -> Iterator[None]:
    """The same for as long as the context is open."""
    before = gc.get_threshold()
    spare_what_stays()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
