"""The conferences of a bridge that nobody has invoiced yet, in runs of some hundred, in the order in which they came.

    page     the bridge's next conferences after the position up to which billing has everything
    ask      what the systems know of them (call_to_rate.py); the tariffs of their accounts, a local day at once
    decide   each by the rules of invoice_conference.py
    tell     their charges in one transaction, in another why others can't be charged; then the position
    leave    for later who may still be talking: a conference with unsettled legs before its booked end

A conference that takes another leg goes behind all others, so it is looked at again. Billing keeps the position: after
a crash the page is done again, and what is settled leads to nothing. The drafts of PER_CALL accounts are issued by runs
of invoice-call. Subject: the bridge's id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from processes.call_to_rate import CONFERENCES, Call, calls_in
from processes.invoice_conference import (
    OF_THE_ACCOUNT,
    TARIFF_FIELDS,
    Priced,
    account_of,
    charges_input,
    exceptions_input,
    is_to_charge,
    rate,
    tariff_of,
)
from processes.rules.counts import counted
from processes.rules.instants import local_day
from processes.rules.refusal import Refusal
from processes.rules.tariff import Tariff
from processes.run import Done, Process, Run
from processes.wire import instant_to_wire

__all__ = ["DOCUMENTS", "NAME", "PROCESS", "Tally", "invoice_backlog"]

NAME = "invoice-backlog"
INVOICE_CALL, PER_CALL = "invoice-call", "PER_CALL"
PARTLY_CHARGED = "partly-charged"
FOR_A_PERSON = OF_THE_ACCOUNT | {"bad-user-input"}
PAGE = 500
"""Conferences taken at once: what a run holds in memory."""

POSITION = """
query InvoicingPosition {
  invoicingPositions { bridge doneTo }
}
"""

NEXT = """
query ConferencesAfter($bridge: ID!, $position: Int!, $first: Int!) {
  conferencesAfter(bridge: $bridge, position: $position, first: $first) { position conference { id } }
}
"""

TARIFFS = f"""
query TariffsInForce($accounts: [ID!]!, $at: DateTime!) {{
  billingAccountsNumbered(numbers: $accounts) {{ number invoicing tariff(at: $at) {{ {TARIFF_FIELDS} }} }}
}}
"""

RECORD = """
mutation RecordChargesOfConferences($inputs: [RecordChargesInput!]!, $key: ID!) {
  recordChargesOfConferences(inputs: $inputs, idempotencyKey: $key) {
    __typename
    ... on Refused { code message }
  }
}
"""

RECORD_EXCEPTIONS = """
mutation RecordRatingExceptionsOfConferences($inputs: [RatingExceptionsInput!]!, $key: ID!) {
  recordRatingExceptionsOfConferences(inputs: $inputs, idempotencyKey: $key) { recorded }
}
"""

NOTE_POSITION = """
mutation NoteInvoicingPosition($bridge: ID!, $doneTo: Int!, $lookedTo: Int!, $lookAgainAt: DateTime) {
  noteInvoicingPosition(bridge: $bridge, doneTo: $doneTo, lookedTo: $lookedTo, lookAgainAt: $lookAgainAt) { doneTo }
}
"""

DOCUMENTS = (POSITION, NEXT, CONFERENCES, TARIFFS, RECORD, RECORD_EXCEPTIONS, NOTE_POSITION)


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of conferences: charged now, held for a person (some of their legs), settled before, not over yet."""

    charged: int = 0
    held: int = 0
    settled: int = 0
    waiting: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.charged + other.charged,
            self.held + other.held,
            self.settled + other.settled,
            self.waiting + other.waiting,
        )

    @property
    def summary(self) -> str:
        """`812 conferences charged, 3 held, 0 settled before, 1 not over yet`."""
        return (
            f"{counted(self.charged, 'conference')} charged, {self.held} held, {self.settled} settled before, "
            f"{self.waiting} not over yet"
        )


@dataclass(slots=True)
class Page:
    """Conferences of one page, sorted by what is to be done.

    `noted` are those of which a leg waits for a person, and why, where that holds for all of its legs; `until` is when
    others are to be looked at again.
    """

    priced: list[Priced] = field(default_factory=list)
    noted: dict[str, tuple[Call, Refusal | None]] = field(default_factory=dict)
    until: dict[str, datetime] = field(default_factory=dict)
    settled: int = 0
    charged: int = 0

    @property
    def tally(self) -> Tally:
        return Tally(self.charged, len(self.noted), self.settled, len(self.until))

    def note(self, call: Call, why: Refusal | None) -> None:
        self.noted[call.conference] = (call, why)


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    tally = await invoice_backlog(run, subject)
    kept = {"charged": tally.charged, "held": tally.held, "settled": tally.settled, "waiting": tally.waiting}
    return Done(tally.summary, kept)


