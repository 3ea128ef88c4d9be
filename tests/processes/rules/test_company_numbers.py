"""Company and VAT numbers: the same one is known as the same, however somebody spelled it."""

from __future__ import annotations

import pytest

from processes.rules.company_numbers import company_number, same_company, spellings, vat_number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("27604977", "27604977"),
        ("276 04 977", "27604977"),
        ("7604977", "07604977"),
        ("07604977", "07604977"),
        ("00000000", None),
        ("12", None),
        ("none", None),
        ("", None),
        (None, None),
        ("²²²²²²²²", None),
    ],
)
def test_company_number_is_its_digits(written: str | None, number: str | None) -> None:
    """Spaces don't count, zeros that a spreadsheet took come back, a note is no number."""
    assert company_number(written) == number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("CZ27604977", "CZ27604977"),
        ("cz 276 04 977", "CZ27604977"),
        ("ATU12345678", "ATU12345678"),
        ("27604977", None),
        ("CZ", None),
        (None, None),
    ],
)
def test_vat_number_is_its_letters_and_digits(written: str | None, number: str | None) -> None:
    """In capitals, without spaces; without a country it is none."""
    assert vat_number(written) == number


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("27604977", None), ("276 04 977", "CZ1234567890"), True),
        ((None, "cz27604977"), ("12345678", "CZ27604977"), True),
        ((None, None), (None, None), False),
        (("", ""), ("", ""), False),
        (("27604977", None), (None, "CZ27604977"), False),
    ],
)
def test_one_common_number_is_a_match(
    one: tuple[str | None, str | None], other: tuple[str | None, str | None], same: bool
) -> None:
    """Either number will do; what neither has is in common with nobody."""
    assert same_company(one, other) is same


@pytest.mark.parametrize("written", ["07604977", "7604977", "076 04 977"])
def test_each_spelling_is_looked_for(written: str) -> None:
    """What stands in a database as people write it is found letter by letter."""
    assert written in spellings(str(company_number(written)))
