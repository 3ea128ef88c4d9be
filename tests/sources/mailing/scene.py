"""A campaign for tests, with a printer and a postman who note what they were given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from processes.rules.mailing import campaigns
from resolvers.mailing import Delivery
from resolvers.mailing.rules import RULES, decided
from sources.database import Database
from sources.errors import SystemUnavailable
from sources.idempotency import Call
from sources.mailing import METADATA, Mailing
from sources.mailing.outside import Outgoing, Render, Returned, Told, Unrendered
from sources.mailing.printing import Handed
from sources.records.mailing import AudienceRow, Campaign, Letter, Recipient, TemplateField, TemplateVersion
from sources.records.refusal import Refusal

__all__ = [
    "AUDIENCE",
    "NOON",
    "Clock",
    "Condition",
    "MemoryPostman",
    "MemoryPrinter",
    "Scene",
    "a_campaign",
    "a_row",
    "a_template",
    "in_memory",
    "opened",
    "typeset",
]

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)


def a_template(**changes: Any) -> TemplateVersion:
    values: dict[str, Any] = {
        "template": "price-change",
        "version": 0,
        "name": "Změna cen",
        "language": "cs",
        "purpose": "CONTRACTUAL",
        "body": "= Změna cen",
        "fields": (TemplateField("price", "AMOUNT"), TemplateField("note", "TEXT", required=False)),
        "subject": "Dopis pro {name}",
        "notice": "Dobrý den, {name},\n\npošleme Vám dopis o ceně {price}.",
        "used": False,
        "saved_by": "anna",
        "saved_at": NOON,
    }
    return TemplateVersion(**{**values, **changes})


AUDIENCE = """
query Recipients($first: Int!, $after: String) {
  recipients: clients(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node { id name email marketingConsent postalAddress { street city postalCode country } } }
  }
}
"""


def a_campaign(**changes: Any) -> Campaign:
    values: dict[str, Any] = {
        "id": "",
        "title": "Nové ceny",
        "template": "price-change",
        "version": 1,
        "audience": AUDIENCE,
        "variables": "{}",
        "state": "DRAFT",
        "paused": False,
        "printer": "letters",
        "letter_date": date(2026, 11, 25),
        "notify_at": NOON,
        "merges_addresses": False,
        "asked": 0,
        "round": 1,
        "created_by": "anna",
        "created_at": NOON,
        "conditions": '[{"path": "id", "operator": "EXISTS", "value": null}]',
        "letter_values": '{"price": "1.95"}',
    }
    return Campaign(**{**values, **changes})


def a_row(number: int, **changes: Any) -> AudienceRow:
    values: dict[str, Any] = {
        "client": f"CL-{number:05}",
        "name": f"Řízek a synové {number}, s.r.o.",
        "street": f"Dlouhá {number}",
        "city": "Ústí nad Labem",
        "postal_code": "400 01",
        "country": "CZ",
        "email": f"klient{number}@example.cz",
        "marketing_consent": True,
        "values": {"price": "1.95"},
    }
    return AudienceRow(**{**values, **changes})


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Mailing]:
    """A new one, in a file."""
    database = Database("mailing", f"sqlite:///{folder}/mailing.sqlite")
    assert database.create(METADATA)
    yield Mailing(database)
    await database.close()


@dataclass(frozen=True, slots=True)
class Paper:
    pdf: bytes
    pages: int
    sha256: str


@contextmanager
def typeset(version: TemplateVersion, day: date) -> Iterator[Render]:
    """No PDF, but bytes that depend on all of what a letter depends on."""

    def render(recipient: Recipient) -> Paper:
        if "\N{SNOWMAN}" in recipient.name:
            raise Unrendered("no font has the snowman")
        parts = [version.body, day.isoformat(), recipient.name, recipient.street, json.loads(recipient.data)]
        pdf = json.dumps(parts, ensure_ascii=False).encode()
        return Paper(pdf, 1, hashlib.sha256(pdf).hexdigest())

    yield render


@dataclass(frozen=True, slots=True)
class Picture:
    pdf: bytes = b"a letter"
    png: bytes = b"its first page"


def preview(version: TemplateVersion, day: date, recipient: Recipient) -> Picture:
    return Picture()


@dataclass(slots=True)
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass(frozen=True, slots=True)
class State:
    state: str
    documents: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    condition: str
    reasons: tuple[str, ...] = ()
    message: str | None = None


@dataclass(slots=True)
class MemoryPrinter:
    """Prints at once what has a document, and counts it. `down` refuses everything; `says` overrules what it says."""

    jobs: dict[str, tuple[str, list[bytes]]] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    says: dict[str, State | None] = field(default_factory=dict)
    down: bool = False
    reason: str | None = None
    loses_answers: bool = False

    async def create(self, name: str) -> str:
        self.reached()
        job = str(len(self.jobs) + 1)
        self.jobs[job] = (name, [])
        return job

    async def send(self, job: str, name: str, document: bytes) -> None:
        self.reached()
        self.jobs[job][1].append(document)
        self.printed.append(name)
        if self.loses_answers:
            raise SystemUnavailable("printer letters")

    async def found(self, job: str, name: str) -> State | None:
        self.reached()
        if name in self.says:
            return self.says[name]
        known = self.jobs.get(job)
        if known is None or known[0] != name:
            return None
        if self.reason is not None and known[1]:
            return State("PENDING", len(known[1]), self.reason)
        if job in self.ended:
            return State("CANCELLED", len(known[1]))
        return State("PRINTED" if known[1] else "PENDING", len(known[1]))

    async def state(self) -> Condition:
        return Condition("STOPPED", (self.reason,)) if self.reason else Condition("IDLE")

    async def close(self) -> None:
        """There is no connection."""

    def reached(self) -> None:
        if self.down:
            raise SystemUnavailable("printer letters")


@dataclass(frozen=True, slots=True)
class Word:
    message_id: str
    outcome: str
    code: str | None = None
    text: str | None = None


@dataclass(slots=True)
class MemoryPostman:
    """Says what `words` has for an address, else ACCEPTED; keeps what it was given."""

    words: dict[str, Word] = field(default_factory=dict)
    posted: list[Outgoing] = field(default_factory=list)
    down: bool = False

    async def __call__(self, due: Sequence[Outgoing], told: Told | None = None) -> list[Word]:
        if self.down:
            raise SystemUnavailable("post")
        self.posted += due
        return [self.word(each) for each in due]

    def word(self, each: Outgoing) -> Word:
        word = self.words.get(each.notice.email)
        id = each.notice.message_id
        return Word(id, word.outcome, word.code, word.text) if word else Word(id, "ACCEPTED", "250", "ok")


@dataclass(slots=True)
class MemoryBounces:
    """What came back, until it is acknowledged."""

    came: list[Returned] = field(default_factory=list)

    async def bounces(self) -> list[Returned]:
        return list(self.came)

    async def acknowledge(self, bounces: Sequence[Returned]) -> None:
        self.came = [each for each in self.came if each not in bounces]


def in_memory() -> Delivery:
    """Letters that are rendered, printed, announced and come back without leaving this process."""
    return Delivery(
        typeset=typeset,
        preview=preview,
        printers={"letters": MemoryPrinter()},
        postman=MemoryPostman(),
        domain="example.cz",
        bounces=MemoryBounces(),
    )


@dataclass(slots=True)
class Scene:
    """Leads a campaign through its states, as the process does: each call has a key of its own."""

    mailing: Mailing
    printer: MemoryPrinter = field(default_factory=MemoryPrinter)
    postman: MemoryPostman = field(default_factory=MemoryPostman)
    clock: Clock = field(default_factory=Clock)
    keys: int = 0
    id: str = ""

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    async def make(self, template: TemplateVersion | None = None, **changes: Any) -> Campaign:
        saved = await self.mailing.save_template(template or a_template(), caller="anna", key=self.key())
        wanted = a_campaign(version=saved.version, **changes)
        made = await self.mailing.create_campaign(wanted, year=2026, caller="anna", key=self.key())
        assert isinstance(made, Campaign)
        self.id = made.id
        return made

    async def snapshot(
        self, rows: Sequence[AudienceRow], *, after: int = 0, is_last: bool = True
    ) -> Campaign | Refusal:
        return await self.mailing.take_snapshot(
            self.id, rows, after=after, is_last=is_last, caller="processes", key=self.key(), rules=RULES
        )

    async def render(self, first: int = 100) -> int | Refusal:
        return await self.mailing.render(
            self.id, first=first, typeset=typeset, caller="processes", key=self.key(), rules=RULES
        )

    async def edit(self, rule: Any, **facts: object) -> Campaign | Refusal:
        call = Call("edit", "anna", self.key(), "")
        return await self.mailing.edit(self.id, decided(rule, **facts), call=call)

    async def approve(self) -> Campaign | Refusal:
        return await self.edit(lambda state: campaigns.approved(state, round=state.round), approved_by="anna")

    async def submit(self, first: int = 100, *, after: int = 0) -> Handed | Refusal:
        submitting = self.mailing.submitting(self.id, self.printer, rules=RULES, clock=self.clock)
        return await self.mailing.submit(submitting, after=after, first=first, caller="processes", key=self.key())

    async def follow(self, first: int = 100, *, after: int = 0) -> Handed | Refusal:
        submitting = self.mailing.submitting(self.id, self.printer, rules=RULES, clock=self.clock)
        return await self.mailing.follow(submitting, after=after, first=first, caller="processes", key=self.key())

    async def decide(self, letter: str, decision: str) -> Letter | Refusal:
        return await self.mailing.decide(
            letter,
            decision,
            reason="I looked at the tray",
            caller="anna",
            key=self.key(),
            now=self.clock(),
            rules=RULES,
        )

    async def notify(self, first: int = 100) -> Handed | Refusal:
        return await self.mailing.notify(
            self.id,
            self.postman,
            domain="example.cz",
            first=first,
            caller="processes",
            key=self.key(),
            clock=self.clock,
            rules=RULES,
        )

    async def to_approved(self, *rows: AudienceRow, **changes: Any) -> None:
        """From nothing to letters that may be printed."""
        await self.make(**changes)
        assert isinstance(await self.snapshot(rows), Campaign)
        assert isinstance(await self.render(), int)
        assert isinstance(await self.approve(), Campaign)

    async def campaign(self) -> Campaign:
        [found] = await self.mailing.campaigns([self.id])
        return found

    async def letters(self) -> list[Letter]:
        return await self.mailing.letters_of_campaign(self.id, first=1_000, after=0)

    async def states(self) -> list[str]:
        return [letter.state for letter in await self.letters()]
