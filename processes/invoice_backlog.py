"""The conferences of a bridge that nobody has invoiced yet, some hundred at once, in the order in which they came.

    page     the bridge's next conferences after the position up to which billing has looked
    ask      what the systems know of them (call_to_rate.py); the tariffs of their accounts (tariffs.py)
    decide   each by the rules of invoice_conference.py
    tell     their charges in one transaction, in another why others can't be charged; then the position
    leave    for later who may still be talking: a conference with unsettled legs before its booked end

A conference that takes another leg goes behind all others, so it is looked at again. Billing keeps the position, so a
run goes on where another ended; after a crash the page is done again, and what is settled leads to nothing. When one
that was left is over, the next run begins with it. The drafts of PER_CALL accounts are issued by runs of invoice-call.
What was credited stays so: a person says whether it is charged anew.
Subject: the bridge's id. Input: `first`, how many conferences at most.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from processes import invoice_call
from processes.call_to_rate import CONFERENCES, Call, calls_in
from processes.invoice_conference import (
    FOR_A_PERSON,
    Priced,
    account_of,
    charges_input,
    exceptions_input,
    is_to_charge,
    rate,
)
from processes.rules.counts import counted
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run
from processes.tariffs import TARIFFS, AccountTariff, Tariffs
from processes.wire import instant_from_wire, instant_to_wire

__all__ = ["DOCUMENTS", "NAME", "PROCESS", "Progress", "Tally", "invoice_backlog"]

NAME = "invoice-backlog"
PER_CALL = "PER_CALL"
PARTLY_CHARGED = "partly-charged"
BAD_INPUT = "bad-user-input"
PAGE = 500
"""Conferences taken at once: what a run holds in memory."""

FIRST = 10_000
"""Conferences of a run: an executor keeps the answers of its steps. Where more is left, a watch starts another."""

ANOTHER_IS_AT_IT = timedelta(minutes=1)

POSITION = """
query InvoicingPosition {
  bridgePositions { bridge position }
  invoicingPositions { bridge doneTo lookedTo lookAgainAt }
}
"""

NEXT = """
query ConferencesAfter($bridge: ID!, $position: Int!, $first: Int!) {
  conferencesAfter(bridge: $bridge, position: $position, first: $first) { position conference { id } }
}
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


@dataclass(frozen=True, slots=True)
class Place:
    """How far billing has come: everything up to `done` is settled, up to `looked` it was looked at.

    `again`: when something in between is to be looked at again; None where there is nothing.
    """

    done: int = 0
    looked: int = 0
    again: datetime | None = None

    def begun_again(self, now: datetime, last: int) -> Place:
        """Where a run begins: with what was left for later, if that is over by now.

        A bridge whose `last` position has gone back was restored from a copy; it is looked at from its beginning.
        """
        if last < self.looked:
            return Place()
        return Place(self.done, self.done) if self.again is not None and self.again <= now else self

    def after(self, places: Mapping[str, int], until: Mapping[str, datetime]) -> Place:
        """Behind a page of conferences and their positions, of which those in `until` are left for later."""
        looked = max(places.values())
        if self.again is None:
            done = min((places[conference] for conference in until), default=looked + 1) - 1
        else:
            done = self.done
        times = [*until.values(), *([self.again] if self.again else [])]
        return Place(done, looked, min(times, default=None))


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run did: up to which of the bridge's positions billing has looked now, and whether that is all there is.

    `last` was the bridge's last position when the run began.
    """

    tally: Tally
    looked_to: int
    last: int
    is_through: bool

    @property
    def kept(self) -> dict[str, Any]:
        tally = self.tally
        return {
            "charged": tally.charged,
            "held": tally.held,
            "settled": tally.settled,
            "waiting": tally.waiting,
            "lookedTo": self.looked_to,
            "last": self.last,
            "isThrough": self.is_through,
        }


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
    progress = await invoice_backlog(run, subject, first=int(input.get("first", FIRST)))
    return progress if isinstance(progress, Refusal) else Done(progress.tally.summary, progress.kept)


async def invoice_backlog(run: Run, bridge: str, *, first: int = FIRST) -> Progress | Refusal:
    """Page by page, the `first` of them. Refused `no-conferences`, where nothing of the bridge was ever assembled."""
    now = await run.now()
    data = await run.execute(POSITION, {})
    last = {each["bridge"]: int(each["position"]) for each in data["bridgePositions"] or ()}.get(bridge)
    if last is None:
        return Refusal("no-conferences", f"bridge {bridge} has no conferences: import its call records first")
    place = place_of(bridge, data).begun_again(now, last)
    tally, tariffs = Tally(), Tariffs()
    while (at_once := min(PAGE, first)) > 0:
        first -= at_once
        data = await run.execute(NEXT, {"bridge": bridge, "position": place.looked, "first": at_once})
        places = {each["conference"]["id"]: int(each["position"]) for each in data["conferencesAfter"] or ()}
        if places:
            page = await invoice_page(run, list(places), tariffs, now=now)
            tally += page.tally
            place = place.after(places, page.until)
            await run.execute(NOTE_POSITION, position_input(bridge, place))
        if len(places) < at_once:
            return Progress(tally, place.looked, last, is_through=True)
    return Progress(tally, place.looked, last, is_through=False)


def place_of(bridge: str, data: Mapping[str, Any]) -> Place:
    for each in data["invoicingPositions"] or ():
        if each["bridge"] == bridge:
            again = each["lookAgainAt"]
            return Place(int(each["doneTo"]), int(each["lookedTo"]), instant_from_wire(again) if again else None)
    return Place()


def position_input(bridge: str, place: Place) -> dict[str, Any]:
    return {
        "bridge": bridge,
        "doneTo": place.done,
        "lookedTo": place.looked,
        "lookAgainAt": place.again and instant_to_wire(place.again),
    }


async def invoice_page(run: Run, conferences: Sequence[str], tariffs: Tariffs, *, now: datetime) -> Page:
    data = await run.execute(CONFERENCES, {"ids": list(conferences)})
    page = Page()
    paying = to_price(page, calls_in(conferences, data).values(), now)
    by_call = await price_all(run, page, paying, tariffs)
    await record_charges(run, page, now=now)
    await record_exceptions(run, page)
    for conference in by_call.values():
        await run.start(invoice_call.NAME, conference, invoice_call.BY_ITSELF)
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


async def price_all(run: Run, page: Page, paying: Sequence[tuple[Call, str]], tariffs: Tariffs) -> dict[str, str]:
    """Prices them into the page; of each PER_CALL account one of its conferences."""
    await tariffs.ask(run, [(account, call.started_at) for call, account in paying])
    by_call: dict[str, str] = {}
    for call, account in paying:
        found = tariffs.of(account, call.started_at)
        if price(page, call, account, found) and found.invoicing == PER_CALL:
            by_call[account] = call.conference
    return by_call


def price(page: Page, call: Call, account: str, found: AccountTariff) -> bool:
    """Whether there is something to charge now."""
    tariff = found.tariff
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
    inputs = [charges_input(priced, anew=False) for priced in page.priced]
    data = await run.execute(RECORD, {"inputs": inputs, "key": f"{run.id}:charges-{digest(inputs)}"})
    for priced, answer in zip(page.priced, data["recordChargesOfConferences"], strict=True):
        if answer["__typename"] != "Refused":
            page.charged += 1
        elif answer["code"] == PARTLY_CHARGED:
            page.until[priced.call.conference] = now + ANOTHER_IS_AT_IT
        elif answer["code"] == BAD_INPUT or answer["code"] in FOR_A_PERSON:
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
