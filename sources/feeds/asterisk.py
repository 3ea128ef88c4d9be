"""Asterisk's `Master.csv` (cdr_csv): its text becomes legs of conferences, and lines in quarantine.

No header; one record is accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer,
end, duration, billsec, disposition, amaflags [, uniqueid if `loguniqueid=yes`][, userfield if `loguserfield=yes`].

What is taken:
  * A leg is a row of the application ConfBridge that was answered. Its room is `lastdata` before the first comma.
  * Its identity is bridge + uniqueid, else bridge + channel + start (domain.md, I1).
  * It joins at `answer`, which Asterisk stamps before the PIN is asked, not at entering the room: all this file knows.
  * The service is taken to be dial-in: the file can't tell who called whom.
What is skipped, and only counted: rows of other applications and unanswered ones. A switch writes every call it
handles into this file; they are complete and correct records of something else, no errors that a person should look at.
What is quarantined: `malformed`, `ambiguous-time` and `nonexistent-time` (the clock's change in a local zone; never
guess, domain.md 4.24), `clock` (it leaves before it joins). The rule "more than 2 minutes from receipt" is one for
events; a file comes hours later.
"""

from collections.abc import Iterator
from datetime import UTC, tzinfo

from sources.feeds.csv_lines import BrokenLine, Row, rows
from sources.feeds.local_times import instant
from sources.feeds.parsed import ParsedFile, Read, Skipped, judged, leg, parsed_file
from sources.records.bridge import Leg, QuarantinedLine

__all__ = ["ANSWERED", "CONFERENCE_APPLICATION", "display_name", "parse"]

FIELDS = 16
OPTIONAL_FIELDS = 2
CONFERENCE_APPLICATION = "confbridge"
ANSWERED = "ANSWERED"


def parse(content: str, *, bridge: str, zone: tzinfo) -> ParsedFile:
    """The legs in a file of `bridge`, whose times are in `zone`.

    Every line with something on it ends up in exactly one place: leg, quarantined, skipped.
    """
    return parsed_file(read_all(content, bridge, zone))


def read_all(content: str, bridge: str, zone: tzinfo) -> Iterator[Read]:
    for row in rows(content, fewest=FIELDS, most=FIELDS + OPTIONAL_FIELDS):
        match row:
            case BrokenLine(line, message, text):
                yield QuarantinedLine(line, "malformed", message, text)
            case Row(line, text, fields):
                yield read_row(line, text, fields, bridge, zone)


def read_row(line: int, text: str, fields: list[str], bridge: str, zone: tzinfo) -> Read:
    if fields[7].strip().casefold() != CONFERENCE_APPLICATION or fields[14].strip() != ANSWERED:
        return Skipped()
    return judged(line, text, lambda: leg_of(fields, bridge, zone))


def leg_of(fields: list[str], bridge: str, zone: tzinfo) -> Leg:
    """The leg of a row. ValueError or TimeRefused says what is wrong with it, also with what nothing is made of."""
    instant("start", fields[9], UTC)  # which of two hours it was matters only where it is the identity
    found = leg(
        identity(fields, bridge, zone),
        bridge=bridge,
        room=fields[8].partition(",")[0].strip(),
        where="lastdata before its first comma",
        joined_at=instant("answer", fields[10], zone),
        left_at=instant("end", fields[11], zone),
        display_name=display_name(fields[4]),
        caller_number=fields[1].strip(),
    )
    for name, value in (("duration", fields[12]), ("billsec", fields[13])):
        if not value.strip().isdecimal():
            raise ValueError(f"{name} is {value!r}, not whole seconds")
    return found


def identity(fields: list[str], bridge: str, zone: tzinfo) -> str:
    """`pbx-praha:1795537800.26`, or without a uniqueid `pbx-praha:PJSIP/trunk-0000001a:20261124T163000Z`."""
    if unique := uniqueid(fields):
        return f"{bridge}:{unique}"
    channel = fields[5].strip()
    if not channel:
        raise ValueError("neither uniqueid nor channel: the record has no identity")
    start = instant("start", fields[9], zone)
    return f"{bridge}:{channel}:{start:%Y%m%dT%H%M%SZ}"


def uniqueid(fields: list[str]) -> str | None:
    """The 17th field, unless it is the only optional one and doesn't look like a uniqueid: then it is the userfield.

    Asterisk makes them of epoch seconds and a counter, after the system's name if it has one: `praha-1795537800.26`.
    """
    optional = [field.strip() for field in fields[FIELDS:]]
    if not optional or not optional[0]:
        return None
    if len(optional) == 1 and not looks_unique(optional[0]):
        return None
    return optional[0]


def looks_unique(value: str) -> bool:
    seconds, dot, counter = value.rpartition("-")[2].partition(".")
    return dot == "." and seconds.isdecimal() and counter.isdecimal()


def display_name(clid: str) -> str | None:
    """The name in a caller id: `"Novak" <420601111222>` -> Novak; None where there is only a number."""
    name = clid.partition("<")[0].strip().strip('"').strip()
    return name or None
