"""The subgraph of mailing, alone: from a template to the last notice, and what is refused on the way."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from resolvers.mailing import Delivery, MailingContext, schema
from sources.demo.cast import SELLER
from sources.mailing import Mailing
from sources.mailing.lettering import Lettering, check_body
from tests.asking import Answer, ask, entities
from tests.sources.mailing.scene import AUDIENCE, Clock, MemoryBounces, MemoryPostman, MemoryPrinter, in_memory, opened

NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
REFUSED = "... on Refused { code message }"
CAMPAIGN = f"... on CampaignRecorded {{ campaign {{ id state paused round asked }} }} {REFUSED}"
HANDED = f"... on LettersHanded {{ letters waiting campaign {{ state }} }} {REFUSED}"
TEMPLATE: dict[str, Any] = {
    "template": "price-change",
    "name": "Změna ceny",
    "language": "CS",
    "purpose": "CONTRACTUAL",
    "body": "Vážení, od #fields.valid_from platíte #fields.price.",
    "fields": [{"name": "price", "type": "AMOUNT"}, {"name": "valid_from", "type": "DATE"}],
    "subject": "Dopis pro {name}",
    "notice": "Dobrý den, {name}, píšeme Vám o ceně {price}.",
}
VALUES = [{"name": "price", "value": "1.95 CZK"}, {"name": "valid_from", "value": "2027-01-01"}]
ROW: dict[str, Any] = {
    "client": "CL-00417",
    "name": "Novák & synové #1, s.r.o.",
    "street": "Na Příkladu 2240/7",
    "city": "Praha 4",
    "postalCode": "140 00",
    "country": "CZ",
    "email": "novak@example.cz",
    "values": [{"name": "price", "value": "1.95 CZK"}, {"name": "valid_from", "value": "2027-01-01"}],
}


@dataclass(slots=True)
class Asking:
    """Asks as one caller; each mutation has a key of its own."""

    mailing: Mailing
    delivery: Delivery = field(default_factory=in_memory)
    clock: Clock = field(default_factory=Clock)
    keys: int = 0

    async def ask(self, text: str, **variables: Any) -> Answer:
        context = MailingContext(source=self.mailing, now=NOON, caller="anna", delivery=self.delivery, clock=self.clock)
        return await ask(schema, self.mailing, text, context=context, **variables)

    async def tell(self, name: str, selection: str, **given: tuple[str, Any]) -> Any:
        """A mutation's answer; each argument is given with its type."""
        self.keys += 1
        given = {"idempotencyKey": ("ID!", f"k{self.keys}"), **given}
        declared = ", ".join(f"${argument}: {type_}" for argument, (type_, _) in given.items())
        passed = ", ".join(f"{argument}: ${argument}" for argument in given)
        text = f"mutation ({declared}) {{ it: {name}({passed}) {{ __typename {selection} }} }}"
        answer = await self.ask(text, **{argument: value for argument, (_, value) in given.items()})
        assert answer.errors == []
        return answer.data["it"]

    async def save(self, **changes: Any) -> Any:
        selection = f"... on TemplateSaved {{ template {{ version used }} }} {REFUSED}"
        return await self.tell("saveTemplate", selection, input=("LetterTemplateInput!", {**TEMPLATE, **changes}))

    async def create(self, **changes: Any) -> Any:
        wanted = {
            "title": "Nové ceny",
            "template": "price-change",
            "version": 1,
            "audience": AUDIENCE,
            "values": VALUES,
            "printer": "letters",
            "notifyAt": "2026-11-24T11:00:00Z",
            **changes,
        }
        return await self.tell("createCampaign", CAMPAIGN, input=("CampaignInput!", wanted))

    async def of(self, name: str, id: str, selection: str = CAMPAIGN, **given: tuple[str, Any]) -> Any:
        return await self.tell(name, selection, campaign=("ID!", id), **given)


@pytest.fixture
async def asking(tmp_path: Path) -> AsyncIterator[Asking]:
    async with opened(tmp_path) as mailing:
        yield Asking(mailing)


