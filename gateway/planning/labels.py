"""Progressive overrides: which labels are active for a request (@override(label:), Federation 2.7).

percent(25)    for a quarter of all requests
anything else  where somebody has said so:

[overrides]
active = ["moved-to-billing"]
"""

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.section import Section

__all__ = ["Labels", "read"]

_PERCENT = re.compile(r"percent\((?P<share>[0-9]{1,3}(?:\.[0-9]+)?)\)")
_NONE: frozenset[str] = frozenset()


def _draw() -> float:
    return random.random() * 100  # noqa: S311 - which of two subgraphs is asked is no secret


@dataclass(frozen=True, slots=True)
class Labels:
    """`always` are the labels that are active for every request; `draw` gives a number from 0 to below 100."""

    always: frozenset[str] = _NONE
    draw: Callable[[], float] = _draw

    def active(self, labels: Iterable[str]) -> frozenset[str]:
        """Those of `labels` that are active for one request. One draw decides all: who is in 5 % is in 25 % too."""
        if not labels:
            return _NONE
        drawn = self.draw()
        return frozenset(each for each in labels if each in self.always or drawn < _share(each))


def read(section: Section) -> Labels:
    """`[overrides]`."""
    return Labels(always=frozenset(section.texts("active")))


def _share(label: str) -> float:
    found = _PERCENT.fullmatch(label)
    return float(found["share"]) if found else 0.0
