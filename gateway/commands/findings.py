"""What `spojka check` finds: one line each, with the place, and with the remedy where something is wrong."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

__all__ = ["Finding", "State", "fine", "note", "problem", "table"]


class State(Enum):
    """NOTE: nothing is wrong, but somebody may want to know."""

    FINE = "ok"
    NOTE = "note"
    PROBLEM = "PROBLEM"


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is what was looked at: a system, the doors, the audit log."""

    about: str
    state: State
    text: str


def fine(about: str, text: str) -> Finding:
    return Finding(about, State.FINE, text)


def note(about: str, text: str) -> Finding:
    return Finding(about, State.NOTE, text)


def problem(about: str, text: str) -> Finding:
    return Finding(about, State.PROBLEM, text)


def table(findings: Iterable[Finding]) -> Iterator[str]:
    """In columns; a text of several lines stays in its own."""
    known = list(findings)
    width = max((len(each.about) for each in known), default=0)
    for each in known:
        first, *others = each.text.splitlines() or [""]
        yield f"{each.about:{width}}  {each.state.value:7}  {first}"
        yield from (f"{'':{width}}  {'':7}  {line}" for line in others)
