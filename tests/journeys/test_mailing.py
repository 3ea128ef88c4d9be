"""A mailing's whole way by the graph with nothing in memory: typst, a folder that prints, a folder of e-mails."""

from __future__ import annotations

import asyncio
import base64
import csv
import email
import email.policy
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import make_app
from gateway.company import SYSTEMS, Company, open_company
from gateway.config import Settings, read_settings
from gateway.post import FOLDER
from tests.company import EVENING, ask
from tests.sources.mailing.scene import AUDIENCE

REFUSED = "... on Refused { code message }"
CAMPAIGN = f"... on CampaignRecorded {{ campaign {{ id state }} }} {REFUSED}"
HANDED = f"... on LettersHanded {{ letters waiting campaign {{ state }} }} {REFUSED}"
POST = """
[http]
hosts = ["graph.example.org"]
[post]
sender = "Konference <info@example.org>"
[post.unsubscribe]
url = "https://graph.example.org/unsubscribe"
key_file = "KEY"
"""
PREVIEW = """query ($campaign: ID!, $position: Int!) { previewLetter(campaign: $campaign, position: $position) {
  ... on LetterPreview { pdfBase64 pngBase64 } ... on PreviewRefused { code message field line } } }"""
REPORT = """query ($id: ID!) { mailing(id: $id) {
  letters { state sha256 notice { state email } } exclusions { code client { id } }
  report { recipients letters notices exclusions failed open balanced } reportCsvBase64 reportPdfBase64 } }"""


@dataclass(slots=True)
class Mailing:
    """Asks the graph; each mutation has a key of its own."""

    company: Company
    keys: int = 0

    async def tell(self, name: str, selection: str, **given: tuple[str, Any]) -> Any:
        self.keys += 1
        given = {"idempotencyKey": ("ID!", f"k{self.keys}"), **given}
        declared = ", ".join(f"${argument}: {type_}" for argument, (type_, _) in given.items())
        passed = ", ".join(f"{argument}: ${argument}" for argument in given)
        text = f"mutation ({declared}) {{ it: {name}({passed}) {{ __typename {selection} }} }}"
        answer = await ask(self.company, text, **{argument: value for argument, (_, value) in given.items()})
        assert answer.errors == []
        assert answer.data["it"]["__typename"] != "Refused", answer.data
        return answer.data["it"]

    async def deliver(self, template: str, rows: list[dict[str, Any]]) -> str:
        """From a template that came along to the last notice: the id of the mailing."""
        wanted = {
            "title": "Dopis",
            "template": template,
            "version": 1,
            "audience": AUDIENCE,
            "values": [{"name": "year", "value": "2027"}],
            "printer": "folder",
            "notifyAt": EVENING.isoformat(),
        }
        id = (await self.tell("createCampaign", CAMPAIGN, input=("CampaignInput!", wanted)))["campaign"]["id"]
        of: dict[str, tuple[str, Any]] = {"campaign": ("ID!", id)}
        await self.tell("snapshotRecipients", CAMPAIGN, **of, recipients=("[RecipientInput!]!", rows))
        await self.tell("renderLetters", HANDED, **of)
        await self.tell("approveMailing", CAMPAIGN, **of, round=("Int!", 0))
        assert (await self.tell("submitLetters", HANDED, **of))["waiting"] is None
        assert (await self.tell("followLetters", HANDED, **of))["campaign"]["state"] == "NOTIFYING"
        sent = await self.tell("sendNotices", HANDED, **of)
        assert (sent["waiting"], sent["campaign"]["state"]) == (None, "DONE")
        return str(id)


def a_row(client: str, name: str, **changes: Any) -> dict[str, Any]:
    values = [{"name": "year", "value": "2027"}]
    place = {"street": "Na Příkladu 7", "city": "Praha 4", "postalCode": "140 00", "country": "CZ"}
    mail = f"{client.lower()}@example.cz"
    return {
        "client": client,
        "name": name,
        **place,
        "email": mail,
        "marketingConsent": True,
        "values": values,
        **changes,
    }


async def previewed(company: Company, campaign: str, position: int) -> Any:
    answer = await ask(company, PREVIEW, campaign=campaign, position=position)
    assert answer.errors == []
    return answer.data["previewLetter"]


@pytest.fixture
def settings(files: Path, tmp_path: Path) -> Settings:
    key = tmp_path / "key"
    key.write_text("a-secret-key-of-20-x", encoding="utf-8")
    file = tmp_path / "spojka.toml"
    file.write_text(POST.replace("KEY", str(key)), encoding="utf-8")
    return read_settings(files, {}, systems=tuple(SYSTEMS), file=file)


