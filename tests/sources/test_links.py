"""Links: whose account it is, was, and will be."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sources.database import Database
from sources.errors import SystemReadOnly
from sources.links import METADATA, Links
from sources.records.links import Linked, Note
from sources.records.refusal import Refusal
from tests.conftest import MakeDatabase
from tests.world import a_link

PAST = a_link("7700001", client="CL-1", valid_to=date(2025, 7, 1), valid_from=date(2024, 1, 1))
NOW = a_link("7700001", client="CL-2", valid_from=date(2025, 7, 1))
OTHER = a_link("7700002", client="CL-2")


@pytest.fixture
def links(database: MakeDatabase) -> Links:
    return Links(database("links", METADATA, lambda connection: Links.fill(connection, links=[OTHER, NOW, PAST])))


async def test_an_account_has_all_its_owners_in_order(links: Links) -> None:
    """Whenever they owned it; of unknown accounts nothing is known."""
    assert await links.of_accounts(["7700001", "unknown"]) == [PAST, NOW]


async def test_a_client_has_all_its_links(links: Links) -> None:
    """Past ones too: which are of today is a question of time, and that is not asked here."""
    assert await links.of_clients(["CL-2", "CL-1"]) == [PAST, NOW, OTHER]


async def test_any_number_of_keys_is_one_statement(links: Links) -> None:
    """Statements don't grow with keys."""
    before = links.database.statements
    await links.of_clients([f"CL-{number}" for number in range(500)])
    assert links.database.statements == before + 1


# Changing it

TODAY = date(2026, 11, 24)


def note(reason: str | None = None) -> Note:
    return Note(by="jana", at=datetime(2026, 11, 24, 11, tzinfo=UTC), today=TODAY, reason=reason)


async def test_a_link_said_again_is_known(links: Links) -> None:
    """It is there once, and one change is noted."""
    wanted = a_link("7700003", client="CL-3", valid_from=date(2026, 1, 1))
    assert await links.link([wanted], note()) == Linked((wanted,), 1)
    assert await links.link([wanted, wanted], note()) == Linked((wanted, wanted), 0)
    assert await links.of_accounts(["7700003"]) == [wanted]
    [change] = await links.changes_of_accounts(["7700003"])
    assert (change.what, change.changed_by, change.client, change.position) == ("LINKED", "jana", "CL-3", 1)


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "fits"),
    [
        (date(2023, 1, 1), date(2024, 1, 1), True),  # touches what begins then
        (date(2023, 1, 1), date(2024, 1, 2), False),
        (date(2025, 6, 30), date(2025, 7, 1), False),
        (date(2030, 1, 1), None, False),
        (date(2023, 1, 1), None, False),
    ],
)
async def test_an_account_is_one_clients_at_a_time(
    links: Links, valid_from: date, valid_to: date | None, fits: bool
) -> None:
    """[from, to) may touch and may not share a day, with the past neither; refused, nothing is there."""
    wanted = a_link("7700001", client="CL-9", valid_from=valid_from, valid_to=valid_to)
    outcome = await links.link([wanted], note())
    assert isinstance(outcome, Linked) is fits
    assert (wanted in await links.of_accounts(["7700001"])) is fits
    if not isinstance(outcome, Linked):
        assert [problem.code for problem in outcome] == ["overlapping-link"]
        assert await links.changes_of_accounts(["7700001"]) == []


async def test_all_links_are_made_or_none(links: Links) -> None:
    """Every problem is told, also one among those that came together; trying tells the same and writes nothing."""
    wanted = [
        a_link("7700003", client="CL-3", valid_from=date(2026, 1, 1)),
        a_link("7700003", client="CL-4", valid_from=date(2026, 2, 1)),
        a_link("7700001", client="CL-4", valid_from=date(2026, 2, 1)),
    ]
    tried, done = await links.try_to_link(wanted), await links.link(wanted, note())
    assert tried == done
    assert isinstance(done, tuple)
    assert [(problem.position, problem.code) for problem in done] == [(1, "overlapping-link"), (2, "overlapping-link")]
    assert await links.of_accounts(["7700003"]) == []
    assert await links.try_to_link(wanted[:1]) == Linked((wanted[0],), 1)
    assert await links.of_accounts(["7700003"]) == []


