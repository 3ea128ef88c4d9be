"""The audience as a document, its conditions, and its rows as recipients."""

from __future__ import annotations

from typing import Any

import pytest

from processes.rules.mailing.audience_document import AudienceDocument, read_document
from processes.rules.mailing.audience_rows import Condition, narrowed, recipient_of
from processes.rules.refusal import Refusal

CLIENT = "id name email postalAddress { street city postalCode country }"
PAGES = "pageInfo { hasNextPage endCursor }"
PAGED = "query ($first: Int!, $after: String) { recipients: clients(first: $first, after: $after)"
WHOLE = f"{PAGED} {{ {PAGES} edges {{ node {{ {CLIENT} }} }} }} }}"


def read(text: str) -> AudienceDocument:
    found = read_document(text)
    assert isinstance(found, AudienceDocument), found
    return found


def test_a_connection_is_read_page_by_page() -> None:
    """And what it has is what its nodes have."""
    document = read(WHOLE)
    assert document.is_connection
    assert document.variables == {"first", "after"}
    assert ("postalAddress", "city") in document.paths
    assert ("edges",) not in document.paths


def test_a_list_is_an_audience_too_and_a_row_may_have_its_client() -> None:
    document = read(f"{{ recipients: contractsChanging {{ from: validFrom client {{ {CLIENT} }} }} }}")
    assert not document.is_connection
    assert document.refuses(fields=["from"], purpose="CONTRACTUAL", conditions=["client.postalAddress.city"]) is None


def test_fragments_are_followed() -> None:
    text = f"{{ recipients: clients {{ ... on Client {{ ...facts }} }} }} fragment facts on Client {{ {CLIENT} }}"
    assert read(text).refuses(fields=[], purpose="CONTRACTUAL", conditions=[]) is None


LAUGHS = " ".join(f"fragment f{n} on Client {{ ...f{n + 1} ...f{n + 1} }}" for n in range(20))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{ recipients: ", "Syntax Error: Expected Name, found <EOF>."),
        ("mutation { recipients: clients { id } }", "it has to be one query"),
        ("{ a: b } query two { recipients: clients { id } }", "it has to be one query"),
        ("fragment f on Client { id }", "it has to be one query"),
        ("{ clients { id } }", "nothing in it is named `recipients`"),
        (f"{{ recipients: clients {{ edges {{ node {{ {CLIENT} }} }} }} }}", "a connection is read page by page"),
        (f"{PAGED} {{ edges {{ node {{ {CLIENT} }} }} }} }}", "a connection is read page by page"),
        ("{ recipients: clients { ...gone } }", "there is no fragment gone in it"),
        ("{ recipients: clients { ...f } } fragment f on Client { ...f }", "a fragment is within itself"),
        (f"{{ recipients: clients {{ ...f0 }} }} {LAUGHS} fragment f20 on Client {{ id }}", "more than 1000 fields"),
        ("{ recipients: clients" + "{ a " * 5_000 + "}" * 5_000, ""),
    ],
)
def test_what_is_no_audience_says_why(text: str, why: str) -> None:
    found = read_document(text)
    assert isinstance(found, Refusal)
    assert found.code == "bad-audience"
    assert why in found.message


@pytest.mark.parametrize(
    ("given", "code", "why"),
    [
        ({}, "bad-audience", "its rows lack email: ask for them"),
        ({"purpose": "MARKETING"}, "bad-audience", "its rows lack email, marketingConsent"),
    ],
)
def test_what_a_letter_and_its_notice_need_is_missed(given: dict[str, Any], code: str, why: str) -> None:
    document = read(WHOLE.replace("email", ""))
    found = document.refuses(**{"fields": [], "purpose": "CONTRACTUAL", "conditions": [], **given})
    assert found is not None
    assert (found.code, why in found.message) == (code, True)


@pytest.mark.parametrize(
    ("given", "code", "why"),
    [
        ({"fields": ["price"]}, "bad-audience", "the template needs price"),
        ({"conditions": ["id", "contract.status"]}, "bad-condition", "conditions[1]: the audience doesn't ask for"),
    ],
)
def test_what_the_mailing_needs_is_missed(given: dict[str, Any], code: str, why: str) -> None:
    found = read(WHOLE).refuses(**{"fields": [], "purpose": "CONTRACTUAL", "conditions": [], **given})
    assert found is not None
    assert (found.code, why in found.message) == (code, True)


ROW: dict[str, Any] = {
    "id": "CL-1",
    "email": None,
    "since": "2026-11-25T08:00:00+00:00",
    "seats": 12,
    "price": {"amount": "1.90", "currency": "CZK"},
    "accounts": [{"status": "CLOSED", "tags": []}, {"status": "OPEN", "tags": ["a", "b"]}],
    "contract": {"validFrom": "2027-01-01", "share": "0.50", "signed": True},
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (("id", "IS", "CL-1"), True),
        (("id", "IS", "CL-2"), False),
        (("seats", "IS", "12"), True),
        (("contract.share", "IS", "0.5"), True),
        (("contract.signed", "IS", "true"), True),
        (("price", "IS", "1.90 CZK"), True),
        (("accounts.status", "IS", "OPEN"), True),
        (("accounts.status", "IS_NOT", "OPEN"), True),
        (("accounts.none", "IS_NOT", "OPEN"), True),
        (("accounts.status", "MISSING", None), False),
        (("accounts.tags", "MISSING", None), True),
        (("accounts.status", "IS_NOT", "BLOCKED"), True),
        (("email", "IS_NOT", "x"), True),
        (("email", "EXISTS", None), False),
        (("email", "MISSING", None), True),
        (("accounts.tags", "EXISTS", None), True),
        (("accounts", "EXISTS", None), True),
        (("contract.none.at.all", "MISSING", None), True),
        (("seats", "AT_LEAST", "12"), True),
        (("seats", "AT_LEAST", "9"), True),
        (("seats", "AT_MOST", "9"), False),
        (("price.amount", "AT_MOST", "1.95"), True),
        (("contract.validFrom", "AT_LEAST", "2027-01-01"), True),
        (("contract.validFrom", "AT_MOST", "2026-12-31"), False),
        (("since", "AT_LEAST", "2026-11-25"), True),
        (("since", "AT_MOST", "2026-11-25T07:59:59Z"), False),
        (("since", "AT_LEAST", "2026-11-25T09:00:00+01:00"), True),
        (("id", "AT_LEAST", "1"), False),
    ],
)
def test_conditions(condition: tuple[str, str, str | None], holds: bool) -> None:
    assert Condition(*condition).problem is None
    assert (narrowed(ROW, [Condition(*condition)]) is not None) is holds


