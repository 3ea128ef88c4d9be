"""What `spojka.toml` says of billing.

[rating]
overrun = "4 h"
longest_leg = "24 h"
dearest_leg = { CZK = "2500.00", EUR = "100.00" }

[billing]
grace_hours = 48

[company]
name = "Konference po telefonu s.r.o."
...
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from processes.rules.review import LONGEST_BILLABLE, Limits
from sources.records.papers import Party

__all__ = ["BillingSettings", "Written", "read"]

CURRENCY = re.compile(r"[A-Z]{3}")
COUNTRY = re.compile(r"[A-Z]{2}")
IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
HOURS, LONGEST_GRACE = 48, 31 * 24
GRACE = timedelta(hours=HOURS)
HIGHEST = Decimal(10_000_000)


class Written(Protocol):
    """A table of the settings file, as gateway/section.py reads it."""

    def names(self) -> Sequence[str]: ...
    def value(self, name: str) -> Any: ...
    def text(self, name: str) -> str | None: ...
    def required(self, name: str, value: str | None) -> str: ...
    def integer(self, name: str, default: int, *, least: int, most: int | None) -> int: ...
    def duration(self, name: str, default: timedelta) -> timedelta: ...
    def table(self, name: str) -> Any: ...
    def refused(self, name: str, message: str) -> Exception: ...
    def refuse_unread(self) -> None: ...


@dataclass(frozen=True, slots=True)
class BillingSettings:
    """`grace` is how long a period waits for late calls after its end; `seller` who issues, None for nobody yet."""

    limits: Limits = field(default_factory=Limits)
    grace: timedelta = GRACE
    seller: Party | None = None


def read(
    rating: Written | None = None, *, billing: Written | None = None, company: Written | None = None
) -> BillingSettings:
    """The settings in `[rating]`, `[billing]` and `[company]`. Raises what `refused` of the section gives."""
    return BillingSettings(
        limits=limits_of(rating) if rating else Limits(),
        grace=grace_of(billing) if billing else GRACE,
        seller=seller_of(company) if company else None,
    )


def grace_of(billing: Written) -> timedelta:
    hours = billing.integer("grace_hours", HOURS, least=0, most=LONGEST_GRACE)
    billing.refuse_unread()
    return timedelta(hours=hours)


def seller_of(company: Written) -> Party:
    """Everything that Czech law wants of a seller must be there; an IBAN that has a wrong digit is refused."""
    needed = {name: company.required(name, company.text(name)) for name in ("name", "street", "city", "postal_code")}
    country = (company.text("country") or "CZ").upper()
    if not COUNTRY.fullmatch(country):
        raise company.refused("country", "it is no code of two letters, like CZ")
    iban = "".join((company.text("iban") or "").split()).upper()
    if iban and not is_iban(iban):
        raise company.refused("iban", "it is no IBAN: check its digits")
    seller = Party(
        **needed,
        country=country,
        company_number=company.text("company_number"),
        vat_number=company.text("vat_number"),
        email=company.text("email"),
        iban=iban or None,
        register_entry=company.text("register_entry"),
    )
    company.refuse_unread()
    return seller


def is_iban(text: str) -> bool:
    """ISO 13616: the first four behind the rest, letters as numbers from 10, is 1 modulo 97."""
    if not IBAN.fullmatch(text):
        return False
    return int("".join(str(int(each, 36)) for each in text[4:] + text[:4])) % 97 == 1


def limits_of(rating: Written) -> Limits:
    usual = Limits()
    limits = Limits(
        overrun=length(rating, "overrun", usual.overrun),
        longest=length(rating, "longest_leg", usual.longest),
        dearest=amounts(rating.table("dearest_leg")),
    )
    rating.refuse_unread()
    return limits


def length(section: Written, name: str, usual: timedelta) -> timedelta:
    found = section.duration(name, usual)
    if found > LONGEST_BILLABLE:
        raise section.refused(name, f"no leg of over {LONGEST_BILLABLE.days} days can be billed anyway")
    return found


def amounts(section: Written) -> Mapping[str, Decimal]:
    found = {}
    for currency in section.names():
        if not CURRENCY.fullmatch(currency):
            raise section.refused(currency, "it is no currency: write it like CZK")
        found[currency] = amount(section, currency)
    return found


def amount(section: Written, currency: str) -> Decimal:
    value = section.value(currency)
    try:
        found = Decimal(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or not 0 < found <= HIGHEST or found != round(found, 2):
        raise section.refused(currency, 'it is no amount: write it like "2500.00"')
    return found
