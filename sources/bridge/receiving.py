"""A file of call records is taken: every line of it is new, a duplicate, in quarantine, or no conference's.

file known        nothing is written; its lines are counted again
identity unknown  a new leg
identity known    the same content: duplicate; another: quarantined, `changed-duplicate`
line quarantined  in an earlier file with the same text and reason: it is kept there
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, tzinfo
from hashlib import sha256
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, bindparam, insert, select

from sources.bridge.tables import BRIDGES, FILES, LEGS, QUARANTINE, leg_of
from sources.database import one_of
from sources.feeds.formats import PARSERS
from sources.feeds.parsed import ParsedFile, ParsedLeg
from sources.records.bridge import Leg, QuarantinedLine, ReceivedFile
from sources.records.refusal import Refusal
from sources.rows import insert_all, row_of

__all__ = ["ReadFile", "digest_of", "outcome_as_json", "outcome_from_json", "read_file", "store"]

ZONE = select(BRIDGES.c.id, BRIDGES.c.cdr_zone).where(BRIDGES.c.id == bindparam("bridge"))
KNOWN_FILE = select(FILES.c.sha256).where(FILES.c.bridge == bindparam("bridge"), FILES.c.sha256 == bindparam("file"))
KEPT_LINES = select(QUARANTINE.c.reason, QUARANTINE.c.text).where(
    QUARANTINE.c.bridge == bindparam("bridge"), one_of(QUARANTINE.c.text)
)
KNOWN_LEGS = select(LEGS).where(one_of(LEGS.c.id))
NEW_FILE = insert(FILES)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file of `bridge`, parsed."""

    bridge: str
    digest: str
    parsed: ParsedFile

    @property
    def identities(self) -> tuple[str, ...]:
        """Of all good lines, once each, in order."""
        return tuple(dict.fromkeys(parsed.leg.id for parsed in self.parsed.legs))


def digest_of(format: str, content: str) -> str:
    """What a file is known by: SHA-256 of its format's name, a newline, and its text in UTF-8.

    The same text in another format is another file: somebody who named the wrong one can give it again.
    """
    return sha256(f"{format}\n{content}".encode("utf-8", "surrogatepass")).hexdigest()


def read_file(connection: Connection, bridge: str, *, format: str, content: str) -> ReadFile | Refusal:
    """The file, read in its bridge's zone. `format` is one of sources/feeds/formats.py."""
    row = connection.execute(ZONE, {"bridge": bridge}).one_or_none()
    if row is None:
        remedy = f"give it a section [bridges.{bridge}] in spojka.toml"
        return Refusal("unknown-bridge", f"bridge {bridge} is not known: {remedy}")
    zone = declared_zone(row.cdr_zone)
    if zone is None:
        return Refusal(
            "no-cdr-zone",
            f"bridge {bridge} declares no known zone of its call records (cdr_zone is {row.cdr_zone or 'not set'}), "
            "so their times mean nothing: set it to UTC or a zone like Europe/Prague",
        )
    return ReadFile(bridge, digest_of(format, content), PARSERS[format](content, bridge=bridge, zone=zone))


def declared_zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def store(connection: Connection, file: ReadFile, now: datetime) -> ReceivedFile:
    """Write what is new in the file, and say what came of each of its lines."""
    sorting = sort(file, known_legs(connection, file))
    if is_known(connection, file):
        return known_file(file, sorting)
    received = ReceivedFile(
        received=len(sorting.new),
        duplicates=sorting.duplicates,
        skipped=file.parsed.skipped,
        quarantined=sorting.quarantined,
        legs=file.identities,
    )
    write(connection, file, sorting, received, now)
    return received


def is_known(connection: Connection, file: ReadFile) -> bool:
    return connection.execute(KNOWN_FILE, {"bridge": file.bridge, "file": file.digest}).one_or_none() is not None


def known_file(file: ReadFile, sorting: Sorting) -> ReceivedFile:
    """The bytes came before: every good line is a duplicate, what is in quarantine is still there."""
    return ReceivedFile(
        received=0,
        duplicates=sorting.duplicates + len(sorting.new),
        skipped=file.parsed.skipped,
        quarantined=sorting.quarantined,
        legs=file.identities,
    )


