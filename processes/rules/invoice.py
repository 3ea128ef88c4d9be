"""What an invoice says (domain.md section 2, rules 7 and 8; invariant I3).

    lines = lines_of(segments, minimum_charges)      # stored segments -> lines, each rounded once
    totals = totals_of(lines)                        # base, VAT per rate, total

A line is conference x band x price. All its segments have one price, so the sum of their unrounded amounts is
(sum of seconds) x price / 60: the lines come from the stored seconds and prices, never from amounts that some column
may have cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from processes.rules.bands import PEAK
from processes.rules.fees import LATE_CANCELLATION, NO_SHOW
from processes.rules.instants import HOUSE_ZONE, zone_named
from processes.rules.money import half_up
from processes.rules.refusal import Refusal
from processes.rules.tariff import amount_of

__all__ = [
    "BASE_QUANTITY",
    "HOUSE_CURRENCY",
    "STANDARD_VAT",
    "BilledSegment",
    "BookingFee",
    "ExchangeRate",
    "Line",
    "MinimumCharge",
    "Totals",
    "VatTotal",
    "exchange_rate_for",
    "fee_in",
    "fee_text",
    "line_net",
    "line_text",
    "lines_of",
    "minimum_text",
    "totals_of",
    "with_vat_in_czk",
]

HOUSE_CURRENCY = "CZK"
STANDARD_VAT = Decimal("21.00")
BASE_QUANTITY = Decimal(60)
"""Quantity is in seconds, prices are per minute: EN 16931 BT-149, so that quantity x price agrees with the net."""

FEE_WORDS = {LATE_CANCELLATION: "late cancellation", NO_SHOW: "no-show"}

RATE_AGE_LIMIT = timedelta(days=7)
"""The ČNB publishes on working days; the longest holidays are shorter than this, a forgotten table is not."""


@dataclass(frozen=True, slots=True)
class BilledSegment:
    """A stored segment of a charge: `seconds` billed at `price` per minute. `started_at` is the conference's start."""

    conference: str
    started_at: datetime
    contract: str
    rate_version: int
    leg: str
    service: str
    band: str
    price: Decimal
    seconds: int


@dataclass(frozen=True, slots=True)
class MinimumCharge:
    """What a conference's calls stay below the minimum charge, in all (`Rating.minimum_charge`)."""

    conference: str
    started_at: datetime
    contract: str
    rate_version: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class BookingFee:
    """What a booking costs that came to nothing: `kind` is one of processes/rules/fees.py."""

    booking: str
    kind: str
    arisen_at: datetime
    contract: str
    rate_version: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """`net` = half up(quantity / base_quantity x unit_price); `band` None on a minimum charge line.

    `vat_rate` is in percent. `legs` are those charged here, in the order of their ids. A fee is of no `conference`.
    """

    conference: str | None
    contract: str
    rate_version: int
    text: str
    band: str | None
    quantity: Decimal
    base_quantity: Decimal
    unit_price: Decimal
    net: Decimal
    vat_rate: Decimal
    legs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VatTotal:
    """VAT of all lines with one rate (percent); `amount_in_czk` only where the invoice is in another currency."""

    rate: Decimal
    base: Decimal
    amount: Decimal
    amount_in_czk: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """total = base + the VAT amounts. No rounding to whole crowns."""

    base: Decimal
    vat: tuple[VatTotal, ...]
    total: Decimal


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """A ČNB rate: `amount` units of `currency` (1 EUR, 100 HUF) were worth `czk` crowns from `day` on."""

    currency: str
    day: date
    amount: int
    czk: Decimal


def lines_of(
    segments: Iterable[BilledSegment],
    minimum_charges: Iterable[MinimumCharge] = (),
    fees: Iterable[BookingFee] = (),
    *,
    vat_rate: Decimal = STANDARD_VAT,
    zone: str = HOUSE_ZONE,
) -> tuple[Line, ...]:
    """By conference start; of one conference peak, off-peak, then the minimum charge; fees at the end.

    Zero lines are left out.
    """
    charged, minimums = list(segments), list(minimum_charges)
    starts = starts_of([*charged, *minimums])
    grouped: dict[LineKey, list[BilledSegment]] = {}
    for segment in from_one_start(charged, starts):
        grouped.setdefault(key_of(segment), []).append(segment)
    lines = [(key, segment_line(grouped[key], vat_rate, zone)) for key in grouped]
    least = added_up(from_one_start(minimums, starts))
    lines += [(minimum_key(minimum), minimum_line(minimum, vat_rate, zone)) for minimum in least]
    called = [line for _, line in sorted(lines, key=lambda pair: pair[0]) if line.quantity]
    asked = sorted(fees, key=lambda fee: (fee.arisen_at, fee.booking, fee.kind))
    return (*called, *(fee_line(fee, vat_rate) for fee in asked))


def line_net(seconds: int, price: Decimal) -> Decimal:
    """Rule 7's rounding: the billed seconds of a conference in one band at one price, half up to 0.01."""
    return half_up(amount_of(seconds, price))


def totals_of(lines: Iterable[Line], *, before: Decimal | None = None, vat_rate: Decimal = STANDARD_VAT) -> Totals:
    """Rule 8: VAT once per rate on the sum of the nets, never per line.

    `before` is the sum of the nets of other lines, if there are any, all of them at `vat_rate`.
    """
    bases: dict[Decimal, Decimal] = {} if before is None else {vat_rate: before}
    for line in lines:
        bases[line.vat_rate] = bases.get(line.vat_rate, Decimal("0.00")) + line.net
    vat = tuple(VatTotal(rate, base, half_up(base * rate / 100)) for rate, base in sorted(bases.items()))
    base = sum((part.base for part in vat), Decimal("0.00"))
    return Totals(base, vat, base + sum((part.amount for part in vat), Decimal("0.00")))


