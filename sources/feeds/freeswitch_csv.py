"""FreeSWITCH's `Master.csv` (mod_cdr_csv): its text becomes legs of conferences, and lines in quarantine.

A template decides what a line has. Known are the module's own one (13 columns) and `example` (15), which begin alike:
caller_id_name, caller_id_number, destination_number, context, start_stamp, answer_stamp, end_stamp, duration, billsec,
hangup_cause, uuid, bleg_uuid, accountcode [, read_codec, write_codec]. Any other one is named by a header: a first line
with the columns' names (channel variables), which `spojka feed --columns` puts there.

What is taken:
  * A leg is a call that was answered, and, where the template has `last_app`, that ended in the application conference.
    Without that column every answered call of the file is a leg: have the template used for conferences alone.
  * Its room is `conference_name` where there is such a column, else `last_arg` before its profile and PIN
    (`3001@default+1234`), else `destination_number`.
  * Its identity is bridge + uuid. Its times are local, of the switch's zone; it joins at the answer.
What is skipped: calls that were not answered, and those of other applications.
The module writes no quotes twice, so a caller's name that has one is quarantined as `malformed`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from sources.feeds.csv_lines import BrokenLine, Row, rows
from sources.feeds.local_times import instant
from sources.feeds.parsed import ParsedFile, Read, Skipped, judged, leg, parsed_file
from sources.feeds.rooms import room_of_argument
from sources.records.bridge import Leg, QuarantinedLine

__all__ = ["COLUMNS", "NEEDED", "parse"]

COLUMNS = (
    *("caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp", "answer_stamp"),
    *("end_stamp", "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid", "accountcode"),
    *("read_codec", "write_codec"),
)
FEWEST = 13
NEEDED = frozenset({"uuid", "answer_stamp", "end_stamp"})
MOST_COLUMNS = 200
NEVER = ("1970-01-01", "1969-12-31")
"""`answer_stamp` of an unanswered call is nothing, or the beginning of time on the switch's clock."""

CONFERENCE = "conference"


def parse(content: str, *, bridge: str, zone: tzinfo) -> ParsedFile:
    """The legs in a file of `bridge`, whose times are in `zone`."""
    return parsed_file(read_all(content, bridge, zone))


def read_all(content: str, bridge: str, zone: tzinfo) -> Iterator[Read]:
    columns: Sequence[str] = COLUMNS
    fewest = FEWEST
    for row in rows(content, fewest=1, most=MOST_COLUMNS):
        match row:
            case BrokenLine(line, message, text):
                yield QuarantinedLine(line, "malformed", message, text)
            case Row(_, _, fields) if is_header(fields):
                columns = [field.strip() for field in fields]
                fewest = len(columns)
            case Row(line, text, fields) if not fewest <= len(fields) <= len(columns):
                counted = f"{fewest}" if fewest == len(columns) else f"{fewest} to {len(columns)}"
                yield QuarantinedLine(line, "malformed", f"{len(fields)} fields, expected {counted}", text)
            case Row(line, text, fields):
                # The module's own template has a space before its last quote.
                named = {name: field.strip().strip('"') for name, field in zip(columns, fields, strict=False)}
                yield read_row(line, text, named, bridge, zone)


def is_header(fields: Sequence[str]) -> bool:
    """A line that names columns: a call has no uuid of this name."""
    return {field.strip() for field in fields} >= NEEDED


def read_row(line: int, text: str, fields: Mapping[str, str], bridge: str, zone: tzinfo) -> Read:
    answered = fields["answer_stamp"] and not fields["answer_stamp"].startswith(NEVER)
    if not answered or fields.get("last_app", CONFERENCE).casefold() != CONFERENCE:
        return Skipped()
    return judged(line, text, lambda: leg_of(fields, bridge, zone))


def leg_of(fields: Mapping[str, str], bridge: str, zone: tzinfo) -> Leg:
    if not fields["uuid"]:
        raise ValueError("it has no uuid: the record has no identity")
    room, where = room_of(fields)
    return leg(
        f"{bridge}:{fields['uuid']}",
        bridge=bridge,
        room=room,
        where=where,
        joined_at=instant("answer_stamp", fields["answer_stamp"], zone),
        left_at=instant("end_stamp", fields["end_stamp"], zone),
        display_name=fields.get("caller_id_name"),
        caller_number=fields.get("caller_id_number"),
    )


def room_of(fields: Mapping[str, str]) -> tuple[str, str]:
    """The room, and which column named it."""
    if name := fields.get("conference_name"):
        return name, "conference_name"
    if "last_arg" in fields:
        return room_of_argument(fields["last_arg"]), "last_arg"
    return fields.get("destination_number", ""), "destination_number"
