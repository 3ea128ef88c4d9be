"""What sales knows: clients, how to reach them, and what was agreed with them.

Dates are local (Europe/Prague), validities [valid_from, valid_to). Prices are per minute, in the contract's currency.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

__all__ = ["Client", "Contact", "Contract", "ContractRate", "Holiday", "PostalAddress", "RateVersion"]


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where letters go. `country` is an ISO 3166 code (CZ)."""

    street: str
    city: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class Client:
    """A customer. `company_number` is the IČO, `vat_number` the DIČ; foreign companies have their own country's."""

    id: str
    salesperson: str | None
    name: str
    company_number: str | None
    vat_number: str | None
    email: str | None
    marketing_consent: bool
    postal_address: PostalAddress | None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person at `client`, the `position`th in its list."""

    client: str
    position: int
    name: str
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Contract:
    """`status` is DRAFT, SIGNED or TERMINATED.

    How its rates are read: bands by the clocks of `zone` and the holidays of `calendar`; `band_rule` is SPLIT or
    AT_START; rejoins after fewer than `merge_gaps_under_seconds` continue the call (0: never).

    A booking cancelled less than `late_cancellation_hours` before its start costs `late_cancellation_fee`, one to which
    nobody came `no_show_fee`; null: nothing.
    """

    number: str
    client: str
    status: str
    valid_from: date
    valid_to: date | None
    currency: str
    calendar: str
    zone: str
    band_rule: str
    merge_gaps_under_seconds: int
    late_cancellation_hours: int | None = None
    late_cancellation_fee: Decimal | None = None
    no_show_fee: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ContractRate:
    """`service` is dial-in, dial-out or toll-free, `band` peak or off-peak; increments are seconds (60/6)."""

    service: str
    band: str
    price_per_minute: Decimal
    first_increment: int
    next_increment: int
    minimum_charge: Decimal | None


@dataclass(frozen=True, slots=True)
class RateVersion:
    """The rates of a contract in [valid_from, valid_to); versions of one contract don't overlap (I8)."""

    contract: str
    version: int
    valid_from: date
    valid_to: date | None
    rates: tuple[ContractRate, ...]


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday of a calendar (CZ): off-peak all day."""

    calendar: str
    day: date
    name: str
