"""One small company: builders of records with good defaults; a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sources.records.links import AccountLink
from sources.records.reservations import Booking
from sources.records.sales import Client, Contact, Contract, ContractRate, Holiday, PostalAddress, RateVersion

__all__ = [
    "a_booking",
    "a_client",
    "a_contact",
    "a_contract",
    "a_holiday",
    "a_link",
    "a_rate",
    "a_rate_version",
]


def a_client(id: str = "CL-00417", **changes: Any) -> Client:
    client = Client(
        id=id,
        salesperson="jana.kralova",
        name="Novák Konference s.r.o.",
        company_number="27604977",
        vat_number="CZ27604977",
        email="info@novak-konference.example",
        marketing_consent=True,
        postal_address=PostalAddress("Dlouhá 12", "Praha 1", "110 00", "CZ"),
    )
    return replace(client, **changes)


def a_contact(client: str = "CL-00417", **changes: Any) -> Contact:
    contact = Contact(client, 1, "Alice Nováková", "alice@novak-konference.example", "+420 601 234 567")
    return replace(contact, **changes)


def a_contract(number: str = "SM-2024-0815", **changes: Any) -> Contract:
    contract = Contract(
        number=number,
        client="CL-00417",
        status="SIGNED",
        valid_from=date(2024, 9, 1),
        valid_to=None,
        currency="CZK",
        calendar="CZ",
        zone="Europe/Prague",
        band_rule="SPLIT",
        merge_gaps_under_seconds=0,
    )
    return replace(contract, **changes)


def a_rate(band: str = "peak", **changes: Any) -> ContractRate:
    prices = {"peak": Decimal("1.80"), "off-peak": Decimal("0.95")}
    return replace(ContractRate("dial-in", band, prices[band], 60, 6, None), **changes)


def a_rate_version(version: int = 1, **changes: Any) -> RateVersion:
    rates = (a_rate("peak"), a_rate("off-peak"))
    return replace(RateVersion("SM-2024-0815", version, date(2024, 9, 1), None, rates), **changes)


def a_holiday(day: date = date(2026, 11, 17), **changes: Any) -> Holiday:
    return replace(Holiday("CZ", day, "Den boje za svobodu a demokracii"), **changes)


def a_link(account: str = "7700123", **changes: Any) -> AccountLink:
    return replace(AccountLink(account, "CL-00417", date(2024, 9, 1), None), **changes)


def a_booking(ref: str = "BK-2026-000123", **changes: Any) -> Booking:
    booking = Booking(
        ref=ref,
        client="CL-00417",
        account="7700123",
        title="Porada vedení",
        organiser="Alice Nováková",
        room="20260123",
        local_start="2026-11-24T17:30",
        local_end="2026-11-24T18:30",
        time_zone="Europe/Prague",
        starts_at=datetime(2026, 11, 24, 16, 30, tzinfo=UTC),
        ends_at=datetime(2026, 11, 24, 17, 30, tzinfo=UTC),
        expected_participants=4,
        status="CONFIRMED",
        revision=1,
    )
    return replace(booking, **changes)
