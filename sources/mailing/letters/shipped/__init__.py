"""The templates that come along: three letters, each in Czech and in English, as files beside this one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sources.mailing.letters.fields import Field
from sources.mailing.letters.writing import Language

__all__ = ["SHIPPED", "ShippedTemplate"]

Purpose = Literal["CONTRACTUAL", "MARKETING"]

SALUTATION = Field("salutation", required=False)
FIELDS: dict[str, tuple[Field, ...]] = {
    "price-change": (
        SALUTATION,
        Field("contract"),
        Field("valid_from", "DATE"),
        Field("old_price", "AMOUNT"),
        Field("new_price", "AMOUNT"),
        Field("reason", required=False),
        Field("objection_until", "DATE", required=False),
    ),
    "invoice-cover": (
        SALUTATION,
        Field("invoice"),
        Field("total", "AMOUNT"),
        Field("due_date", "DATE"),
        Field("period", required=False),
        Field("variable_symbol", required=False),
        Field("account", required=False),
    ),
    "season-greeting": (SALUTATION, Field("year"), Field("message", required=False)),
}
PURPOSES: dict[str, Purpose] = {
    "price-change": "CONTRACTUAL",
    "invoice-cover": "CONTRACTUAL",
    "season-greeting": "MARKETING",
}
NAMES: dict[tuple[str, Language], str] = {
    ("price-change", "cs"): "Změna ceny",
    ("price-change", "en"): "Price change",
    ("invoice-cover", "cs"): "Průvodní dopis k faktuře",
    ("invoice-cover", "en"): "Invoice cover letter",
    ("season-greeting", "cs"): "Vánoční přání",
    ("season-greeting", "en"): "Season's greeting",
}
NOTICES: dict[tuple[str, Language], tuple[str, str]] = {
    ("price-change", "cs"): (
        "Posíláme Vám dopis o změně ceny",
        "Dobrý den,\n\nv nejbližších dnech Vám přijde poštou dopis, ve kterém Vás informujeme o změně ceny telefonních"
        " konferencí podle Vaší smlouvy. Prosíme, věnujte mu pozornost.\n\nS pozdravem\n",
    ),
    ("price-change", "en"): (
        "A letter about a change in price is on its way",
        "Hello,\n\nin the next few days a letter will reach you by post. It tells you about a change in the price of"
        " telephone conferences under your contract. Please take a moment to read it.\n\nKind regards\n",
    ),
    ("invoice-cover", "cs"): (
        "Posíláme Vám fakturu poštou",
        "Dobrý den,\n\nv nejbližších dnech Vám přijde poštou faktura s průvodním dopisem.\n\nS pozdravem\n",
    ),
    ("invoice-cover", "en"): (
        "Your invoice is on its way by post",
        "Hello,\n\nin the next few days an invoice with a cover letter will reach you by post.\n\nKind regards\n",
    ),
    ("season-greeting", "cs"): (
        "Přání je na cestě",
        "Dobrý den,\n\nv nejbližších dnech najdete ve schránce naše sváteční přání.\n\nSe srdečným pozdravem\n",
    ),
    ("season-greeting", "en"): (
        "A greeting is on its way",
        "Hello,\n\nin the next few days you will find our season's greeting in your letter box.\n\nWith warm regards\n",
    ),
}
"""Subject and text of the e-mail that announces each letter."""


@dataclass(frozen=True, slots=True)
class ShippedTemplate:
    """A template as a campaign names it: `template` and `language` are its identity."""

    template: str
    language: Language
    name: str
    purpose: Purpose
    body: str
    fields: tuple[Field, ...]
    subject: str
    notice: str


def shipped() -> Iterator[ShippedTemplate]:
    for (template, language), name in NAMES.items():
        body = Path(__file__).with_name(f"{template}.{language}.typ").read_text(encoding="utf-8")
        subject, notice = NOTICES[template, language]
        fields = FIELDS[template]
        yield ShippedTemplate(template, language, name, PURPOSES[template], body, fields, subject, notice)


SHIPPED = tuple(shipped())
