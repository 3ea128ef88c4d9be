"""FreeSWITCH's mod_cdr_csv: its template, `example`, or columns that a header names."""

import csv
import io
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import pytest

from sources.feeds.freeswitch_csv import COLUMNS, parse
from sources.feeds.parsed import ParsedFile

PRAGUE = ZoneInfo("Europe/Prague")
ROW = dict.fromkeys(COLUMNS, "") | {
    "caller_id_name": "Jana, Nová",
    "caller_id_number": "420601111222",
    "destination_number": "8001",
    "start_stamp": "2026-11-24 17:29:50",
    "answer_stamp": "2026-11-24 17:30:00",
    "end_stamp": "2026-11-24 18:20:25",
    "duration": "3035",
    "billsec": "3025",
    "hangup_cause": "NORMAL_CLEARING",
    "uuid": "u-1",
}
UNANSWERED = (
    '"9007","9007","0034688886392","public","2014-05-29 16:59:50","","2014-05-29 16:59:50","0","0",'
    '"NORMAL_CLEARING","a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d","","","",""\n'
)


def line(columns: tuple[str, ...] = COLUMNS, **changes: str) -> str:
    out = io.StringIO()
    values = {**ROW, **changes}
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(values.get(name, "") for name in columns)
    return out.getvalue()


def parsed(content: str, *, zone: tzinfo = PRAGUE) -> ParsedFile:
    return parse(content, bridge="fs-brno", zone=zone)


def test_line_of_the_example_template_is_a_leg() -> None:
    """The room is the number that was called, the identity the channel's uuid, the times are local."""
    [one] = parsed(line()).legs
    assert (one.leg.id, one.leg.room, one.leg.display_name) == ("fs-brno:u-1", "8001", "Jana, Nová")
    assert one.leg.joined_at == datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    assert (one.leg.left_at - one.leg.joined_at).total_seconds() == 3025


def test_line_of_the_modules_own_template_is_a_leg() -> None:
    """13 columns, the last with a space before its quote."""
    own = line(COLUMNS[:12]).rstrip("\n") + ', "acct"\n'
    assert [leg.leg.id for leg in parsed(own).legs] == ["fs-brno:u-1"]


def test_unanswered_call_is_skipped() -> None:
    """Nothing, or the beginning of time, stands where the answer would; the first is as the module's page shows it."""
    never = line(answer_stamp="1970-01-01 01:00:00")
    file = parsed(UNANSWERED + never)
    assert (file.legs, file.quarantined, file.skipped) == ((), (), 2)


def test_header_names_other_columns() -> None:
    """In any order, with more of them; the header itself is no record."""
    columns = ("uuid", "answer_stamp", "end_stamp", "last_app", "last_arg", "caller_id_number")
    rows = [
        line(columns, last_app="conference", last_arg="3001@default+77"),
        line(columns, uuid="u-2", last_app="bridge", last_arg="user/1"),
    ]
    file = parsed(",".join(columns) + "\n" + "".join(rows))
    assert [(leg.line, leg.leg.id, leg.leg.room) for leg in file.legs] == [(2, "fs-brno:u-1", "3001")]
    assert (file.skipped, file.quarantined) == (1, ())


def test_conference_name_is_the_room_where_there_is_such_a_column() -> None:
    """A better answer than the number that was called."""
    columns = (*COLUMNS, "conference_name")
    assert parsed(",".join(columns) + "\n" + line(columns, conference_name="board")).legs[0].leg.room == "board"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense\n", "malformed"),
        (line(end_stamp=""), "malformed"),
        (line(answer_stamp="24.11.2026"), "malformed"),
        (line(uuid=""), "malformed"),
        (line(uuid="u" * 300), "malformed"),
        (line(destination_number=""), "malformed"),
        (line((*COLUMNS, "more")), "malformed"),
        ('"Jana "the boss" Nová",' + line().partition('",')[2], "malformed"),
        (line(caller_id_name="Ji\N{REPLACEMENT CHARACTER}í"), "not-utf-8"),
        (line(end_stamp="2026-11-24 17:29:59"), "clock"),
        (line(answer_stamp="2026-10-25 02:30:00", end_stamp="2026-10-25 04:00:00"), "ambiguous-time"),
        (line(answer_stamp="2027-03-28 02:30:00", end_stamp="2027-03-28 04:00:00"), "nonexistent-time"),
    ],
)
def test_bad_line_is_quarantined_and_the_good_ones_are_taken(text: str, reason: str) -> None:
    """Edge cases 8 and 24."""
    file = parsed(line(uuid="1") + text + line(uuid="3"))
    assert [leg.leg.id for leg in file.legs] == ["fs-brno:1", "fs-brno:3"]
    assert [(bad.line, bad.reason, bad.text) for bad in file.quarantined] == [(2, reason, text.rstrip("\n"))]
