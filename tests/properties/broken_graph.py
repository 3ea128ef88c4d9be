"""Random subgraphs with one thing changed: most are refused, the others mean something else."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

__all__ = ["broken"]


def broken(rng: random.Random, sdls: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The subgraphs with one field or type changed, and what was changed."""
    name = rng.choice(sorted(sdls))
    lines = sdls[name].split("\n")
    places = [index for index, line in enumerate(lines) if line.startswith("  ") or re.match(r"type .*@", line)]
    if not places:
        return dict(sdls), "nothing"
    index = rng.choice(places)
    line = lines[index]
    other = f' @override(from: "{rng.choice(sorted(sdls))}")'
    on_fields = [
        "",
        line.replace(" @external", "") if "@external" in line else f"{line} @external",
        re.sub(r": (\w+)", ": Boolean", line, count=1),
        line.replace("!", "", 1),
        f"{line} @inaccessible",
        line + other,
    ]
    anywhere = [re.sub(r"\s@shareable", "", line), re.sub(r"\s@(key|requires|provides)\([^)]*\)", "", line, count=1)]
    lines[index] = rng.choice([*anywhere, *(on_fields if line.startswith("  ") else [])])
    return {**sdls, name: "\n".join(lines)}, f"{name}: {line.strip()} -> {lines[index].strip()}"
