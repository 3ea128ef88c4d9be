"""The worked example of domain.md, section 2, as bridge and billing know it, and builders of the like."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sources.demo import SELLER
from sources.records.billing import (
    BillingAccount,
    BillingPeriod,
    CallCharges,
    ChargedLeg,
    ExchangeRate,
    ExcludedLeg,
    Segment,
)
from sources.records.bridge import Bridge, Leg
from sources.records.papers import Parties, Party

__all__ = [
    "BRIDGES",
    "NOVEMBER",
    "OCTOBER",
    "WORKED_EXAMPLE",
    "a_charged_leg",
    "a_leg",
    "a_party",
    "a_period",
    "a_segment",
    "an_account",
    "charges",
    "master_csv",
    "the_parties",
    "worked_charges",
]

BRIDGES = (Bridge("pbx-praha", "UTC"), Bridge("pbx-brno", "Europe/Prague"), Bridge("pbx-old", None))
START = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)
OCTOBER = datetime(2026, 9, 30, 22, tzinfo=UTC)
NOVEMBER = datetime(2026, 10, 31, 23, tzinfo=UTC)
DECEMBER = datetime(2026, 11, 30, 23, tzinfo=UTC)

# name, seconds after 17:30 local, true seconds, billed peak seconds, billed off-peak seconds
WORKED_EXAMPLE = (
    ("alice", 0, 3025, 1800, 1230),
    ("bob", 310, 31, 60, 0),
    ("bob-again", 365, 2634, 1435, 1199),
    ("carol", 1710, 392, 90, 306),
)


def a_leg(id: str = "pbx-praha:1.1", *, joined: int = 0, seconds: int = 600, **changes: Any) -> Leg:
    """A leg in the room of the worked example, that joins `joined` seconds after its start."""
    leg = Leg(
        id=id,
        bridge="pbx-praha",
        room="20260123",
        service="dial-in",
        display_name="Alice Nováková",
        caller_number="420601111222",
        joined_at=START + timedelta(seconds=joined),
        left_at=START + timedelta(seconds=joined + seconds),
    )
    return replace(leg, **changes)


def master_csv(*legs: Leg) -> str:
    """These legs as the switch (in UTC) writes them; the id's last part is the uniqueid."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for leg in legs:
        joined, left = (f"{at:%Y-%m-%d %H:%M:%S}" for at in (leg.joined_at, leg.left_at))
        seconds = int((leg.left_at - leg.joined_at).total_seconds())
        clid = f'"{leg.display_name}" <{leg.caller_number}>'
        head = ["", leg.caller_number, "8001", "conf", clid, "PJSIP/trunk-1", "", "ConfBridge", f"{leg.room},x"]
        writer.writerow([*head, joined, joined, left, seconds, seconds, "ANSWERED", "DOC", leg.id.split(":")[1]])
    return out.getvalue()


def an_account(number: str = "7700123", **changes: Any) -> BillingAccount:
    return replace(BillingAccount(number, "CZK", 1, 14), **changes)


def a_period(starts_at: datetime = NOVEMBER, ends_at: datetime = DECEMBER, **changes: Any) -> BillingPeriod:
    return replace(BillingPeriod("7700123", starts_at, ends_at, "OPEN"), **changes)


def a_segment(band: str = "peak", seconds: int = 60, **changes: Any) -> Segment:
    price = {"peak": Decimal("1.80"), "off-peak": Decimal("0.95")}[band]
    amount = (price * seconds / 60).quantize(Decimal("0.0000000001"))
    return replace(Segment("dial-in", band, seconds, price, amount), **changes)


def a_charged_leg(leg: str = "pbx-praha:1.1", *, peak: int = 60, off_peak: int = 0, seconds: int = 60) -> ChargedLeg:
    segments = [a_segment("peak", peak)] * bool(peak) + [a_segment("off-peak", off_peak)] * bool(off_peak)
    return ChargedLeg(leg, seconds, tuple(segments))


def charges(
    *legs: ChargedLeg, conference: str = "CF-2026-000123", excluded: Iterable[ExcludedLeg] = (), **changes: Any
) -> CallCharges:
    """Charges of a conference at the worked example's start for the account 7700123."""
    made = CallCharges(
        account="7700123",
        conference=conference,
        booking="BK-2026-000123",
        conference_started_at=START,
        contract="SM-2024-0815",
        rate_version=2,
        currency="CZK",
        charges=legs,
        excluded=tuple(excluded),
        minimum_charge=None,
        rule_version="tariff-1",
    )
    return replace(made, **changes)


def worked_charges(**changes: Any) -> CallCharges:
    """144.85 + 30.42 = 175.27 CZK."""
    legs = [
        a_charged_leg(f"pbx-praha:{name}", peak=peak, off_peak=off_peak, seconds=seconds)
        for name, _, seconds, peak, off_peak in WORKED_EXAMPLE
    ]
    return charges(*legs, **changes)


def a_party(**changes: Any) -> Party:
    party = Party(
        name="Novák Konference s.r.o.",
        street="Dlouhá 12/7",
        city="Praha 1",
        postal_code="110 00",
        country="CZ",
        company_number="27604977",
        vat_number="CZ27604977",
        email="info@novak-konference.example",
    )
    return replace(party, **changes)


def the_parties(**changes: Any) -> Parties:
    """The demo company and a client of Prague on the worked example's day; a test changes the buyer."""
    return Parties(SELLER, a_party(**changes), START)


def a_rate_of_the_cnb(currency: str = "EUR", **changes: Any) -> ExchangeRate:
    return replace(ExchangeRate(currency, date(2026, 11, 23), 1, Decimal("24.315")), **changes)
