"""The page of an invoice or a credit note, in Czech, every number and day written out: the template only draws it.

Czech law (Act 235/2004, sections 29 and 45) asks for both parties with address and DIČ, the number, what was done and
how much of it, the days of issue and of the taxable supply, the price without VAT, rate and VAT in CZK; of a credit
note besides which document it corrects, why, and the differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from processes.rules.papers import czech
from processes.rules.papers.values import Line, Paper, Party, one_line

__all__ = ["page"]

PER_MINUTE = Decimal(60)
DASH = "\N{EN DASH}"


def page(paper: Paper) -> Mapping[str, Any]:
    """Of JSON values only. On a credit note quantities and amounts are negative."""
    credit = paper.is_credit_note
    return {
        "title": "Opravný daňový doklad" if credit else f"Faktura {DASH} daňový doklad",
        "number": paper.number,
        "issued": {"year": paper.issued_on.year, "month": paper.issued_on.month, "day": paper.issued_on.day},
        "labels": {
            "seller": "Dodavatel",
            "buyer": "Odběratel",
            "columns": ["Popis", "Množství", "Cena", "DPH", f"Bez DPH ({paper.currency})"],
            "total": "Celkem k vrácení" if credit else "Celkem k úhradě",
            "page": "strana",
            "qr": "QR platba",
        },
        "seller": party(paper.seller),
        "buyer": party(paper.buyer),
        "facts": [list(fact) for fact in facts(paper)],
        "note": None if paper.reason is None else f"Důvod opravy: {one_line(paper.reason)}",
        "lines": [line(each, paper) for each in paper.lines],
        "vat": vat(paper),
        "total": czech.money(signed(paper.total, paper), paper.currency),
        "footer": footer(paper.seller),
    }


def signed(value: Decimal, paper: Paper) -> Decimal:
    return -value if paper.is_credit_note else value


def party(one: Party) -> Mapping[str, Any]:
    numbers = [("IČO", one.company_number), ("DIČ", one.vat_number)]
    return {
        "name": one_line(one.name),
        "address": [
            one_line(one.street),
            one_line(f"{one.postal_code} {one.city}"),
            czech.country(one_line(one.country)),
        ],
        "numbers": [[name, one_line(value)] for name, value in numbers if value],
    }


def facts(paper: Paper) -> list[tuple[str, str]]:
    days = [
        ("Datum vystavení", czech.day(paper.issued_on)),
        ("Datum uskutečnění plnění", czech.day(paper.tax_point_on)),
    ]
    period = ("Zúčtovací období", f"{czech.day(paper.first_day)} {DASH} {czech.day(paper.last_day)}")
    if paper.credited is not None:
        number, issued_on = paper.credited
        return [*days, period, ("Opravovaný doklad", number), ("Opravovaný doklad ze dne", czech.day(issued_on))]
    iban = [("Bankovní účet (IBAN)", in_fours(paper.seller.iban))] if paper.seller.iban else []
    return [
        *days,
        ("Datum splatnosti", czech.day(paper.due_on)),
        period,
        ("Variabilní symbol", paper.number),
        *iban,
    ]


def in_fours(iban: str) -> str:
    plain = "".join(iban.split())
    return " ".join(plain[place : place + 4] for place in range(0, len(plain), 4))


def line(one: Line, paper: Paper) -> list[str]:
    is_time = one.base_quantity == PER_MINUTE
    quantity = signed(one.quantity, paper)
    return [
        one_line(czech.line_text(one, first_day=paper.first_day)),
        czech.minutes(quantity) if is_time else czech.amount(plain_number(quantity)),
        f"{czech.price(one.unit_price)} / min" if is_time else czech.price(one.unit_price),
        czech.percent(one.vat_rate),
        czech.amount(signed(one.net, paper)),
    ]


def plain_number(value: Decimal) -> Decimal:
    """1.0000 is 1, and 100 stays 100."""
    short = value.normalize()
    return short if int(short.as_tuple().exponent) < 0 else short.quantize(Decimal(1))


def vat(paper: Paper) -> Mapping[str, Any]:
    in_czk = any(one.amount_in_czk is not None for one in paper.vat)
    unit = paper.currency
    columns = ["Sazba DPH", f"Základ ({unit})", f"DPH ({unit})", *["DPH (CZK)"] * in_czk, f"S DPH ({unit})"]
    rows = [
        [
            czech.percent(one.rate),
            czech.amount(signed(one.base, paper)),
            czech.amount(signed(one.amount, paper)),
            *[czech.amount(signed(one.amount_in_czk or Decimal("0.00"), paper))] * in_czk,
            czech.amount(signed(one.base + one.amount, paper)),
        ]
        for one in paper.vat
    ]
    rates = {one.czk_per_unit for one in paper.vat if one.czk_per_unit is not None}
    note = f"DPH přepočtena kurzem ČNB {czech.price(min(rates))} CZK za 1 {unit}." if rates else None
    return {"columns": columns, "rows": rows, "note": note}


def footer(seller: Party) -> str:
    return " · ".join(one_line(part) for part in (seller.register_entry, seller.email) if part)
