"""A company's post room: its mailings go through a real print server and a real mail server, driven by the graph.

A run of `deliver-mailing` brings a mailing on until something keeps it; `until` has one run after the other, as the
clock that starts them does, while the company's time stands still unless a test lets it pass.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gateway.billing import billing_settings
from gateway.company import SYSTEMS, Company, MakeExecutor, here, open_company
from gateway.config import Settings, read_settings
from gateway.databases import open_database
from gateway.delivery import open_delivery
from processes import deliver_mailing, read_bounces
from processes.rules.refusal import Refusal
from resolvers.demo import DEMO_RULES
from resolvers.mailing import Delivery
from sources.demo.making import make_company
from sources.records.sales import Client, PostalAddress
from sources.sales import Sales
from tests.company import EVENING, ask
from tests.cups import Cups
from tests.sources.mailing.scene import Clock
from tests.world import a_client, a_contract

__all__ = ["AUDIENCE", "Letter", "PostRoom", "a_company", "a_customer", "opened_at", "some_clients", "written"]

DAY = date(2026, 11, 24)
SECONDS = 60
KEPT = re.compile(r"(?:^|; )(render|submit|follow|notify): ")
"""What keeps a run that brought nothing on: each phase, and why."""
REFUSED = "... on Refused { code message }"
AUDIENCE = """query Recipients($first: Int!, $after: String) {
  recipients: clients(first: $first, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      id name email marketingConsent salesperson
      postalAddress { street city postalCode country }
      contracts(status: SIGNED) { contract: number }
    } }
  }
}"""
VALUES = [
    {"name": "valid_from", "value": "2027-01-01"},
    {"name": "old_price", "value": "1.80 CZK"},
    {"name": "new_price", "value": "1.95 CZK"},
]
SALESPERSON = "hana.postova"
TAKEN = f"... on RecipientsTaken {{ rows recipients }} {REFUSED}"
CAMPAIGN = f"... on CampaignRecorded {{ campaign {{ id state }} }} {REFUSED}"
LETTERS = """query ($id: ID!, $after: Int!) { mailing(id: $id) { letters(first: 500, after: $after) {
  id position state sha256 reason recipient { name street email }
  notice { messageId state attempts code text } bounces { status text } printJobs { attempt job state }
} } }"""
MAILING = """query ($id: ID!) { mailing(id: $id) {
  state report { recipients letters notices exclusions failed open balanced } exclusions(first: 500) { code } } }"""
SETTINGS = """
[printers.office]
kind = "ipp"
url = "{printer}"
queue = "letters"
timeout = "5 s"
[post]
kind = "smtp"
sender = "Konference po telefonu s.r.o. <info@konference.example>"
return_path = "bounces@bounces.test"
host = "127.0.0.1"
port = {port}
encryption = "none"
timeout = "5 s"
{more}
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as the graph has it."""

    id: str
    position: int
    state: str
    sha256: str
    reason: str | None
    recipient: Mapping[str, str]
    notice: Mapping[str, Any] | None
    bounces: Sequence[Mapping[str, str]]
    print_jobs: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Letter:
        return cls(**{"".join(f"_{c.lower()}" if c.isupper() else c for c in name): it for name, it in found.items()})


@dataclass
class PostRoom:
    """Asks the company's graph; each mutation has a key of its own, each run of the process an id."""

    company: Company
    clock: Clock
    cups: Cups
    name: str = field(default_factory=lambda: secrets.token_hex(4))
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def tell(self, name: str, selection: str, **given: tuple[str, Any]) -> Any:
        given = {"idempotencyKey": ("ID!", f"{self.name}-{next(self.numbers)}"), **given}
        declared = ", ".join(f"${argument}: {type_}" for argument, (type_, _) in given.items())
        passed = ", ".join(f"{argument}: ${argument}" for argument in given)
        return await self.told(f"mutation ({declared}) {{ it: {name}({passed}) {{ __typename {selection} }} }}", given)

    async def told(self, text: str, given: Mapping[str, tuple[str, Any]]) -> Any:
        answer = await ask(self.company, text, **{argument: value for argument, (_, value) in given.items()})
        assert answer.errors == []
        assert answer.data["it"]["__typename"] != "Refused", answer.data
        return answer.data["it"]

    async def taken(self, *, template: str = "price-change-cs", notify_in: timedelta = timedelta()) -> str:
        """A mailing to the post room's clients; its id."""
        wanted = {
            "title": "Nové ceny",
            "template": template,
            "version": 1,
            "audience": AUDIENCE,
            "conditions": [{"path": "salesperson", "operator": "IS", "value": SALESPERSON}],
            "values": VALUES,
            "printer": "office",
            "letterDate": DAY.isoformat(),
            "notifyAt": (self.clock() + notify_in).isoformat(),
        }
        id = (await self.tell("createCampaign", CAMPAIGN, input=("CampaignInput!", wanted)))["campaign"]["id"]
        await self.tell("takeRecipients", TAKEN, campaign=("ID!", id))
        return str(id)

    async def approved(self, *, template: str = "price-change-cs", notify_in: timedelta = timedelta()) -> str:
        """The same, whose letters are made and may be printed."""
        id = await self.taken(template=template, notify_in=notify_in)
        await self.run(id)
        await self.approve(id)
        return id

    async def approve(self, mailing: str) -> None:
        await self.tell("approveMailing", CAMPAIGN, campaign=("ID!", mailing), round=("Int!", 1))

    async def decide(self, letter: str, decision: str) -> None:
        given = {"letter": ("ID!", letter), "decision": ("LetterDecisionKind!", decision)}
        decided = f"... on LetterDecided {{ letter {{ state }} }} {REFUSED}"
        await self.tell("decideLetter", decided, **given, reason=("String!", "I looked at the tray"))

    async def run(self, mailing: str) -> Mapping[str, str]:
        """One run of the process: what keeps which of its steps."""
        ended = await self.carried_out(deliver_mailing.NAME, mailing)
        if isinstance(ended, Refusal):
            assert ended.code == "waiting", ended
            _, *kept = KEPT.split(ended.message)
            return dict(zip(kept[::2], kept[1::2], strict=True))
        waiting: Mapping[str, str] = ended["waiting"]
        return waiting

    async def read_bounces(self) -> int:
        """How many were new."""
        return int((await self.ended(read_bounces.NAME, read_bounces.MAILBOX))["bounces"])

    async def ended(self, process: str, subject: str) -> Mapping[str, Any]:
        ended = await self.carried_out(process, subject)
        assert not isinstance(ended, Refusal), ended
        return ended

    async def carried_out(self, process: str, subject: str) -> Mapping[str, Any] | Refusal:
        key = f"{self.name}-{next(self.numbers)}"
        return await self.company.runner.answer(process, subject, {}, key=key, caller="clock")

    async def until(self, mailing: str, true: Callable[[Mapping[str, str]], bool] | None = None) -> Mapping[str, str]:
        """Run after run until what keeps it is `true`, or the mailing is done."""
        async with asyncio.timeout(SECONDS):
            while True:
                waiting = await self.run(mailing)
                if true(waiting) if true else await self.state(mailing) == "DONE":
                    return waiting
                await asyncio.sleep(0.05)

    async def state(self, mailing: str) -> str:
        return str((await self.mailing(mailing))["state"])

    async def mailing(self, mailing: str) -> Any:
        answer = await ask(self.company, MAILING, id=mailing)
        assert answer.errors == []
        return answer.data["mailing"]

    async def letters(self, mailing: str) -> list[Letter]:
        answer = await ask(self.company, LETTERS, id=mailing, after=0)
        assert answer.errors == []
        return [Letter.of(each) for each in answer.data["mailing"]["letters"]]

    async def problems(self, mailing: str, *, unprinted: int = 0) -> list[str]:
        """What is wrong when all is over: each letter came out of the printer once, in order, and is what was rendered.

        `unprinted`: so many came to nothing, which the report says.
        """
        found, letters = await self.mailing(mailing), await self.letters(mailing)
        printed = [hashlib.sha256(document).hexdigest() for document in self.cups.printed()]
        wanted = [letter.sha256 for letter in letters if letter.state == "PRINTED"]
        problems = [f"letter {each} came out {count} times" for each, count in Counter(printed).items() if count > 1]
        if printed != wanted:
            problems.append(f"{len(printed)} came out, {len(wanted)} are PRINTED, and they aren't the same in order")
        states = Counter(letter.state for letter in letters)
        if states != Counter({"PRINTED": len(letters) - unprinted, "FAILED": unprinted}) - Counter():
            problems.append(f"letters are {dict(states)}")
        report = found["report"]
        if not report["balanced"] or report["open"] or report["failed"] != unprinted:
            problems.append(f"the report is {report}")
        return problems