def with_vat_in_czk(totals: Totals, exchange: ExchangeRate) -> Totals:
    """The same totals with each VAT amount also in crowns, half up, at the rate of the tax point."""
    in_czk = [replace(part, amount_in_czk=half_up(part.amount * exchange.czk / exchange.amount)) for part in totals.vat]
    return replace(totals, vat=tuple(in_czk))


def exchange_rate_for(rates: Iterable[ExchangeRate], currency: str, tax_point: date) -> ExchangeRate | Refusal:
    """The latest ČNB rate published up to the tax point; refused `no-exchange-rate` when a week or more is missing."""
    known = [rate for rate in rates if rate.currency == currency and rate.day <= tax_point]
    latest = max(known, key=lambda rate: rate.day, default=None)
    if latest is None or tax_point - latest.day >= RATE_AGE_LIMIT:
        return Refusal(
            "no-exchange-rate", f"there is no ČNB rate for {currency} on {tax_point}: load it, then issue the invoice"
        )
    return latest


# lines, one by one

Part = TypeVar("Part", BilledSegment, MinimumCharge)
LineKey = tuple[datetime, str, str, int, int, str, Decimal]
FIRST, SECOND, LAST = 0, 1, 2


def key_of(segment: BilledSegment) -> LineKey:
    place = FIRST if segment.band == PEAK else SECOND
    return (*source_of(segment), place, segment.band, segment.price)


def minimum_key(minimum: MinimumCharge) -> LineKey:
    return (*source_of(minimum), LAST, "", minimum.amount)


def source_of(part: BilledSegment | MinimumCharge) -> tuple[datetime, str, str, int]:
    return part.started_at, part.conference, part.contract, part.rate_version


def starts_of(parts: Iterable[BilledSegment | MinimumCharge]) -> dict[str, datetime]:
    """The earliest start of each conference: a late leg that joined before the others was charged from another one."""
    starts: dict[str, datetime] = {}
    for part in parts:
        starts[part.conference] = min(part.started_at, starts.get(part.conference, part.started_at))
    return starts


def from_one_start(parts: Iterable[Part], starts: Mapping[str, datetime]) -> Iterator[Part]:
    """A conference has one start on an invoice, so that conference x band x price stays one line."""
    for part in parts:
        start = starts[part.conference]
        yield part if part.started_at == start else replace(part, started_at=start)


def added_up(minimum_charges: Iterable[MinimumCharge]) -> Iterator[MinimumCharge]:
    """One per conference, also when a late leg was rated in a second go."""
    found: dict[tuple[datetime, str, str, int], MinimumCharge] = {}
    for minimum in minimum_charges:
        source = source_of(minimum)
        before = found[source].amount if source in found else Decimal(0)
        found[source] = replace(minimum, amount=before + minimum.amount)
    return (minimum for minimum in found.values() if minimum.amount)


def segment_line(segments: Sequence[BilledSegment], vat_rate: Decimal, zone: str) -> Line:
    first = segments[0]
    seconds = sum(segment.seconds for segment in segments)
    return Line(
        conference=first.conference,
        contract=first.contract,
        rate_version=first.rate_version,
        text=line_text(first.started_at, (segment.service for segment in segments), first.band, zone=zone),
        band=first.band,
        quantity=Decimal(seconds),
        base_quantity=BASE_QUANTITY,
        unit_price=first.price,
        net=line_net(seconds, first.price),
        vat_rate=vat_rate,
        legs=tuple(sorted({segment.leg for segment in segments})),
    )


def minimum_line(minimum: MinimumCharge, vat_rate: Decimal, zone: str) -> Line:
    net = half_up(minimum.amount)
    return Line(
        conference=minimum.conference,
        contract=minimum.contract,
        rate_version=minimum.rate_version,
        text=minimum_text(minimum.started_at, zone=zone),
        band=None,
        quantity=Decimal(1),
        base_quantity=Decimal(1),
        unit_price=net,
        net=net,
        vat_rate=vat_rate,
        legs=(),
    )


def fee_line(fee: BookingFee, vat_rate: Decimal) -> Line:
    return Line(
        conference=None,
        contract=fee.contract,
        rate_version=fee.rate_version,
        text=fee_text(fee.booking, fee.kind),
        band=None,
        quantity=Decimal(1),
        base_quantity=Decimal(1),
        unit_price=fee.amount,
        net=half_up(fee.amount),
        vat_rate=vat_rate,
        legs=(),
    )


def fee_text(booking: str, kind: str) -> str:
    """`Booking BK-2026-000123, late cancellation`."""
    return f"Booking {booking}, {FEE_WORDS[kind]}"


def fee_in(text: str) -> tuple[str, str] | None:
    """(booking, kind) of a line that `fee_text` wrote; None of any other."""
    for kind, words in FEE_WORDS.items():
        if text == fee_text(booking := text.removeprefix("Booking ").removesuffix(f", {words}"), kind):
            return booking, kind
    return None


def line_text(started_at: datetime, services: Iterable[str], band: str, *, zone: str = HOUSE_ZONE) -> str:
    """`Conference 2026-11-24 17:30, dial-in, peak`: local time, as the customer remembers it."""
    return f"Conference {local_text(started_at, zone)}, {' and '.join(sorted(set(services)))}, {band}"


def minimum_text(started_at: datetime, *, zone: str = HOUSE_ZONE) -> str:
    """`Conference 2026-11-24 17:30, minimum charge`."""
    return f"Conference {local_text(started_at, zone)}, minimum charge"


def local_text(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(zone_named(zone)):%Y-%m-%d %H:%M}"
