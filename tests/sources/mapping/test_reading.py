"""A system's part of spojka.toml: read into values, and refused where it says what can't be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.section import ConfigError, Section, read_file
from sources.mapping.reading import read
from sources.mapping.settings import ColumnMapping, SystemMapping, TableMapping

WHOLE = """
[systems.sales.tables.clients]
table = "KLI_FIRMY"
schema = "crm"
where = { SMAZANO = 0, TYP = ["F", "O"] }
present = ["KLI_ID"]

[systems.sales.tables.clients.columns]
id = { column = "KLI_ID", pattern = "CL-00000" }
name = "KLI_NAZEV"
email = { column = "EMAIL", none = "" }
marketing_consent = { column = "SOUHLAS", codes = { A = true, N = false } }
country = { constant = "CZ" }
vat_number = { absent = true }

[systems.sales.tables.contracts.columns]
price = { column = "CENA", unit = "cents" }
tiny = { column = "CENA", unit = "0.0001" }
seconds = { column = "MIN", unit = 60 }
valid_to = { column = "DO", none = [9999-12-31, ""], format = "YYYYMMDD" }
starts_at = { column = "OD", zone = "Europe/Prague", ambiguous = "second" }

[systems.sales.tables.holidays]
absent = true
"""


def section_of(tmp_path: Path, text: str) -> Section:
    file = tmp_path / "spojka.toml"
    file.write_text(text, encoding="utf-8")
    return read_file(file).table("systems").table("sales").table("tables")


def test_everything_that_can_be_written_is_read(tmp_path: Path) -> None:
    """Each value with the line that it is on."""
    column = ColumnMapping
    assert read(section_of(tmp_path, WHOLE)) == SystemMapping(
        place="spojka.toml:2",
        tables={
            "clients": TableMapping(
                table="KLI_FIRMY",
                schema="crm",
                where={"SMAZANO": (0,), "TYP": ("F", "O"), "KLI_ID": None},
                place="spojka.toml:2",
                columns={
                    "id": column(column="KLI_ID", pattern="CL-00000", place="spojka.toml:9"),
                    "name": column(column="KLI_NAZEV", place="spojka.toml:10"),
                    "email": column(column="EMAIL", none=("",), place="spojka.toml:11"),
                    "marketing_consent": column(
                        column="SOUHLAS", codes={"A": True, "N": False}, place="spojka.toml:12"
                    ),
                    "country": column(constant="CZ", place="spojka.toml:13"),
                    "vat_number": column(absent=True, place="spojka.toml:14"),
                },
            ),
            "contracts": TableMapping(
                columns={
                    "price": column(column="CENA", unit=Decimal("0.01"), place="spojka.toml:17"),
                    "tiny": column(column="CENA", unit=Decimal("0.0001"), place="spojka.toml:18"),
                    "seconds": column(column="MIN", unit=Decimal(60), place="spojka.toml:19"),
                    "valid_to": column(
                        column="DO", none=(date(9999, 12, 31), ""), format="YYYYMMDD", place="spojka.toml:20"
                    ),
                    "starts_at": column(column="OD", zone="Europe/Prague", ambiguous="second", place="spojka.toml:21"),
                },
                place="spojka.toml:16",
            ),
            "holidays": TableMapping(absent=True, place="spojka.toml:23"),
        },
    )


REFUSED = {
    '{ column = "A", unit = "crowns" }': 'unit: it is neither "cents" nor a number above 0',
    '{ column = "A", unit = 0 }': "unit: it is neither",
    '{ column = "A", unit = true }': "unit: it is neither",
    '{ column = "A", unit = 0.5 }': "unit: it is neither",
    '{ column = "A", unit = "NaN" }': "unit: it is neither",
    '{ column = "A", zone = "Europe/Prag" }': "zone: there is no such time zone",
    '{ column = "A", zone = "../etc/passwd" }': "zone: there is no such time zone",
    '{ column = "A", ambiguous = "third" }': "ambiguous: it is none of first, second",
    '{ column = "A", format = "DD.MM.YYYY" }': "format: it is none of YYYY-MM-DD, ",
    '{ column = "A", pattern = "CL-" }': "pattern: it doesn't end in zeros",
    '{ column = "A", codes = {} }': "codes: it names no code",
    '{ column = "A", codes = { a = 1.5 } }': "codes.a: a number with a fraction is written as a text",
    '{ column = "A", codes = { a = [] } }': "codes.a: it is not a text",
    '{ column = "A", none = 0.5 }': "none: a number with a fraction",
    '{ column = "A", nothing = "" }': "nothing: there is no such setting; there are absent, ambiguous, codes, ",
    '{ column = "A", constant = "B" }': "it has one of column, constant and absent = true",
    '{ constant = "B", absent = true }': "it has one of column, constant and absent = true",
    '{ unit = "cents" }': "it has one of column, constant and absent = true",
    '{ constant = "B", zone = "UTC" }': "zone: it says how a column is read, and there is no column",
    '{ column = "" }': "column: it is not a text with something in it",
    '""': "it is neither a column's name nor a table like",
    "5": "it is neither a column's name nor a table like",
}


@pytest.mark.parametrize("written", REFUSED)
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, written: str) -> None:
    """At the start, before any database is opened."""
    text = f"[systems.sales.tables.clients.columns]\nid = {written}\n"
    with pytest.raises(ConfigError) as raised:
        read(section_of(tmp_path, text))
    assert str(raised.value).startswith("spojka.toml:2: systems.sales.tables.clients.columns.id")
    assert REFUSED[written] in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[systems.sales.tables.clients]\ntabel = "A"', "tables.clients.tabel: there is no such setting"),
        ('[systems.sales.tables.clients]\ntable = ""', "it is not a text with something in it"),
        ('[systems.sales.tables.clients]\ntable = "A"\nabsent = true', "a table that is absent has nothing else"),
        ('[systems.sales.tables.clients]\nwhere = "A = 1"', "where: it is not a table"),
        ("[systems.sales.tables.clients]\nwhere = { A = 1.5 }", "a number with a fraction is written as a text"),
        ("[systems.sales.tables]\nclients = 5", "tables.clients: it is not a table"),
    ],
)
def test_tables_that_cannot_be_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """With their names in the message."""
    with pytest.raises(ConfigError, match=r"spojka\.toml:[123]: systems\.sales\.tables") as raised:
        read(section_of(tmp_path, text))
    assert message in str(raised.value)
