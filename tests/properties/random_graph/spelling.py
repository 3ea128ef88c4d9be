"""One meaning, many ways to write it: how each subgraph's SDL is given to the composer.

A  link      federation v2.3 to v2.9; its directives imported, imported under other names, or named by their namespace
B  plain     Federation 1, where nothing in the SDL needs more: no @link, no @shareable, `extend type` or @extends
"""

import random
import re
from collections.abc import Mapping

__all__ = ["spelled"]

_DIRECTIVES = ["key", "shareable", "external", "requires", "provides", "override", "inaccessible", "tag"]
_ONLY_2 = re.compile(r"@(override|inaccessible)\b|resolvable: false")


def spelled(rng: random.Random, subgraphs: Mapping[str, str]) -> dict[str, str]:
    """Each SDL as its subgraph's people might have written it."""
    plain = {name: not _ONLY_2.search(sdl) and rng.random() < 0.5 for name, sdl in subgraphs.items()}
    # What reaches the supergraph has one name in all subgraphs, and Federation 1 has no other.
    tag = "tag" if any(plain.values()) else rng.choice(["tag", "our_tag"])
    agreed = {"tag": tag, "inaccessible": rng.choice(["inaccessible", "concealed"])}
    return {
        name: _plain(rng, name, subgraphs, plain) if plain[name] else _linked(rng, sdl, agreed)
        for name, sdl in subgraphs.items()
    }


# A
def _linked(rng: random.Random, sdl: str, agreed: Mapping[str, str]) -> str:
    version = "v2.9" if "label:" in sdl else rng.choice(["v2.3", "v2.5", "v2.7", "v2.9"])
    url = f'url: "https://specs.apollo.dev/federation/{version}"'
    style = rng.choice(["imported", "imported", "renamed", "federation", "fed"])
    names = {each: each if style == "imported" else f"{style}__{each}" for each in _DIRECTIVES}
    if style == "renamed":
        names = {each: rng.choice([each, f"our_{each}", f"federation__{each}"]) for each in _DIRECTIVES}
    names |= agreed
    named = ', as: "fed"' if style == "fed" else ""
    imported = [
        f'"@{each}"' if name == each else f'{{ name: "@{each}", as: "@{name}" }}'
        for each, name in names.items()
        if "__" not in name
    ]
    for each, name in names.items():
        sdl = re.sub(rf"@{each}\b", f"@{name}", sdl)
    return f"extend schema @link({url}{named}, import: [{', '.join(imported)}])\n{sdl}"


# B
def _plain(rng: random.Random, name: str, subgraphs: Mapping[str, str], plain: Mapping[str, bool]) -> str:
    """An extension extends what another subgraph defines, and then lends its key's fields (or says so for nothing)."""
    sdl = subgraphs[name].replace(" @shareable", "")
    lines = []
    for line in sdl.split("\n"):
        found = re.match(r"type (\w+)(.*@key.*)", line)
        defined = found and any(
            f"type {found[1]} " in other and not plain[each] for each, other in subgraphs.items() if each != name
        )
        if found and defined and rng.random() < 0.7:
            line = f"extend {line}" if rng.random() < 0.7 else line.replace(" @key", " @extends @key", 1)
        lines.append(line)
    return "\n".join(lines)
