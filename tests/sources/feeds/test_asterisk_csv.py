"""Asterisk's Master.csv: good lines become legs, bad ones are kept with their number, reason and text."""

import csv
import io
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.feeds.asterisk import parse
from sources.feeds.parsed import ParsedFile

PRAGUE = ZoneInfo("Europe/Prague")
EXAMPLE = Path(__file__).parents[3] / "examples" / "Master.csv"

ROW = {
    "accountcode": "acct-77",
    "src": "420601111222",
    "dst": "8001",
    "dcontext": "conf",
    "clid": '"Novák" <420601111222>',
    "channel": "PJSIP/trunk-0000001a",
    "dstchannel": "",
    "lastapp": "ConfBridge",
    "lastdata": "20260123,default_bridge",
    "start": "2026-11-24 16:29:50",
    "answer": "2026-11-24 16:30:00",
    "end": "2026-11-24 17:20:25",
    "duration": "3035",
    "billsec": "3025",
    "disposition": "ANSWERED",
    "amaflags": "DOCUMENTATION",
    "uniqueid": "1795537800.26",
}


def line(*, leave_out: tuple[str, ...] = (), **changes: str) -> str:
    """A line of Master.csv as Asterisk quotes it, with its line end."""
    values = [value for name, value in {**ROW, **changes}.items() if name not in leave_out]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(values)
    return out.getvalue()


def parsed(content: str, *, zone: tzinfo = UTC) -> ParsedFile:
    return parse(content, bridge="pbx-praha", zone=zone)


def reasons(file: ParsedFile) -> list[tuple[int, str]]:
    return [(quarantined.line, quarantined.reason) for quarantined in file.quarantined]


def test_worked_example_has_four_legs() -> None:
    """The file that the repository carries is the worked example of domain.md, in UTC."""
    file = parsed(EXAMPLE.read_text())
    assert [(leg.leg.display_name, (leg.leg.left_at - leg.leg.joined_at).seconds) for leg in file.legs] == [
        ("Alice Nováková", 3025),
        ("Bob Novák", 31),
        ("Bob Novák", 2634),
        ("Carol Dvořáková", 392),
    ]
    assert {leg.leg.room for leg in file.legs} == {"20260123"}
    assert file.quarantined == ()


def test_leg_joins_when_it_was_answered() -> None:
    """Join is `answer`, not `start`: ringing is not conferring."""
    [leg] = parsed(line()).legs
    assert leg.leg.joined_at == datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    assert leg.leg.left_at == datetime(2026, 11, 24, 17, 20, 25, tzinfo=UTC)
    assert (leg.leg.room, leg.leg.display_name, leg.leg.caller_number) == ("20260123", "Novák", "420601111222")


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        (line(), "pbx-praha:1795537800.26"),
        (line(uniqueid="praha-1795537800.26"), "pbx-praha:praha-1795537800.26"),
        (line(leave_out=("uniqueid",)), "pbx-praha:PJSIP/trunk-0000001a:20261124T162950Z"),
        (line(uniqueid="a note"), "pbx-praha:PJSIP/trunk-0000001a:20261124T162950Z"),
        (line(uniqueid="", userfield="a note"), "pbx-praha:PJSIP/trunk-0000001a:20261124T162950Z"),
        (line(userfield="a note"), "pbx-praha:1795537800.26"),
    ],
)
def test_identity_is_uniqueid_else_channel_and_start(text: str, identity: str) -> None:
    """I1: bridge + the switch's unique id, else bridge + channel + start; both last columns are optional."""
    [leg] = parsed(text).legs
    assert leg.leg.id == identity


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nonsense\n", "malformed"),
        (line(answer="24.11.2026 16:30"), "malformed"),
        (line(answer=""), "malformed"),
        (line(answer="0001-01-01 00:00:00"), "malformed"),
        (line(end="2026-11-24"), "malformed"),
        (line(start="2026-13-45 14:00:00"), "malformed"),
        (line(end="2026-13-24 17:00:00"), "malformed"),
        (line(lastdata=",default_bridge"), "malformed"),
        (line(billsec="long"), "malformed"),
        (line(lastdata="1" * 81), "malformed"),
        (line(uniqueid="1." + "1" * 5000), "malformed"),
        (line(leave_out=("uniqueid",), channel="x" * 5000), "malformed"),
        (line(channel="", uniqueid=""), "malformed"),
        (line(uniqueid="1.2", userfield="", more="x"), "malformed"),
        (line(src="\0"), "malformed"),
        (line(end="2026-11-24 16:29:59"), "clock"),
        (line(answer="2026-10-25 02:30:00", end="2026-10-25 04:00:00"), "ambiguous-time"),
        (line(answer="2026-10-25 01:30:00", end="2026-10-25 02:59:59"), "ambiguous-time"),
        (line(answer="2027-03-28 02:30:00", end="2027-03-28 04:00:00"), "nonexistent-time"),
    ],
)
def test_bad_line_is_quarantined_with_its_text_and_the_good_ones_are_taken(text: str, reason: str) -> None:
    """Edge cases 8 and 24: never guessed, never clamped, never lost; one bad line costs only itself."""
    file = parsed(line(uniqueid="1.1") + text + line(uniqueid="1.3"), zone=PRAGUE)
    assert [leg.leg.id for leg in file.legs] == ["pbx-praha:1.1", "pbx-praha:1.3"]
    assert reasons(file) == [(2, reason)]
    assert file.quarantined[0].text == text.rstrip("\n").replace("\0", "\\x00")


