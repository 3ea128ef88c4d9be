"""The subgraph of links, alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from resolvers.links import schema
from sources.links import METADATA, Links
from tests.asking import ask, entities
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


@pytest.mark.parametrize(
    ("account", "since", "until", "client"),
    [
        ("7700001", "2026-10-31T23:00:00Z", "2026-11-23T23:00:00Z", "CL-1"),
        ("7700001", "2026-11-23T23:00:00Z", "2026-11-30T23:00:00Z", "CL-2"),
        ("7700001", "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z", None),  # of two clients
        ("7700002", "2024-12-15T23:00:00Z", "2025-01-15T23:00:00Z", "CL-2"),  # nobody's at first
        ("7700003", "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z", None),
        ("unknown", "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z", None),
    ],
)
async def test_an_invoice_is_the_clients_who_owned_the_account_then(
    links: Links, account: str, since: str, until: str, client: str | None
) -> None:
    """The one who did in the billed time, if from some day on; not today's owner."""
    named = {"account": {"number": account}}
    keys = [
        {"__typename": "Invoice", "id": "IN-1", **named, "chargesFrom": since, "period": {"to": until}},
        {"__typename": "BillingPeriod", **named, "from": "2030-01-01T00:00:00Z", "chargesFrom": since, "to": until},
    ]
    selection = "... on Invoice { client { id } } ... on BillingPeriod { client { id } }"
    answers = [await entities(schema, links, [key], selection) for key in keys]
    assert [answer.data for answer in answers] == [[{"client": {"id": client} if client else None}]] * 2
    assert [(answer.errors, answer.statements) for answer in answers] == [([], 1)] * 2


INVOICE = {"__typename": "Invoice", "id": "IN-1"}
KNOWN = {
    "account": {"number": "7700001"},
    "chargesFrom": "2026-10-31T23:00:00Z",
    "period": {"to": "2026-11-30T23:00:00Z"},
}
PERIOD = {"__typename": "BillingPeriod", "account": KNOWN["account"], "from": KNOWN["chargesFrom"]}


@pytest.mark.parametrize(
    "key",
    [
        {**INVOICE, **KNOWN, "account": None},
        {**INVOICE, **KNOWN, "chargesFrom": None},
        {**INVOICE, **KNOWN, "period": None},
        {**INVOICE, **KNOWN, "period": {"to": None}},
        {**PERIOD, "chargesFrom": KNOWN["chargesFrom"], "to": None},
        {**PERIOD, "chargesFrom": None, "to": "2026-11-30T23:00:00Z"},
    ],
)
async def test_whose_it_is_needs_what_billing_says(links: Links, key: dict[str, object]) -> None:
    """Unknown is an error, never nobody."""
    selection = "... on Invoice { client { id } } ... on BillingPeriod { client { id } }"
    answer = await entities(schema, links, [key], selection)
    assert answer.data == [{"client": None}]
    assert answer.codes == ["REQUIREMENT_MISSING"]


async def test_links_down_is_an_error_not_an_empty_list(database: MakeDatabase) -> None:
    """What is not known is null, with an error that names the system."""
    down = Links(database("links"))
    answer = await entities(schema, down, clients("CL-1"), "... on Client { id billingAccounts { number } }")
    assert answer.data == [{"id": "CL-1", "billingAccounts": None}]
    assert answer.codes == ["SYSTEM_UNAVAILABLE"]
    assert answer.errors[0].extensions["system"] == "links"


# Filling it

LINK = """mutation ($account: ID!, $client: ID!, $from: Date!, $to: Date) {
  linkAccount(account: $account, client: $client, validFrom: $from, validTo: $to) {
    ... on AccountLinked { link { account { number } client { id } validFrom validTo } }
    ... on Refused { code message }
  }
}"""
LINK_ALL = """mutation ($links: [AccountLinkInput!]!, $dry: Boolean!) {
  linkAccounts(links: $links, dryRun: $dry) {
    ... on AccountsLinked { linked links { account { number } } }
    ... on LinksRefused { problems { position code } }
  }
}"""
UNLINK = """mutation ($to: Date!, $reason: String) {
  unlinkAccount(account: "7700002", client: "CL-2", validTo: $to, reason: $reason) {
    ... on AccountUnlinked { link { validFrom validTo } }
    ... on Refused { code }
  }
}"""
CHANGES = "... on BillingAccount { linkChanges { kind changedAt changedBy client { id } validToBefore reason } }"


async def test_an_account_is_linked_or_refused(links: Links) -> None:
    """The answer leads to both entities; what overlaps is an answer too, with who is in the way."""
    wanted = {"account": "7700004", "client": "CL-7", "from": "2026-12-01"}
    for _ in range(2):
        answer = await ask(schema, links, LINK, **wanted)
        assert answer.data == {
            "linkAccount": {
                "link": {
                    "account": {"number": "7700004"},
                    "client": {"id": "CL-7"},
                    "validFrom": "2026-12-01",
                    "validTo": None,
                }
            }
        }
    answer = await ask(schema, links, LINK, **{**wanted, "client": "CL-8", "from": "2026-12-24"})
    assert answer.errors == []
    assert answer.data["linkAccount"]["code"] == "overlapping-link"
    assert "CL-7's from 2026-12-01 on" in answer.data["linkAccount"]["message"]


@pytest.mark.parametrize(
    ("changes", "argument"),
    [({"to": "2026-12-01"}, "validTo"), ({"account": ""}, "account"), ({"client": "x" * 256}, "client")],
)
async def test_what_is_no_link_is_bad_input(links: Links, changes: dict[str, str], argument: str) -> None:
    """The argument is named."""
    answer = await ask(schema, links, LINK, **{"account": "7", "client": "CL-7", "from": "2026-12-01", **changes})
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0].message.startswith(f"{argument}: ")


async def test_links_that_come_together_are_made_or_refused_together(links: Links) -> None:
    """Each problem has its position; a dry run says what would be, and does nothing."""
    good = {"account": "7700005", "client": "CL-7", "validFrom": "2026-12-01"}
    bad = {"account": "7700002", "client": "CL-7", "validFrom": "2026-12-01"}
    answer = await ask(schema, links, LINK_ALL, links=[good, bad], dry=False)
    assert answer.data == {"linkAccounts": {"problems": [{"position": 1, "code": "overlapping-link"}]}}
    for dry, linked in ((True, 1), (False, 1), (False, 0)):
        answer = await ask(schema, links, LINK_ALL, links=[good], dry=dry)
        assert answer.data == {"linkAccounts": {"linked": linked, "links": [{"account": {"number": "7700005"}}]}}


async def test_ending_a_link_is_seen_in_the_accounts_changes(links: Links) -> None:
    """Who, when, what it was before, and why."""
    assert (await ask(schema, links, UNLINK, to="2026-11-24")).data == {"unlinkAccount": {"code": "changes-the-past"}}
    ended = await ask(schema, links, UNLINK, to="2026-11-24", reason="sold")
    assert ended.data == {"unlinkAccount": {"link": {"validFrom": "2025-01-01", "validTo": "2026-11-24"}}}
    answer = await entities(schema, links, accounts("7700002", "7700001"), CHANGES)
    change = {
        "kind": "ENDED",
        "changedAt": "2026-11-24T11:00:00Z",
        "changedBy": "anonymous",
        "client": {"id": "CL-2"},
        "validToBefore": None,
        "reason": "sold",
    }
    assert answer.data == [{"linkChanges": [change]}, {"linkChanges": []}]
    assert answer.statements == 1
