"""What is installed is what constraints.txt pins, whatever has been released since."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILE = Path(__file__).parents[1] / "constraints.txt"
PINNED = re.compile(r"^([\w.-]+)\[([\w,-]+)\]==", re.MULTILINE)
OURS = "spojka"


def asked_with_extras() -> Iterator[tuple[str, str]]:
    """(distribution, extra) that anything installed here asks for, what the tests need too."""
    for distribution in distributions():
        extra = "test" if distribution.name == OURS else ""
        for requirement in map(Requirement, distribution.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                yield from ((canonicalize_name(requirement.name), each) for each in requirement.extras)


def test_what_is_asked_with_an_extra_is_pinned_with_it() -> None:
    """pip takes the newest `coverage[toml]` where only `coverage` is pinned, and then refuses it as not pinned."""
    found = PINNED.findall(FILE.read_text(encoding="utf-8"))
    pinned = {(canonicalize_name(name), extra) for name, extras in found for extra in extras.split(",")}
    asked = set(asked_with_extras())
    assert asked
    assert asked <= pinned
