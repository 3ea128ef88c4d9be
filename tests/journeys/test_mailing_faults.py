"""A mailing through a real CUPS and real mail servers while each of them fails: no letter twice, none lost.

Each fault begins in the midst of printing or notifying and is mended later. All the while nobody is announced a letter
that has not come out; in the end everybody is accounted for.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from resolvers.mailing import Delivery
from sources.errors import PrinterDown
from sources.mailing.outside import JobState, Printer, PrinterState
from tests.company import ask, viewer
from tests.cups import Cups, running_cups
from tests.journeys.post_room import SALESPERSON, PostRoom, a_company, opened_at, some_clients, written
from tests.opensmtpd import OpenSmtpd, running_opensmtpd
from tests.smtp import SmtpServer, running_smtp

pytestmark = pytest.mark.service

CLIENTS = 24
NTH = 10
"""The letter at which a fault begins."""

MOVED = "moved@elsewhere.test"
FLAGGED = (
    "query ($search: String!) { clients(search: $search) { edges { node { email bouncedEmails { recipient } } } } }"
)
"""The address of the NTH client."""

Act = Callable[["Parts"], None]


@dataclass
class Parts:
    """What is real. `at` does something before or after a call of the printer, once."""

    folder: Path
    cups: Cups
    smtp: SmtpServer
    before: dict[tuple[str, int], Act] = field(default_factory=dict)
    after: dict[tuple[str, int], Act] = field(default_factory=dict)


@dataclass
class Disturbed:
    """The real printer, while something happens around the nth call of a kind."""

    printer: Printer
    parts: Parts
    calls: Counter[str] = field(default_factory=Counter)

    async def create(self, name: str) -> str:
        return str(await self.around("create", lambda: self.printer.create(name)))

    async def send(self, job: str, name: str, document: bytes) -> None:
        await self.around("send", lambda: self.printer.send(job, name, document))

    async def found(self, job: str, name: str) -> JobState | None:
        return await self.printer.found(job, name)

    async def state(self) -> PrinterState:
        return await self.printer.state()

    async def close(self) -> None:
        await self.printer.close()

    async def around(self, what: str, call: Callable[[], Awaitable[Any]]) -> Any:
        self.calls[what] += 1
        if happens := self.parts.before.get((what, self.calls[what])):
            await until_idle(self.printer)
            happens(self.parts)
        answer = await call()
        if happens := self.parts.after.get((what, self.calls[what])):
            await until_idle(self.printer)
            happens(self.parts)
        return answer


async def until_idle(printer: Printer) -> None:
    """Nothing comes out at this moment: a server that is killed in the midst of a page prints it again."""
    async with asyncio.timeout(30):
        while (now := await printer.state()).condition == "PRINTING" and not now.reasons:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - another process makes it so
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """One print server, one mail server and one company for all of these tests."""
    folder = tmp_path_factory.mktemp("post-room")
    with running_cups() as cups, running_smtp() as smtp:
        clients = some_clients(CLIENTS)
        clients[NTH - 1] = replace(clients[NTH - 1], email=MOVED)
        a_company(folder, clients)
        yield Parts(folder, cups, smtp)


@pytest.fixture
async def room(parts: Parts) -> AsyncIterator[PostRoom]:
    """The company, with nothing in its printer and its mailboxes."""
    parts.cups.forget()
    parts.smtp.forget()
    parts.before.clear()
    parts.after.clear()

    def disturbed(delivery: Delivery) -> Delivery:
        printers = {id: Disturbed(printer, parts) for id, printer in (delivery.printers or {}).items()}
        return replace(delivery, printers=printers)

    settings = written(parts.folder, parts.cups, parts.smtp.port)
    async with opened_at(settings, parts.cups, seen_as=disturbed) as opened:
        yield opened


@dataclass(frozen=True)
class Fault:
    """`begin` before anything is handed over; then `keeps` is what keeps a step of the process, until it is mended."""

    begin: Act
    step: str
    keeps: str
    mend: Act


def at(when: str, call: str, do: Act) -> Act:
    """Has `do` happen before or after the NTH call of the printer."""
    return lambda parts: getattr(parts, when).update({(call, NTH): do})


def empty(parts: Parts, after: int = NTH) -> None:
    parts.cups.be("empty", after=after)


def refilled(parts: Parts) -> None:
    parts.cups.stop_being("empty")


def stopped(parts: Parts) -> None:
    parts.cups.command("cupsdisable", parts.cups.queue)


def let_go_on(parts: Parts) -> None:
    parts.cups.stop_being("jam")
    parts.cups.command("cupsenable", parts.cups.queue)


def killed(parts: Parts) -> None:
    parts.cups.kill()


def killed_before_it_answers(parts: Parts) -> None:
    parts.cups.kill()
    raise PrinterDown("office", "the print server can't be reached, or doesn't answer in time")


def started(parts: Parts) -> None:
    parts.cups.start()
    parts.cups.stop_being("empty")


def killed_and_started(parts: Parts) -> None:
    killed(parts)
    started(parts)


def empty_and(begin: Act) -> Act:
    def both(parts: Parts) -> None:
        empty(parts, after=NTH - 1)
        begin(parts)

    return both


DOWN = "can't be reached"
BEFORE_A_JOB, BEFORE_A_DOCUMENT = at("before", "create", killed), at("before", "send", killed)
AFTER_A_JOB, AFTER_A_DOCUMENT = at("after", "create", killed), at("after", "send", killed_before_it_answers)
FAULTS = {
    "out of paper": Fault(empty, "follow", "media-empty", refilled),
    "jam": Fault(lambda parts: parts.cups.be("jam", after=NTH), "follow", "media-jam", let_go_on),
    "printer stopped": Fault(at("before", "create", stopped), "follow", "paused", let_go_on),
    "killed before a job is made": Fault(BEFORE_A_JOB, "submit", DOWN, started),
    "killed after a job was made": Fault(AFTER_A_JOB, "submit", DOWN, started),
    "killed before a document is sent": Fault(BEFORE_A_DOCUMENT, "submit", DOWN, started),
    "killed after a document was printed": Fault(AFTER_A_DOCUMENT, "submit", DOWN, started),
    "killed after a document had come": Fault(empty_and(AFTER_A_DOCUMENT), "submit", DOWN, started),
    "killed with all of them waiting": Fault(empty, "follow", "media-empty", killed_and_started),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_whatever_the_printer_does_each_letter_comes_out_once(parts: Parts, room: PostRoom, fault: Fault) -> None:
    """The mailing says what keeps it, goes on by itself once that is mended, and the order is kept."""
    mailing = await room.approved()
    fault.begin(parts)
    await room.until(mailing, lambda waiting: fault.keeps in waiting.get(fault.step, ""))
    await only_of_printed(parts, room, mailing)
    assert len(parts.cups.printed()) < CLIENTS
    fault.mend(parts)
    await room.until(mailing)
    assert await room.problems(mailing) == []
    assert ids_sent(parts) == {letter.notice["messageId"]: 1 for letter in await room.letters(mailing) if letter.notice}


def ids_sent(parts: Parts) -> Counter[str]:
    return Counter(str(mail.message["Message-ID"]) for mail in parts.smtp.mails())


async def only_of_printed(parts: Parts, room: PostRoom, mailing: str) -> None:
    """Nobody is announced a letter that won't come."""
    printed = {f"<{each.id.lower()}" for each in await room.letters(mailing) if each.state == "PRINTED"}
    assert {each.partition(".")[0] for each in ids_sent(parts)} <= printed


