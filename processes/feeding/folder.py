"""The files of a switch's folder: which there are, and whether one is whole.

    CSV     grows line by line: its whole lines are read, and its position kept
    XML     is whole when it closes with </cdr>; JSON when it is an object, or has its last line end
    torn    what isn't whole, and hasn't changed for a while, is read as it is: then it is seen in quarantine

A file that is renamed into the folder is whole at once by the same rules. Hidden files and links are left alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ENDINGS", "GROWING", "Found", "files_in", "is_whole"]

CSV, XML, JSON = (".csv",), (".xml",), (".json",)
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "ASTERISK_CSV": CSV,
    "FREESWITCH_CSV": CSV,
    "FREESWITCH_CONFERENCE_XML": XML,
    "FREESWITCH_JSON": JSON,
}
GROWING = frozenset({"ASTERISK_CSV", "FREESWITCH_CSV"})
COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it is now; `key` tells it from others through renaming. Times are nanoseconds since 1970."""

    path: Path
    key: str
    size: int
    changed: int


def files_in(folder: Path, format: str, troubled: Callable[[OSError], None]) -> list[Found]:
    """The files that may be of this format, the oldest first; what can't be looked at is told and left out."""
    found = [*_walk(folder, ENDINGS[format], troubled)]
    return sorted(found, key=lambda each: (each.changed, each.path))


def _walk(folder: Path, endings: tuple[str, ...], troubled: Callable[[OSError], None]) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        troubled(error)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), endings, troubled)
            elif entry.is_file(follow_symlinks=False) and _fits(entry.name, endings):
                seen = entry.stat(follow_symlinks=False)
                yield Found(Path(entry.path), f"{seen.st_dev}:{seen.st_ino}", seen.st_size, seen.st_mtime_ns)
        except FileNotFoundError:
            continue  # taken away since it was listed
        except OSError as error:
            troubled(error)


def _fits(name: str, endings: tuple[str, ...]) -> bool:
    """`Master.csv`, and what a rotation makes of it: `Master.csv.1`, `Master.csv.2026-11-24-00-00-00`."""
    lowered = name.casefold()
    return any(f"{ending}." in f"{lowered}." for ending in endings) and not lowered.endswith(COMPRESSED)


def is_whole(format: str, content: bytes) -> bool:
    """Of a file that is one record."""
    text = content.strip()
    if format == "FREESWITCH_CONFERENCE_XML":
        return text.endswith(b"</cdr>")
    return bool(text) and (content.endswith(b"\n") or _is_json(text))


def _is_json(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
