"""The fixed cast: ids that README, examples and tests rely on, the same on every day the company is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sources.records.papers import Party

__all__ = [
    "AMBIGUOUS_ACCOUNT",
    "AMBIGUOUS_CONTRACT",
    "BRIDGES",
    "CAST",
    "EURO",
    "HOME_BRIDGE",
    "MAIN",
    "MOVED",
    "NO_CONTRACT",
    "PER_CALL",
    "SELLER",
    "SINCE",
    "UNLINKED",
    "Figure",
    "Moved",
]


@dataclass(frozen=True, slots=True)
class Figure:
    """A client of the cast, its accounts and contracts, and a booking of its own.

    But for `MAIN` the booked `conference` took place yesterday, and nobody has invoiced it yet.
    """

    client: str
    name: str
    accounts: tuple[str, ...]
    contracts: tuple[str, ...]
    booking: str

    @property
    def conference(self) -> str:
        return self.booking.replace("BK-", "CF-")


MAIN = Figure("CL-00417", "Novák Konference s.r.o.", ("7700123",), ("SM-2024-0815",), "BK-2026-000123")
"""The worked example's client (domain.md, section 2). Its booking's conference comes with the switch's call records."""

AMBIGUOUS_ACCOUNT = Figure("CL-00418", "Dvě pobočky a.s.", ("7700124", "7700125"), ("SM-2024-0816",), "BK-2026-000124")
"""Two accounts in one currency, and a booking that names none: refused `ambiguous-account`."""

NO_CONTRACT = Figure("CL-00419", "Zatím bez smlouvy s.r.o.", ("7700126",), ("SM-2026-0817",), "BK-2026-000125")
"""Only a draft of a contract: refused `no-contract`."""

AMBIGUOUS_CONTRACT = Figure(
    "CL-00420", "Dvojí smlouva s.r.o.", ("7700127",), ("SM-2024-0818", "SM-2025-0819"), "BK-2026-000126"
)
"""Two signed contracts in one currency: refused `ambiguous-contract`."""

EURO = Figure("CL-00421", "Müller Telekonferenz GmbH", ("7700128",), ("SM-2024-0820",), "BK-2026-000127")
"""Billed in EUR, with VAT in CZK too."""

CAST = (MAIN, AMBIGUOUS_ACCOUNT, NO_CONTRACT, AMBIGUOUS_CONTRACT, EURO)


@dataclass(frozen=True, slots=True)
class Moved:
    """An account that two clients of two salespeople had one after the other."""

    account: str
    former: str
    present: str


MOVED = Moved("7700320", "CL-00111", "CL-00114")
"""eva.novotna's client's, then jana.kralova's, since the first of the month three months ago."""

UNLINKED = ("7700201", "7700202", "7700203")
"""Accounts that nobody has linked to a client: with `MAIN`'s numbers, with `AMBIGUOUS_ACCOUNT`'s DIČ, with neither."""

PER_CALL = ("7700124", "7700125")
"""Accounts that get an invoice for each call: `AMBIGUOUS_ACCOUNT`'s."""

SELLER = Party(
    name="Konference po telefonu s.r.o.",
    street="Na Příkladu 2240/7",
    city="Praha 4",
    postal_code="140 00",
    country="CZ",
    company_number="04170415",
    vat_number="CZ04170415",
    email="fakturace@konference.example",
    iban="CZ6508000000192000145399",
    register_entry="Zapsáno v obchodním rejstříku u Městského soudu v Praze, oddíl C, vložka 0",
)
"""The demo company itself. The IBAN is the one that the standard gives as its Czech example."""

BRIDGES = (("bridge-1", "UTC"), ("pbx-praha", "UTC"), ("pbx-brno", "Europe/Prague"), ("pbx-old", None))
"""(id, zone of its call record files). `pbx-old` has not declared one."""

HOME_BRIDGE = "bridge-1"

SINCE = date(2024, 9, 1)
"""The cast's contracts and accounts are valid from this day."""