async def test_a_link_ends_and_another_follows(links: Links) -> None:
    """The account changes hands; ended again on that day, it is known."""
    on = date(2027, 1, 1)
    ended = replace(NOW, valid_to=on)
    for _ in range(2):
        assert await links.unlink("7700001", "CL-2", valid_to=on, valid_from=None, note=note()) == ended
    following = a_link("7700001", client="CL-5", valid_from=on)
    assert isinstance(await links.link([following], note()), Linked)
    assert await links.of_accounts(["7700001"]) == [PAST, ended, following]
    changes = await links.changes_of_accounts(["7700001"])
    assert [(each.what, each.client, each.valid_to, each.valid_to_before) for each in changes] == [
        ("ENDED", "CL-2", on, None),
        ("LINKED", "CL-5", None, None),
    ]


async def test_days_that_have_begun_change_only_for_a_reason(links: Links) -> None:
    """Which is kept; a day to come needs none."""
    refused = await links.unlink("7700001", "CL-2", valid_to=TODAY, valid_from=None, note=note())
    assert isinstance(refused, Refusal)
    assert refused.code == "changes-the-past"
    assert NOW in await links.of_accounts(["7700001"])
    ended = await links.unlink("7700001", "CL-2", valid_to=TODAY, valid_from=None, note=note("typing error"))
    assert ended == replace(NOW, valid_to=TODAY)
    assert [each.reason for each in await links.changes_of_accounts(["7700001"])] == ["typing error"]


async def test_a_link_that_would_hold_no_day_is_withdrawn(links: Links) -> None:
    """Said again, it is known; the change stays though the link is gone, and it can be made anew."""
    wanted = a_link("7700003", client="CL-3", valid_from=date(2027, 1, 1))
    await links.link([wanted], note())
    for _ in range(2):
        gone = await links.unlink("7700003", "CL-3", valid_to=wanted.valid_from, valid_from=None, note=note())
        assert gone == replace(wanted, valid_to=wanted.valid_from)
    assert await links.of_accounts(["7700003"]) == []
    assert [each.what for each in await links.changes_of_accounts(["7700003"])] == ["LINKED", "WITHDRAWN"]
    assert await links.link([wanted], note()) == Linked((wanted,), 1)


@pytest.mark.parametrize(
    ("client", "valid_to", "valid_from", "code"),
    [
        ("CL-9", date(2027, 1, 1), None, "no-such-link"),
        ("CL-2", date(2025, 1, 1), None, "no-such-link"),
        ("CL-2", date(2027, 1, 1), date(2025, 7, 2), "no-such-link"),
        ("CL-1", date(2027, 1, 1), None, "already-ended"),
        ("CL-2", date(2025, 1, 1), date(2025, 7, 1), "ends-before-it-begins"),
    ],
)
async def test_what_cant_end_is_refused(
    links: Links, client: str, valid_to: date, valid_from: date | None, code: str
) -> None:
    """An ended link isn't made longer, and nobody else's is ended."""
    outcome = await links.unlink("7700001", client, valid_to=valid_to, valid_from=valid_from, note=note("for a reason"))
    assert isinstance(outcome, Refusal)
    assert outcome.code == code
    assert await links.of_accounts(["7700001"]) == [PAST, NOW]


async def test_of_two_who_link_an_account_at_once_one_is_refused(links: Links) -> None:
    """On different days too, where no key would collide: whoever comes second sees the first."""
    wanted = [a_link("7700009", client=f"CL-{day}", valid_from=date(2026, 1, day)) for day in range(1, 9)]
    outcomes = await asyncio.gather(*(links.link([each], note()) for each in wanted))
    assert sum(isinstance(outcome, Linked) for outcome in outcomes) == 1
    assert len(await links.of_accounts(["7700009"])) == 1


async def test_where_links_are_only_read_trying_says_so(tmp_path: Path) -> None:
    """A mapped cross-reference, or one that says read_only: a dry run promises nothing that can't be kept."""
    url = f"sqlite:///{tmp_path}/links.sqlite"
    made = Database("links", url)
    made.create(METADATA, lambda connection: Links.fill(connection, links=[NOW]))
    reading = Database("links", url, read_only=True)
    source = Links(reading)
    assert await source.of_accounts(["7700001"]) == [NOW]
    for attempt in (source.try_to_link([OTHER]), source.link([OTHER], note())):
        with pytest.raises(SystemReadOnly):
            await attempt
    await made.close()
    await reading.close()
