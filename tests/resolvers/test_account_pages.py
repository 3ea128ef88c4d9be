"""The list of all accounts, page by page."""

from __future__ import annotations

import base64

import pytest

from resolvers.billing import schema
from sources.billing import METADATA, Billing
from tests.asking import ask
from tests.calls import an_account
from tests.conftest import MakeDatabase

NUMBERS = [f"77{n:05}" for n in range(5)]
PAGE = """query ($first: Int, $after: String) {
  billingAccounts(first: $first, after: $after) {
    edges { cursor node { number companyNumber vatNumber } } pageInfo { hasNextPage endCursor }
  }
}"""


@pytest.fixture
def billing(database: MakeDatabase) -> Billing:
    accounts = [an_account(number, company_number=f"2760497{n}") for n, number in enumerate(reversed(NUMBERS))]
    parts = {"periods": [], "invoices": [], "lines": [], "vat": [], "calls": []}
    return Billing(
        database("billing", METADATA, lambda connection: Billing.fill(connection, accounts=accounts, **parts))
    )


async def test_pages_lead_through_all_accounts(billing: Billing) -> None:
    """In order of numbers, each once, in one statement a page."""
    seen: list[str] = []
    after = None
    for _ in range(3):
        answer = await ask(schema, billing, PAGE, first=2, after=after)
        page = answer.data["billingAccounts"]
        assert answer.statements == 1
        seen += [edge["node"]["number"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == NUMBERS
    assert not page["pageInfo"]["hasNextPage"]
    assert page["edges"][0]["node"] == {"number": NUMBERS[-1], "companyNumber": "27604970", "vatNumber": None}


@pytest.mark.parametrize("after", ["", "x", base64.b64encode(b"account:").decode(), base64.b64encode(b"\xff").decode()])
async def test_a_bad_cursor_is_refused(billing: Billing, after: str) -> None:
    """With what to take instead."""
    answer = await ask(schema, billing, PAGE, first=2, after=after)
    assert answer.codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("first", [0, 101])
async def test_a_page_has_a_limit(billing: Billing, first: int) -> None:
    """1 to 100."""
    assert (await ask(schema, billing, PAGE, first=first)).codes == ["BAD_USER_INPUT"]
