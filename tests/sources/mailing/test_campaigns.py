"""Templates, campaigns and snapshots, on every kind of database."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from processes.rules.mailing import campaigns
from processes.rules.mailing.report import report
from resolvers.mailing.rules import RULES
from sources.errors import KeyReused
from sources.mailing import METADATA, Mailing
from sources.mailing.tables import TEMPLATES
from sources.records.mailing import Campaign
from sources.records.refusal import Refusal
from tests.conftest import MakeDatabase
from tests.sources.mailing.scene import NOON, Scene, a_campaign, a_row, a_template, opened

EVERYBODY = [
    a_row(1),
    a_row(2, email=None),
    a_row(3, street=None),
    a_row(4, city=" ", email="not an address"),
    a_row(1, name="again"),
    a_row(6, marketing_consent=False),
    a_row(7, street="DLOUHÁ  1 "),
]


@pytest.fixture
def any_scene(database: MakeDatabase) -> Scene:
    """On each kind of database."""
    return Scene(Mailing(database("mailing", METADATA)))


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """On a file, for what doesn't depend on the kind of database."""
    async with opened(tmp_path) as mailing:
        yield Scene(mailing)


async def test_a_template_is_written_over_until_it_is_used(any_scene: Scene) -> None:
    """Then there is a new version; the same content again is the version that has it."""
    mailing = any_scene.mailing
    first = await mailing.save_template(a_template(), caller="anna", key="1")
    changed = await mailing.save_template(a_template(body="= Ceny"), caller="anna", key="2")
    assert (first.version, changed.version, changed.body) == (1, 1, "= Ceny")
    await mailing.create_campaign(a_campaign(), year=2026, caller="anna", key="3")
    same = await mailing.save_template(a_template(body="= Ceny"), caller="anna", key="4")
    another = await mailing.save_template(a_template(body="= Jiné ceny"), caller="anna", key="5")
    assert (same.version, same.used, another.version, another.used) == (1, True, 2, False)
    assert [each.version for each in await mailing.versions(["price-change"])] == [1, 2]
    assert await mailing.templates() == [another]
    assert another == a_template(version=2, body="= Jiné ceny")


async def test_a_used_template_is_immutable_whoever_writes(any_scene: Scene) -> None:
    """The database itself refuses."""
    await any_scene.make()
    for change in (update(TEMPLATES).values(body="another"), update(TEMPLATES).values(used=False), delete(TEMPLATES)):
        with pytest.raises((DatabaseError, IntegrityError)):
            await any_scene.mailing.database.write(lambda connection, change=change: connection.execute(change))  # type: ignore[misc]


async def test_campaigns_are_numbered_and_kept_as_they_were_wanted(scene: Scene) -> None:
    """The same key is the same campaign; another input under it is refused."""
    made = await scene.make()
    assert made == a_campaign(id="ML-2026-000001")
    again = await scene.mailing.create_campaign(a_campaign(), year=2026, caller="anna", key="key-2")
    assert again == made
    with pytest.raises(KeyReused):
        await scene.mailing.create_campaign(a_campaign(title="x"), year=2026, caller="anna", key="key-2")
    other = await scene.mailing.create_campaign(a_campaign(title="x"), year=2026, caller="anna", key="new")
    assert isinstance(other, Campaign)
    assert other.id == "ML-2026-000002"
    assert await scene.mailing.latest_campaigns(first=5, before=None) == [other, made]
    assert await scene.mailing.latest_campaigns(first=5, before=other.id) == [made]
    assert await scene.mailing.campaigns_under_way(first=1) == [made]


async def test_a_campaign_needs_its_template(scene: Scene) -> None:
    refused = await scene.mailing.create_campaign(a_campaign(), year=2026, caller="anna", key="1")
    assert isinstance(refused, Refusal)
    assert refused.code == "unknown-template"


async def test_everybody_gets_a_letter_or_a_reason(any_scene: Scene) -> None:
    """Edge cases 19 and 20, for a contractual letter: opting out of marketing doesn't matter."""
    await any_scene.make()
    taken = await any_scene.snapshot(EVERYBODY)
    assert isinstance(taken, Campaign)
    assert (taken.state, taken.asked) == ("SNAPSHOT", 7)
    recipients = await any_scene.mailing.recipients(any_scene.id, first=10, after=0)
    assert [(each.position, each.client, each.email) for each in recipients] == [
        (1, "CL-00001", "klient1@example.cz"),
        (2, "CL-00002", None),
        (3, "CL-00006", "klient6@example.cz"),
        (4, "CL-00007", "klient7@example.cz"),
    ]
    assert recipients[0].name == "Řízek a synové 1, s.r.o."
    assert json.loads(recipients[0].data) == {"price": "1.95"}
    found = await any_scene.mailing.exclusions(any_scene.id, first=10, after=0)
    assert [(each.number, each.client, each.code) for each in found] == [
        (1, "CL-00002", "NO_EMAIL"),
        (2, "CL-00003", "NO_ADDRESS"),
        (3, "CL-00004", "NO_ADDRESS_NO_EMAIL"),
        (4, "CL-00001", "DUPLICATE"),
    ]
    assert await any_scene.mailing.exclusions(any_scene.id, first=1, after=1, code="NO_ADDRESS") == found[1:2]
    assert await any_scene.mailing.exclusions_of_clients(["CL-00003"]) == found[1:2]
    assert await any_scene.mailing.recipients(any_scene.id, first=2, after=1) == recipients[1:3]
    assert (await any_scene.mailing.recipients_of_letters([f"{any_scene.id}-2"])) == {
        f"{any_scene.id}-2": recipients[1]
    }
    await balanced(any_scene)


