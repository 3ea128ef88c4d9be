"""Billing: batches of keys in, records out, and the three mutations that write what happened to calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Select

from sources.billing import filling, reading
from sources.billing.calls import record_exceptions
from sources.billing.charging import record_charges
from sources.billing.issuing import issue_invoice
from sources.billing.rules import InvoiceRules
from sources.billing.tables import KEYS, account_of, billed_of, invoice_of, line_of, period_of, vat_of
from sources.database import Database
from sources.idempotency import Call, input_hash, write_once
from sources.records.billing import (
    BilledSegment,
    BillingAccount,
    BillingPeriod,
    CallCharges,
    ExceptionLeg,
    Invoice,
    InvoiceLine,
    RatingException,
    VatLine,
)
from sources.records.refusal import Refusal

__all__ = ["Billing"]

T = TypeVar("T")
Statement = Select[*tuple[Any, ...]]


class Billing:
    """The source of the system billing. Answers of batches are in no particular order unless said otherwise."""

    def __init__(self, database: Database) -> None:
        self.database = database

    fill = staticmethod(filling.fill)

    async def accounts(self, numbers: Collection[str]) -> list[BillingAccount]:
        return await self._read(reading.ACCOUNTS_BY_NUMBER, {"keys": numbers}, account_of)

    async def accounts_in_order(self, *, first: int, after: str | None) -> list[BillingAccount]:
        """The `first` accounts whose number comes after `after`, in order of numbers."""
        return await self._read(reading.ACCOUNTS_IN_ORDER, {"first": first, "after": after or ""}, account_of)

    async def latest_periods(self, accounts: Collection[str], at: datetime, *, last: int) -> list[BillingPeriod]:
        """The `last` stored periods of each account that have begun at `at`, by account and in order of time."""
        return await self._read(reading.LATEST_PERIODS, {"keys": accounts, "at": at, "last": last}, period_of)

    async def periods(self, accounts: Collection[str]) -> list[BillingPeriod]:
        """Every stored period of the accounts, by account and in order of time."""
        return await self._read(reading.PERIODS_OF_ACCOUNTS, {"keys": accounts}, period_of)

    async def drafts(self, accounts: Collection[str]) -> list[Invoice]:
        """The accounts' drafts, at most one a period."""
        return await self._read(reading.DRAFTS_OF_ACCOUNTS, {"keys": accounts}, invoice_of)

    async def open_invoices(self, accounts: Collection[str]) -> list[Invoice]:
        """The accounts' invoices that are issued and not fully paid, in order of period and number."""
        return await self._read(reading.OPEN_INVOICES_OF_ACCOUNTS, {"keys": accounts}, invoice_of)

    async def latest_invoices(self, accounts: Collection[str], *, last: int, status: str | None) -> list[Invoice]:
        """The `last` of each account (in this status), by account, in order of period and number, draft last."""
        return await self._read(reading.LATEST_INVOICES, {"keys": accounts, "last": last, "status": status}, invoice_of)

    async def invoices(self, ids: Collection[str]) -> list[Invoice]:
        return await self._read(reading.INVOICES_BY_ID, {"keys": ids}, invoice_of)

    async def invoices_numbered(self, numbers: Collection[str]) -> list[Invoice]:
        return await self._read(reading.INVOICES_BY_NUMBER, {"keys": numbers}, invoice_of)

    async def lines(self, invoices: Collection[str]) -> list[InvoiceLine]:
        """By invoice and position."""
        return await self._read(reading.LINES_OF_INVOICES, {"keys": invoices}, line_of)

    async def vat(self, invoices: Collection[str]) -> list[VatLine]:
        """By invoice and rate."""
        return await self._read(reading.VAT_OF_INVOICES, {"keys": invoices}, vat_of)

    async def segments_of_invoices(self, invoices: Collection[str]) -> list[BilledSegment]:
        """What the invoices charge, by conference, leg and time."""
        return await self._read(reading.BILLED_OF_INVOICES, {"keys": invoices}, billed_of)

    async def calls_begun(self, invoices: Collection[str]) -> list[tuple[str, datetime]]:
        """(invoice, when a conference that it charges began)."""
        return await self._read(
            reading.CALLS_BEGUN_OF_INVOICES, {"keys": invoices}, lambda row: (row.invoice, row.conference_started_at)
        )

    async def segments_of_conferences(self, conferences: Collection[str]) -> list[BilledSegment]:
        """What is charged (and not credited) for the conferences, by conference, leg and time."""
        return await self._read(reading.BILLED_OF_CONFERENCES, {"keys": conferences}, billed_of)

    async def invoices_of_conferences(self, conferences: Collection[str]) -> list[tuple[str, Invoice]]:
        """(conference, an invoice that charges it, drafts too), in order of period and number."""
        return await self._read(
            reading.INVOICES_OF_CONFERENCES, {"keys": conferences}, lambda row: (row[0], invoice_of(row[1:]))
        )

    async def rating_exceptions(self, *, limit: int) -> list[RatingException]:
        """Calls that could not be rated, the longest waiting first."""
        return await self._read(reading.EXCEPTIONS, {"limit": limit}, lambda row: RatingException(*row))

    async def record_charges(
        self, charges: CallCharges, *, caller: str, key: str, now: datetime, rules: InvoiceRules
    ) -> Invoice | Refusal:
        """Charge a conference's legs to an account; the draft they are on, or the invoice they were on already.

        Refused `unknown-account`, `wrong-currency`, `partly-charged`, or `nothing-to-bill` (the excluded legs are
        recorded all the same). Idempotent by caller and key; KeyReused for other charges under the same key.
        """
        call = Call("recordCharges", caller, key, input_hash(charges))
        answer = await write_once(
            self.database,
            KEYS,
            call=call,
            effect=lambda connection: record_charges(connection, charges, now=now, rules=rules),
        )
        return await self._invoice_or_refusal(answer)

    async def record_rating_exceptions(
        self,
        conference: str,
        legs: Sequence[ExceptionLeg],
        *,
        code: str,
        message: str,
        caller: str,
        key: str,
        now: datetime,
    ) -> int:
        """Note that legs can't be rated, and why; how many were noted. Charged and excluded legs stay what they are."""
        call = Call("recordRatingExceptions", caller, key, input_hash([conference, list(legs), code, message]))

        def effect(connection: Connection) -> dict[str, Any]:
            recorded = record_exceptions(connection, legs, conference=conference, code=code, message=message, now=now)
            return {"recorded": recorded}

        answer = await write_once(self.database, KEYS, call=call, effect=effect)
        recorded: int = answer["recorded"]
        return recorded

    async def issue_invoice(
        self, invoice: str, *, caller: str, key: str, now: datetime, rules: InvoiceRules
    ) -> Invoice | Refusal:
        """Issue a draft. Refused `unknown-invoice`, `not-a-draft`, `no-exchange-rate`, `nothing-to-bill`.

        Idempotent by caller and key; KeyReused for another invoice under the same key.
        """
        call = Call("issueInvoice", caller, key, input_hash([invoice]))
        answer = await write_once(
            self.database,
            KEYS,
            call=call,
            effect=lambda connection: issue_invoice(connection, invoice, now=now, rules=rules),
        )
        return await self._invoice_or_refusal(answer)

    async def _invoice_or_refusal(self, answer: Mapping[str, Any]) -> Invoice | Refusal:
        if "refused" in answer:
            return Refusal(**answer["refused"])
        [invoice] = await self.invoices([answer["invoice"]])
        return invoice

    async def _read(self, statement: Statement, parameters: Mapping[str, Any], record: Callable[[Any], T]) -> list[T]:
        return await self.database.read(
            lambda connection: [record(row) for row in connection.execute(statement, parameters)]
        )