async def test_from_a_template_to_the_last_notice(asking: Asking) -> None:
    """The whole way by the graph, with letters as they are really rendered."""
    printer, postman = MemoryPrinter(), MemoryPostman()
    asking.delivery = Delivery(
        typeset=Lettering(SELLER),
        check_body=check_body,
        printers={"letters": printer},
        postman=postman,
        domain="example.cz",
        bounces=MemoryBounces(),
    )
    assert (await asking.save())["template"] == {"version": 1, "used": False}
    made = (await asking.create())["campaign"]
    id = made["id"]
    assert made == {"id": "ML-2026-000001", "state": "DRAFT", "paused": False, "round": 0, "asked": 0}
    rows = [ROW, {**ROW, "client": "CL-00002", "email": ""}, {**ROW, "client": "CL-00003", "street": None}]
    taken = await asking.of("snapshotRecipients", id, recipients=("[RecipientInput!]!", rows))
    assert (taken["campaign"]["state"], taken["campaign"]["asked"]) == ("SNAPSHOT", 3)
    assert (await asking.of("renderLetters", id, HANDED))["campaign"]["state"] == "RENDERED"
    assert (await asking.of("approveMailing", id, round=("Int!", 0)))["campaign"]["state"] == "APPROVED"
    assert (await asking.of("submitLetters", id, HANDED))["letters"] == 2
    assert (await asking.of("followLetters", id, HANDED))["campaign"]["state"] == "NOTIFYING"
    sent = await asking.of("sendNotices", id, HANDED)
    assert sent == {"__typename": "LettersHanded", "letters": 1, "waiting": None, "campaign": {"state": "DONE"}}
    answer = await asking.ask(
        """query ($id: ID!) { mailing(id: $id) {
          approvedBy template { version used } letterDate
          letters { id state pages sha256 documentBase64 recipient { name email } client { id }
                    printJobs { attempt printer state } notice { state messageId email } }
          exclusions { client { id } code }
          report { recipients letters notices exclusions failed open balanced lettersByState { name number } }
        } }""",
        id=id,
    )
    assert answer.errors == []
    mailing = answer.data["mailing"]
    assert (mailing["approvedBy"], mailing["template"], mailing["letterDate"]) == (
        "anna",
        {"version": 1, "used": True},
        "2026-11-24",
    )
    first, second = mailing["letters"]
    assert base64.b64decode(first["documentBase64"]) == printer.jobs["1"][1][0]
    assert printer.jobs["1"][1][0].startswith(b"%PDF")
    assert (first["state"], first["pages"], first["recipient"]["name"]) == ("PRINTED", 1, ROW["name"])
    assert re.fullmatch(r"<ml-2026-000001-1\.[0-9a-f]{16}@example\.cz>", first["notice"].pop("messageId"))
    assert first["notice"] == {"state": "ACCEPTED", "email": "novak@example.cz"}
    assert second["notice"] is None
    assert mailing["exclusions"] == [
        {"client": {"id": "CL-00002"}, "code": "NO_EMAIL"},
        {"client": {"id": "CL-00003"}, "code": "NO_ADDRESS"},
    ]
    assert mailing["report"] == {
        "recipients": 3,
        "letters": 1,
        "notices": 1,
        "exclusions": 1,
        "failed": 0,
        "open": 0,
        "balanced": True,
        "lettersByState": [{"name": "PRINTED", "number": 2}],
    }
    assert postman.posted[0].text == "Dobrý den, Novák & synové #1, s.r.o., píšeme Vám o ceně 1,95\N{NO-BREAK SPACE}Kč."


async def test_what_a_client_was_sent_and_what_not(asking: Asking) -> None:
    """From the client of another subgraph, by its key: letters and exclusions, in one batch."""
    await asking.save()
    id = (await asking.create())["campaign"]["id"]
    rows = [ROW, {**ROW, "client": "CL-00002", "street": None}]
    await asking.of("snapshotRecipients", id, recipients=("[RecipientInput!]!", rows))
    keys = [{"__typename": "Client", "id": id} for id in ("CL-00417", "CL-00002", "CL-00009")]
    selection = "... on Client { mailings { letters { state campaign { title } } exclusions { code note } } }"
    answer = await entities(schema, asking.mailing, keys, selection)
    note = "CL-00002 has no whole postal address: sales should ask for it"
    assert [each["mailings"] for each in answer.data] == [
        {"letters": [{"state": "PLANNED", "campaign": {"title": "Nové ceny"}}], "exclusions": []},
        {"letters": [], "exclusions": [{"code": "NO_ADDRESS", "note": note}]},
        {"letters": [], "exclusions": []},
    ]
    assert answer.statements == 3


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"fields": [{"name": "Price"}]}, "bad-field", "'Price'"),
        ({"fields": [{"name": "price"}, {"name": "price"}]}, "bad-field", "declared twice"),
        ({"subject": "{cost}"}, "bad-subject", "{cost} is no declared field; there are name, price, valid_from"),
        ({"notice": "a single {"}, "bad-notice", "a single { at character 10"),
        ({"subject": "two\nlines"}, "bad-subject", "more than one line"),
        ({"body": "#fields.price\n#fields.valid_from\n#fields.cost"}, "bad-template", "line 3"),
        ({"body": "#fields.price #fields.valid_from\n#unknown()"}, "bad-template", "line 2"),
    ],
)
async def test_a_template_that_is_wrong_says_where(
    asking: Asking, changes: dict[str, Any], code: str, told: str
) -> None:
    """Before anybody gets a letter, and nothing is kept."""
    asking.delivery = Delivery(check_body=check_body)
    refused = await asking.save(**changes)
    assert refused["code"] == code
    assert told in refused["message"]
    assert (await asking.ask("{ letterTemplates { version } }")).data == {"letterTemplates": []}


