"""Sales: clients and how they are found, contracts and their rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from sources.folding import folded
from sources.records.sales import Client
from sources.sales import METADATA, Position, Sales
from tests.conftest import MakeDatabase
from tests.world import a_client, a_contact, a_contract, a_holiday, a_rate, a_rate_version

CLIENTS = [
    a_client("CL-1", name="Novák Konference s.r.o.", company_number="27604977", vat_number="CZ27604977"),
    a_client("CL-2", name="Čapek & Žižka, a.s.", company_number="27600000", vat_number=None, postal_address=None),
    a_client("CL-3", name="Łukasz Wiśniewski Sp. z o.o.", company_number="0000918273", vat_number="PL9182736450"),
    a_client("CL-4", name="ŠŤASTNÝ DŮM", company_number=None, vat_number=None, email=None),
    a_client("CL-5", name="Novák Konference s.r.o.", company_number="61234567", vat_number=None),
]
VERSIONS = [
    a_rate_version(1, valid_to=date(2026, 1, 1)),
    a_rate_version(2, valid_from=date(2026, 1, 1), rates=(a_rate(price_per_minute=Decimal("0.0725")),)),
    a_rate_version(1, contract="SM-2"),
]


@pytest.fixture
def sales(database: MakeDatabase) -> Sales:
    def fill(connection: object) -> None:
        Sales.fill(
            connection,  # type: ignore[arg-type]
            clients=CLIENTS,
            contacts=[a_contact("CL-1", position=2, name="Bob"), a_contact("CL-1"), a_contact("CL-2")],
            contracts=[a_contract(client="CL-1"), a_contract("SM-2", client="CL-2", status="DRAFT")],
            rate_versions=VERSIONS,
            holidays=[a_holiday(), a_holiday(date(2027, 1, 1), name="Nový rok"), a_holiday(calendar="SK")],
        )

    return Sales(database("sales", METADATA, fill))


async def found(sales: Sales, search: str | None, first: int = 100) -> list[str]:
    return [client.id for client, _ in await sales.clients_in_order(search=search, first=first, after=None)]


class TestClients:
    async def test_a_client_comes_back_as_it_was(self, sales: Sales) -> None:
        """Every field of the record, with and without an address."""
        by_id = {client.id: client for client in await sales.clients(["CL-1", "CL-2", "unknown"])}
        assert by_id == {"CL-1": CLIENTS[0], "CL-2": CLIENTS[1]}

    async def test_clients_are_in_the_order_of_their_names(self, sales: Sales) -> None:
        """Without diacritics and case; of equal names by id."""
        assert await found(sales, None) == ["CL-2", "CL-3", "CL-1", "CL-5", "CL-4"]

    async def test_pages_follow_each_other(self, sales: Sales) -> None:
        """Behind the last client of a page comes the next, also among equal names."""
        seen: list[tuple[Client, Position]] = []
        while page := await sales.clients_in_order(search=None, first=2, after=seen[-1][1] if seen else None):
            seen += page
        assert [client.id for client, _ in seen] == ["CL-2", "CL-3", "CL-1", "CL-5", "CL-4"]

    @pytest.mark.parametrize(
        ("search", "ids"),
        [
            ("novak", ["CL-1", "CL-5"]),
            ("NOVÁK konf", ["CL-1", "CL-5"]),
            ("konference novák", ["CL-1", "CL-5"]),
            ("sro", ["CL-1", "CL-5"]),
            ("s.r.o.", ["CL-1", "CL-5"]),
            ("zizka", ["CL-2"]),
            ("Čapek,Žižka", ["CL-2"]),
            ("lukasz wisniewski sp z oo", ["CL-3"]),
            ("šťastný dům", ["CL-4"]),
            ("stastny dum", ["CL-4"]),
            ("27604977", ["CL-1"]),
            ("2760", ["CL-2", "CL-1"]),
            ("276 04 977", ["CL-1"]),
            ("CZ27604977", ["CL-1"]),
            ("pl918", ["CL-3"]),
            ("7604977", []),
            ("nobody", []),
            ("%", []),
            ("_", []),
            ("...", []),
            ("\0", []),
            ("a b c d e f g h i j", []),
        ],
    )
    async def test_search(self, sales: Sales, search: str, ids: list[str]) -> None:
        """Every word, anywhere in the name, in any order; or the beginning of an IČO or DIČ. No wildcards."""
        assert await found(sales, search) == ids

    async def test_contacts_are_in_their_clients_order(self, sales: Sales) -> None:
        """One statement for all clients."""
        contacts = await sales.contacts_of_clients(["CL-1", "CL-2", "CL-3"])
        assert [(contact.client, contact.position) for contact in contacts] == [("CL-1", 1), ("CL-1", 2), ("CL-2", 1)]


class TestContracts:
    async def test_contracts_by_number_and_by_client(self, sales: Sales) -> None:
        """Whatever their status."""
        contract = a_contract(client="CL-1")
        assert await sales.contracts(["SM-2024-0815", "unknown"]) == [contract]
        both = await sales.contracts_of_clients(["CL-2", "CL-1", "CL-3"])
        assert [(one.number, one.status) for one in both] == [("SM-2024-0815", "SIGNED"), ("SM-2", "DRAFT")]

    async def test_versions_come_with_their_rates(self, sales: Sales) -> None:
        """Two statements for any number of contracts; prices to the last digit."""
        before = sales.database.statements
        assert await sales.rate_versions_of_contracts(["SM-2024-0815", "SM-2", "unknown"]) == [
            VERSIONS[2],
            *VERSIONS[:2],
        ]
        assert sales.database.statements == before + 2

    async def test_holidays_are_of_a_calendar_and_a_time(self, sales: Sales) -> None:
        """[since, until)"""
        holidays = await sales.holidays(["CZ"], since=date(2026, 1, 1), until=date(2027, 1, 1))
        assert [holiday.day for holiday in holidays] == [date(2026, 11, 17)]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Novák Konference, s.r.o.", "novak konference sro"),
        ("ŽLUŤOUČKÝ KŮŇ", "zlutoucky kun"),
        ("Straße", "strasse"),
        ("Ødegård & Æbleskiver", "odegard aebleskiver"),
        ("O'Brien\u2019s", "obriens"),
        ("ﬁrma №1", "firma no1"),
        ("Žižka", "zizka"),
        (" \t\n%_\\ ", ""),
    ],
)
def test_folding(text: str, plain: str) -> None:
    """As people type it: no diacritics (composed or not), no case, no punctuation."""
    assert folded(text) == plain
