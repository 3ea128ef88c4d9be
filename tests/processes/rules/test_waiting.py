"""What keeps a mailing is said with its remedy; and when somebody is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processes.rules.mailing.waiting import Trouble, alarm_for, letters_to_look_at, what_keeps

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
EMPTY = "printer office: out of paper: put some in (media-empty-error: Tray 1)"


def kept(state: str, **facts: Any) -> str | None:
    nothing: dict[str, Any] = {"paused": False, "printer": "office", "letters": {}, "waits": {}, "missing": ()}
    return what_keeps(state=state, **{**nothing, "notices_later": None, **facts})


AT_PRINTER = {"SUBMITTED": 3}


@pytest.mark.parametrize(
    ("state", "facts", "said"),
    [
        ("SNAPSHOT", {}, None),
        ("DRAFT", {}, "its recipients are not taken yet: take them"),
        ("RENDERED", {}, "its letters are not approved yet: look at some of them, and approve it"),
        ("PRINTING", {"letters": AT_PRINTER}, None),
        ("PRINTING", {"letters": AT_PRINTER, "waits": {"FOLLOW": "media-empty-error: Tray 1"}}, EMPTY),
        ("CANCELLED", {"letters": AT_PRINTER, "waits": {"FOLLOW": "media-empty-error: Tray 1"}}, EMPTY),
        ("PRINTING", {"waits": {"FOLLOW": "media-empty-error: Tray 1"}}, None),
        ("PRINTING", {"waits": {"SUBMIT": "printer office can't print now: x"}}, "printer office can't print now: x"),
        ("NOTIFYING", {"waits": {"SUBMIT": "x", "NOTIFY": "post is not available"}}, "post is not available"),
        ("PRINTING", {"paused": True}, "it is paused: resume it"),
        ("APPROVED", {"missing": ["there is no printer office"]}, "there is no printer office"),
        ("NOTIFYING", {"notices_later": NOON}, "notices go out at 2026-11-24T12:00Z"),
        ("DONE", {"waits": {"NOTIFY": "x"}}, None),
    ],
)
def test_what_keeps_it_is_said_as_long_as_it_does(state: str, facts: dict[str, Any], said: str | None) -> None:
    assert kept(state, **facts) == said


def test_letters_that_nobody_knows_of_are_said_besides() -> None:
    said = kept("PRINTING", paused=True, letters={"UNKNOWN": 2})
    assert said == (
        "it is paused: resume it; of 2 of its letters nobody knows whether they came out: look at the tray, and decide"
    )


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("media-jam", "printer office: paper is jammed: take it out (media-jam)"),
        ("media-empty-report, toner-low-warning", "out of paper: put some in, little toner is left: have some ready"),
        ("the printer is stopped", "printer office: the printer is stopped"),
        ("printer office can't print now: it is down", "printer office can't print now: it is down"),
    ],
)
def test_a_printers_keywords_are_said_in_words(why: str, said: str) -> None:
    """With what to do about it; the keyword stays beside, for whoever has to look it up."""
    assert said in str(kept("PRINTING", letters=AT_PRINTER, waits={"FOLLOW": why}))


@pytest.mark.parametrize(
    ("trouble", "minutes", "code"),
    [
        (Trouble("FOLLOW", "media-empty", NOON, "PRINTER_WAITS"), 9, None),
        (Trouble("FOLLOW", "media-empty", NOON, "PRINTER_WAITS"), 10, "printer"),
        (Trouble("SUBMIT", "it refuses", NOON, "PRINTER_REFUSED"), 0, "printer-refuses"),
        (Trouble("NOTIFY", "post is not available", NOON, "SYSTEM_UNAVAILABLE"), 11, "no-notices"),
    ],
)
def test_somebody_is_told_once_it_lasts(trouble: Trouble, minutes: int, code: str | None) -> None:
    alarm = alarm_for("ML-1", "office", [trouble], now=NOON + timedelta(minutes=minutes))
    assert (alarm and alarm[0]) == code
    assert alarm is None or "ML-1" in alarm[1]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ({}, {"UNKNOWN": 1, "FAILED": 1}, "letters-unknown"),
        ({"UNKNOWN": 1}, {"UNKNOWN": 1, "FAILED": 2}, "letters-failed"),
        ({"FAILED": 2, "UNKNOWN": 1}, {"FAILED": 2}, None),
    ],
)
def test_letters_are_to_be_looked_at_when_more_of_them_are(
    before: dict[str, int], after: dict[str, int], code: str | None
) -> None:
    alarm = letters_to_look_at("ML-1", before, after, {"UNKNOWN": ["ML-1-7: lost"], "FAILED": ["ML-1-8: torn"]})
    assert (alarm and alarm[0]) == code
