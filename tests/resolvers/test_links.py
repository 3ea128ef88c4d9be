"""The subgraph of links, alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from resolvers.links import schema
from sources.links import METADATA, Links
from tests.asking import entities
from tests.conftest import MakeDatabase
from tests.world import a_link

LINKS = [
    a_link("7700001", client="CL-1", valid_from=date(2024, 1, 1), valid_to=date(2026, 11, 24)),
    a_link("7700001", client="CL-2", valid_from=date(2026, 11, 24)),
    a_link("7700002", client="CL-2", valid_from=date(2025, 1, 1)),
    a_link("7700003", client="CL-2", valid_from=date(2027, 1, 1)),
]


@pytest.fixture
def links(database: MakeDatabase) -> Links:
    return Links(database("links", METADATA, lambda connection: Links.fill(connection, links=LINKS)))


def clients(*ids: str) -> list[dict[str, str]]:
    return [{"__typename": "Client", "id": id} for id in ids]


def accounts(*numbers: str) -> list[dict[str, str]]:
    return [{"__typename": "BillingAccount", "number": number} for number in numbers]


async def test_a_client_has_the_accounts_of_today(links: Links) -> None:
    """Neither past nor future ones; one statement for all clients."""
    keys = clients("CL-1", "CL-2", "unknown")
    answer = await entities(schema, links, keys, "... on Client { id billingAccounts { number } }")
    assert answer.data == [
        {"id": "CL-1", "billingAccounts": []},
        {"id": "CL-2", "billingAccounts": [{"number": "7700001"}, {"number": "7700002"}]},
        {"id": "unknown", "billingAccounts": []},
    ]
    assert answer.statements == 1


@pytest.mark.parametrize(
    ("now", "owner"),
    [
        (datetime(2026, 11, 23, 22, 59, tzinfo=UTC), "CL-1"),
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), "CL-2"),
    ],
)
async def test_an_account_changes_hands_at_local_midnight(links: Links, now: datetime, owner: str) -> None:
    """Of the day on clocks in Prague."""
    answer = await entities(schema, links, accounts("7700001"), "... on BillingAccount { client { id } }", now=now)
    assert answer.data == [{"client": {"id": owner}}]


async def test_an_account_nobody_owns_today_has_no_client(links: Links) -> None:
    """Null, and no error: links has answered."""
    answer = await entities(schema, links, accounts("7700003", "unknown"), "... on BillingAccount { client { id } }")
    assert answer.data == [{"client": None}, {"client": None}]
    assert answer.errors == []
    assert answer.statements == 1


async def test_an_account_has_all_its_owners(links: Links) -> None:
    """Past and future ones, in order of time."""
    selection = "... on BillingAccount { owners { client { id } validFrom validTo } }"
    answer = await entities(schema, links, accounts("7700001", "unknown"), selection)
    assert answer.data == [
        {
            "owners": [
                {"client": {"id": "CL-1"}, "validFrom": "2024-01-01", "validTo": "2026-11-24"},
                {"client": {"id": "CL-2"}, "validFrom": "2026-11-24", "validTo": None},
            ]
        },
        {"owners": []},
    ]


async def test_links_down_is_an_error_not_an_empty_list(database: MakeDatabase) -> None:
    """What is not known is null, with an error that names the system."""
    down = Links(database("links"))
    answer = await entities(schema, down, clients("CL-1"), "... on Client { id billingAccounts { number } }")
    assert answer.data == [{"id": "CL-1", "billingAccounts": None}]
    assert answer.codes == ["SYSTEM_UNAVAILABLE"]
    assert answer.errors[0].extensions["system"] == "links"
