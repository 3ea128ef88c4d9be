"""Whose tables a database has: what is made at the first start, what is refused, and what is never touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.company import SYSTEMS, open_company
from gateway.config import ConfigError, Settings, read_settings
from gateway.databases import StartError
from tests.company import EVENING, ask, opened

CONTACTS = """
[systems.sales.tables.contacts]
absent = true
[systems.sales.tables.holidays]
absent = true
"""
SAME = "".join(f"[systems.sales.tables.{name}]\n" for name in ("contracts", "rate_versions", "contract_rates"))
Make = Callable[[str], Settings]


@pytest.fixture
def settings_of(tmp_path: Path) -> Make:
    """`settings_of(text)`: a settings file beside an empty data directory, with a CRM that has one client."""
    crm = tmp_path / "crm.sqlite"
    connection = sqlite3.connect(crm)
    connection.executescript(
        """CREATE TABLE KLI_FIRMY (KLI_ID INTEGER PRIMARY KEY, KLI_NAZEV TEXT NOT NULL, OBCHODNIK TEXT, ICO TEXT);
        INSERT INTO KLI_FIRMY VALUES (417, 'Novák Konference', 'jana.kralova', '27604977');
        CREATE TABLE contracts (number TEXT, client INTEGER, status TEXT, valid_from DATE, valid_to DATE,
          currency TEXT, calendar TEXT, zone TEXT, band_rule TEXT, merge_gaps_under_seconds INTEGER);
        CREATE TABLE rate_versions (contract TEXT, version INTEGER, valid_from DATE, valid_to DATE);
        CREATE TABLE contract_rates (contract TEXT, version INTEGER, position INTEGER, service TEXT, band TEXT,
          price_per_minute NUMERIC, first_increment INTEGER, next_increment INTEGER, minimum_charge NUMERIC);"""
    )
    connection.close()

    def read(text: str) -> Settings:
        file = tmp_path / "spojka.toml"
        file.write_text(text.replace("CRM", f"sqlite:///{crm}"), encoding="utf-8")
        return read_settings(tmp_path / "data", {}, systems=tuple(SYSTEMS), file=file)

    return read


MAPPED = f"""[systems.sales]
url = "CRM"
[systems.sales.tables.clients]
table = "KLI_FIRMY"
[systems.sales.tables.clients.columns]
id = "KLI_ID"
name = "KLI_NAZEV"
salesperson = "OBCHODNIK"
company_number = "ICO"
vat_number = {{ absent = true }}
email = {{ absent = true }}
marketing_consent = {{ constant = false }}
street = {{ absent = true }}
city = {{ absent = true }}
postal_code = {{ absent = true }}
country = {{ absent = true }}
{SAME}{CONTACTS}"""


async def test_a_mapped_system_is_served_beside_empty_ones(settings_of: Make, tmp_path: Path) -> None:
    """Nobody's made-up bookings stand beside somebody's real clients; and the CRM is as it was."""
    settings = settings_of(MAPPED)
    before = (tmp_path / "crm.sqlite").read_bytes()
    async with opened(settings) as company:
        document = '{ client(id: "417") { name companyNumber billingAccounts { number } bookings(last: 5) { ref } } }'
        answer = await ask(company, document)
        assert answer.errors == []
        assert answer.data == {
            "client": {
                "name": "Novák Konference",
                "companyNumber": "27604977",
                "billingAccounts": [],
                "bookings": [],
            }
        }
        assert (await ask(company, "{ clients { edges { node { id } } } }")).data["clients"]["edges"] == [
            {"node": {"id": "417"}}
        ]
        assert set((await company.readiness()).values()) == {None}
    made = {path.name for path in (tmp_path / "data").glob("*.sqlite")}
    assert made == {f"{system}.sqlite" for system in SYSTEMS if system != "sales"}
    assert (tmp_path / "crm.sqlite").read_bytes() == before
    async with opened(settings) as company:  # and again: what was made is there
        assert (await ask(company, '{ client(id: "417") { name } }')).errors == []


def test_all_that_does_not_fit_is_said_at_the_start(settings_of: Make, tmp_path: Path) -> None:
    """With line, system, table, column and what was found near it; nothing is made meanwhile."""
    settings = settings_of(MAPPED.replace('"KLI_NAZEV"', '"KLI_NAZEF"').replace('company_number = "ICO"\n', ""))
    with pytest.raises(StartError) as raised:
        open_company(settings, clock=lambda: EVENING)
    assert str(raised.value).splitlines() == [
        "databases aren't as spojka.toml maps them:",
        "spojka.toml:7: sales.clients.name: KLI_FIRMY has no column KLI_NAZEF; near it: KLI_NAZEV, KLI_ID",
        "spojka.toml:3: sales.clients.company_number: KLI_FIRMY has no column company_number: name the column that "
        "holds text, say absent = true where nobody has one; near it: ICO, KLI_ID, KLI_NAZEV, OBCHODNIK",
    ]
    assert list((tmp_path / "data").glob("*.sqlite")) == []


async def test_a_mapped_system_that_is_down_is_passed_over(settings_of: Make, tmp_path: Path) -> None:
    """The others answer; it is looked at when it comes back, and a missing file is never made."""
    (tmp_path / "crm.sqlite").rename(tmp_path / "away.sqlite")
    async with opened(settings_of_file(tmp_path)) as company:
        answer = await ask(company, '{ client(id: "417") { name bookings(last: 1) { ref } } }')
        assert answer.codes == {"SYSTEM_UNAVAILABLE"}
        assert not (tmp_path / "crm.sqlite").exists()
        (tmp_path / "away.sqlite").rename(tmp_path / "crm.sqlite")
        answer = await ask(company, '{ client(id: "417") { name bookings(last: 1) { ref } } }')
        assert answer.data == {"client": {"name": "Novák Konference", "bookings": []}}


def settings_of_file(tmp_path: Path) -> Settings:
    file = tmp_path / "spojka.toml"
    file.write_text(MAPPED.replace("CRM", f"sqlite:///{tmp_path / 'crm.sqlite'}"), encoding="utf-8")
    return read_settings(tmp_path / "data", {}, systems=tuple(SYSTEMS), file=file)


async def test_a_system_may_be_read_only_without_a_mapping(files: Path, tmp_path: Path) -> None:
    """Spojka's own tables, kept from being written; what has to be written there is refused with a code."""
    file = tmp_path / "spojka.toml"
    file.write_text("[systems.billing]\nread_only = true\n", encoding="utf-8")
    async with opened(read_settings(files, {}, systems=tuple(SYSTEMS), file=file)) as company:
        assert (await ask(company, '{ billingAccount(number: "7700123") { currency } }')).errors == []
        answer = await ask(company, 'mutation { issueInvoice(id: "x", idempotencyKey: "k") { __typename } }')
        assert answer.codes == {"SYSTEM_READ_ONLY"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[systems.sales.tables.clients]\ntable = "A"',
            "spojka.toml:1: systems.sales.tables: these are tables of which database? Say url",
        ),
        (
            '[systems.sales]\nurl = "CRM"\nread_only = false\n[systems.sales.tables.clients]\ntable = "A"',
            "spojka.toml:3: systems.sales.read_only: a system whose tables are mapped is only read: leave it out",
        ),
        ('[systems.sales]\nurl = "CRM"\ntables = 5', "spojka.toml:3: systems.sales.tables: it is not a table"),
        ("[systems.sales]\nread_only = 1", "spojka.toml:2: systems.sales.read_only: it is neither true nor false"),
        (
            '[systems.processes]\nurl = "CRM"\n[systems.processes.tables.runs]\ntable = "A"',
            "systems.processes.tables: what Spojka does itself is in tables of its own: leave it out",
        ),
        (
            '[systems.sales]\nurl = "CRM"\n[systems.sales.tables.clients]\ntabel = "A"',
            "spojka.toml:4: systems.sales.tables.clients.tabel: there is no such setting",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(settings_of: Make, text: str, message: str) -> None:
    """Before any database is opened."""
    with pytest.raises(ConfigError) as raised:
        open_company(settings_of(text), clock=lambda: EVENING)
    assert message in str(raised.value)
