"""Laws of every feed: no text breaks its parser; replayed in any order and any cut, it gives the same legs."""

from __future__ import annotations

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.feeds.asterisk_table import line_of
from sources.feeds.formats import PARSERS
from sources.feeds.parsed import ParsedFile
from sources.records.bridge import Leg
from tests.calls import a_leg, master_csv

PRAGUE = ZoneInfo("Europe/Prague")
FORMATS = sorted(PARSERS)
PIECES = st.sampled_from(
    [
        *("<cdr>", "<conference>", "<name>1</name>", "<members>", '<member type="caller">', "</member>", "</members>"),
        *("</conference>", "</cdr>", "<join_time>1795537800</join_time>", "<leave_time>0</leave_time>", "<!DOCTYPE a>"),
        *("&lt;", "&x;", "<![CDATA[", "]]>", '{"variables":', '{"uuid":"1","answer_epoch":"9"', "}", "[", "]", "null"),
        *('"', '""', ",", "\n", "\r\n", "\0", "\ufeff", "\ud800", "\N{REPLACEMENT CHARACTER}", "cdr=", "%7B%7D", "eyJ"),
        *("uuid,answer_stamp,end_stamp\n", '"x","2026-11-24 17:30:00","2026-11-24 18:30:00"\n', "2026-10-25 02:30:00"),
        *('{"lastapp":"ConfBridge","disposition":"ANSWERED"}', '{"calldate":"x"}', "ConfBridge", "ANSWERED", "9" * 30),
    ]
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join))


def parsed(format: str, content: str) -> ParsedFile:
    return PARSERS[format](content, bridge="b", zone=PRAGUE)


@pytest.mark.parametrize("format", FORMATS)
@given(content=TEXTS)
def test_no_text_breaks_a_parser(format: str, content: str) -> None:
    """It never raises; a line is in quarantine once, and all that it says of it can be stored anywhere."""
    file = parsed(format, content)
    lines = [line.line for line in file.quarantined]
    assert len(lines) == len(set(lines))
    for line in file.quarantined:
        assert "\0" not in line.text + line.message
        (line.text + line.message).encode()
    for each in file.legs:
        assert each.leg.left_at >= each.leg.joined_at
        "".join(filter(None, [each.leg.id, each.leg.room, each.leg.display_name, each.text])).encode()


def as_row(leg: Leg) -> str:
    seconds = int((leg.left_at - leg.joined_at).total_seconds())
    times = {"calldate": f"{leg.joined_at:%Y-%m-%d %H:%M:%S}", "duration": seconds, "billsec": seconds}
    room = {"lastapp": "ConfBridge", "lastdata": leg.room, "disposition": "ANSWERED"}
    return line_of({**times, **room, "uniqueid": leg.id.split(":")[1]})


def as_csv(leg: Leg) -> str:
    fields = ["n", "1", leg.room, "c", "", f"{leg.joined_at:%F %T}", f"{leg.left_at:%F %T}", "1", "1", "OK"]
    return ",".join([*fields, leg.id.split(":")[1], "", "", "", ""]) + "\n"


def as_json(leg: Leg) -> str:
    epochs = f'"answer_epoch":"{leg.joined_at.timestamp():.0f}","end_epoch":"{leg.left_at.timestamp():.0f}"'
    return f'{{"variables":{{"uuid":"{leg.id.split(":")[1]}","conference_name":"{leg.room}",{epochs}}}}}\n'


LINES = {"ASTERISK_CSV": master_csv, "ASTERISK_TABLE": as_row, "FREESWITCH_CSV": as_csv, "FREESWITCH_JSON": as_json}


@pytest.mark.parametrize("format", sorted(LINES))
@given(data=st.data())
def test_replay_gives_the_same_legs(format: str, data: st.DataObject) -> None:
    """I2: any order, duplicates, and any cut of a growing file between two lines lead to the same legs, each once."""
    count = data.draw(st.integers(1, 12))
    written = [a_leg(f"b:7.{n}", joined=n * 60, seconds=60 + n) for n in range(count)]
    lines = [LINES[format](leg) for leg in written]
    expected = {each.leg for each in parsed(format, "".join(lines)).legs}
    assert len(expected) == count
    replayed = data.draw(st.permutations(lines + data.draw(st.lists(st.sampled_from(lines), max_size=6))))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(replayed)))) | {0, len(replayed)})
    parts = ["".join(replayed[begin:end]) for begin, end in pairwise(cuts)]
    files = [parsed(format, part) for part in parts]
    assert {each.leg for file in files for each in file.legs} == expected
    assert sum(len(file.legs) for file in files) == len(replayed)
    assert all(file.quarantined == () for file in files)