async def test_edge_case_17_a_print_server_lost_its_jobs(parts: Parts) -> None:
    """Nothing is printed again by itself: a person looks at the tray, and what they order again is recorded."""
    parts.smtp.forget()
    with running_cups(careless=True) as cups:
        async with opened_at(written(parts.folder, cups, parts.smtp.port), cups) as room:
            cups.command("cupsdisable", cups.queue)
            mailing = await room.approved()
            await room.until(mailing, lambda waiting: "paused" in waiting.get("follow", ""))
            cups.kill()
            cups.start()
            await room.run(mailing)
            letters = await room.letters(mailing)
            assert {letter.state for letter in letters} == {"UNKNOWN"}
            assert (ids_sent(parts), cups.printed()) == (Counter(), [])
            report = (await room.mailing(mailing))["report"]
            assert (report["open"], report["balanced"]) == (CLIENTS, True)
            for letter in letters:
                await room.decide(letter.id, "PRINT_AGAIN")
            await room.until(mailing)
            assert await room.problems(mailing) == []
            states = [[job["state"] for job in letter.print_jobs] for letter in await room.letters(mailing)]
            assert states == [["FAILED", "PRINTED"]] * CLIENTS


async def printed(room: PostRoom) -> str:
    """A mailing all of whose letters came out, and none of whose notices went out yet."""
    mailing = await room.approved(notify_in=timedelta(hours=1))
    await room.until(mailing, lambda waiting: "notices go out at" in waiting.get("notify", ""))
    async with asyncio.timeout(30):
        while await room.state(mailing) != "NOTIFYING":
            await room.run(mailing)
    room.clock.passes(hours=1)
    return mailing


async def states_of_notices(room: PostRoom, mailing: str) -> Counter[str]:
    return Counter(letter.notice["state"] for letter in await room.letters(mailing) if letter.notice)


