"""From an exception to an invoice: a person decides, or the cause goes away, and the conference is rated anew."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.company import Company
from processes.watches import WATCHES
from sources.demo import cast
from tests.calls import a_leg, master_csv
from tests.company import ask, viewer
from tests.journeys.test_from_call_to_invoice import IMPORT, INVOICE, MASTER
from tests.live_calls import BRIDGE, tell_calls

CONFERENCE = "CF-2026-000123"
EVA = viewer("billing-specialist", subject="eva")
WAITING = """query ($code: String, $to: String) {
  ratingExceptions(code: $code, assignedTo: $to, first: 100) {
    id code waitsFor seconds assignedTo leg { id } conference { id } client { id salesperson }
    history { kind by code message assignedTo resolution }
  }
}"""
ASSIGN = """mutation ($ids: [ID!]!, $key: ID!) {
  assignException(ids: $ids, to: "eva", idempotencyKey: $key) {
    ... on ExceptionsAssigned { exceptions { id assignedTo } }
    ... on Refused { code }
  }
}"""
RESOLVE = """mutation ($ids: [ID!]!, $decision: ResolutionInput!, $key: ID!) {
  resolveException(ids: $ids, decision: $decision, idempotencyKey: $key) {
    ... on ExceptionsResolved { conferences { id } }
    ... on Refused { code }
  }
}"""
CHARGED = """query ($id: ID!) {
  conference(id: $id) {
    invoicing { state }
    charges { leg { id } seconds rateVersion { contract { number } } invoice { status account { number } } }
  }
}"""
PHANTOM = a_leg("pbx-praha:9.9", seconds=30 * 24 * 3600, display_name="Phantom", caller_number="420601999888")


async def waiting(company: Company, conference: str) -> list[Any]:
    found = await ask(company, WAITING)
    return [each for each in found.data["ratingExceptions"] if each["conference"]["id"] == conference]


async def invoiced(company: Company, content: str) -> str:
    """The conference of a file, which somebody had invoiced."""
    imported = await ask(company, IMPORT, bridge="pbx-praha", content=content)
    (conference,) = imported.data["importCallRecords"]["conferences"]
    await ask(company, INVOICE, id=conference["id"], key="first")
    return str(conference["id"])


async def resolved(company: Company, ids: list[str], **decision: Any) -> Any:
    answer = await ask(
        company, RESOLVE, viewer=EVA, ids=ids, decision={"reason": "looked at it", **decision}, key=str(decision)
    )
    assert answer.errors == []
    return answer.data["resolveException"]


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """The run that is started goes on by itself."""
    for _ in range(200):
        if await is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to be so")


async def none_waits(company: Company, conference: str) -> None:
    async def is_so() -> bool:
        return not await waiting(company, conference)

    await until(is_so)


async def test_who_is_asked_and_who_works_on_it(company: Company) -> None:
    """The client's salesperson for a contract; then whoever it is assigned to, listed by name."""
    conference = cast.NO_CONTRACT.conference
    await ask(company, INVOICE, id=conference, key="first")
    found = await waiting(company, conference)
    assert {(each["code"], each["waitsFor"]) for each in found} == {("no-contract", "CONTRACT")}
    assert {each["client"]["id"] for each in found} == {cast.NO_CONTRACT.client}
    assert all(each["client"]["salesperson"] for each in found)
    ids = [each["id"] for each in found]
    assigned = await ask(company, ASSIGN, ids=ids, key="a")
    assert {each["assignedTo"] for each in assigned.data["assignException"]["exceptions"]} == {"eva"}
    mine = await ask(company, WAITING, to="eva")
    assert [each["id"] for each in mine.data["ratingExceptions"]] == ids
    assert (await ask(company, WAITING, to="jan")).data["ratingExceptions"] == []


async def test_salesperson_sees_the_exceptions_of_their_own_clients_alone(company: Company) -> None:
    """By the client, as anything of theirs; the whole list is for who sees every client."""
    await ask(company, INVOICE, id=cast.NO_CONTRACT.conference, key="first")
    theirs = "query ($id: ID!) { client(id: $id) { salesperson ratingExceptions { code } } }"
    whose = (await ask(company, theirs, id=cast.NO_CONTRACT.client)).data["client"]["salesperson"]
    own = await ask(company, theirs, viewer=viewer("salesperson", subject=whose), id=cast.NO_CONTRACT.client)
    assert {each["code"] for each in own.data["client"]["ratingExceptions"]} == {"no-contract"}
    other = await ask(company, theirs, viewer=viewer("salesperson", subject="nobody"), id=cast.NO_CONTRACT.client)
    assert other.data["client"]["ratingExceptions"] is None
    assert other.codes == {"FORBIDDEN"}
    assert (await ask(company, WAITING, viewer=viewer("salesperson", subject=whose))).codes == {"FORBIDDEN"}


