"""What `spojka.toml` says of billing.

[rating]
overrun = "4 h"
longest_leg = "24 h"
dearest_leg = { CZK = "2500.00", EUR = "100.00" }
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from processes.rules.review import LONGEST_BILLABLE, Limits

__all__ = ["BillingSettings", "Written", "read"]

CURRENCY = re.compile(r"[A-Z]{3}")
HIGHEST = Decimal(10_000_000)


class Written(Protocol):
    """A table of the settings file, as gateway/section.py reads it."""

    def names(self) -> Sequence[str]: ...
    def value(self, name: str) -> Any: ...
    def duration(self, name: str, default: timedelta) -> timedelta: ...
    def table(self, name: str) -> Any: ...
    def refused(self, name: str, message: str) -> Exception: ...
    def refuse_unread(self) -> None: ...


@dataclass(frozen=True, slots=True)
class BillingSettings:
    limits: Limits = field(default_factory=Limits)


def read(rating: Written | None) -> BillingSettings:
    """The settings in `[rating]`. Raises what `refused` of the section gives."""
    if rating is None:
        return BillingSettings()
    usual = Limits()
    limits = Limits(
        overrun=length(rating, "overrun", usual.overrun),
        longest=length(rating, "longest_leg", usual.longest),
        dearest=amounts(rating.table("dearest_leg")),
    )
    rating.refuse_unread()
    return BillingSettings(limits=limits)


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
