"""The rules of mailings, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processes.rules.mailing import campaigns
from processes.rules.mailing.audience import Address, Known, address_key, judge
from processes.rules.mailing.campaigns import State, advanced
from processes.rules.mailing.letters import Decided, Next, decide, follow, next_step
from processes.rules.mailing.notices import Told, told
from processes.rules.mailing.report import report
from processes.rules.mailing.templates import Field, check_template, check_values, filled
from processes.rules.refusal import Refusal

HOME = Address("Dlouhá 5/7", "Ústí nad Labem", "400 01", "CZ")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
STATES = ("DRAFT", "SNAPSHOT", "RENDERED", "APPROVED", "PRINTING", "NOTIFYING", "DONE", "CANCELLED")


# Who gets a letter


@pytest.mark.parametrize(
    ("address", "email", "letter", "codes"),
    [
        (HOME, "a@b.cz", True, []),
        (HOME, None, True, ["NO_EMAIL"]),
        (HOME, "  ", True, ["NO_EMAIL"]),
        (HOME, "@b.cz", True, ["NO_EMAIL"]),
        (replace(HOME, street=None), "a@b.cz", False, ["NO_ADDRESS"]),
        (replace(HOME, city=" "), "a@b.cz", False, ["NO_ADDRESS"]),
        (replace(HOME, postal_code=""), "a@b.cz", False, ["NO_ADDRESS"]),
        (replace(HOME, country=None), "a@b.cz", False, ["NO_ADDRESS"]),
        (replace(HOME, country=None), "a.b.cz", False, ["NO_ADDRESS_NO_EMAIL"]),
    ],
)
@pytest.mark.parametrize("purpose", ["CONTRACTUAL", "MARKETING"])
def test_who_can_be_reached(purpose: str, address: Address, email: str | None, letter: bool, codes: list[str]) -> None:
    """Edge case 19."""
    judged = judged_by(address=address, email=email, purpose=purpose)
    assert (judged.gets_letter, [code for code, _ in judged.exclusions]) == (letter, codes)


def judged_by(**given: Any) -> Any:
    known = Known(given.pop("clients", set()), given.pop("addresses", {}), given.pop("opted_out", set()))
    usual = {"address": HOME, "email": "a@b.cz", "consent": True, "purpose": "CONTRACTUAL", "merges_addresses": False}
    asked = {**usual, **given}
    return judge("CL-1", asked.pop("address"), asked.pop("email"), known=known, **asked)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"consent": False}, None),
        ({"consent": None}, None),
        ({"opted_out": {"CL-1"}}, None),
        ({"purpose": "MARKETING"}, None),
        ({"purpose": "MARKETING", "consent": False}, "OPTED_OUT"),
        ({"purpose": "MARKETING", "consent": None}, "OPTED_OUT"),
        ({"purpose": "MARKETING", "opted_out": {"CL-1"}}, "OPTED_OUT"),
        ({"clients": {"CL-1"}}, "DUPLICATE"),
        ({"purpose": "MARKETING", "consent": False, "clients": {"CL-1"}}, "DUPLICATE"),
        ({"addresses": {address_key(HOME): "CL-2"}}, None),
        ({"addresses": {address_key(HOME): "CL-2"}, "merges_addresses": True}, "DUPLICATE"),
        ({"ambiguous": "has 2 values of price (1, 2)"}, "AMBIGUOUS"),
        ({"ambiguous": "has 2 values of price (1, 2)", "email": None}, "AMBIGUOUS"),
    ],
)
def test_consent_and_duplicates(given: dict[str, Any], code: str | None) -> None:
    """Edge case 20: contractual letters go regardless; one letter for each client; addresses merge by choice alone."""
    judged = judged_by(**given)
    assert (judged.gets_letter, [each for each, _ in judged.exclusions]) == (code is None, [code] if code else [])


@pytest.mark.parametrize(
    ("street", "is_equal"),
    [("dlouhá 5/7", True), ("DLOUHA  5 / 7,", True), ("Dlouhá 57", True), ("Dlouhá 5/8", False), ("Krátká 5/7", False)],
)
def test_equal_addresses_however_they_are_written(street: str, is_equal: bool) -> None:
    assert (address_key(replace(HOME, street=street)) == address_key(HOME)) == is_equal


def test_parts_of_an_address_do_not_run_into_each_other() -> None:
    assert address_key(Address("Nová 1", "2", "3", "CZ")) != address_key(Address("Nová", "12", "3", "CZ"))


# What may follow what


def allowed(rule: Any) -> set[str]:
    """The states in which a rule doesn't refuse."""
    return {state for state in STATES if not isinstance(rule(State("ML-1", state, False, 1)), Refusal)}