async def test_a_mail_server_that_is_down_is_waited_for(parts: Parts, room: PostRoom) -> None:
    """Killed in the midst of sending: who had theirs gets no other one."""
    mailing = await printed(room)
    parts.smtp.does("hang", after=NTH)
    sending = asyncio.create_task(room.run(mailing))
    await until(lambda: len(parts.smtp.mails()) == NTH)
    parts.smtp.stop()
    await sending
    assert await states_of_notices(room, mailing) == {"ACCEPTED": NTH, "RETRYING": CLIENTS - NTH}
    room.clock.passes(minutes=15)
    assert DOWN in (await room.run(mailing))["notify"]
    parts.smtp.does("accept")
    parts.smtp.start()
    room.clock.passes(minutes=15)
    await room.until(mailing)
    assert await room.problems(mailing) == []
    assert Counter(ids_sent(parts).values()) == {1: CLIENTS}


async def test_greylisted_notices_go_a_quarter_of_an_hour_later(parts: Parts, room: PostRoom) -> None:
    """The server knows each recipient the second time; nobody gets two."""
    mailing = await printed(room)
    parts.smtp.does("greylist")
    await room.run(mailing)
    assert await states_of_notices(room, mailing) == {"RETRYING": CLIENTS}
    await room.run(mailing)
    assert ids_sent(parts) == Counter()
    room.clock.passes(minutes=15)
    await room.until(mailing)
    assert await room.problems(mailing) == []
    assert Counter(ids_sent(parts).values()) == {1: CLIENTS}


async def test_a_refused_address_has_its_letter_alone(parts: Parts, room: PostRoom) -> None:
    """5xx is never tried again; the letter came, so the recipient is accounted for."""
    mailing = await printed(room)
    parts.smtp.does("refuse", recipient=MOVED)
    await room.until(mailing)
    assert await room.problems(mailing) == []
    report = (await room.mailing(mailing))["report"]
    assert (report["letters"], report["notices"]) == (1, CLIENTS - 1)
    refused = (await room.letters(mailing))[NTH - 1].notice or {}
    assert (refused["state"], refused["attempts"], refused["code"]) == ("REFUSED", 1, "550")
    room.clock.passes(days=4)
    await room.run(mailing)
    assert len(parts.smtp.mails()) == CLIENTS - 1


async def test_an_answer_that_was_lost_has_the_same_message_sent_again(parts: Parts, room: PostRoom) -> None:
    """It can't be known whether the server took it: a second one has the same Message-ID and the same words."""
    mailing = await printed(room)
    parts.smtp.does("close")
    await room.run(mailing)
    assert await states_of_notices(room, mailing) == {"RETRYING": CLIENTS}
    parts.smtp.does("accept")
    room.clock.passes(minutes=15)
    await room.until(mailing)
    assert await room.problems(mailing) == []
    assert Counter(ids_sent(parts).values()) == {2: CLIENTS}
    words = {
        (str(mail.message["Message-ID"]), str(mail.message["To"]), mail.content[-500:]) for mail in parts.smtp.mails()
    }
    assert len(words) == CLIENTS


async def test_edge_case_18_what_comes_back_is_tied_to_its_letter(parts: Parts, room: PostRoom, tmp_path: Path) -> None:
    """A real report of a real server: the letter came all the same, the notice didn't; read twice it is known once."""
    with running_opensmtpd() as server:
        relay = SmtpServer(tmp_path, port=server.relay_port)
        relay.does("refuse", recipient=MOVED)
        relay.start()
        more = f'[post.bounces]\nkind = "maildir"\nfolder = "{server.maildir("bounces")}"\n'
        settings = written(parts.folder, parts.cups, server.port, more)
        try:
            async with opened_at(settings, parts.cups, room.clock) as with_bounces:
                await came_back(with_bounces, server, await with_bounces.approved())
        finally:
            relay.stop()


async def came_back(room: PostRoom, server: OpenSmtpd, mailing: str) -> None:
    await room.until(mailing)
    await until(lambda: len(server.mails("bounces")) == 1 and len(server.mails("everybody")) == CLIENTS - 1)
    assert [await room.read_bounces() for _ in range(2)] == [1, 0]
    assert await room.problems(mailing) == []
    report = (await room.mailing(mailing))["report"]
    assert (report["letters"], report["notices"]) == (1, CLIENTS - 1)
    returned = (await room.letters(mailing))[NTH - 1]
    assert (returned.state, (returned.notice or {})["state"]) == ("PRINTED", "BOUNCED")
    assert [each["status"][0] for each in returned.bounces] == ["5"]
    owner = viewer("salesperson", subject=SALESPERSON)
    found = (await ask(room.company, FLAGGED, viewer=owner, search=returned.recipient["name"])).data["clients"]["edges"]
    assert [(e["node"]["email"], [b["recipient"] for b in e["node"]["bouncedEmails"]]) for e in found] == [
        (MOVED, [MOVED])
    ]
