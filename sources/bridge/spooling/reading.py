"""A spool is read from where it was left off. Where that is, the bridge's database knows, not the spool.

A file may be taken away once it is read to its end and a later one is there. What follows the last line break of a file
is not there yet or, in a file that isn't the last one, was torn and never acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from sources.bridge.spooling.spool import files_of
from sources.records.calls import SpoolPlace

__all__ = ["Delivery", "read_spool", "remove_read"]

BYTES_AT_ONCE = 4 * 1024 * 1024
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request of the switch: its `events`, the first received at `received_at` and each a microsecond later.

    `malformed` is its text, where that was no JSON.
    """

    received_at: datetime
    events: tuple[Any, ...] = ()
    malformed: str | None = None


def read_spool(
    folder: Path, place: SpoolPlace, *, most_bytes: int = BYTES_AT_ONCE
) -> tuple[list[Delivery], SpoolPlace]:
    """What was kept after `place`, about `most_bytes` of it, and the place after that. Raises OSError."""
    files = files_of(folder)
    if files and files[-1][0] < place.file:  # the folder was made anew
        place = SpoolPlace()
    files = [(number, path) for number, path in files if number >= place.file]
    deliveries: list[Delivery] = []
    for number, path in files:
        offset = place.offset if number == place.file else 0
        content = _from(path, offset, most_bytes)
        whole = content[: content.rfind(b"\n") + 1]
        if not whole and len(content) == most_bytes:  # one line that is longer than what is left
            if deliveries:
                break
            return read_spool(folder, place, most_bytes=most_bytes * 4)
        deliveries += [_delivery(line) for line in whole.splitlines()]
        place = SpoolPlace(number, offset + len(whole))
        most_bytes -= len(content)
        if most_bytes <= 0:
            break
    return deliveries, place


def _from(path: Path, offset: int, most_bytes: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(most_bytes)


def _delivery(line: bytes) -> Delivery:
    try:
        content = orjson.loads(line)
    except orjson.JSONDecodeError:  # no line of ours: a disk has gone bad
        return Delivery(EPOCH, malformed=line.decode("utf-8", "backslashreplace"))
    received_at = EPOCH + timedelta(microseconds=content["received"])
    return Delivery(received_at, tuple(content.get("events", ())), content.get("malformed"))


def remove_read(folder: Path, place: SpoolPlace) -> None:
    """Takes away the files before the one that is being read; `place` must be known to the database by now."""
    for number, path in files_of(folder):
        if number < place.file:
            path.unlink(missing_ok=True)
