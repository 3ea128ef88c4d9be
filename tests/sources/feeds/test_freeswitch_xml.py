"""FreeSWITCH's conference CDR: members become legs; what isn't billed is counted, what can't be meant is kept."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from sources.feeds.freeswitch_xml import parse
from sources.feeds.parsed import ParsedFile

EXAMPLE = (Path(__file__).parent / "files" / "conference.cdr.xml").read_text(encoding="utf-8")
UUID = "00000000-0000-4000-8000-00000000000"


def parsed(content: str) -> ParsedFile:
    return parse(content, bridge="fs-praha", zone=UTC)


def member(*, join: str = "1795537800", leave: str = "1795537860", uuid: str = "u-1", name: str = "Eva") -> str:
    profile = f"<caller_id_name>{name}</caller_id_name><uuid>{uuid}</uuid>"
    times = f"<join_time>{join}</join_time><leave_time>{leave}</leave_time>"
    return f'<member type="caller">{times}<caller_profile>{profile}</caller_profile></member>\n'


def conference(*members: str, name: str = "8001", end: str = "1795540825") -> str:
    head = f"<name>{name}</name><end_time>{end}</end_time>"
    return f"<cdr><conference>{head}\n<members>\n{''.join(members)}</members></conference></cdr>"


def test_a_file_is_a_whole_conference() -> None:
    """Callers are legs, oldest first; a leave_time of 0 is the conference's end; a channel's second stay is its own."""
    file = parsed(EXAMPLE)
    assert [
        (leg.leg.id, leg.leg.joined_at.timestamp(), (leg.leg.left_at - leg.leg.joined_at).seconds) for leg in file.legs
    ] == [
        (f"fs-praha:{UUID}1", 1795537800, 3025),
        (f"fs-praha:{UUID}2", 1795538110, 31),
        (f"fs-praha:{UUID}2:1795538165", 1795538165, 2634),
    ]
    assert {leg.leg.room for leg in file.legs} == {"20260123"}
    assert [leg.leg.display_name for leg in file.legs] == ["Alice Nováková", *["Bob & Eva Novákovi"] * 2]
    assert file.legs[0].leg.caller_number == "420601111222"
    assert file.legs[0].leg.joined_at == datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
    assert file.legs[0].text.startswith('<member type="caller">')
    assert file.legs[0].text.endswith("</member>")


def test_ghosts_recordings_and_rejected_attempts_are_not_billed() -> None:
    """Edge case 14: one ghost, one recording, two attempts; they are counted and nothing more."""
    file = parsed(EXAMPLE)
    assert (file.skipped, file.quarantined) == (4, ())


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (member(leave="1795537799"), "clock"),
        (member(join="0"), "malformed"),
        (member(join="soon"), "malformed"),
        (member(join="-5"), "malformed"),
        (member(join="9" * 30), "malformed"),
        (member(uuid=""), "malformed"),
        (member(uuid="u" * 300), "malformed"),
        (member(name="Ev\N{REPLACEMENT CHARACTER}"), "not-utf-8"),
    ],
)
def test_bad_member_is_quarantined_and_the_others_are_taken(one: str, reason: str) -> None:
    """With the line it begins at, and its own text."""
    file = parsed(conference(member(uuid="first"), one, member(uuid="last")))
    assert [leg.leg.id for leg in file.legs] == ["fs-praha:last", "fs-praha:first"]
    assert [(line.line, line.reason, line.text) for line in file.quarantined] == [(4, reason, one.strip())]


def test_leg_whose_end_is_not_known_is_never_given_one() -> None:
    """Edge case 13: neither the member nor the conference says when it ended."""
    [line] = parsed(conference(member(leave="0"), end="0")).quarantined
    assert line.reason == "no-end"


def test_members_on_one_line_keep_numbers_of_their_own() -> None:
    """The quarantine knows a record by its line, so no two may have the same."""
    file = parsed(conference(member(join="x"), member(join="x")).replace("\n", ""))
    assert [line.line for line in file.quarantined] == sorted({line.line for line in file.quarantined}, reverse=True)
    assert len(file.quarantined) == 2


BOMB = '<!DOCTYPE c [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "content",
    [
        BOMB + conference(member(name="&b;")),
        '<!DOCTYPE c [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + conference(member(name="&a;")),
        "<!DOCTYPE cdr>" + conference(member()),
        conference(member(name="&nothing;")),
        conference(member())[:-3],
        conference(member()) + "<cdr/>",
        "<cdr></cdr>",
        "<other><conference><name>1</name></conference></other>",
        "<a>" * 40 + "</a>" * 40,
        "no XML",
        "<cdr><conference><name>\udcff</name></conference></cdr>",
    ],
)
def test_hostile_or_broken_xml_is_quarantined_whole(content: str) -> None:
    """No document type, so no entities: nothing grows and nothing is read; the text is kept."""
    file = parsed(content)
    assert [line.reason for line in file.quarantined] == ["malformed"]
    assert (file.legs, file.skipped) == ((), 0)
    assert file.quarantined[0].text == content.encode("utf-8", "backslashreplace").decode()


def test_a_declared_encoding_changes_nothing() -> None:
    """The text came as UTF-8, whatever its first line says."""
    content = '<?xml version="1.0" encoding="ISO-8859-2"?>\n' + conference(member(name="Jiří"))
    assert parsed(content).legs[0].leg.display_name == "Jiří"
