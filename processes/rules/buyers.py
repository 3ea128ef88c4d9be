"""Whom an invoice is made out to: what sales knows of the client on the day of issue (domain.md, I14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes.rules.papers.values import Party, one_line
from processes.rules.refusal import Refusal

__all__ = ["buyer_of"]

NEEDED = {"street": "street", "city": "city", "postalCode": "postal code", "country": "country"}


def buyer_of(invoice: str, client: Mapping[str, Any] | None) -> Party | Refusal:
    """`client` as the graph has it: {id name companyNumber vatNumber email postalAddress {street ...}}, None for none.

    Refused `no-buyer` where no one client owned the account in all the time that is billed; `no-address` or `no-name`
    where sales doesn't know what the law wants on an invoice.
    """
    if client is None:
        return Refusal(
            "no-buyer",
            f"invoice {invoice} has not one client: link its account for the whole time that it bills, or name the "
            "buyer when you issue it",
        )
    if not (client["name"] or "").strip():
        return Refusal("no-name", f"client {client['id']} has no name in sales: enter it there, then issue again")
    address = client["postalAddress"] or {}
    missing = [word for field, word in NEEDED.items() if not (address.get(field) or "").strip()]
    if missing:
        what = "postal address" if len(missing) == len(NEEDED) else f"{' and '.join(missing)} in the postal address"
        return Refusal(
            "no-address", f"client {client['id']} has no {what} in sales: enter it there, then issue invoice {invoice}"
        )
    return Party(
        name=one_line(client["name"]),
        street=one_line(address["street"]),
        city=one_line(address["city"]),
        postal_code=one_line(address["postalCode"]),
        country=one_line(address["country"]),
        company_number=client["companyNumber"],
        vat_number=client["vatNumber"],
        email=client["email"],
    )
