"""Names that are meant to be the same, and names that aren't: as `spojka map` compares them."""

from __future__ import annotations

import pytest

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