async def test_phantom_is_held_and_its_conference_invoiced(company: Company) -> None:
    """30 days were 62,632.32 CZK on an invoice; now the four legs are charged and the fifth waits for a person."""
    conference = await invoiced(company, MASTER + master_csv(PHANTOM))
    (held,) = await waiting(company, conference)
    assert (held["code"], held["waitsFor"], held["seconds"]) == ("over-long-leg", "DECISION", 2_592_000)
    ends_at = "2026-11-24T16:40:00Z"
    answer = await resolved(company, [held["id"]], resolution="ACCEPT", endsAt=ends_at)
    assert answer == {"conferences": [{"id": conference}]}
    await none_waits(company, conference)
    charges = (await ask(company, CHARGED, id=conference)).data["conference"]["charges"]
    assert [each["seconds"] for each in charges if each["leg"]["id"] == PHANTOM.id] == [600]
    assert len({each["leg"]["id"] for each in charges}) == 5


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        ({"resolution": "ACCEPT"}, "not-acceptable"),
        ({"resolution": "ACCEPT", "endsAt": "2099-01-01T00:00:00Z"}, "ends-later"),
        ({"resolution": "OWNER", "client": "CL-99999", "account": "nope"}, "unknown-client"),
        ({"resolution": "OWNER", "client": cast.MAIN.client, "account": "nope"}, "foreign-account"),
        ({"resolution": "OWNER", "client": cast.MAIN.client, "account": cast.PER_CALL[0]}, "foreign-account"),
    ],
)
async def test_decision_that_would_settle_nothing_is_refused(
    company: Company, decision: dict[str, str], code: str
) -> None:
    """Whoever decided would only find it waiting again, for a reason that was known."""
    await ask(company, INVOICE, id=cast.NO_CONTRACT.conference, key="first")
    [held, *_] = await waiting(company, cast.NO_CONTRACT.conference)
    assert await resolved(company, [held["id"]], **decision) == {"code": code}
    assert held in await waiting(company, cast.NO_CONTRACT.conference)


async def test_over_31_days_blocks_no_conference(company: Company) -> None:
    """Nor can anybody have it billed; it can be excluded, and is then in no invoice and no list."""
    month = a_leg("pbx-praha:9.9", seconds=32 * 24 * 3600, display_name="Phantom")
    conference = await invoiced(company, MASTER + master_csv(month))
    (held,) = await waiting(company, conference)
    await resolved(company, [held["id"]], resolution="ACCEPT")
    (still,) = await waiting(company, conference)
    assert [each["kind"] for each in still["history"]][:2] == ["NOTED", "RESOLVED"]
    await resolved(company, [held["id"]], resolution="EXCLUDE")
    await none_waits(company, conference)
    charges = (await ask(company, CHARGED, id=conference)).data["conference"]["charges"]
    assert "pbx-praha:9.9" not in {each["leg"]["id"] for each in charges}
    assert await resolved(company, [held["id"]], resolution="RETRY") == {"code": "not-waiting"}


@pytest.mark.parametrize("by", ["client", "booking"])
async def test_unknown_owner_is_named_by_hand(company: Company, by: str) -> None:
    """Who, why and when are kept; the account pays that the person named, or the booking's."""
    conference = await invoiced(company, MASTER.replace("20260123,", "99999999,").replace("17955", "27955"))
    found = await waiting(company, conference)
    assert [(each["code"], each["waitsFor"], each["client"]) for each in found] == [
        ("unknown-owner", "OWNER", None)
    ] * 4
    named = {"booking": cast.MAIN.booking} if by == "booking" else {}
    if by == "client":
        named = {"client": cast.MAIN.client, "account": cast.MAIN.accounts[0]}
    await resolved(company, [each["id"] for each in found], resolution="OWNER", **named)
    await none_waits(company, conference)
    charges = (await ask(company, CHARGED, id=conference)).data["conference"]["charges"]
    assert {each["invoice"]["account"]["number"] for each in charges} == {cast.MAIN.accounts[0]}


async def test_contract_signed_later_is_found_by_the_clock(company: Company, files: Path) -> None:
    """Edge case 3, the other half: the retry charges by that contract; a retry of what is charged changes nothing."""
    conference = cast.NO_CONTRACT.conference
    await ask(company, INVOICE, id=conference, key="first")
    due = "query ($since: DateTime!) { conferencesToRetry(notTriedSince: $since) }"
    assert conference in (await ask(company, due, since="2026-11-24T18:00:00Z")).data["conferencesToRetry"]
    assert conference not in (await ask(company, due, since="2026-11-24T17:59:00Z")).data["conferencesToRetry"]
    sign(files)
    for _ in range(2):
        await company.runner.start("invoice-call", conference, {}, caller="reconcile")
        await none_waits(company, conference)
    charges = (await ask(company, CHARGED, id=conference)).data["conference"]["charges"]
    assert {each["rateVersion"]["contract"]["number"] for each in charges} == set(cast.NO_CONTRACT.contracts)
    assert {each["invoice"]["status"] for each in charges} == {"DRAFT"}
    assert conference not in (await ask(company, due, since="2027-01-01T00:00:00Z")).data["conferencesToRetry"]


