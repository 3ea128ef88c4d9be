"""Asterisk's SQL table cdr: a row, as a line of JSON, becomes a leg; the leg that Master.csv would have given."""

from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from sources.feeds import asterisk
from sources.feeds.asterisk_table import line_of, parse
from sources.feeds.parsed import ParsedFile

PRAGUE = ZoneInfo("Europe/Prague")
OLD = {
    "calldate": datetime(2026, 11, 24, 16, 29, 50),
    "clid": '"Novák" <420601111222>',
    "src": "420601111222",
    "channel": "PJSIP/trunk-0000001a",
    "lastapp": "ConfBridge",
    "lastdata": "20260123,default_bridge",
    "duration": 3035,
    "billsec": 3025,
    "disposition": "ANSWERED",
    "uniqueid": "1795537790.26",
    "userfield": None,
}
NEW = {name: value for name, value in OLD.items() if name != "calldate"} | {
    "start": OLD["calldate"],
    "answer": datetime(2026, 11, 24, 16, 30, 0, 500_000),
    "end": datetime(2026, 11, 24, 17, 20, 25),
    "sequence": Decimal(26),
}
MASTER = (
    '"","420601111222","8001","conf","""Novák"" <420601111222>","PJSIP/trunk-0000001a","","ConfBridge",'
    '"20260123,default_bridge","2026-11-24 16:29:50","2026-11-24 16:30:00","2026-11-24 17:20:25",3035,3025,'
    '"ANSWERED","DOCUMENTATION","1795537790.26"\n'
)


def parsed(*rows: dict[str, object], zone: tzinfo = UTC) -> ParsedFile:
    return parse("".join(map(line_of, rows)), bridge="pbx-praha", zone=zone)


@pytest.mark.parametrize("row", [OLD, NEW, {name.upper(): value for name, value in OLD.items()}])
def test_row_is_the_leg_of_the_file(row: dict[str, object]) -> None:
    """With an answer of its own or one that is reckoned; so a switch that writes both isn't billed twice."""
    [one] = parsed(row).legs
    assert one.leg == asterisk.parse(MASTER, bridge="pbx-praha", zone=UTC).legs[0].leg


def test_identity_without_uniqueid_is_the_files_too() -> None:
    """I1: bridge + channel + start."""
    [one] = parsed({**OLD, "uniqueid": ""}).legs
    assert one.leg.id == "pbx-praha:PJSIP/trunk-0000001a:20261124T162950Z"


def test_other_calls_are_skipped() -> None:
    """Of other applications, or not answered."""
    file = parsed({**OLD, "lastapp": "Dial"}, {**OLD, "disposition": "NO ANSWER"}, {**OLD, "lastapp": None})
    assert (file.legs, file.quarantined, file.skipped) == ((), (), 3)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**OLD, "disposition": 8}, "malformed"),
        ({**OLD, "duration": 3024}, "malformed"),
        ({**OLD, "duration": -1, "billsec": -1}, "malformed"),
        ({**OLD, "duration": None}, "malformed"),
        ({**OLD, "calldate": "yesterday"}, "malformed"),
        ({**OLD, "lastdata": ""}, "malformed"),
        ({**OLD, "uniqueid": "", "channel": ""}, "malformed"),
        ({**OLD, "uniqueid": "1" * 300}, "malformed"),
        ({**OLD, "calldate": "2026-10-25 02:30:00"}, "ambiguous-time"),
        ({**OLD, "calldate": "2027-03-28 02:30:00"}, "nonexistent-time"),
        ({**NEW, "end": "2026-11-24 16:29:00"}, "clock"),
        ({**OLD, "clid": "\N{REPLACEMENT CHARACTER}"}, "not-utf-8"),
    ],
)
def test_bad_row_is_quarantined_and_the_good_ones_are_taken(row: dict[str, object], reason: str) -> None:
    """Edge cases 8 and 24."""
    file = parsed({**OLD, "uniqueid": "1.1"}, row, {**OLD, "uniqueid": "1.3"}, zone=PRAGUE)
    assert [leg.leg.id for leg in file.legs] == ["pbx-praha:1.1", "pbx-praha:1.3"]
    assert [(bad.line, bad.reason) for bad in file.quarantined] == [(2, reason)]


def test_leg_across_the_autumn_change_is_counted_in_true_seconds() -> None:
    """Rule 1: an older table's end is reckoned from its start in UTC, so no hour is asked twice."""
    row = {**OLD, "calldate": "2026-10-25 01:30:00", "duration": 7200, "billsec": 7200}
    [one] = parsed(row, zone=PRAGUE).legs
    assert one.leg.left_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