def test_double_hour_is_no_question_in_utc() -> None:
    """Edge case 24: the stamps are refused unless the file says UTC."""
    [leg] = parsed(line(answer="2026-10-25 02:30:00", end="2026-10-25 02:30:05")).legs
    assert (leg.leg.left_at - leg.leg.joined_at).total_seconds() == 5


def test_leg_across_the_autumn_change_is_an_hour_longer_than_its_clock_says() -> None:
    """Rule 1: the duration is of instants; 01:30 summer to 03:30 winter is three hours."""
    [leg] = parsed(line(answer="2026-10-25 01:30:00", end="2026-10-25 03:30:00"), zone=PRAGUE).legs
    assert (leg.leg.left_at - leg.leg.joined_at).total_seconds() == 3 * 3600


def test_start_in_the_double_hour_matters_only_where_it_is_the_identity() -> None:
    """A phone that rang in the double hour and was answered after it has an unquestionable duration."""
    times = {"start": "2026-10-25 02:59:59", "answer": "2026-10-25 03:00:01", "end": "2026-10-25 03:30:00"}
    assert len(parsed(line(**times), zone=PRAGUE).legs) == 1
    assert reasons(parsed(line(leave_out=("uniqueid",), **times), zone=PRAGUE)) == [(1, "ambiguous-time")]


def test_other_calls_of_the_switch_are_skipped() -> None:
    """They are good records of something else: counted, no error."""
    file = parsed(line(lastapp="Dial") + line(disposition="NO ANSWER", answer="") + line())
    assert (len(file.legs), file.skipped, file.quarantined) == (1, 2, ())


def test_line_numbers_stay_right_after_a_record_of_several_lines() -> None:
    """A quoted field may hold commas, quotes and newlines; a line is known by where it begins."""
    file = parsed(line(clid='"No\nvák, ""x""" <1>', uniqueid="1.1") + "\n" + "broken\n" + line(uniqueid="1.2"))
    assert [(leg.line, leg.leg.id) for leg in file.legs] == [(1, "pbx-praha:1.1"), (5, "pbx-praha:1.2")]
    assert reasons(file) == [(4, "malformed")]


def test_unclosed_quote_costs_only_its_line() -> None:
    """A truncated line (the switch crashed while writing) doesn't swallow what follows."""
    file = parsed(line(uniqueid="1.1") + line()[:70] + "\n" + line(uniqueid="1.3") + line()[:20])
    assert [(leg.line, leg.leg.id) for leg in file.legs] == [(1, "pbx-praha:1.1"), (3, "pbx-praha:1.3")]
    assert reasons(file) == [(2, "malformed"), (4, "malformed")]


def test_windows_line_ends_and_byte_order_mark_are_understood() -> None:
    """Files pass through all kinds of hands."""
    file = parsed("\ufeff" + line().replace("\n", "\r\n") + line(uniqueid="1.2").replace("\n", "\r\n"))
    assert len(file.legs) == 2
    assert not file.legs[0].text.endswith("\r")


def test_empty_file_has_nothing() -> None:
    """No lines, no answer beyond zero."""
    assert parsed("") == ParsedFile((), (), 0)


@given(
    st.lists(
        st.one_of(
            st.integers(0, 99).map(lambda number: line(uniqueid=f"7.{number}")),
            st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1).map(
                lambda text: text + "\n"
            ),
            st.just(line()[:70] + "\n"),
            st.just(line(lastapp="Dial")),
        )
    )
)
def test_every_line_is_accounted_for_once(lines: list[str]) -> None:
    """Nothing is lost, whatever stands between the good lines: leg, quarantined or skipped."""
    file = parsed("".join(lines))
    good = [text for text in lines if text.startswith('"acct-77"') and text.endswith('"\n')]
    assert len(file.legs) + file.skipped == len(good)
    broken = [quarantined.line for quarantined in file.quarantined]
    blank = sum(1 for text in lines if not text.strip().removeprefix("\ufeff"))
    assert len(broken) == len(set(broken)) == len(lines) - len(good) - blank


def test_leave_before_join_is_the_clocks_though_the_seconds_are_negative_too() -> None:
    """Asterisk then writes a negative billsec; the reason is still that the clock went back (edge case 8)."""
    fields = ["n", "420", "8001", "conf", "N", "PJSIP/1", "", "ConfBridge", "7"]
    fields += ["2026-11-24 16:30:00", "2026-11-24 16:30:00", "2026-11-24 16:29:00", "-60", "-60"]
    line = ",".join([*fields, "ANSWERED", "DOCUMENTATION", "1795537800.26"])
    (refused,) = parse(line + "\n", bridge="pbx-praha", zone=UTC).quarantined
    assert (refused.line, refused.reason) == (1, "clock")
