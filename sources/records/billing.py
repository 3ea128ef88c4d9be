"""What billing knows: accounts, periods, the prices applied to calls, and invoices.

Money is a `Decimal`: amounts of segments unrounded (at least 6 places), everything on an invoice with 2. Instants are
aware and in UTC, dates are local (Europe/Prague). What another system owns is only named: leg, conference, booking,
contract.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

__all__ = [
    "BilledSegment",
    "BillingAccount",
    "BillingPeriod",
    "CallCharges",
    "ChargedLeg",
    "ExchangeRate",
    "ExcludedLeg",
    "Fee",
    "FeeCharge",
    "Invoice",
    "InvoiceContent",
    "InvoiceLine",
    "InvoicingPosition",
    "IssueDates",
    "LinesBefore",
    "Minimum",
    "RatedCall",
    "Segment",
    "VatLine",
]


@dataclass(frozen=True, slots=True)
class BillingAccount:
    """A period begins on `cycle_day` of each month, 1 to 31 (29 to 31: the last day of shorter months).

    `company_number` (IČO) and `vat_number` (DIČ) are whom billing bills, as somebody typed them there; not sales' own.
    `invoicing` is PERIODIC (an invoice for each period) or PER_CALL (one as soon as a conference is charged).
    """

    number: str
    currency: str
    cycle_day: int
    payment_terms_days: int
    company_number: str | None = None
    vat_number: str | None = None
    invoicing: str = "PERIODIC"


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """[starts_at, ends_at) of one account; its periods tile time (I7). `status` is OPEN, CLOSING or CLOSED."""

    account: str
    starts_at: datetime
    ends_at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a leg in one band: billed `seconds` at `price` a minute make `amount`, unrounded (10 places).

    `service` is dial-in, dial-out or toll-free. `starts_at` and `ends_at` are when the leg was first and last in the
    band, where that is known.
    """

    service: str
    band: str
    seconds: int
    price: Decimal
    amount: Decimal
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RatedCall:
    """What became of one call record: `state` is RATED, INVOICED, EXCEPTION or EXCLUDED, one of them (I1).

    RATED (on a draft) and INVOICED name an account, an invoice, a contract with its rate version, and have segments.
    EXCEPTION has the `reason` code why it could not be rated, EXCLUDED the reason why it is not billed; `message` says
    it to a person.
    `credited` is set by a credit note; the same leg may then be charged again.
    """

    leg: str
    conference: str
    state: str
    duration_seconds: int
    recorded_at: datetime
    booking: str | None = None
    conference_started_at: datetime | None = None
    account: str | None = None
    invoice: str | None = None
    contract: str | None = None
    rate_version: int | None = None
    rule_version: str | None = None
    segments: tuple[Segment, ...] = ()
    reason: str | None = None
    message: str | None = None
    credited: bool = False


@dataclass(frozen=True, slots=True)
class BilledSegment:
    """A stored segment with all that a line needs; lines are made of these (domain.md, rule 7).

    `duration_seconds` is the leg's true one, `booking` whose conference it was, `rule_version` what priced it.
    """

    invoice: str
    currency: str
    leg: str
    conference: str
    conference_started_at: datetime
    contract: str
    rate_version: int
    segment: Segment
    duration_seconds: int | None = None
    booking: str | None = None
    rule_version: str | None = None


@dataclass(frozen=True, slots=True)
class Minimum:
    """What a conference's legs fall short of the minimum charge, in all (domain.md, rule 6)."""

    invoice: str
    conference: str
    conference_started_at: datetime
    contract: str
    rate_version: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Fee:
    """What `booking` costs though it came to nothing: `kind` is LATE_CANCELLATION or NO_SHOW (edge cases 11 and 12).

    `amount` is in the account's currency. A fee on an invoice that was taken back is `credited`.
    """

    id: str
    booking: str
    kind: str
    invoice: str
    account: str
    contract: str
    rate_version: int
    amount: Decimal
    arisen_at: datetime
    recorded_at: datetime
    credited: bool = False


@dataclass(frozen=True, slots=True)
class FeeCharge:
    """A fee that is to be charged; see `Fee`."""

    booking: str
    kind: str
    account: str
    contract: str
    rate_version: int
    currency: str
    amount: Decimal
    arisen_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line, `quantity` x `unit_price` / `base_quantity` = `net`.

    A call's line is conference x `band` x price (rule 7): quantity is billed seconds, base quantity 60. The minimum
    charge's line has no band, and quantity 1 of 1.
    """

    invoice: str
    position: int
    text: str
    band: str | None
    quantity: Decimal
    base_quantity: Decimal
    unit_price: Decimal
    net: Decimal
    conference: str | None
    contract: str | None
    rate_version: int | None


@dataclass(frozen=True, slots=True)
class VatLine:
    """VAT of one `rate`, in per cent (21). Issued in a foreign currency, it has CZK too, and the ČNB rate used."""

    invoice: str
    rate: Decimal
    base: Decimal
    amount: Decimal
    amount_in_czk: Decimal | None = None
    czk_per_unit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """`period` is the start of the billing period. Number and dates are None on a DRAFT, `content_hash` too."""

    id: str
    account: str
    period: datetime
    status: str
    currency: str
    base: Decimal
    total: Decimal
    number: str | None = None
    issued_on: date | None = None
    tax_point_on: date | None = None
    due_on: date | None = None
    content_hash: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceContent:
    """An invoice's lines and sums, as a rule computes them from stored segments; total = base + VAT (I3)."""

    lines: tuple[InvoiceLine, ...]
    vat: tuple[VatLine, ...]
    base: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class LinesBefore:
    """Lines of an invoice that stay as they are, before those that are made anew: how many, and the sum of the nets."""

    count: int = 0
    base: Decimal = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class InvoicingPosition:
    """Of `bridge` everything up to `done_to` is invoiced or waits for a person; up to `looked_to` it was looked at.

    What lies between waits for its time: at `look_again_at` there is something to do.
    """

    bridge: str
    done_to: int
    looked_to: int
    look_again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssueDates:
    """The dates on an invoice; `tax_point_on` is the DUZP."""

    issued_on: date
    tax_point_on: date
    due_on: date


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """`rate` CZK for `units` of the currency, declared by the ČNB on that day."""

    currency: str
    declared_on: date
    units: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class ChargedLeg:
    """A leg to charge, already rated."""

    leg: str
    duration_seconds: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class ExcludedLeg:
    """A leg that is not billed, with the reason (`no-duration`, ...)."""

    leg: str
    duration_seconds: int
    reason: str


@dataclass(frozen=True, slots=True)
class CallCharges:
    """The charges of one conference for one account under one rate version. `minimum_charge`: see `Minimum.amount`.

    `anew`: legs that were credited are charged again, which is for people to say.
    """

    account: str
    conference: str
    booking: str | None
    conference_started_at: datetime
    contract: str
    rate_version: int
    currency: str
    charges: tuple[ChargedLeg, ...]
    excluded: tuple[ExcludedLeg, ...]
    minimum_charge: Decimal | None
    rule_version: str
    anew: bool = True
