"""300 letters through a real CUPS and their notices through a real OpenSMTPD; paper runs out after a hundred.

Among the clients are some whose names are markup, headers, paths or placeholders: on paper and in mail they are names.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from html import escape
from pathlib import Path
from random import Random

import pytest
from pypdf import PdfReader

from sources.demo.people import address, company_name
from sources.mailing.letters import SHIPPED
from sources.post.addresses import one_line
from sources.records.sales import Client
from tests.company import ask
from tests.cups import running_cups
from tests.journeys.post_room import AUDIENCE, Letter, PostRoom, a_company, a_customer, opened_at, written
from tests.opensmtpd import OpenSmtpd, running_opensmtpd

pytestmark = pytest.mark.service

ALL, PAPER = 300, 100
STRANGE = (
    "Řehoř Šťastný & Žofie Ďuricová, s.r.o.",
    "Účetnictví #1 *levně* #panic() $x^2$",
    "../../etc/passwd, a.s.",
    "<script>alert(1)</script> & spol.",
    '"Novák" <all@evil.example>, a.s.',
    "=?utf-8?q?Bcc=3A_all@evil.example?= s.r.o.",
    "{new_price} {name} {{ družstvo",
    "Jan Novák\r\nBcc: all@evil.example\r\n\r\n.",
)
HEADERS = {
    "Return-Path", "Delivered-To", "Received", "Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted",
    "Precedence", "X-Campaign", "MIME-Version", "Content-Type",
}  # fmt: skip
NOTICE = "Dobrý den, {name},\n\npošleme Vám dopis o ceně {new_price} ke smlouvě {contract}.\n"
SAVED = "... on TemplateSaved { template { template version } } ... on Refused { code message }"


@dataclass(frozen=True)
class Office:
    room: PostRoom
    mailboxes: OpenSmtpd

    def mails(self) -> dict[str, bytes]:
        """What arrived, by the letter that it announces; each once."""
        found = self.mailboxes.mails("everybody")
        by_letter = {letter_of(message_from_bytes(mail)["Message-ID"]): mail for mail in found}
        assert len(by_letter) == len(found)
        return by_letter


def letter_of(message_id: str) -> str:
    return message_id.strip("<").partition(".")[0].upper()


def clients() -> list[Client]:
    """The strange ones, and others by lot."""
    random = Random(300)
    names = [*STRANGE, *(company_name(random) for _ in range(ALL - len(STRANGE)))]
    return [a_customer(number, name, address(random)) for number, name in enumerate(names)]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    await asyncio.to_thread(a_company, tmp_path, clients())
    with running_cups() as cups, running_opensmtpd() as server:
        async with opened_at(written(tmp_path, cups, server.port), cups) as room:
            yield Office(room, server)


async def until_arrived(office: Office, number: int) -> None:
    """A server takes a message on before it is in its mailbox."""
    async with asyncio.timeout(30):
        while len(office.mailboxes.mails("everybody")) < number:  # noqa: ASYNC110 - another process delivers it
            await asyncio.sleep(0.05)


async def test_edge_case_16_out_of_paper_with_300_clients_to_write_to(office: Office) -> None:
    """A hundred come out and are announced, the others wait for paper; then it goes on by itself."""
    room = office.room
    mailing = await room.approved(template=await a_template_with_names_in_its_notice(room))
    room.cups.be("empty", after=PAPER)
    waiting = await room.until(mailing, lambda kept: "media-empty" in kept["follow"])
    await room.until(mailing, lambda _: len(office.mailboxes.mails("everybody")) == PAPER)
    assert "media-empty-error" in waiting["follow"]
    letters = await room.letters(mailing)
    assert [letter.state for letter in letters] == ["PRINTED"] * PAPER + ["SUBMITTED"] * (ALL - PAPER)
    assert office.mails().keys() == {letter.id for letter in letters[:PAPER]}

    room.cups.stop_being("empty")
    await room.until(mailing)
    assert await room.problems(mailing) == []
    await until_arrived(office, ALL)
    letters = await room.letters(mailing)
    assert [letter.recipient["name"] for letter in letters] == await names_in_the_audience(room)
    report = (await room.mailing(mailing))["report"]
    assert (report["recipients"], report["notices"]) == (ALL, ALL)
    documents = {hashlib.sha256(document).hexdigest(): document for document in room.cups.printed()}
    assert {place: addressed(documents[letter.sha256], letter) for place, letter in looked_at(letters).items()} == {
        place: [] for place in looked_at(letters)
    }
    mails = office.mails()
    assert mails.keys() == {letter.id for letter in letters}
    problems = {letter.recipient["name"]: amiss(mails[letter.id], letter) for letter in letters}
    assert {name: why for name, why in problems.items() if why} == {}


async def a_template_with_names_in_its_notice(room: PostRoom) -> str:
    """The price change that comes along, announced in other words."""
    [shipped] = [each for each in SHIPPED if (each.template, each.language) == ("price-change", "cs")]
    fields = [{"name": field.name, "type": field.type, "required": field.required} for field in shipped.fields]
    wanted = {
        "template": "ceny-2027", "name": "Ceny 2027", "language": "CS", "purpose": "CONTRACTUAL", "body": shipped.body,
        "fields": fields, "subject": "Dopis pro {name}", "notice": NOTICE,
    }  # fmt: skip
    saved = await room.tell("saveTemplate", SAVED, input=("LetterTemplateInput!", wanted))
    return str(saved["template"]["template"])


async def names_in_the_audience(room: PostRoom) -> list[str]:
    """In its order, of the clients that the mailing is for."""
    wanted, names, after = {client.id for client in clients()}, [], None
    while True:
        page = (await ask(room.company, AUDIENCE, first=100, after=after)).data["recipients"]
        names += [edge["node"]["name"] for edge in page["edges"] if edge["node"]["id"] in wanted]
        if not page["pageInfo"]["hasNextPage"]:
            return names
        after = page["pageInfo"]["endCursor"]


def looked_at(letters: Sequence[Letter]) -> Mapping[int, Letter]:
    """Those with strange names, and every tenth: to read a PDF takes a while."""
    return {
        place: letter for place, letter in enumerate(letters) if place % 10 == 0 or letter.recipient["name"] in STRANGE
    }


def addressed(document: bytes, letter: Letter) -> list[str]:
    """What of its recipient's name and address isn't in the text of the letter."""
    text = plain("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages))
    wanted = (letter.recipient["name"], letter.recipient["street"], "Vážení obchodní přátelé", "1,95")
    return [each for each in wanted if plain(each) not in text]


def amiss(content: bytes, letter: Letter) -> list[str]:
    """What is wrong with a notice."""
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    name, (plain_part, html_part) = letter.recipient["name"], mail.iter_parts()
    ((shown, mailbox),) = getaddresses([header(content, "To")])
    words = f"Dobrý den, {plain(name)},"
    right = {
        "its headers": set(mail.keys()) == HEADERS,
        "its recipient": mailbox == letter.recipient["email"],
        "the name in To": decoded(shown) == one_line(name),
        "its subject": decoded(header(content, "Subject")) == one_line(f"Dopis pro {name}"),
        "its text": words in plain(plain_part.get_content()) and "ceně 1,95 Kč" in plain(plain_part.get_content()),
        "its signature": plain_part.get_content().endswith("\nKonference po telefonu s.r.o.\n"),
        "its page": escape(words) in plain(html_part.get_content()) and "<script" not in html_part.get_content(),
    }
    return [what for what, is_right in right.items() if not is_right]


def header(content: bytes, name: str) -> str:
    """As it was sent: the parser for whole messages parts encoded words that belong together."""
    return str(message_from_bytes(content)[name]).replace("\r", "").replace("\n", "")


def decoded(text: str) -> str:
    return str(make_header(decode_header(text)))


def plain(text: str) -> str:
    """Lines, and spaces that keep words together, are of the paper."""
    return " ".join(text.replace("\u00a0", " ").split())