@pytest.fixture
async def mailing(settings: Settings) -> AsyncIterator[Mailing]:
    company = await asyncio.to_thread(open_company, settings, clock=lambda: EVENING)
    yield Mailing(company)
    await company.close()


async def test_from_a_template_that_came_along_to_a_report_that_adds_up(mailing: Mailing, settings: Settings) -> None:
    """Each recipient has a letter in the printer's folder and an e-mail elsewhere, or a reason; a click ends it."""
    rows = [
        a_row("CL-00417", "Novák & synové #1, s.r.o."),
        a_row("CL-00002", "Bez adresy, s.r.o.", street=None),
        a_row("CL-00003", "Nechce, s.r.o.", marketingConsent=False),
    ]
    id = await mailing.deliver("season-greeting-cs", rows)
    found = (await ask(mailing.company, REPORT, id=id)).data["mailing"]
    assert [(each["state"], each["notice"]["state"]) for each in found["letters"]] == [("PRINTED", "ACCEPTED")]
    assert {each["client"]["id"]: each["code"] for each in found["exclusions"]} == {
        "CL-00002": "NO_ADDRESS",
        "CL-00003": "OPTED_OUT",
    }
    report = found["report"]
    assert report["balanced"]
    assert report["recipients"] == 3 == report["notices"] + report["letters"] + report["exclusions"]
    assert (report["failed"], report["open"]) == (0, 0)
    lines = list(csv.DictReader(base64.b64decode(found["reportCsvBase64"]).decode().splitlines()))
    assert [line["outcome"] for line in lines] == ["NOTICE", "EXCLUDED", "EXCLUDED"]
    assert base64.b64decode(found["reportPdfBase64"]).startswith(b"%PDF")

    preview = await previewed(mailing.company, id, 1)
    pdf, png = (base64.b64decode(preview[name]) for name in ("pdfBase64", "pngBase64"))
    assert (hashlib.sha256(pdf).hexdigest(), png[:4]) == (found["letters"][0]["sha256"], b"\x89PNG")
    assert (await previewed(mailing.company, id, 2))["code"] == "unknown-recipient"
    [printed] = (settings.data / "printed").rglob("*.pdf")
    assert printed.read_bytes().startswith(b"%PDF")
    [file] = (settings.data / FOLDER).glob("*.eml")
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert message["To"].addresses[0].addr_spec == "cl-00417@example.cz"
    assert message["Message-ID"].startswith(f"<{id.lower()}-1.")
    link = str(message["List-Unsubscribe"]).split(">")[0].strip("<")
    assert link.startswith("https://graph.example.org/unsubscribe/")

    app = make_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://graph.example.org") as http,
    ):
        clicked = await http.post(link, data={"List-Unsubscribe": "One-Click"})
        assert (clicked.status_code, "Hotovo" in clicked.text) == (200, True)
    id = await mailing.deliver("season-greeting-en", [rows[0], a_row("CL-00005", "Dvořák, s.r.o.")])
    found = (await ask(mailing.company, REPORT, id=id)).data["mailing"]
    assert [(each["client"]["id"], each["code"]) for each in found["exclusions"]] == [("CL-00417", "OPTED_OUT")]


async def test_a_letter_that_cannot_be_made_says_which_value_is_to_blame(mailing: Mailing) -> None:
    """Before anybody approves it."""
    wanted = {"title": "x", "template": "season-greeting-cs", "version": 1, "audience": AUDIENCE}
    wanted["values"] = [{"name": "year", "value": "2027"}]
    given = ("CampaignInput!", {**wanted, "printer": "folder"})
    id = (await mailing.tell("createCampaign", CAMPAIGN, input=given))["campaign"]["id"]
    rows = [a_row("CL-00417", "Novák", values=[{"name": "year", "value": "二〇二七"}])]
    taken = {"campaign": ("ID!", id), "recipients": ("[RecipientInput!]!", rows)}
    answer = await mailing.tell("snapshotRecipients", CAMPAIGN, **taken)
    assert answer["campaign"]["state"] == "SNAPSHOT"
    refused = await previewed(mailing.company, id, 1)
    assert (refused["code"], refused["field"], refused["line"]) == ("no-letter", "year", None)
    assert refused["message"].startswith("no font here has the letters")


async def test_without_a_key_there_is_no_endpoint(files: Path) -> None:
    """Nobody is unsubscribed by a link that nobody signed."""
    app = make_app(Settings(data=files))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        answer = await http.post("/unsubscribe/a.b", data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code in (404, 405)
