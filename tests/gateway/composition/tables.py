"""Reads the tables of composition cases: a rule, the subgraphs, and the supergraph or the codes that come of them.

### a key selects fields that the type has -> KEY_INVALID_FIELDS      a rule, and its codes where it refuses
#! guild composes                                                     where a reference composer differs
# a                                                                   a subgraph's name, then its SDL
# supergraph                                                          the expected types, then nothing more

A subgraph is of federation v2.9 unless it links another version, or says `#federation-1`, which has no @link.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gateway.composition import SubgraphSdl

__all__ = ["SKETCH", "Case", "all_cases", "sketch"]

HERE = Path(__file__).parent
SKETCH = HERE / "sketch"
IMPORTS = (
    *("key", "shareable", "external", "requires", "provides", "override", "interfaceObject", "extends"),
    *("inaccessible", "tag", "authenticated", "requiresScopes", "policy"),
    *("context", "fromContext", "cost", "listSize", "composeDirective"),
)
HEADER = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ['
    + ", ".join(f'"@{name}"' for name in IMPORTS)
    + "])\n"
)


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a table. `codes` are empty, and `types` are the supergraph's, where the subgraphs compose."""

    topic: str
    rule: str
    codes: frozenset[str]
    subgraphs: tuple[SubgraphSdl, ...]
    types: str
    differs: frozenset[str]

    def __str__(self) -> str:
        return f"{self.topic}: {self.rule}"


def all_cases() -> list[Case]:
    """Every case of every table."""
    return [case for path in sorted((HERE / "tables").glob("*.graphql")) for case in cases_of(path)]


def cases_of(path: Path) -> list[Case]:
    return [case_of(path.stem, text) for text in re.split(r"^### ", path.read_text(), flags=re.M)[1:]]


def case_of(topic: str, text: str) -> Case:
    title, body = text.split("\n", 1)
    rule, _, codes = title.partition(" -> ")
    before, *named = re.split(r"^# (\w+)\n", body, flags=re.M)
    sections = list(zip(named[::2], named[1::2], strict=True))
    return Case(
        topic=topic,
        rule=rule,
        codes=frozenset(codes.split(", ")) if codes else frozenset(),
        subgraphs=tuple(subgraph(name, sdl) for name, sdl in sections if name != "supergraph"),
        types=next((sdl.strip() for name, sdl in sections if name == "supergraph"), ""),
        differs=frozenset(re.findall(r"^#! (.*)$", before, flags=re.M)),
    )


def subgraph(name: str, sdl: str) -> SubgraphSdl:
    """With the usual @link unless the SDL has one of its own, or is of Federation 1."""
    header = "" if "/federation/v" in sdl or "#federation-1" in sdl else HEADER
    return SubgraphSdl(name, f"http://{name}", header + sdl)


def sketch() -> list[SubgraphSdl]:
    """The company's subgraphs as they were first drawn."""
    return [
        SubgraphSdl(path.stem, f"http://{path.stem}", path.read_text()) for path in sorted(SKETCH.glob("*.graphql"))
    ]
