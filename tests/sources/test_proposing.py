"""Names that are meant to be the same, and names that aren't: as `spojka map` compares them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from gateway.databases import requirement
from sources.proposing import Database, matched, proposal, readable, undecided
from sources.proposing.likeness import LIKELY, SURE, likeness, without_prefix
from sources.proposing.words import phrases, words


@pytest.mark.parametrize(
    "name", ["company_number", "companyNumber", "Company Number", "IČO", "ico", "registration_number"]
)
def test_the_same_thing_is_known_by_its_names(name: str) -> None:
    """In either language and any spelling."""
    assert likeness(words(name), phrases("clients", "company_number")) >= SURE


@pytest.mark.parametrize(
    ("name", "table", "column"),
    [
        ("zip", "clients", "city"),
        ("created_by", "clients", "id"),
        ("note", "clients", "name"),
        ("price", "contract_rates", "minimum_charge"),
        ("vat_number", "clients", "company_number"),
    ],
)
def test_another_thing_is_not_taken_for_it(name: str, table: str, column: str) -> None:
    """Better none than a wrong one."""
    assert likeness(words(name), phrases(table, column)) < SURE


def test_a_misspelled_name_is_likely_and_not_sure() -> None:
    """Somebody has to look at it."""
    assert LIKELY <= likeness(words("curency"), phrases("contracts", "currency")) < SURE


def test_a_prefix_that_most_names_have_is_none_of_their_words() -> None:
    """But where few have it, it is one."""
    assert without_prefix(["KLI_ID", "KLI_NAZEV", "NOTE"]) == {
        "KLI_ID": ("id",),
        "KLI_NAZEV": ("nazev",),
        "NOTE": ("note",),
    }
    plain = without_prefix(["valid_from", "valid_to", "id", "client", "number"])
    assert plain["valid_from"] == ("valid", "from")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("v.dph", ("v", "dph")), ("HOVORY 2024+", ("hovory", "2024")), ("Č. účtu", ("c", "uctu")), ("%", ())],
)
def test_a_name_is_its_words(name: str, expected: tuple[str, ...]) -> None:
    """Without diacritics and signs."""
    assert words(name) == expected


RATES = """CREATE TABLE contract_rates (
    contract TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL, service TEXT NOT NULL,
    band TEXT NOT NULL, {price}, first_increment INTEGER NOT NULL, next_increment INTEGER NOT NULL, {others}
)"""


def proposed(folder: Path, *tables: str) -> tuple[list[str], list[str]]:
    """The proposal for sales in a database with these tables, and what is to be decided."""
    engine = create_engine(f"sqlite:///{folder / 'crm.sqlite'}")
    with engine.begin() as connection:
        for each in tables:
            connection.execute(text(each))
    looking = Database(engine)
    matches = matched(requirement("sales"), readable(engine, None), looking)
    lines = list(proposal("sales", "sqlite:///crm.sqlite", matches, looking))
    engine.dispose()
    return lines, undecided(matches)


def line_of(lines: list[str], name: str) -> str:
    """Its only line."""
    (found,) = [each for each in lines if each.removeprefix("# ").startswith(f"{name} = ")]
    return found


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("price_cents INTEGER", '{ column = "price_cents", unit = "cents" }  # INTEGER: by its name it holds cents'),
        ("cena_hal INTEGER", '{ column = "cena_hal", unit = "cents" }  # INTEGER: by its name it holds cents'),
        ("cenaHaleru INTEGER", '{ column = "cenaHaleru", unit = "cents" }  # INTEGER: by its name it holds cents'),
        ("price_cents DECIMAL(10, 2)", '{ column = "price_cents", unit = "cents" }  # DECIMAL(10, 2): by its name'),
        ("cena_kc INTEGER", '{ column = "cena_kc", unit = "1" }  # INTEGER: by its name it holds whole ones'),
        ("price INTEGER", '{ column = "price", unit = "0.0001" }  # INTEGER: whole numbers: of which unit?'),
    ],
)
def test_a_name_that_says_the_unit_goes_before_what_is_usual(tmp_path: Path, column: str, expected: str) -> None:
    """It is asked all the same: a hundredfold price must not be read because of a name."""
    lines, open_questions = proposed(tmp_path, RATES.format(price=column, others="note TEXT"))
    assert line_of(lines, "price_per_minute").startswith(f"# price_per_minute = {expected}")
    assert "contract_rates.price_per_minute" in open_questions


def test_a_decimal_price_is_sure(tmp_path: Path) -> None:
    """Nothing about it is to be decided."""
    lines, open_questions = proposed(tmp_path, RATES.format(price="price DECIMAL(10, 4)", others="note TEXT"))
    assert line_of(lines, "price_per_minute") == 'price_per_minute = "price"'
    assert "contract_rates.price_per_minute" not in open_questions


@pytest.mark.parametrize("name", ["min_cents", "minimum_cents", "min_hal", "minimalni_poplatek"])
def test_a_minimum_in_cents_is_found(tmp_path: Path, name: str) -> None:
    """Its unit is asked; it is never said to be absent."""
    lines, _ = proposed(tmp_path, RATES.format(price="price_cents INTEGER", others=f"{name} INTEGER"))
    assert line_of(lines, "minimum_charge").startswith(f'# minimum_charge = {{ column = "{name}", unit = "cents" }}')


def test_absence_is_only_supposed_while_something_is_left_that_it_could_be(tmp_path: Path) -> None:
    """Then it stays a comment with what is left; where nothing is, it stands."""
    rates = RATES.format(price="price DECIMAL(10, 4)", others="lowest DECIMAL(10, 2), note TEXT")
    lines, open_questions = proposed(tmp_path, rates, "CREATE TABLE zz_dny (x DATE)")
    absent = '# minimum_charge = { absent = true }  # nothing like it was found; is it one of "lowest"?'
    assert line_of(lines, "minimum_charge") == absent
    assert "contract_rates.minimum_charge" in open_questions
    holidays = lines.index("[systems.sales.tables.holidays]")
    assert lines[holidays + 1].startswith('# absent = true  # nothing like it was found; is it one of "zz_dny"?')
    assert "holidays" in open_questions


def test_absence_stands_where_nothing_is_left(tmp_path: Path) -> None:
    """Every column that could hold it is something else."""
    rates = RATES.format(price="price DECIMAL(10, 4)", others="note TEXT")
    lines, open_questions = proposed(tmp_path, rates)
    assert line_of(lines, "minimum_charge") == "minimum_charge = { absent = true }  # nothing like it was found"
    tables: dict[str, Any] = tomllib.loads("\n".join(lines))["systems"]["sales"]["tables"]
    assert tables["holidays"] == {"absent": True}
    assert {"contract_rates.minimum_charge", "holidays"} & set(open_questions) == set()
