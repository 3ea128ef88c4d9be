"""First rows of the system billing, for a company in the making."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby, islice
from types import MappingProxyType

from sqlalchemy import Connection

from sources.billing.calls import insert_calls
from sources.billing.hashing import content_hash
from sources.billing.parties import party_rows
from sources.billing.tables import ACCOUNTS, EXCHANGE_RATES, INVOICES, LINES, MINIMUMS, PARTIES, PERIODS, SERIES, VAT
from sources.records.billing import (
    BillingAccount,
    BillingPeriod,
    ExchangeRate,
    Invoice,
    InvoiceLine,
    Minimum,
    RatedCall,
    VatLine,
)
from sources.records.papers import Parties
from sources.rows import insert_all, row_of

__all__ = ["fill"]

CHUNK = 5_000


def fill(
    connection: Connection,
    *,
    accounts: Iterable[BillingAccount],
    periods: Iterable[BillingPeriod],
    invoices: Iterable[Invoice],
    lines: Iterable[InvoiceLine],
    vat: Iterable[VatLine],
    calls: Iterable[RatedCall],
    minimums: Iterable[Minimum] = (),
    exchange_rates: Iterable[ExchangeRate] = (),
    parties: Mapping[str, Parties] = MappingProxyType({}),
) -> None:
    """Write the records as they are. Hashes of issued invoices and the counters of their numbers are made here.

    `parties` are those of issued invoices, by id; one without has no documents.
    """
    insert_all(connection, ACCOUNTS, map(row_of, accounts))
    insert_all(connection, PERIODS, map(row_of, periods))
    fill_invoices(connection, list(invoices), list(lines), list(vat), parties)
    waiting = ((f"{call.leg}#1", call) for call in calls)
    while chunk := list(islice(waiting, CHUNK)):
        insert_calls(connection, chunk)
    insert_all(connection, MINIMUMS, map(row_of, minimums))
    insert_all(connection, EXCHANGE_RATES, map(row_of, exchange_rates))


def fill_invoices(
    connection: Connection,
    invoices: list[Invoice],
    lines: list[InvoiceLine],
    vat: list[VatLine],
    parties: Mapping[str, Parties],
) -> None:
    # Lines first: once an invoice is there and issued, the database takes no more of them.
    insert_all(connection, LINES, map(row_of, lines))
    insert_all(connection, VAT, map(row_of, vat))
    insert_all(connection, PARTIES, (row for invoice, both in parties.items() for row in party_rows(invoice, both)))
    insert_all(connection, INVOICES, map(row_of, hashed(invoices, lines, vat, parties)))
    insert_all(connection, SERIES, series_of(invoices))


def hashed(
    invoices: list[Invoice], lines: list[InvoiceLine], vat: list[VatLine], parties: Mapping[str, Parties]
) -> Iterator[Invoice]:
    lines_of: dict[str, list[InvoiceLine]] = {}
    vat_of: dict[str, list[VatLine]] = {}
    for line in lines:
        lines_of.setdefault(line.invoice, []).append(line)
    for part in vat:
        vat_of.setdefault(part.invoice, []).append(part)
    for invoice in invoices:
        if invoice.status == "DRAFT":
            yield invoice
        else:
            parts = lines_of.get(invoice.id, ()), vat_of.get(invoice.id, ())
            fingerprint = content_hash(invoice, *parts, parties.get(invoice.id))
            yield replace(invoice, content_hash=fingerprint)


def series_of(invoices: list[Invoice]) -> Iterator[dict[str, object]]:
    """The counter of each year: how far its numbers go, which are the year and a position (2026000001)."""
    numbered = [(issued_on, invoice.number) for invoice in invoices if (issued_on := invoice.issued_on)]
    for year, of_year in groupby(sorted(numbered), key=lambda pair: pair[0].year):
        found = list(of_year)
        numbers = [int(number.removeprefix(str(year))) for _, number in found if number]
        yield {"series": str(year), "last": max(numbers, default=0), "last_issued_on": max(day for day, _ in found)}