def sign(files: Path) -> None:
    """In sales, where contracts are signed: valid from before the conference's start."""
    with sqlite3.connect(files / "sales.sqlite") as sales:
        changed = sales.execute(
            "UPDATE contracts SET status = 'SIGNED', valid_from = '2024-01-01', valid_to = NULL WHERE number = ?",
            (cast.NO_CONTRACT.contracts[0],),
        )
        assert changed.rowcount == 1
    sales.close()


@pytest.mark.parametrize(("decision", "billed"), [({"endsAt": "2026-11-24T16:45:00Z"}, 300), ({}, None)])
async def test_accepted_leg_of_a_live_call_is_billed(
    company: Company, decision: dict[str, str], billed: int | None
) -> None:
    """Nobody told when Bob came: he is held, no call record, until a person accepts him, perhaps with another end.

    As he is he has no second, and is settled without a charge.
    """
    starts = datetime(2026, 11, 24, 16, 35, tzinfo=UTC)
    room = {"20260123": [("alice", 0, 600), ("bob", None, 300)]}
    await tell_calls(company.databases["bridge"], room, starts=starts)
    await company.runner.start("collect-call", f"{BRIDGE}:20260123:1", {}, caller="test")

    async def is_invoiced() -> bool:
        found = (await ask(company, CHARGED, id=CONFERENCE)).data["conference"]
        return bool(found and found["charges"] and found["invoicing"]["state"] == "SUCCEEDED")

    await until(is_invoiced)
    [held] = [each for each in (await ask(company, WAITING)).data["ratingExceptions"] if each["code"] == "incomplete"]
    conference = held["conference"]["id"]
    answer = await resolved(company, [held["id"]], resolution="ACCEPT", **decision)
    assert answer == {"conferences": [{"id": conference}]}
    await none_waits(company, conference)
    charges = (await ask(company, CHARGED, id=conference)).data["conference"]["charges"]
    seconds = {each["leg"]["id"]: each["seconds"] for each in charges}
    assert len(seconds) == (1 if billed is None else 2)
    assert seconds.get(held["leg"]["id"]) == billed


async def test_call_of_which_every_leg_is_held_waits_for_a_person(company: Company) -> None:
    """It has no conference until one leg is accepted; its end, as the person said it, goes with it."""
    starts = datetime(2026, 11, 24, 16, 35, tzinfo=UTC)
    call = f"{BRIDGE}:20260123:1"
    await tell_calls(company.databases["bridge"], {"20260123": [("bob", None, 300)]}, starts=starts)
    await company.runner.start("collect-call", call, {}, caller="test")
    found: list[Any] = []

    async def is_held() -> bool:
        found[:] = await waiting(company, call)
        return bool(found)

    await until(is_held)
    [held] = found
    assert (held["code"], held["waitsFor"]) == ("incomplete", "DECISION")
    answer = await resolved(company, [held["id"]], resolution="ACCEPT", endsAt="2026-11-24T16:45:00Z")
    assert answer == {"conferences": [{"id": CONFERENCE}]}
    await none_waits(company, CONFERENCE)
    await none_waits(company, call)
    [charge] = (await ask(company, CHARGED, id=CONFERENCE)).data["conference"]["charges"]
    assert (charge["leg"]["id"], charge["seconds"]) == (held["leg"]["id"], 300)


async def test_legs_that_were_left_behind_are_assembled_by_the_clock(company: Company) -> None:
    """A run that was cancelled after it had published leaves legs that no list of ended calls shows any more."""
    starts = datetime(2026, 11, 24, 16, 35, tzinfo=UTC)
    await tell_calls(company.databases["bridge"], {"20260123": [("alice", 0, 600)]}, starts=starts)
    publish = f'mutation {{ publishCall(call: "{BRIDGE}:20260123:1", idempotencyKey: "k") {{ __typename }} }}'
    assert (await ask(company, publish)).errors == []
    [watch] = [each for each in WATCHES if each.process == "assemble-legs"]
    data = (await ask(company, watch.document)).data
    assert [due.subject for due in watch.due(data, starts)] == [BRIDGE]
    await company.runner.start("assemble-legs", BRIDGE, {}, caller="test")

    async def is_charged() -> bool:
        found = await ask(company, CHARGED, id=CONFERENCE)
        return bool(found.data["conference"] and found.data["conference"]["charges"])

    await until(is_charged)
    assert list(watch.due((await ask(company, watch.document)).data, starts)) == []