def some_clients(number: int) -> list[Client]:
    """So many clients of the post room, in the order in which the audience has them."""
    return [a_customer(each, f"Řízek & Žďárský {each:03}, s.r.o.") for each in range(1, number + 1)]


def a_customer(number: int, name: str, postal_address: PostalAddress | None = None) -> Client:
    return a_client(
        f"CL-{10_000 + number}",
        name=name,
        salesperson=SALESPERSON,
        company_number=None,
        vat_number=None,
        email=f"klient{number}@zakaznik.example",
        postal_address=postal_address or PostalAddress(f"Křížíkova {number}/12", "Žďár nad Sázavou", "591 01", "CZ"),
    )


def a_company(folder: Path, clients: Sequence[Client]) -> None:
    """The systems of a small company made in `folder`; these clients have a contract each."""
    settings = Settings(data=folder)
    databases = {system: open_database(system, settings) for system in SYSTEMS}
    assert make_company(databases, today=DAY, rules=DEMO_RULES, others=3)
    contracts = [a_contract(f"SM-2024-{each.id[3:]}", client=each.id) for each in clients]
    with databases["sales"].engines.write.begin() as connection:
        Sales.fill(connection, clients=clients, contacts=[], contracts=contracts, rate_versions=[], holidays=[])

    async def close() -> None:
        await asyncio.gather(*(database.close() for database in databases.values()))

    asyncio.run(close())


def written(folder: Path, cups: Cups, port: int, more: str = "") -> Settings:
    """Settings whose printer and mail server are these."""
    file = folder / "spojka.toml"
    file.write_text(SETTINGS.format(printer=cups.url, port=port, more=more), encoding="utf-8")
    return read_settings(folder, {}, systems=tuple(SYSTEMS), file=file)


@asynccontextmanager
async def opened_at(
    settings: Settings,
    cups: Cups,
    clock: Clock | None = None,
    seen_as: Callable[[Delivery], Delivery] = lambda it: it,
    executor: MakeExecutor = here,
) -> AsyncIterator[PostRoom]:
    """The company at the worked example's evening; `seen_as` may put something before its printer or post."""
    clock = clock or Clock(EVENING)
    delivery = seen_as(open_delivery(settings, billing_settings(settings).seller))
    company = await asyncio.to_thread(lambda: open_company(settings, clock=clock, delivery=delivery, executor=executor))
    try:
        yield PostRoom(company, clock, cups)
    finally:
        await company.close()