async def balanced(scene: Scene) -> None:
    [totals] = await scene.mailing.totals([await scene.campaign()])
    counted = report(
        asked=totals.asked,
        letters=totals.letters,
        exclusions=totals.exclusions,
        announced=totals.announced,
        notice_due=totals.notice_due,
    )
    assert counted.is_balanced, counted


async def test_equal_addresses_are_reported(scene: Scene) -> None:
    """Whatever their case, accents and spaces; both get their letter."""
    await scene.make()
    await scene.snapshot([a_row(1), a_row(2), a_row(3, street="dlouha 1,")])
    [group] = await scene.mailing.equal_addresses(scene.id, first=10)
    assert [each.client for each in group] == ["CL-00001", "CL-00003"]


async def test_equal_addresses_are_merged_by_choice_alone(scene: Scene) -> None:
    """Edge case 20: the one who came first gets the letter, on an earlier page too."""
    await scene.make(merges_addresses=True)
    await scene.snapshot([a_row(1), a_row(2, street="Dlouhá 1")], is_last=False)
    await scene.snapshot([a_row(3, street="dlouhá 1"), a_row(4)], after=2)
    assert [letter.client for letter in await scene.letters()] == ["CL-00001", "CL-00004"]
    notes = {each.client: each.note for each in await scene.mailing.exclusions(scene.id, first=10, after=0)}
    assert sorted(notes) == ["CL-00002", "CL-00003"]
    assert "CL-00001" in notes["CL-00003"]


async def test_marketing_asks_for_consent(scene: Scene) -> None:
    """Edge case 20: nobody who has not agreed, and nobody who has unsubscribed since, whatever sales still knows."""
    await scene.to_approved(a_row(1), a_row(2), template=a_template(purpose="MARKETING"))
    kept = await scene.mailing.unsubscribe(f"{scene.id}-2", now=NOON)
    again = await scene.mailing.unsubscribe(f"{scene.id}-2", now=NOON)
    assert kept == again
    await scene.make(a_template(purpose="MARKETING"))
    rows = [a_row(1), a_row(2), a_row(3, marketing_consent=False), a_row(4, marketing_consent=None)]
    await scene.snapshot(rows)
    assert [letter.client for letter in await scene.letters()] == ["CL-00001"]
    found = await scene.mailing.exclusions(scene.id, first=10, after=0)
    assert [(each.client, each.code) for each in found] == [(f"CL-0000{number}", "OPTED_OUT") for number in (2, 3, 4)]


async def test_pages_come_in_order_and_as_often_as_they_like(scene: Scene) -> None:
    """A page that came is known, under another key too; one that overlaps adds what is new; a gap is refused."""
    await scene.make()
    pages = [a_row(number) for number in range(1, 6)]
    await scene.snapshot(pages[:2], is_last=False)
    await scene.snapshot(pages[:2], is_last=False)
    gap = await scene.snapshot(pages[3:], after=3)
    assert isinstance(gap, Refusal)
    assert gap.code == "rows-missing"
    await scene.snapshot(pages[1:4], after=1, is_last=False)
    taken = await scene.snapshot(pages[4:], after=4)
    assert isinstance(taken, Campaign)
    assert (taken.asked, taken.state, len(await scene.letters())) == (5, "SNAPSHOT", 5)
    late = await scene.snapshot(pages[4:], after=4)
    assert isinstance(late, Refusal)
    assert late.code == "wrong-state"
    assert await scene.mailing.exclusions(scene.id, first=10, after=0) == []


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "price is missing"),
        ({"price": " "}, "price is missing"),
        ({"price": "much"}, "price is 'much', which is no AMOUNT (like 1.95 or 1.95 CZK)"),
        ({"price": "1", "cost": "1"}, "cost is no field of the template"),
    ],
)
async def test_a_page_with_a_value_that_is_none_is_refused_whole(
    scene: Scene, values: dict[str, str], problem: str
) -> None:
    """The client is named, and nothing of the page is kept."""
    await scene.make()
    refused = await scene.snapshot([a_row(1), a_row(2, values=values)])
    assert isinstance(refused, Refusal)
    assert refused.code == "bad-value"
    assert f"CL-00002, {problem}" in refused.message
    assert await scene.letters() == []