async def invoice_backlog(run: Run, bridge: str) -> Tally:
    """All that is there, page by page. What waits for its booked end is passed by, and begun with the next time."""
    now = await run.now()
    positions = (await run.execute(POSITION, {}))["invoicingPositions"] or ()
    looked = next((each["doneTo"] for each in positions if each["bridge"] == bridge), 0)
    done: int | None = None
    again: datetime | None = None
    tally = Tally()
    while True:
        data = await run.execute(NEXT, {"bridge": bridge, "position": looked, "first": PAGE})
        places = {each["conference"]["id"]: each["position"] for each in data["conferencesAfter"] or ()}
        if not places:
            return tally
        page = await invoice_page(run, list(places), now=now)
        tally += page.tally
        if page.until:
            first = min(places[conference] for conference in page.until)
            done = first - 1 if done is None else done
            again = min([*page.until.values(), *([again] if again else [])])
        looked = max(places.values())
        await run.execute(
            NOTE_POSITION,
            {
                "bridge": bridge,
                "doneTo": looked if done is None else done,
                "lookedTo": looked,
                "lookAgainAt": again and instant_to_wire(again),
            },
        )


async def invoice_page(run: Run, conferences: Sequence[str], *, now: datetime) -> Page:
    data = await run.execute(CONFERENCES, {"ids": list(conferences)})
    page = Page()
    paying = to_price(page, calls_in(conferences, data).values(), now)
    by_call = await price_all(run, page, paying)
    await record_charges(run, page, now=now)
    await record_exceptions(run, page)
    for conference in by_call.values():
        await run.start(INVOICE_CALL, conference, {})
    return page


def to_price(page: Page, calls: Iterable[Call | Refusal], now: datetime) -> list[tuple[Call, str]]:
    """Those that are to be charged now, each with the account that pays; the others are put where they belong."""
    paying: list[tuple[Call, str]] = []
    for call in calls:
        if isinstance(call, Refusal):
            page.settled += 1
        elif not is_to_charge(call):
            if call.held:
                page.note(call, None)
            else:
                page.settled += 1
        elif call.owner.booked_end is not None and call.owner.booked_end > now:
            page.until[call.conference] = call.owner.booked_end
        else:
            account = account_of(call)
            if isinstance(account, Refusal):
                page.note(call, account)
            else:
                paying.append((call, account))
    return paying


async def price_all(run: Run, page: Page, paying: Iterable[tuple[Call, str]]) -> dict[str, str]:
    """Prices them into the page; of each PER_CALL account one of its conferences.

    Contracts, versions and owners hold from midnight to midnight, so one question serves a local day.
    """
    by_day: dict[date, list[tuple[Call, str]]] = {}
    for call, account in paying:
        by_day.setdefault(local_day(call.started_at), []).append((call, account))
    by_call: dict[str, str] = {}
    for _, calls in sorted(by_day.items()):
        accounts = sorted({account for _, account in calls})
        first = min(call.started_at for call, _ in calls)
        data = await run.execute(TARIFFS, {"accounts": accounts, "at": instant_to_wire(first)})
        found = {each["number"]: each for each in data["billingAccountsNumbered"] or ()}
        tariffs = {account: tariff_of(account, found.get(account), at=first) for account in accounts}
        for call, account in calls:
            if price(page, call, account, tariffs[account]) and found[account]["invoicing"] == PER_CALL:
                by_call[account] = call.conference
    return by_call


def price(page: Page, call: Call, account: str, tariff: Tariff | Refusal) -> bool:
    """Whether there is something to charge now."""
    priced = tariff if isinstance(tariff, Refusal) else rate(call, account, tariff)
    if isinstance(priced, Refusal):
        page.note(call, priced)
        return False
    if priced.call.held:
        page.note(priced.call, None)
    if priced.call.legs:
        page.priced.append(priced)
    return bool(priced.call.legs)


async def record_charges(run: Run, page: Page, *, now: datetime) -> None:
    """A conference that somebody else is charging right now is to be looked at again."""
    if not page.priced:
        return
    inputs = [charges_input(priced) for priced in page.priced]
    data = await run.execute(RECORD, {"inputs": inputs, "key": f"{run.id}:charges-{digest(inputs)}"})
    for priced, answer in zip(page.priced, data["recordChargesOfConferences"], strict=True):
        if answer["__typename"] != "Refused":
            page.charged += 1
        elif answer["code"] == PARTLY_CHARGED:
            page.until[priced.call.conference] = now
        elif answer["code"] in FOR_A_PERSON:
            page.note(priced.call, Refusal(answer["code"], answer["message"]))
        else:
            page.settled += 1


async def record_exceptions(run: Run, page: Page) -> None:
    if page.noted:
        inputs = [exceptions_input(call, why) for call, why in page.noted.values()]
        await run.execute(RECORD_EXCEPTIONS, {"inputs": inputs, "key": f"{run.id}:exceptions-{digest(inputs)}"})


def digest(inputs: Sequence[Mapping[str, Any]]) -> str:
    """Of all that is told: a repeat after a crash that finds something else is another step, not a conflict."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:16]


PROCESS = Process(NAME, carry_out)