@pytest.mark.parametrize(
    ("rule", "states"),
    [
        (campaigns.may_snapshot, {"DRAFT"}),
        (campaigns.may_render, {"SNAPSHOT", "RENDERED"}),
        (campaigns.refreshed, {"DRAFT", "SNAPSHOT", "RENDERED"}),
        (lambda state: campaigns.approved(state, round=1), {"RENDERED"}),
        (campaigns.may_print, {"APPROVED", "PRINTING"}),
        (campaigns.may_notify, {"PRINTING", "NOTIFYING"}),
        (campaigns.paused, {*STATES} - {"DONE", "CANCELLED"}),
        (campaigns.resumed, {*STATES} - {"DONE", "CANCELLED"}),
        (campaigns.cancelled, {*STATES} - {"DONE"}),
    ],
)
def test_what_may_be_done_in_which_state(rule: Any, states: set[str]) -> None:
    assert allowed(rule) == states


@pytest.mark.parametrize("rule", [campaigns.may_print, campaigns.may_notify])
def test_a_paused_mailing_prints_and_sends_nothing(rule: Any) -> None:
    refused = rule(State("ML-1", "PRINTING", True, 1))
    assert refused.code == "paused"


@pytest.mark.parametrize(
    ("state", "letters", "notices", "then"),
    [
        ("APPROVED", {"RENDERED": 2}, 0, "APPROVED"),
        ("APPROVED", {"RENDERED": 1, "SUBMITTED": 1}, 0, "PRINTING"),
        ("APPROVED", {}, 0, "DONE"),
        ("APPROVED", {"FAILED": 1}, 0, "DONE"),
        ("PRINTING", {"PRINTED": 5, "UNKNOWN": 1}, 5, "PRINTING"),
        ("PRINTING", {"PRINTED": 5, "SUBMITTED": 1}, 5, "PRINTING"),
        ("PRINTING", {"PRINTED": 5, "FAILED": 1}, 5, "NOTIFYING"),
        ("PRINTING", {"PRINTED": 5}, 0, "DONE"),
        ("NOTIFYING", {"PRINTED": 5}, 1, "NOTIFYING"),
        ("NOTIFYING", {"PRINTED": 5}, 0, "DONE"),
        ("NOTIFYING", {"PRINTED": 4, "RENDERED": 1}, 1, "PRINTING"),
        ("DONE", {"PRINTED": 4, "RENDERED": 1}, 0, "PRINTING"),
        ("DONE", {"PRINTED": 5}, 0, "DONE"),
        ("CANCELLED", {"PRINTED": 5}, 0, "CANCELLED"),
        ("DRAFT", {}, 0, "DRAFT"),
        ("SNAPSHOT", {"PLANNED": 1}, 0, "SNAPSHOT"),
        ("RENDERED", {}, 0, "RENDERED"),
    ],
)
def test_where_a_mailing_stands(state: str, letters: dict[str, int], notices: int, then: str) -> None:
    """A letter of which nobody knows keeps it open; nobody has to be notified for it to be done."""
    assert advanced(State("ML-1", state, False, 1), letters, notices_open=notices).state == then


# Print jobs


@pytest.mark.parametrize(
    ("state", "documents", "step"),
    [
        (None, 0, Next.ASK),
        (None, 1, Next.ASK),
        ("UNKNOWN", 0, Next.ASK),
        ("UNKNOWN", 1, Next.ASK),
        ("PENDING", 0, Next.SEND),
        ("PENDING", 1, Next.SENT),
        ("PRINTING", 1, Next.SENT),
        ("PRINTED", 1, Next.SENT),
        ("FAILED", 1, Next.SENT),
        ("FAILED", 0, Next.ANEW),
        ("CANCELLED", 0, Next.ANEW),
        ("PRINTING", 0, Next.ASK),
        ("PRINTED", 0, Next.ASK),
    ],
)
def test_what_to_do_with_a_job_that_a_crash_left(state: str | None, documents: int, step: Next) -> None:
    """Its document is sent only where the printer says clearly that it has none and waits for it."""
    assert next_step(state, documents) is step


@pytest.mark.parametrize(
    ("state", "documents", "job", "letter"),
    [
        ("PENDING", 1, "SENT", "SUBMITTED"),
        ("PRINTING", 1, "SENT", "SUBMITTED"),
        ("PRINTED", 1, "PRINTED", "PRINTED"),
        ("FAILED", 1, "FAILED", "FAILED"),
        ("CANCELLED", 1, "CANCELLED", "CANCELLED"),
        ("UNKNOWN", 1, "UNKNOWN", "UNKNOWN"),
        ("PRINTED", 0, "UNKNOWN", "UNKNOWN"),
        (None, 0, "UNKNOWN", "UNKNOWN"),
    ],
)
def test_what_the_printer_says_of_a_job(state: str | None, documents: int, job: str, letter: str) -> None:
    followed = follow(state, documents, None)
    assert (followed.job, followed.letter) == (job, letter)
    assert (followed.reason is not None) == (job in ("FAILED", "CANCELLED", "UNKNOWN"))


