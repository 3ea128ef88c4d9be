"""FreeSWITCH's mod_json_cdr: an object becomes a leg, however it was encoded on its way."""

import base64
import json
from datetime import UTC
from typing import Any
from urllib.parse import quote

import pytest

from sources.feeds.freeswitch_json import parse
from sources.feeds.parsed import ParsedFile

UUID = "a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d"
VARIABLES = {
    "uuid": UUID,
    "start_stamp": "2026-11-24 17:29:50",
    "answer_epoch": "1795537800",
    "end_epoch": "1795540825",
    "duration": "3035",
    "billsec": "3025",
    "conference_name": "sál 1",
    "conference_uuid": "c-1",
    "conference_member_id": "7",
    "conference_ghost": "false",
}
PROFILE = {
    "caller_id_name": "Jana 100%",
    "caller_id_number": "420601111222",
    "uuid": UUID,
    "destination_number": "8001",
}


def record(
    *, encoded: bool = True, drop: tuple[str, ...] = (), direction: str = "inbound", **changes: str
) -> dict[str, Any]:
    values = {name: value for name, value in {**VARIABLES, **changes}.items() if name not in drop}
    return {
        "core-uuid": "x",
        "switchname": "fs-praha",
        "channel_data": {"state": "CS_REPORTING", "direction": direction},
        "variables": {name: quote(value, safe="") for name, value in values.items()} if encoded else values,
        "app_log": {"applications": [{"app_name": "answer", "app_data": ""}]},
        "callflow": [{"caller_profile": PROFILE, "times": {}}, {"caller_profile": {"caller_id_name": "old"}}],
    }


def text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def parsed(content: str) -> ParsedFile:
    return parse(content, bridge="fs-praha", zone=UTC)


@pytest.mark.parametrize(
    "content",
    [
        text(record()),
        text(record()) + "\n",
        text(record(encoded=False)),
        json.dumps(record(), indent=2),
        quote(text(record())),
        "cdr=" + quote(text(record())),
        "cdr=" + base64.b64encode(text(record()).encode() + b"\0\0").decode(),
        base64.b64encode(text(record()).encode()).decode() + "\n",
        "\ufeff" + text(record()),
    ],
)
def test_a_leg_is_the_same_however_it_was_encoded(content: str) -> None:
    """URL-encoded values or plain ones, a form, base64, with a line end or without: one leg."""
    file = parsed(content)
    [one] = file.legs
    assert (file.skipped, file.quarantined) == (0, ())
    assert one.leg.id == f"fs-praha:{UUID}"
    assert (one.leg.room, one.leg.display_name, one.leg.caller_number) == ("sál 1", "Jana 100%", "420601111222")
    assert (one.leg.joined_at.timestamp(), one.leg.left_at.timestamp()) == (1795537800, 1795540825)


def test_lines_are_records() -> None:
    """A bad one costs only itself."""
    file = parsed("\n".join([text(record(uuid="1")), "{broken", "[1]", "", text(record(uuid="2"))]))
    assert [(leg.line, leg.leg.id) for leg in file.legs] == [(1, "fs-praha:1"), (5, "fs-praha:2")]
    assert [(line.line, line.reason) for line in file.quarantined] == [(2, "malformed"), (3, "malformed")]


@pytest.mark.parametrize(
    ("argument", "room"),
    [
        ("3001@default", "3001"),
        ("3001@default+1234+flags{mute}", "3001"),
        ("3001+1234", "3001"),
        ("3001", "3001"),
        ("bridge:3002@default:user/1000", "3002"),
    ],
)
def test_room_is_the_argument_of_the_application_where_no_variable_names_it(argument: str, room: str) -> None:
    """Before its profile and PIN."""
    value = record(drop=("conference_name",))
    value["app_log"]["applications"].append({"app_name": "conference", "app_data": argument})
    assert [leg.leg.room for leg in parsed(text(value)).legs] == [room]


def test_older_switch_writes_one_callflow() -> None:
    """An object instead of a list."""
    value = record()
    value["callflow"] = value["callflow"][0]
    assert parsed(text(value)).legs[0].leg.display_name == "Jana 100%"


def test_bridge_that_called_out_is_dial_out() -> None:
    """The direction is the channel's, as the switch sees it."""
    assert [parsed(text(record(direction=each))).legs[0].leg.service for each in ("inbound", "outbound")] == [
        "dial-in",
        "dial-out",
    ]


@pytest.mark.parametrize(
    "value",
    [
        record(answer_epoch="0"),
        record(drop=("answer_epoch",)),
        record(drop=("conference_name",)),
        record(conference_ghost="true"),
    ],
)
def test_what_is_no_leg_is_skipped(value: dict[str, Any]) -> None:
    """Unanswered, in no conference, or an unseen listener: a good record of something else."""
    file = parsed(text(value))
    assert (file.legs, file.quarantined, file.skipped) == ((), (), 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (text(record(end_epoch="0")), "no-end"),
        (text(record(end_epoch="1795537799")), "clock"),
        (text(record(answer_epoch="soon")), "malformed"),
        (text(record(drop=("end_epoch",))), "malformed"),
        (text(record(conference_name="x" * 81)), "malformed"),
        (text(record(conference_name="a\0b")), "malformed"),
        (text({"variables": {}}), "malformed"),
        (text({"variables": ["uuid"]}), "malformed"),
        ("{}", "malformed"),
        ("[" * 5000, "malformed"),
        ("cdr=eyJ!", "malformed"),
        (text(record()).replace("Jana", "\udcff"), "malformed"),
        (text(record()).replace("Jana", "\N{REPLACEMENT CHARACTER}[e1]"), "not-utf-8"),
    ],
)
def test_bad_record_is_quarantined_with_its_text(content: str, reason: str) -> None:
    """Edge cases 8 and 13: never guessed, never clamped, never lost."""
    file = parsed(content)
    assert ([line.reason for line in file.quarantined], file.legs) == ([reason], ())
    assert file.quarantined[0].text
    file.quarantined[0].text.encode()


def test_nothing_the_file_says_can_break_the_record() -> None:
    """Members of other kinds than the module writes."""
    value = record(drop=("uuid",))
    value["callflow"] = [["x"], 3]
    value["app_log"] = {"applications": [None, {"app_name": 5}]}
    value["channel_data"] = "inbound"
    [line] = parsed(text(value)).quarantined
    assert (line.reason, "uuid" in line.message) == ("malformed", True)
