"""What keeps a mailing, in words for whoever can mend it: the fact and the remedy.

A step that a printer or a mail server keeps is a trouble: alarmed about at once where it is refused for good, else
after ten minutes, as paper is put in meanwhile and servers are started again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["ALARMED_AFTER", "Trouble", "alarm_for", "letters_to_look_at", "what_keeps"]

ALARMED_AFTER = timedelta(minutes=10)
FOR_GOOD = frozenset({"PRINTER_REFUSED"})
ENDS = ("-error", "-warning", "-report")

REMEDIES: Mapping[str, str] = {
    "media-empty": "out of paper: put some in",
    "media-needed": "it needs paper: put some in",
    "media-low": "little paper is left: put some in",
    "media-jam": "paper is jammed: take it out",
    "toner-empty": "out of toner: change it",
    "toner-low": "little toner is left: have some ready",
    "marker-supply-empty": "out of ink or toner: change it",
    "marker-supply-low": "little ink or toner is left: have some ready",
    "cover-open": "a cover is open: close it",
    "door-open": "a door is open: close it",
    "output-area-full": "its tray is full: take the letters out",
    "paused": "it is stopped: start it again",
    "offline": "it is off: switch it on",
}
"""By printer-state-reasons of IPP (RFC 8011, 5.4.12), without what says how grave each is."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a step (SUBMIT, FOLLOW, NOTIFY) `since` then; `code` is its kind, where that is known."""

    step: str
    why: str
    since: datetime
    code: str | None = None


def what_keeps(
    *,
    state: str,
    paused: bool,
    printer: str,
    letters: Mapping[str, int],
    waits: Mapping[str, str],
    missing: Iterable[str],
    notices_later: datetime | None,
) -> str | None:
    """What keeps a mailing now, None where nothing does. `letters` are counted by state, `waits` by step.

    `missing` is what nobody has set up here; `notices_later`: when notices go out, where that is still to come.
    """
    if state == "DONE":
        return None
    said: list[str] = []
    if state == "DRAFT":
        said.append("its recipients are not taken yet: take them")
    if state == "RENDERED":
        said.append("its letters are not approved yet: look at some of them, and approve it")
    if paused:
        said.append("it is paused: resume it")
    if state != "CANCELLED":
        said += missing
    if letters.get("SUBMITTED") and "FOLLOW" in waits:
        said.append(of_printer(printer, waits["FOLLOW"]))
    if state in ("APPROVED", "PRINTING") and "SUBMIT" in waits and waits["SUBMIT"] != waits.get("FOLLOW"):
        said.append(of_printer(printer, waits["SUBMIT"]))
    if state in ("PRINTING", "NOTIFYING") and "NOTIFY" in waits:
        said.append(waits["NOTIFY"])
    if number := letters.get("UNKNOWN"):
        said.append(f"of {number} of its letters nobody knows whether they came out: look at the tray, and decide")
    if state == "NOTIFYING" and notices_later is not None:
        said.append(f"notices go out at {notices_later:%Y-%m-%dT%H:%M}Z")
    return "; ".join(said) or None


def of_printer(printer: str, why: str) -> str:
    """`media-empty-error: Tray 1` of the printer office: `printer office: out of paper: put some in (...)`."""
    reasons, _, _ = why.partition(":")
    found = [REMEDIES[each] for each in map(keyword, reasons.split(",")) if each in REMEDIES]
    if found:
        return f"printer {printer}: {', '.join(dict.fromkeys(found))} ({why})"
    return why if printer in why else f"printer {printer}: {why}"


def keyword(reason: str) -> str:
    plain = reason.strip()
    for end in ENDS:
        plain = plain.removesuffix(end)
    return plain


def alarm_for(mailing: str, printer: str, troubles: Sequence[Trouble], *, now: datetime) -> tuple[str, str] | None:
    """(code, what somebody is to do now), None where it may still mend itself."""
    grave = [each for each in troubles if each.code in FOR_GOOD or each.since + ALARMED_AFTER <= now]
    if not grave:
        return None
    said = [
        f"{of_printer(printer, each.why) if each.step != 'NOTIFY' else each.why} (since {each.since:%Y-%m-%dT%H:%M}Z)"
        for each in grave
    ]
    code = "printer-refuses" if grave[0].code in FOR_GOOD else "no-notices" if grave[0].step == "NOTIFY" else "printer"
    return code, f"mailing {mailing} doesn't go on: {'; '.join(dict.fromkeys(said))}"


def letters_to_look_at(
    mailing: str, before: Mapping[str, int], after: Mapping[str, int], some: Mapping[str, Sequence[str]]
) -> tuple[str, str] | None:
    """(code, what somebody is to do now) where letters came to be UNKNOWN or FAILED; `some` of each, with reasons."""
    for state, code, remedy in (
        ("UNKNOWN", "letters-unknown", "look at the tray, and decide about each whether it came out"),
        ("FAILED", "letters-failed", "mend what they lack, and have them printed again or given up"),
    ):
        if after.get(state, 0) > before.get(state, 0):
            named = "; ".join(some.get(state, ()))
            return code, f"mailing {mailing}: {after[state]} letters are {state}: {remedy} ({named})"
    return None