def known_legs(connection: Connection, file: ReadFile) -> dict[str, Leg]:
    rows = connection.execute(KNOWN_LEGS, {"keys": file.identities})
    return {leg.id: as_received(leg) for leg in map(leg_of, rows)}


def as_received(leg: Leg) -> Leg:
    """The leg without what is only known later."""
    return replace(leg, conference=None, end_reason=None)


@dataclass(frozen=True, slots=True)
class Sorting:
    """`quarantined` in order of lines: what the feed refused, and changed duplicates."""

    new: tuple[Leg, ...]
    duplicates: int
    quarantined: tuple[QuarantinedLine, ...]


def sort(file: ReadFile, known: Mapping[str, Leg]) -> Sorting:
    """Each good line is new, a duplicate or changed, also by what came earlier in the same file."""
    seen = dict(known)
    new: list[Leg] = []
    quarantined = list(file.parsed.quarantined)
    duplicates = 0
    for parsed in file.parsed.legs:
        before = seen.setdefault(parsed.leg.id, parsed.leg)
        if before is parsed.leg:
            new.append(parsed.leg)
        elif before == parsed.leg:
            duplicates += 1
        else:
            quarantined.append(changed(parsed, before))
    return Sorting(tuple(new), duplicates, tuple(sorted(quarantined, key=lambda line: line.line)))


def changed(parsed: ParsedLeg, before: Leg) -> QuarantinedLine:
    names = [name for name, value in asdict(parsed.leg).items() if value != getattr(before, name)]
    message = f"{parsed.leg.id} was received before with another {', '.join(names)}; the first record stands"
    return QuarantinedLine(parsed.line, "changed-duplicate", message, parsed.text)


def write(connection: Connection, file: ReadFile, sorting: Sorting, received: ReceivedFile, now: datetime) -> None:
    counts = {"received": received.received, "duplicates": received.duplicates, "skipped": received.skipped}
    of_file = {"bridge": file.bridge, "sha256": file.digest, "received_at": now}
    connection.execute(NEW_FILE, {**of_file, **counts})
    of_line = {"bridge": file.bridge, "file": file.digest}
    # In one order, so that two files with the same legs wait for each other at the first of them, never crosswise.
    insert_all(connection, LEGS, map(row_of, sorted(sorting.new, key=attrgetter("id"))))
    fresh = not_kept_yet(connection, file.bridge, sorting.quarantined)
    insert_all(connection, QUARANTINE, ({**of_line, **row_of(line)} for line in fresh))


def not_kept_yet(connection: Connection, bridge: str, lines: Sequence[QuarantinedLine]) -> list[QuarantinedLine]:
    """A file that grows is imported again and again; what is bad in it is kept once for each time that it is there."""
    kept = Counter(
        (row.reason, row.text)
        for row in connection.execute(KEPT_LINES, {"bridge": bridge, "keys": [line.text for line in lines]})
    )
    fresh = []
    for line in lines:
        if kept[line.reason, line.text] > 0:
            kept[line.reason, line.text] -= 1
        else:
            fresh.append(line)
    return fresh


def outcome_as_json(outcome: ReceivedFile | Refusal) -> dict[str, Any]:
    """As it is kept for its idempotency key; the legs are left out, the same file names them again."""
    match outcome:
        case Refusal():
            return {"refused": asdict(outcome)}
        case ReceivedFile():
            return {"file": {name: value for name, value in asdict(outcome).items() if name != "legs"}}


def outcome_from_json(answer: dict[str, Any], *, legs: tuple[str, ...]) -> ReceivedFile | Refusal:
    if "refused" in answer:
        return Refusal(**answer["refused"])
    quarantined = tuple(QuarantinedLine(**line) for line in answer["file"]["quarantined"])
    return ReceivedFile(**{**answer["file"], "quarantined": quarantined, "legs": legs})
