"""Which clients have the company or VAT number that billing bills under: hints for a person, never a link.

One statement looks for every spelling of every account's numbers; who really matches is decided by a rule.
"""

from __future__ import annotations

from collections.abc import Sequence

from processes.rules.company_numbers import company_number, same_company, spellings, vat_number
from sources.records.sales import Client
from sources.sales import Sales

__all__ = ["Numbers", "namesakes"]

Numbers = tuple[str | None, str | None]
"""(company number, VAT number), as somebody wrote them."""


async def namesakes(source: Sales, accounts: Sequence[Numbers]) -> list[list[Client]]:
    """For each account the clients that share a number with it, by id."""
    companies = {number for company, _ in accounts if (number := company_number(company))}
    vats = {number for _, vat in accounts if (number := vat_number(vat))}
    if not companies and not vats:
        return [[] for _ in accounts]
    found = await source.clients_numbered(
        company_numbers={each for number in companies for each in spellings(number)},
        vat_numbers={each for number in vats for each in spellings(number)},
    )
    return [
        [client for client in found if same_company(numbers, (client.company_number, client.vat_number))]
        for numbers in accounts
    ]