@pytest.mark.parametrize(
    ("decision", "state", "campaign", "then"),
    [
        ("PRINTED", "UNKNOWN", "PRINTING", Decided("PRINTED", "PRINTED")),
        ("PRINTED", "FAILED", "CANCELLED", Decided("PRINTED", "PRINTED")),
        ("PRINTED", "PRINTED", "PRINTING", "wrong-state"),
        ("PRINTED", "SUBMITTED", "PRINTING", "wrong-state"),
        ("PRINT_AGAIN", "UNKNOWN", "PRINTING", Decided("RENDERED", "FAILED")),
        ("PRINT_AGAIN", "PRINTED", "DONE", Decided("RENDERED", None)),
        ("PRINT_AGAIN", "PRINTED", "CANCELLED", "wrong-state"),
        ("PRINT_AGAIN", "SUBMITTED", "PRINTING", "wrong-state"),
        ("PRINT_AGAIN", "RENDERED", "PRINTING", "wrong-state"),
        ("GIVE_UP", "UNKNOWN", "PRINTING", Decided("FAILED", "FAILED")),
        ("GIVE_UP", "PRINTED", "PRINTING", "wrong-state"),
    ],
)
def test_what_a_person_may_decide(decision: str, state: str, campaign: str, then: Decided | str) -> None:
    verdict = decide("ML-1-1", state, decision, has_job=True, campaign=campaign)
    assert (verdict.code if isinstance(verdict, Refusal) else verdict) == then


# Notices


@pytest.mark.parametrize(
    ("outcome", "attempts", "minutes", "then"),
    [
        ("ACCEPTED", 1, 0, Told("ACCEPTED", None)),
        ("REFUSED", 1, 0, Told("REFUSED", None)),
        ("DEFERRED", 1, 0, Told("RETRYING", NOON + timedelta(minutes=15))),
        ("UNKNOWN", 1, 0, Told("RETRYING", NOON + timedelta(minutes=15))),
        ("DEFERRED", 3, 45, Told("RETRYING", NOON + timedelta(minutes=105))),
        ("DEFERRED", 500, 60, Told("RETRYING", NOON + timedelta(hours=5))),
        ("DEFERRED", 20, 68 * 60, Told("RETRYING", NOON + timedelta(hours=72))),
        ("DEFERRED", 20, 68 * 60 + 1, Told("REFUSED", None)),
    ],
)
def test_when_a_notice_is_tried_again(outcome: str, attempts: int, minutes: int, then: Told) -> None:
    """4xx for three days, 5xx never."""
    assert told(outcome, attempts=attempts, first_at=NOON, now=NOON + timedelta(minutes=minutes)) == then


# Templates


FIELDS = [Field("price", "AMOUNT", True), Field("since", "DATE", True), Field("note", "TEXT", False)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Dobrý den, {name}: {price}", "Dobrý den, {price}: 1.95"),
        ("{{name}} {note}.", "{name} ."),
        ("none", "none"),
    ],
)
def test_what_is_put_in_is_never_read_again(text: str, told: str) -> None:
    """A customer who is called {price} is greeted by that name."""
    assert check_template(FIELDS, subject="s", notice=text) is None
    assert filled(text, "{price}", {"price": "1.95"}) == told


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"price": "1.95", "since": "2027-01-01"}, None),
        ({"price": "-1494.11 CZK", "since": "2027-01-01", "note": "#x"}, None),
        ({"price": "1,95", "since": "2027-01-01"}, "price is '1,95', which is no AMOUNT (like 1.95 or 1.95 CZK)"),
        ({"price": "1e5", "since": "2027-01-01"}, "price is '1e5', which is no AMOUNT (like 1.95 or 1.95 CZK)"),
        ({"price": "1", "since": "2027-02-29"}, "since is '2027-02-29', which is no DATE (like 2027-01-01)"),
        ({"price": "1", "since": "1. 1. 2027"}, "since is '1. 1. 2027', which is no DATE (like 2027-01-01)"),
        ({"price": "1"}, "since is missing"),
        ({"price": "1", "since": "2027-01-01", "x": ""}, "x is no field of the template"),
    ],
)
def test_values_are_what_was_declared(values: dict[str, str], problem: str | None) -> None:
    assert check_values(FIELDS, values) == problem


# The report


@pytest.mark.parametrize(
    ("asked", "letters", "exclusions", "announced", "due", "balanced"),
    [
        (0, {}, {}, 0, 0, True),
        (5, {"PRINTED": 3}, {"NO_ADDRESS": 2, "NO_EMAIL": 1}, 2, 0, True),
        (5, {"PRINTED": 1, "RENDERED": 1, "UNKNOWN": 1, "FAILED": 1}, {"OPTED_OUT": 1}, 0, 1, True),
        (5, {"PRINTED": 3}, {"NO_ADDRESS": 1}, 2, 0, False),
        (5, {"PRINTED": 4}, {"DUPLICATE": 2}, 4, 0, False),
    ],
)
def test_everybody_is_accounted_for_once(
    asked: int, letters: dict[str, int], exclusions: dict[str, int], announced: int, due: int, balanced: bool
) -> None:
    """I12; one who is missing is seen, and so is one too many."""
    counted = report(asked=asked, letters=letters, exclusions=exclusions, announced=announced, notice_due=due)
    assert counted.is_balanced is balanced
