"""What is wrong with a mapping, one sentence for each thing, with what was found near it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

__all__ = ["Problem", "nearest"]

FEW = 6


@dataclass(frozen=True, slots=True)
class Problem:
    """`place` is where the mapping says it (`spojka.toml:12`), None where it doesn't; table and column are ours."""

    place: str | None
    system: str
    table: str | None
    column: str | None
    message: str

    def __str__(self) -> str:
        what = ".".join(part for part in (self.system, self.table, self.column) if part)
        return f"{self.place}: {what}: {self.message}" if self.place else f"{what}: {self.message}"


def nearest(name: str, names: Iterable[str]) -> str:
    """`; near it: KLI_NAZEV, KLI_NAZEV2`: those most like `name`, or all where they are few, or nothing."""
    known = {each.casefold(): each for each in names}
    near = [known[each] for each in get_close_matches(name.casefold(), known, n=3, cutoff=0.5)]
    found = near or (sorted(known.values()) if len(known) <= FEW else [])
    return f"; near it: {', '.join(found)}" if found else ""
