"""What a feed's parser answers: every line or record of a file is one leg, in quarantine, or skipped.

A parser is pure: the file's text, the bridge's id and the zone of its clock come in. It never raises for what a file
says. `REPLACED` stands where a byte was no UTF-8 (and where a switch replaced a letter itself): such a line is
quarantined, as another name or room may have stood there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from sources.feeds.local_times import TimeRefused
from sources.records.bridge import Leg, QuarantinedLine

__all__ = [
    "REPLACED",
    "ParsedFile",
    "ParsedLeg",
    "Parser",
    "Read",
    "Skipped",
    "instant_of_epoch",
    "judged",
    "leg",
    "parsed_file",
    "storable",
    "whole_number",
]

LONGEST_ROOM = 80
LONGEST_IDENTITY = 200
"""As long as the switch's own fields; ids are kept in indexes, whose entries a database limits."""

REPLACED = "\N{REPLACEMENT CHARACTER}"
LONGEST_EPOCH = 11
LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class ParsedLeg:
    """A good line: `line` and `text` go into the quarantine if the leg turns out to contradict what is stored."""

    line: int
    text: str
    leg: Leg


@dataclass(frozen=True, slots=True)
class Skipped:
    """A good record that is no leg of a conference."""


Read = ParsedLeg | QuarantinedLine | Skipped


@dataclass(frozen=True, slots=True)
class ParsedFile:
    legs: tuple[ParsedLeg, ...]
    quarantined: tuple[QuarantinedLine, ...]
    skipped: int


class Parser(Protocol):
    """The text of a file of `bridge`, whose local times are in `zone`."""

    def __call__(self, content: str, *, bridge: str, zone: tzinfo) -> ParsedFile: ...


def parsed_file(reads: Iterable[Read]) -> ParsedFile:
    """Each of `reads` in exactly one place."""
    legs: list[ParsedLeg] = []
    quarantined: list[QuarantinedLine] = []
    skipped = 0
    for read in reads:
        match read:
            case ParsedLeg():
                legs.append(read)
            case QuarantinedLine():
                quarantined.append(read)
            case Skipped():
                skipped += 1
    return ParsedFile(tuple(legs), tuple(quarantined), skipped)


def judged(line: int, text: str, make: Callable[[], Leg]) -> ParsedLeg | QuarantinedLine:
    """The leg that `make` reads from a record's `text`, or the record in quarantine with what was wrong."""
    if REPLACED in text:
        message = "it has a byte that is not UTF-8: have the switch write UTF-8, or name the encoding (--encoding)"
        return QuarantinedLine(line, "not-utf-8", message, storable(text))
    try:
        return ParsedLeg(line, text, make())
    except TimeRefused as refusal:
        return QuarantinedLine(line, refusal.reason, storable(str(refusal)), storable(text))
    except ValueError as error:
        return QuarantinedLine(line, "malformed", storable(str(error)), storable(text))


def leg(
    identity: str,
    *,
    bridge: str,
    room: str,
    where: str,
    joined_at: datetime,
    left_at: datetime,
    display_name: str | None,
    caller_number: str | None,
    service: str = "dial-in",
) -> Leg:
    """The leg, looked at as every feed must. ValueError or TimeRefused says what is wrong; `where` names the room."""
    if not 0 < len(room) <= LONGEST_ROOM:
        raise ValueError(f"{where} names no room of 1 to {LONGEST_ROOM} characters")
    if left_at < joined_at:
        times = f"leaves at {left_at:%Y-%m-%dT%H:%M:%SZ}, before it joins at {joined_at:%Y-%m-%dT%H:%M:%SZ}"
        raise TimeRefused("clock", f"the leg {times}: look at the switch's clock")
    if len(identity) > LONGEST_IDENTITY:
        raise ValueError(f"the switch's id is too long: the identity would have {len(identity)} characters")
    for value in (identity, room, display_name, caller_number):
        if value is not None and storable(value) != value:
            raise ValueError("it has a character that can't be stored")
    return Leg(
        id=identity,
        bridge=bridge,
        room=room,
        service=service,
        display_name=display_name or None,
        caller_number=caller_number or None,
        joined_at=joined_at,
        left_at=left_at,
    )


def storable(text: str) -> str:
    """Text as it can be stored everywhere: PostgreSQL has no NUL, and nothing has lone surrogates."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def whole_number(fields: Mapping[str, object], name: str) -> int:
    """A count or seconds, from a text or a number. ValueError names the field."""
    value = fields.get(name)
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
        raise ValueError(f"{name} is {storable(repr(value))[:80]}, not a whole number")
    return int(text)


def instant_of_epoch(fields: Mapping[str, object], name: str) -> datetime | None:
    """The instant of whole seconds since 1970; None for 0, which switches write for "never". ValueError names it."""
    seconds = whole_number(fields, name)
    if len(str(seconds)) > LONGEST_EPOCH:
        raise ValueError(f"{name} is {seconds}, not seconds since 1970")
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