async def test_what_is_not_set_up_is_said(asking: Asking) -> None:
    """A mailing can be made and looked at where nothing is printed or sent; what can't be done says why."""
    await asking.save()
    id = (await asking.create())["campaign"]["id"]
    asking.delivery = Delivery()
    assert (await asking.create())["code"] == "no-post"
    assert (await asking.create(notifyAt=None))["campaign"]["state"] == "DRAFT"
    codes = [
        (await asking.of(name, id, HANDED))["code"]
        for name in ("renderLetters", "submitLetters", "followLetters", "sendNotices")
    ]
    assert codes == ["no-letters", "unknown-printer", "unknown-printer", "no-post"]
    read = await asking.ask(f"mutation {{ readBounces {{ {REFUSED} }} }}")
    assert read.data["readBounces"]["code"] == "no-bounces"
    assert (await asking.of("submitLetters", "nothing", HANDED))["code"] == "unknown-mailing"


async def test_marketing_is_announced_only_with_a_link_to_unsubscribe(asking: Asking) -> None:
    """Said with the remedy when it is made, and again when it is approved, before anything is printed."""
    await asking.save(purpose="MARKETING")
    can, cannot = (replace(asking.delivery, can_unsubscribe=each) for each in (True, False))
    asking.delivery = cannot
    refused = await asking.create()
    assert refused["code"] == "no-unsubscribe"
    assert "say url in [post.unsubscribe] of spojka.toml" in refused["message"]
    assert (await asking.create(notifyAt=None))["campaign"]["state"] == "DRAFT"
    asking.delivery = can
    id = (await asking.create())["campaign"]["id"]
    await asking.of("snapshotRecipients", id, recipients=("[RecipientInput!]!", [{**ROW, "marketingConsent": True}]))
    await asking.of("renderLetters", id, HANDED)
    asking.delivery = cannot
    assert (await asking.of("approveMailing", id, round=("Int!", 0)))["code"] == "no-unsubscribe"
    asking.delivery = can
    assert (await asking.of("approveMailing", id, round=("Int!", 0)))["campaign"]["state"] == "APPROVED"


async def test_a_mailing_to_a_printer_that_is_not_there_is_refused(asking: Asking) -> None:
    await asking.save()
    refused = await asking.create(printer="another")
    assert refused["message"] == "there is no printer another; there are letters"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"title": ""}, "input.title: 0 characters"),
        ({"variables": "[]"}, "input.variables: these are no variables"),
        ({"variables": "{"}, "input.variables: these are no variables"),
        ({"audience": "x" * 100_001}, "input.audience: 100001 characters"),
    ],
)
async def test_bad_input_is_named(asking: Asking, changes: dict[str, Any], told: str) -> None:
    wanted = {"title": "t", "template": "x", "version": 1, "audience": "{ a }", "printer": "p", **changes}
    text = 'mutation ($i: CampaignInput!) { createCampaign(input: $i, idempotencyKey: "k") { __typename } }'
    answer = await asking.ask(text, i=wanted)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0].message.startswith(told)


async def test_people_lead_a_mailing(asking: Asking) -> None:
    """Pause, resume, refresh, cancel; each answers the mailing as it is now, and the same again for the same key."""
    await asking.save()
    id = (await asking.create())["campaign"]["id"]
    assert (await asking.of("pauseMailing", id))["campaign"]["paused"]
    assert not (await asking.of("resumeMailing", id))["campaign"]["paused"]
    assert (await asking.of("approveMailing", id, round=("Int!", 0)))["code"] == "wrong-state"
    assert (await asking.of("refreshRecipients", id))["campaign"]["round"] == 1
    assert (await asking.of("cancelMailing", id))["campaign"]["state"] == "CANCELLED"
    assert (await asking.of("resumeMailing", id))["code"] == "wrong-state"
    assert (await asking.of("pauseMailing", "nothing"))["code"] == "unknown-mailing"
    listed = await asking.ask("{ mailings { id } mailingsUnderWay { id } }")
    assert listed.data == {"mailings": [{"id": id}], "mailingsUnderWay": []}


async def test_what_comes_back_is_acknowledged_once_it_is_kept(asking: Asking) -> None:
    """And whoever unsubscribes is found by their letter."""
    await asking.save()
    id = (await asking.create())["campaign"]["id"]
    await asking.of("snapshotRecipients", id, recipients=("[RecipientInput!]!", [ROW]))
    bounces = asking.delivery.bounces
    assert isinstance(bounces, MemoryBounces)
    bounces.came.append(Came())
    read = "mutation { readBounces { ... on BouncesRead { bounces } } }"
    assert (await asking.ask(read)).data == {"readBounces": {"bounces": 1}}
    assert bounces.came == []
    text = f'mutation {{ recordUnsubscribe(letter: "{id}-1") {{ ... on Unsubscribed {{ client {{ id }} }} }} }}'
    assert (await asking.ask(text)).data == {"recordUnsubscribe": {"client": {"id": "CL-00417"}}}


@dataclass(frozen=True)
class Came:
    message_id: str = "<somebody@else>"
    recipient: str = "x@example.cz"
    status: str = "5.1.1"
    text: str = "no such user"
    is_final: bool = True