async def test_recipients_are_taken_anew_before_approval(scene: Scene) -> None:
    """Edge case 21: the address of now, and nothing of the snapshot before; afterwards the snapshot rules."""
    await scene.make()
    await scene.snapshot([a_row(1), a_row(2, street=None)])
    await scene.render()
    again = await scene.edit(campaigns.refreshed)
    assert isinstance(again, Campaign)
    assert (again.state, again.round, again.asked) == ("DRAFT", 2, 0)
    await scene.snapshot([a_row(1, street="Krátká 5"), a_row(2)])
    await scene.render()
    assert [each.street for each in await scene.mailing.recipients(scene.id, first=9, after=0)] == [
        "Krátká 5",
        "Dlouhá 2",
    ]
    assert b"Kr\xc3\xa1tk\xc3\xa1 5" in (await scene.mailing.documents([f"{scene.id}-1"]))[f"{scene.id}-1"]
    await scene.approve()
    late = await scene.edit(campaigns.refreshed)
    assert isinstance(late, Refusal)
    assert late.code == "wrong-state"


async def test_an_older_round_is_not_approved(scene: Scene) -> None:
    """What a person approves is what they looked at."""
    await scene.make()
    await scene.snapshot([a_row(1)])
    await scene.edit(campaigns.refreshed)
    await scene.snapshot([a_row(1)])
    await scene.render()
    refused = await scene.edit(lambda state: campaigns.approved(state, round=1), approved_by="anna")
    assert isinstance(refused, Refusal)
    assert refused.code == "other-round"


async def test_what_can_be_delivered_is_found(any_scene: Scene) -> None:
    """By what there is to do now: nothing while a person is to act, it is paused, or notices are not due yet."""
    scene = any_scene

    async def found(at: datetime = NOON) -> bool:
        return [each.id for each in await scene.mailing.campaigns_to_deliver(at=at, first=10)] == [scene.id]

    await scene.make(notify_at=NOON + timedelta(hours=1))
    assert not await found()
    await scene.snapshot([a_row(1), a_row(2, email=None)])
    assert await found()
    await scene.render()
    assert not await found()
    await scene.approve()
    assert await found()
    await scene.edit(campaigns.paused)
    assert not await found()
    await scene.edit(campaigns.resumed)
    await scene.submit()
    assert await found()
    await scene.follow()
    assert not await found()
    assert await found(NOON + timedelta(hours=1))


async def test_rows_of_another_round_are_refused(scene: Scene) -> None:
    """Who began before somebody else began anew has nothing to say any more."""
    await scene.make()
    given = {"after": 0, "is_last": False, "caller": "processes", "rules": RULES}
    taken = await scene.mailing.take_snapshot(scene.id, [a_row(1)], round=1, key="a", **given)
    assert isinstance(taken, Campaign)
    await scene.edit(campaigns.refreshed)
    refused = await scene.mailing.take_snapshot(scene.id, [a_row(1)], round=1, key="b", **given)
    assert isinstance(refused, Refusal)
    assert refused.code == "other-round"


async def test_letters_are_rendered_in_pages(any_scene: Scene) -> None:
    """The same bytes for the same recipient; what can't be made says why, and the others go on."""
    await any_scene.make()
    await any_scene.snapshot([a_row(1), a_row(2, name="Sněhulák \N{SNOWMAN}"), *(a_row(n) for n in range(3, 61))])
    assert await any_scene.render(40) == 40
    assert (await any_scene.campaign()).state == "SNAPSHOT"
    assert await any_scene.render(40) == 20
    assert (await any_scene.campaign()).state == "RENDERED"
    assert await any_scene.render(40) == 0
    letters = await any_scene.letters()
    assert [letter.state for letter in letters].count("RENDERED") == 59
    assert (letters[1].state, letters[1].reason) == ("FAILED", "it can't be rendered: no font has the snowman")
    assert letters[0].sha256
    assert letters[0].pages == 1
    assert await any_scene.mailing.letters_of_campaign(any_scene.id, first=9, after=0, state="FAILED") == [letters[1]]
    assert await any_scene.mailing.letters_of_clients(["CL-00001"]) == [letters[0]]
    await balanced(any_scene)


async def test_nothing_is_printed_that_nobody_approved(any_scene: Scene) -> None:
    """The database refuses such a campaign, whoever writes."""
    await any_scene.make()
    await any_scene.snapshot([a_row(1)])
    await any_scene.render()
    refused = await any_scene.submit()
    assert isinstance(refused, Refusal)
    assert refused.code == "wrong-state"
    with pytest.raises((DatabaseError, IntegrityError)):
        await any_scene.edit(lambda state: replace(state, state="PRINTING"))
    assert any_scene.printer.jobs == {}
