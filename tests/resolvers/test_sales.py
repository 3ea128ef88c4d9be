"""The subgraph of sales, alone."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from resolvers.sales import schema
from sources.database import Connection
from sources.sales import METADATA, Sales
from tests.asking import ask, entities
from tests.conftest import MakeDatabase
from tests.world import a_client, a_contact, a_contract, a_holiday, a_rate, a_rate_version

NEW_YEAR = date(2026, 1, 1)

VERSIONS = [
    a_rate_version(1, valid_to=NEW_YEAR, rates=(a_rate(price_per_minute=Decimal("1.6550")),)),
    a_rate_version(2, valid_from=NEW_YEAR, valid_to=date(2027, 1, 1)),
    a_rate_version(3, valid_from=date(2027, 1, 1), rates=(a_rate(minimum_charge=Decimal("3.00")),)),
    a_rate_version(1, contract="SM-2", valid_from=date(2026, 6, 1)),
    a_rate_version(1, contract="SM-3"),
    a_rate_version(1, contract="SM-4"),
]
CONTRACTS = [
    a_contract(),
    a_contract("SM-0", status="TERMINATED", valid_from=date(2020, 1, 1), valid_to=date(2024, 9, 1)),
    a_contract("SM-EUR", currency="EUR", valid_from=date(2025, 1, 1)),
    a_contract("SM-2", client="CL-2", band_rule="AT_START", merge_gaps_under_seconds=30),
    a_contract("SM-3", client="CL-3"),
    a_contract("SM-4", client="CL-3"),
    a_contract("SM-5", client="CL-4", status="DRAFT"),
]
CLIENTS = [
    a_client(),
    a_client("CL-2", name="Čapek & Žižka a.s.", postal_address=None, email=None, salesperson=None),
    a_client("CL-3", name="Dvojí smlouva s.r.o."),
    a_client("CL-4", name="Bez smlouvy z.s."),
]


def fill(connection: Connection) -> None:
    Sales.fill(
        connection,
        clients=CLIENTS,
        contacts=[a_contact(), a_contact(position=2, name="Bob", email=None, phone=None)],
        contracts=CONTRACTS,
        rate_versions=VERSIONS,
        holidays=[a_holiday(date(year, 11, 17)) for year in range(2025, 2029)],
    )


@pytest.fixture
def sales(database: MakeDatabase) -> Sales:
    return Sales(database("sales", METADATA, fill))


def owned(number: str, *owners: str, currency: str | None = "CZK", valid_from: str = "2024-09-01") -> dict[str, Any]:
    """An account as the gateway sends it, with what contractRates and tariff require."""
    return {
        "__typename": "BillingAccount",
        "number": number,
        "currency": currency,
        "owners": [{"client": {"id": owner}, "validFrom": valid_from, "validTo": None} for owner in owners],
    }


class TestClients:
    async def test_a_client_with_everything(self, sales: Sales) -> None:
        """One statement for the client, one for its contacts, one for its contracts."""
        answer = await ask(
            schema,
            sales,
            """{ client(id: "CL-00417") {
              id salesperson name companyNumber vatNumber email
              postalAddress { street city postalCode country }
              contacts { name email phone }
              contracts(status: SIGNED) { number status validFrom validTo currency client { name } }
            } }""",
        )
        assert answer.errors == []
        assert answer.data["client"] == {
            "id": "CL-00417",
            "salesperson": "jana.kralova",
            "name": "Novák Konference s.r.o.",
            "companyNumber": "27604977",
            "vatNumber": "CZ27604977",
            "email": "info@novak-konference.example",
            "postalAddress": {"street": "Dlouhá 12", "city": "Praha 1", "postalCode": "110 00", "country": "CZ"},
            "contacts": [
                {"name": "Alice Nováková", "email": "alice@novak-konference.example", "phone": "+420 601 234 567"},
                {"name": "Bob", "email": None, "phone": None},
            ],
            "contracts": [
                {
                    "number": number,
                    "status": "SIGNED",
                    "validFrom": valid_from,
                    "validTo": None,
                    "currency": currency,
                    "client": {"name": "Novák Konference s.r.o."},
                }
                for number, valid_from, currency in (
                    ("SM-2024-0815", "2024-09-01", "CZK"),
                    ("SM-EUR", "2025-01-01", "EUR"),
                )
            ],
        }
        assert answer.statements == 4

    @pytest.mark.parametrize("id", ["unknown", "", "\0", "\ud800"])
    async def test_an_unknown_client_is_null(self, sales: Sales, id: str) -> None:
        """No error, whatever the id looks like."""
        answer = await ask(schema, sales, "query ($id: ID!) { client(id: $id) { id } }", id=id)
        assert (answer.data, answer.errors) == ({"client": None}, [])

    async def test_contracts_without_a_status_are_all(self, sales: Sales) -> None:
        """By validity; null asks for all as well."""
        for argument in ("", "(status: null)"):
            answer = await ask(schema, sales, f'{{ client(id: "CL-00417") {{ contracts{argument} {{ number }} }} }}')
            numbers = [contract["number"] for contract in answer.data["client"]["contracts"]]
            assert numbers == ["SM-0", "SM-2024-0815", "SM-EUR"]

    async def test_many_clients_are_one_batch(self, sales: Sales) -> None:
        """The statements are the same for one and for many."""
        keys = [{"__typename": "Client", "id": id} for id in ("CL-2", "unknown", "CL-3", "CL-00417")]
        answer = await entities(
            schema, sales, keys, "... on Client { id contracts { number rateVersions { version } } }"
        )
        assert [client and client["id"] for client in answer.data] == ["CL-2", None, "CL-3", "CL-00417"]
        one = await entities(schema, sales, keys[:1], "... on Client { contracts { number rateVersions { version } } }")
        assert answer.statements == one.statements == 4

    async def test_sales_down(self, database: MakeDatabase) -> None:
        """Null with an error that names the system."""
        answer = await ask(
            schema, Sales(database("sales")), '{ client(id: "CL-2") { name } clients { edges { cursor } } }'
        )
        assert answer.data == {"client": None, "clients": None}
        assert answer.codes == ["SYSTEM_UNAVAILABLE"] * 2


CLIENTS_PAGE = """query ($search: String, $first: Int = 20, $after: String) {
  clients(search: $search, first: $first, after: $after) {
    edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"""


class TestPages:
    async def test_pages_lead_through_all_clients(self, sales: Sales) -> None:
        """By name; each page is one statement, and the last one says so."""
        seen, after, more = [], None, True
        while more:
            answer = await ask(schema, sales, CLIENTS_PAGE, first=3, after=after)
            page = answer.data["clients"]
            seen += [edge["node"]["id"] for edge in page["edges"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
            assert answer.statements == 1
            assert page["edges"][-1]["cursor"] == after
        assert seen == ["CL-4", "CL-2", "CL-3", "CL-00417"]

    async def test_search_and_pages_go_together(self, sales: Sales) -> None:
        """A page of what was found, and where it goes on."""
        first = (await ask(schema, sales, CLIENTS_PAGE, search="smlouv", first=1)).data["clients"]
        assert [edge["node"]["id"] for edge in first["edges"]] == ["CL-4"]
        after = first["pageInfo"]["endCursor"]
        rest = (await ask(schema, sales, CLIENTS_PAGE, search="smlouv", first=1, after=after)).data["clients"]
        assert [edge["node"]["id"] for edge in rest["edges"]] == ["CL-3"]
        assert not rest["pageInfo"]["hasNextPage"]

    @pytest.mark.parametrize("search", [None, "", "  "])
    async def test_no_search_finds_all(self, sales: Sales, search: str | None) -> None:
        """Nothing to look for is no search."""
        answer = await ask(schema, sales, CLIENTS_PAGE, search=search)
        assert len(answer.data["clients"]["edges"]) == 4

    async def test_nothing_found_is_an_empty_page(self, sales: Sales) -> None:
        """Sales has answered: there is none."""
        answer = await ask(schema, sales, CLIENTS_PAGE, search="nobody")
        assert answer.data["clients"] == {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}

    @pytest.mark.parametrize("first", [0, -1, 101, 2_147_483_647])
    async def test_the_limit_is_named(self, sales: Sales, first: int) -> None:
        """`first` is 1 to 100, and a refused one costs no statement."""
        answer = await ask(schema, sales, CLIENTS_PAGE, first=first)
        assert answer.data == {"clients": None}
        assert answer.codes == ["BAD_USER_INPUT"]
        assert answer.errors[0].message == f"first: {first} is not between 1 and 100"
        assert answer.statements == 0

    @pytest.mark.parametrize(
        "after",
        [
            "",
            "x",
            "not base64!",
            "žluťoučký",
            base64.urlsafe_b64encode(b'{"name": "a"}').decode(),
            base64.urlsafe_b64encode(b'["a", 1]').decode(),
            base64.urlsafe_b64encode(b'["a", "\\u0000"]').decode(),
            base64.urlsafe_b64encode(b"[" * 100_000).decode(),
            base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        ],
    )
    async def test_a_bad_cursor_is_refused(self, sales: Sales, after: str) -> None:
        """Named, with the remedy, and never an error of the database."""
        answer = await ask(schema, sales, CLIENTS_PAGE, after=after)
        assert answer.codes == ["BAD_USER_INPUT"]
        assert answer.errors[0].message.startswith("after: this is no cursor of clients")


RATES = """... on BillingAccount { number contractRates {
  contract { number client { name } } version validFrom validTo
  rates { service band pricePerMinute { amount currency } firstIncrement nextIncrement minimumCharge { amount } }
  next { version validFrom next { version } }
} }"""


class TestContractRates:
    async def test_the_version_in_force_with_the_next(self, sales: Sales) -> None:
        """Of the owner's one signed contract in the account's currency; prices with at least 2 places."""
        answer = await entities(schema, sales, [owned("7700123", "CL-00417")], RATES)
        assert answer.errors == []
        assert answer.data[0]["contractRates"] == {
            "contract": {"number": "SM-2024-0815", "client": {"name": "Novák Konference s.r.o."}},
            "version": 2,
            "validFrom": "2026-01-01",
            "validTo": "2027-01-01",
            "rates": [
                {
                    "service": "dial-in",
                    "band": band,
                    "pricePerMinute": {"amount": price, "currency": "CZK"},
                    "firstIncrement": 60,
                    "nextIncrement": 6,
                    "minimumCharge": None,
                }
                for band, price in (("peak", "1.80"), ("off-peak", "0.95"))
            ],
            "next": {"version": 3, "validFrom": "2027-01-01", "next": None},
        }

    @pytest.mark.parametrize(
        ("at", "version"),
        [
            ("2025-12-31T22:59:59Z", 1),
            ("2025-12-31T23:00:00Z", 2),
            ("2027-06-01T00:00:00+02:00", 3),
            ("2024-08-31T21:59:59Z", None),
        ],
    )
    async def test_a_version_holds_from_local_midnight(self, sales: Sales, at: str, version: int | None) -> None:
        """By the clocks in Prague; before the contract there is none, and that is no error."""
        selection = f'... on BillingAccount {{ contractRates(at: "{at}") {{ version }} }}'
        answer = await entities(schema, sales, [owned("1", "CL-00417", valid_from="2020-01-01")], selection)
        assert answer.data == [{"contractRates": version and {"version": version}}]
        assert answer.errors == []

    async def test_prices_show_two_to_four_places(self, sales: Sales) -> None:
        """1.6550 is 1.655, 3 is 3.00."""
        selection = """... on BillingAccount {
          past: contractRates(at: "2025-01-01T12:00:00Z") { rates { pricePerMinute { amount } } }
          future: contractRates(at: "2027-01-01T12:00:00Z") { rates { minimumCharge { amount currency } } } }"""
        answer = await entities(schema, sales, [owned("1", "CL-00417")], selection)
        assert answer.data[0]["past"] == {"rates": [{"pricePerMinute": {"amount": "1.655"}}]}
        assert answer.data[0]["future"] == {"rates": [{"minimumCharge": {"amount": "3.00", "currency": "CZK"}}]}

    async def test_none_is_null_and_ambiguity_an_error(self, sales: Sales) -> None:
        """No owner, no contract, no version yet: null. Several contracts: an error, for picking one is a guess."""
        accounts = [
            owned("1"),
            owned("2", "CL-4"),
            owned("3", "CL-00417", currency="USD"),
            owned("4", "unknown"),
            owned("5", "CL-3"),
            owned("6", "CL-00417"),
        ]
        answer = await entities(schema, sales, accounts, "... on BillingAccount { contractRates { version } }")
        assert [account["contractRates"] for account in answer.data] == [None] * 5 + [{"version": 2}]
        [error] = answer.errors
        assert (error.path, error.extensions) == (["_entities", 4, "contractRates"], {"code": "AMBIGUOUS_CONTRACT"})
        assert "SM-3, SM-4" in error.message

    @pytest.mark.parametrize("missing", ["currency", "owners"])
    async def test_what_others_did_not_say_is_not_none(self, sales: Sales, missing: str) -> None:
        """A system that is down must not look like "no contract"."""
        account = {**owned("1", "CL-00417"), missing: None}
        answer = await entities(schema, sales, [account], "... on BillingAccount { contractRates { version } }")
        assert answer.data == [{"contractRates": None}]
        assert answer.codes == ["REQUIREMENT_MISSING"]

    async def test_statements_do_not_grow_with_accounts(self, sales: Sales) -> None:
        """Contracts, versions, rates: three statements, for one account and for forty."""
        selection = "... on BillingAccount { contractRates { version rates { band } next { version } } }"
        for count in (1, 40):
            answer = await entities(schema, sales, [owned(str(n), "CL-00417") for n in range(count)], selection)
            assert answer.errors == []
            assert answer.statements == 3


TARIFF = """... on BillingAccount { tariff(at: "2026-11-24T16:30:00Z") {
  __typename
  ... on Tariff { rateVersion { contract { number } version } zone holidays bandRule mergeGapsUnderSeconds }
  ... on Refused { code message } } }"""


class TestTariff:
    async def test_all_that_rating_needs(self, sales: Sales) -> None:
        """The version with how its contract reads it; the holidays of the year and the next."""
        answer = await entities(schema, sales, [owned("1", "CL-2"), owned("2", "CL-00417")], TARIFF)
        assert answer.errors == []
        assert answer.data[0]["tariff"] == {
            "__typename": "Tariff",
            "rateVersion": {"contract": {"number": "SM-2"}, "version": 1},
            "zone": "Europe/Prague",
            "holidays": ["2026-11-17", "2027-11-17"],
            "bandRule": "AT_START",
            "mergeGapsUnderSeconds": 30,
        }
        assert answer.data[1]["tariff"]["bandRule"] == "SPLIT"
        assert answer.statements == 4

    @pytest.mark.parametrize(
        ("account", "code"),
        [
            (owned("1"), "no-owner"),
            (owned("1", "CL-00417", valid_from="2026-11-25"), "no-owner"),
            (owned("1", "CL-4"), "no-contract"),
            (owned("1", "CL-00417", currency="EUR"), "no-contract"),
            (owned("1", "CL-3"), "ambiguous-contract"),
        ],
    )
    async def test_refusals_are_answers(self, sales: Sales, account: dict[str, Any], code: str) -> None:
        """A code for programs and a message for people, and no error."""
        answer = await entities(schema, sales, [account], TARIFF)
        assert answer.errors == []
        assert answer.data[0]["tariff"]["code"] == code
        assert answer.data[0]["tariff"]["message"]


class TestRateVersions:
    async def test_found_by_contract_and_version(self, sales: Sales) -> None:
        """Billing names them by both; unknown ones are null; statements don't grow."""
        wanted = [("SM-2024-0815", 3), ("SM-2024-0815", 9), ("unknown", 1), ("SM-2", 1), ("SM-2024-0815", 1)]
        keys = [{"__typename": "RateVersion", "contract": {"number": n}, "version": version} for n, version in wanted]
        selection = "... on RateVersion { version validFrom contract { number currency } }"
        answer = await entities(schema, sales, keys, selection)
        assert [found and (found["contract"]["number"], found["version"]) for found in answer.data] == [
            ("SM-2024-0815", 3), None, None, ("SM-2", 1), ("SM-2024-0815", 1),
        ]  # fmt: skip
        assert answer.statements == 3

    async def test_contracts_by_number(self, sales: Sales) -> None:
        """At the root and as entities."""
        answer = await ask(
            schema, sales, '{ contract(number: "SM-2024-0815") { client { id } rateVersions { version validTo } } }'
        )
        assert answer.data["contract"] == {
            "client": {"id": "CL-00417"},
            "rateVersions": [
                {"version": 1, "validTo": "2026-01-01"},
                {"version": 2, "validTo": "2027-01-01"},
                {"version": 3, "validTo": None},
            ],
        }
        keys = [{"__typename": "Contract", "number": number} for number in ("SM-5", "unknown")]
        found = await entities(schema, sales, keys, "... on Contract { status }", now=datetime(2026, 1, 1, tzinfo=UTC))
        assert found.data == [{"status": "DRAFT"}, None]