def test_a_row_meets_all_of_them() -> None:
    assert narrowed(ROW, []) == ROW
    assert narrowed(ROW, [Condition("id", "IS", "CL-1"), Condition("email", "EXISTS")]) is None


RATES = {
    "id": "CL-1",
    "contracts": [
        {"versions": [{"from": "2026-01-01", "price": "1.90"}, {"from": "2027-01-01", "price": "2.10"}]},
        {"versions": [{"from": "2026-06-01", "price": "2.10"}]},
    ],
}


def test_of_a_list_what_meets_a_condition_is_kept() -> None:
    """So that it is the same version that begins on the day and has the price, and the letter's value is one."""
    begins, costs = (
        Condition("contracts.versions.from", "IS", "2027-01-01"),
        Condition("contracts.versions.price", "IS", "2.10"),
    )
    found = narrowed(RATES, [begins, costs])
    assert found == {"id": "CL-1", "contracts": [{"versions": [{"from": "2027-01-01", "price": "2.10"}]}]}
    assert narrowed(RATES, [begins, Condition("contracts.versions.price", "IS", "1.90")]) is None
    recipient = recipient_of({**WHO, **found}, {"price": "AMOUNT"})
    assert isinstance(recipient, dict)
    assert recipient["values"] == [{"name": "price", "value": "2.10"}]


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (("id", "IS", None), "IS needs a value"),
        (("id", "EXISTS", "x"), "EXISTS takes no value"),
        (("id", "AT_LEAST", "many"), "many is no number"),
        (("id", "AT_MOST", "2026-11-25T08:00:00"), "is no number, no day and no instant"),
        (("id", "AT_MOST", "NaN"), "NaN is no number"),
    ],
)
def test_a_condition_that_nothing_can_meet_is_none(condition: tuple[str, str, str | None], problem: str) -> None:
    found = Condition(*condition).problem
    assert found is not None
    assert problem in found


WHO: dict[str, Any] = {
    "id": "CL-1",
    "name": "Řízek #1",
    "email": "a@example.cz",
    "marketingConsent": True,
    "postalAddress": {"street": "Dlouhá 1", "city": "Praha", "postalCode": "110 00", "country": "CZ"},
}


def test_a_row_is_a_recipient_whether_it_is_a_client_or_has_one() -> None:
    """What is named like a field is its value, however deep; money has its currency."""
    expected = {
        "client": "CL-1",
        "name": "Řízek #1",
        "street": "Dlouhá 1",
        "city": "Praha",
        "postalCode": "110 00",
        "country": "CZ",
        "email": "a@example.cz",
        "marketingConsent": True,
        "ambiguous": None,
        "values": [{"name": "price", "value": "1.90 CZK"}, {"name": "valid_from", "value": "2027-01-01"}],
    }
    facts = {"rates": [{"price": {"amount": "1.90", "currency": "CZK"}, "valid_from": "2027-01-01"}], "reason": None}
    fields = {"price": "AMOUNT", "valid_from": "DATE", "reason": "TEXT"}
    assert recipient_of({**WHO, **facts}, fields) == expected
    assert recipient_of({"client": WHO, **facts}, fields) == expected


def test_a_client_without_an_address_is_a_row_all_the_same() -> None:
    """Whether a letter can be sent is decided where everybody is accounted for."""
    found = recipient_of({"id": "CL-2", "name": None, "postalAddress": None, "email": None}, {})
    assert isinstance(found, dict)
    assert (found["client"], found["name"], found["street"]) == ("CL-2", "CL-2", None)


def test_who_has_several_values_gets_no_letter_with_one_of_them() -> None:
    """Two contracts, or two prices: a person writes, and the others have their letters."""
    found = recipient_of(
        {**WHO, "rates": [{"price": "1.90"}, {"price": "2.10"}, {"price": "1.90"}]}, {"price": "AMOUNT"}
    )
    assert isinstance(found, dict)
    assert (found["ambiguous"], found["values"]) == ("has 2 values of price (1.90, 2.10)", [])


def test_a_row_without_a_client_is_none() -> None:
    found = recipient_of({"name": "x"}, {})
    assert isinstance(found, Refusal)
    assert "a row of the audience has no client" in found.message


def test_an_instant_is_a_day_where_the_letter_has_one() -> None:
    """That of clocks here: a period that ends at 23:00 UTC ends with that day's midnight in Prague."""
    row = {**WHO, "ends": "2026-12-14T23:00:00Z"}
    for type, told in (("DATE", "2026-12-15"), ("TEXT", "2026-12-14T23:00:00Z")):
        found = recipient_of(row, {"ends": type})
        assert isinstance(found, dict)
        assert found["values"] == [{"name": "ends", "value": told}]
