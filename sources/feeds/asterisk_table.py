"""Asterisk's SQL table `cdr` (cdr_odbc, cdr_adaptive_odbc, cdr_mysql): its rows become legs of conferences.

The text is a line of JSON for each row, `{"uniqueid": "1795537800.26", "calldate": "2026-11-24 16:30:00", ...}`: the
columns that the table has, by their names, as reading/tables.py reads them. So a row is quarantined, replayed and told
by like a line of a file.

Rules are those of `Master.csv` (asterisk.py). What differs is the time: an older table has `calldate` (the start),
`duration` and `billsec`, and no answer; a newer one `start`, `answer` and `end` as well, which then hold. Seconds are
counted in UTC, so only `calldate` can be in the hour that a zone has twice.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo

import orjson

from sources.feeds.asterisk import ANSWERED, CONFERENCE_APPLICATION, display_name
from sources.feeds.json_lines import BrokenJson, Document, documents
from sources.feeds.local_times import instant
from sources.feeds.parsed import ParsedFile, Read, Skipped, judged, leg, parsed_file, whole_number
from sources.records.bridge import Leg, QuarantinedLine

__all__ = ["line_of", "parse"]

Fields = Mapping[str, object]


def parse(content: str, *, bridge: str, zone: tzinfo) -> ParsedFile:
    """The legs in rows of `bridge`, whose times are in `zone`."""
    return parsed_file(read_all(content, bridge, zone))


def line_of(row: Mapping[str, object]) -> str:
    """A row as a line of the text: times and numbers as text, what is empty left out, always in one order."""
    kept = {name.lower(): str(value) for name, value in row.items() if value is not None}
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode() + "\n"


def read_all(content: str, bridge: str, zone: tzinfo) -> Iterator[Read]:
    for document in documents(content):
        match document:
            case BrokenJson(line, message, text):
                yield QuarantinedLine(line, "malformed", message, text)
            case Document(line, text, fields):
                yield read_row(line, text, fields, bridge, zone)


def read_row(line: int, text: str, fields: Fields, bridge: str, zone: tzinfo) -> Read:
    application = text_of(fields, "lastapp").casefold()
    # Where the column is a number, which one means what differs from version to version: it is not guessed.
    disposition = text_of(fields, "disposition")
    if application != CONFERENCE_APPLICATION or (disposition != ANSWERED and not disposition.isdecimal()):
        return Skipped()
    return judged(line, text, lambda: leg_of(fields, bridge, zone))


def leg_of(fields: Fields, bridge: str, zone: tzinfo) -> Leg:
    if text_of(fields, "disposition") != ANSWERED:
        raise ValueError(
            f"disposition is {fields['disposition']}, a number: make the column text, so that it is a word"
        )
    joined_at, left_at = stay(fields, zone)
    return leg(
        identity(fields, bridge, zone),
        bridge=bridge,
        room=text_of(fields, "lastdata").partition(",")[0].strip(),
        where="lastdata before its first comma",
        joined_at=joined_at,
        left_at=left_at,
        display_name=display_name(text_of(fields, "clid")),
        caller_number=text_of(fields, "src"),
    )


def stay(fields: Fields, zone: tzinfo) -> tuple[datetime, datetime]:
    """From the answer to the end."""
    duration, billed = whole_number(fields, "duration"), whole_number(fields, "billsec")
    if text_of(fields, "answer") and text_of(fields, "end"):
        return time_of(fields, "answer", zone), time_of(fields, "end", zone)
    if billed > duration:
        raise ValueError(f"billsec is {billed}, more than the duration of {duration}")
    started_at = started(fields, zone)
    return started_at + timedelta(seconds=duration - billed), started_at + timedelta(seconds=duration)


def started(fields: Fields, zone: tzinfo) -> datetime:
    return time_of(fields, "start" if text_of(fields, "start") else "calldate", zone)


def time_of(fields: Fields, name: str, zone: tzinfo) -> datetime:
    """Fractions of a second, which some tables have, are left away as Asterisk's own files do."""
    return instant(name, text_of(fields, name).partition(".")[0], zone)


def identity(fields: Fields, bridge: str, zone: tzinfo) -> str:
    """As in `Master.csv`, so that a switch that writes both is not billed twice."""
    if unique := text_of(fields, "uniqueid"):
        return f"{bridge}:{unique}"
    channel = text_of(fields, "channel")
    if not channel:
        raise ValueError("neither uniqueid nor channel: the record has no identity")
    return f"{bridge}:{channel}:{started(fields, zone):%Y%m%dT%H%M%SZ}"


def text_of(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
