"""Links: whose account it is, was, and will be."""

from __future__ import annotations

from datetime import date

import pytest

from sources.links import METADATA, Links
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
