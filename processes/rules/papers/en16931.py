"""An invoice or a credit note by the terms of EN 16931-1 (BT- and BG-numbers), which UBL 2.1 and CII are written from.

A credit note is of type 381, whose amounts are what is credited: positive, unlike on the page. Quantities are seconds
and prices per 60 of them (BT-149), so that quantity x price agrees with the net.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from processes.rules.instants import local_day
from processes.rules.papers import czech
from processes.rules.papers.values import Line, Paper, Party, Vat, one_line

__all__ = ["en16931"]

INVOICE, CREDIT_NOTE = "380", "381"  # UNTDID 1001
CREDIT_TRANSFER = "30"  # UNTDID 4461
STANDARD_RATE = "S"  # UNTDID 5305
SECONDS, PIECES = "SEC", "C62"  # UN/ECE recommendation 20
CZECH_REGISTER = "0154"  # ISO 6523: Czech economic subjects, the IČO
HOUSE_CURRENCY = "CZK"


def en16931(paper: Paper) -> Mapping[str, Any]:
    """{"BT-1": number, ...} with texts, days and decimals written out as texts, lists of groups as lists."""
    terms: dict[str, Any] = {
        "BT-1": paper.number,
        "BT-2": paper.issued_on,
        "BT-3": CREDIT_NOTE if paper.is_credit_note else INVOICE,
        "BT-5": paper.currency,
        "BT-72": paper.tax_point_on,
        "BT-73": paper.first_day,
        "BT-74": paper.last_day,
        "BG-4": party(paper.seller),
        "BG-7": party(paper.buyer),
        "BT-106": written(paper.base),
        "BT-109": written(paper.base),
        "BT-110": written(sum((one.amount for one in paper.vat), Decimal("0.00"))),
        "BT-112": written(paper.total),
        "BT-115": written(paper.total),
        "BG-23": [vat(one) for one in paper.vat],
        "BG-25": [line(position, one, paper) for position, one in enumerate(paper.lines, start=1)],
    }
    return {**terms, **in_czk(paper), **notes(paper), **(credited(paper) if paper.credited else payment(paper))}


def in_czk(paper: Paper) -> dict[str, Any]:
    amounts = [one.amount_in_czk for one in paper.vat if one.amount_in_czk is not None]
    return {"BT-6": HOUSE_CURRENCY, "BT-111": written(sum(amounts, Decimal("0.00")))} if amounts else {}


def notes(paper: Paper) -> dict[str, Any]:
    found = [text for text in (paper.reason, paper.seller.register_entry) if text]
    return {"BG-1": [{"BT-22": one_line(text)} for text in found]} if found else {}


def payment(paper: Paper) -> dict[str, Any]:
    due = {"BT-7": paper.tax_point_on, "BT-9": paper.due_on, "BT-83": paper.number}
    if not paper.seller.iban:
        return due
    return {**due, "BT-81": CREDIT_TRANSFER, "BT-84": "".join(paper.seller.iban.split())}


def credited(paper: Paper) -> dict[str, Any]:
    """Without BT-7, which factur-x 7.8 writes in a place where UBL's credit notes don't have it; BT-72 says the day."""
    assert paper.credited is not None
    number, issued_on = paper.credited
    return {"BG-3": [{"BT-25": number, "BT-26": issued_on}]}


def party(one: Party) -> dict[str, Any]:
    terms = {
        "name": one_line(one.name),
        "addr_l1": one_line(one.street),
        "city": one_line(one.city),
        "postcode": one_line(one.postal_code),
        "country_code": one_line(one.country).upper(),
    }
    if one.vat_number:
        terms["vat_identifier"] = one_line(one.vat_number)
    if one.company_number:
        terms["legal_identifier"] = one_line(one.company_number)
        if one.country.upper() == "CZ":
            terms["legal_identifier_schemeid"] = CZECH_REGISTER
    return terms


def vat(one: Vat) -> dict[str, Any]:
    return {
        "BT-116": written(one.base),
        "BT-117": written(one.amount),
        "BT-118": STANDARD_RATE,
        "BT-119": written(one.rate),
    }


def line(position: int, one: Line, paper: Paper) -> dict[str, Any]:
    terms: dict[str, Any] = {
        "BT-126": str(position),
        "BT-129": written(one.quantity),
        "BT-130": PIECES if one.base_quantity == 1 else SECONDS,
        "BT-131": written(one.net),
        "BT-146": written(one.unit_price),
        "BT-149": written(one.base_quantity),
        "BT-151": STANDARD_RATE,
        "BT-152": written(one.vat_rate),
        "BT-153": one_line(czech.line_text(one, first_day=paper.first_day)),
    }
    if one.started_at is not None:
        terms["BT-134"] = terms["BT-135"] = local_day(one.started_at)
    return terms


def written(value: Decimal) -> str:
    return f"{value:f}"
