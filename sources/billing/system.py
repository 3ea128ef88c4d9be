"""Billing: batches of keys in, records out, and the mutations: charges, exceptions, invoices, credit notes, periods."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import CompoundSelect, Connection, Select
from sqlalchemy.exc import IntegrityError

from sources.billing import exceptions, filling, positions, reading
from sources.billing.charging import record_charges
from sources.billing.closing import close_period, finish_period
from sources.billing.crediting import create_credit_note
from sources.billing.documents import contents_of, documents_of, keep, render
from sources.billing.fees import record_fee, withdraw_fee
from sources.billing.issuing import issue_invoice
from sources.billing.parties import papers_of
from sources.billing.rules import InvoiceRules
from sources.billing.tables import KEYS, account_of, billed_of, credit_note_of, invoice_of, line_of, period_of, vat_of
from sources.database import Database
from sources.idempotency import Call, input_hash, write_once
from sources.records.billing import (
    BilledSegment,
    BillingAccount,
    BillingPeriod,
    CallCharges,
    FeeCharge,
    Invoice,
    InvoiceLine,
    InvoicingPosition,
    VatLine,
)
from sources.records.exceptions import ExceptionEvent, ExceptionLeg, RatingException, Resolution, Unrated
from sources.records.papers import CreditNote, Document, Paper, Parties, Party
from sources.records.refusal import Refusal

__all__ = ["Billing", "TooManyToMake"]

T = TypeVar("T")
Statement = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


MOST_MADE = 20


class TooManyToMake(Exception):
    """More documents are missing than are made for one question: `wanted` papers, where `most` are allowed."""

    def __init__(self, wanted: int, most: int) -> None:
        super().__init__(f"the documents of {wanted} invoices are to be made first, and {most} at most at once")


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
        """(invoice, when a conference that it charges began, or a fee arose)."""
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

    async def rating_exceptions(
        self, *, limit: int, code: str | None = None, assigned_to: str | None = None
    ) -> list[RatingException]:
        """Calls that could not be rated, for this reason, assigned to this person; the longest waiting first."""
        given = {"limit": limit, "code": code, "who": assigned_to}
        return await self._read(exceptions.exceptions(code, assigned_to), given, exceptions.exception_of)

    async def exceptions_of_clients(self, clients: Collection[str], *, limit: int) -> list[RatingException]:
        """Of each client the `limit` that wait longest, in that order."""
        given = {"keys": clients, "limit": limit}
        return await self._read(exceptions.EXCEPTIONS_OF_CLIENTS, given, exceptions.exception_of)

    async def exceptions_named(self, ids: Collection[str]) -> list[RatingException]:
        """Those of these ids that wait still."""
        return await self._read(exceptions.EXCEPTIONS_BY_ID, {"keys": ids}, exceptions.exception_of)

    async def exception_events(self, ids: Collection[str]) -> list[ExceptionEvent]:
        """All that happened to these exceptions, by exception and in order of time; also once they are settled."""
        return await self._read(exceptions.EVENTS_OF_EXCEPTIONS, {"keys": ids}, exceptions.event_of)

    async def decisions(self, conferences: Collection[str]) -> list[ExceptionEvent]:
        """What people decided about exceptions of the conferences, and still holds, in order of time."""
        return await self._read(exceptions.DECISIONS, {"keys": conferences}, exceptions.event_of)

    async def conferences_to_retry(
        self, *, limit: int, after: str, tried_before: datetime, but: Collection[str]
    ) -> list[str]:
        """The next conferences, by id, with an exception of any code `but` these, not tried since `tried_before`.

        One of these codes too where somebody has decided, and nothing was noted since.
        """
        given = {"limit": limit, "after": after, "tried_before": tried_before, "but": sorted(but)}
        return await self._read(exceptions.TO_RETRY, given, lambda row: row.conference)

    async def assign_exceptions(
        self, ids: Sequence[str], *, assignee: str | None, caller: str, key: str, now: datetime
    ) -> list[RatingException] | Refusal:
        """Say who works on exceptions. Refused `unknown-exception`, `not-waiting`; then of none of them."""
        call = Call("assignException", caller, key, input_hash([list(ids), assignee]))
        answer = await write_once(
            self.database,
            KEYS,
            call=call,
            effect=lambda connection: exceptions.assign(connection, ids, assignee=assignee, caller=caller, now=now),
        )
        if "refused" in answer:
            return Refusal(**answer["refused"])
        return await self.exceptions_named(answer["exceptions"])

    async def record_resolution(
        self,
        ids: Sequence[str],
        resolution: Resolution,
        *,
        caller: str,
        key: str,
        now: datetime,
        may_accept: Callable[[str], bool] = lambda _: True,
    ) -> list[str] | Refusal:
        """Keep what a person decided; the conferences to rate anew.

        Refused `unknown-exception`, `not-waiting`, `not-acceptable`, `ends-later`.
        """
        call = Call("recordResolution", caller, key, input_hash([list(ids), resolution]))
        answer = await write_once(
            self.database,
            KEYS,
            call=call,
            effect=lambda connection: exceptions.resolve(connection, ids, resolution, now=now, may_accept=may_accept),
        )
        if "refused" in answer:
            return Refusal(**answer["refused"])
        conferences: list[str] = answer["conferences"]
        return conferences

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
            effect=lambda connection: record_charges(connection, [charges], now=now, rules=rules)[0],
        )
        return await self._invoice_or_refusal(answer)

    async def record_charges_of_conferences(
        self, calls: Sequence[CallCharges], *, caller: str, key: str, now: datetime, rules: InvoiceRules
    ) -> list[Invoice | Refusal]:
        """The same for many conferences in one transaction, each for itself; no leg may be in two of them."""
        call = Call("recordChargesOfConferences", caller, key, input_hash(list(calls)))
        answer = await write_once(
            self.database,
            KEYS,
            call=call,
            effect=lambda connection: {"outcomes": record_charges(connection, calls, now=now, rules=rules)},
        )
        outcomes = answer["outcomes"]
        found = await self.invoices({each["invoice"] for each in outcomes if "invoice" in each})
        invoices = {invoice.id: invoice for invoice in found}
        return [Refusal(**each["refused"]) if "refused" in each else invoices[each["invoice"]] for each in outcomes]

    async def record_fee(
        self, fee: FeeCharge, *, caller: str, key: str, now: datetime, rules: InvoiceRules
    ) -> Invoice | Refusal:
        """Charge what a booking costs that came to nothing; the invoice that it is on, also where it was before.

        Refused `unknown-account` or `wrong-currency`. Idempotent by caller and key, and by booking and kind.
        """
        answer = await write_once(
            self.database,
            KEYS,
            call=Call("recordFee", caller, key, input_hash(fee)),
            effect=lambda connection: record_fee(connection, fee, now=now, rules=rules),
        )
        return await self._invoice_or_refusal(answer)

    async def withdraw_fee(
        self, booking: str, kind: str, *, caller: str, key: str, rules: InvoiceRules
    ) -> Invoice | Refusal | None:
        """Take a booking's fee off its draft, which is the answer; None where none is charged. Refused `issued`."""
        answer = await write_once(
            self.database,
            KEYS,
            call=Call("withdrawFee", caller, key, input_hash([booking, kind])),
            effect=lambda connection: withdraw_fee(connection, booking, kind, rules=rules),
        )
        return None if answer.get("invoice", "") is None else await self._invoice_or_refusal(answer)

    async def record_rating_exceptions_of_conferences(
        self, unrated: Sequence[Unrated], *, caller: str, key: str, now: datetime
    ) -> int:
        """The same as `record_rating_exceptions` for many conferences in one transaction."""
        call = Call("recordRatingExceptionsOfConferences", caller, key, input_hash(list(unrated)))

        def effect(connection: Connection) -> dict[str, Any]:
            ordered = sorted(unrated, key=lambda each: each.conference)
            return {"recorded": sum(exceptions.record_exceptions(connection, each, caller, now) for each in ordered)}

        recorded: int = (await write_once(self.database, KEYS, call=call, effect=effect))["recorded"]
        return recorded

    async def invoicing_positions(self, *, again_at: datetime | None = None) -> list[InvoicingPosition] | None:
        """Of every bridge, or of those where there is something to look at again by then; by bridge.

        None where billing is only read: nothing is invoiced here.
        """
        if self.database.is_read_only:
            return None
        statement = positions.ALL if again_at is None else positions.DUE
        return await self._read(statement, {"at": again_at} if again_at else {}, lambda row: InvoicingPosition(*row))

    async def note_invoicing_position(self, position: InvoicingPosition) -> None:
        await self.database.write(lambda connection: positions.note_position(connection, position))

    async def record_rating_exceptions(
        self,
        conference: str,
        legs: Sequence[ExceptionLeg],
        *,
        code: str,
        message: str,
        client: str | None = None,
        caller: str,
        key: str,
        now: datetime,
    ) -> int:
        """Note that legs can't be rated, and why; how many were noted. Charged and excluded legs stay what they are."""
        call = Call("recordRatingExceptions", caller, key, input_hash([conference, list(legs), code, message, client]))
        unrated = Unrated(conference, tuple(legs), code, message, client)

        def effect(connection: Connection) -> dict[str, Any]:
            return {"recorded": exceptions.record_exceptions(connection, unrated, caller, now)}

        answer = await write_once(self.database, KEYS, call=call, effect=effect)
        recorded: int = answer["recorded"]
        return recorded

    async def issue_invoice(
        self,
        invoice: str,
        parties: Parties | Refusal,
        *,
        named: Party | None = None,
        caller: str,
        key: str,
        now: datetime,
        rules: InvoiceRules,
    ) -> Invoice | Refusal:
        """Issue a draft, then make its documents. `parties` may be the reason why they are not known.

        Refused `unknown-invoice`, `not-a-draft`, `no-exchange-rate`, `nothing-to-bill`, or for the parties. Idempotent
        by caller and key; KeyReused for another invoice, or another buyer that was `named`, under the same key.
        """
        call = Call("issueInvoice", caller, key, input_hash([invoice, named] if named else [invoice]))
        answer = await write_once(
            self.database,
            KEYS,
            call=call,
            effect=lambda connection: issue_invoice(connection, invoice, parties, now=now, rules=rules),
        )
        if "invoice" in answer:
            await self.documents([answer["invoice"]], rules=rules)
        return await self._invoice_or_refusal(answer)

    async def create_credit_note(
        self, invoice: str, reason: str, *, caller: str, key: str, now: datetime, rules: InvoiceRules
    ) -> CreditNote | Refusal:
        """Take back an issued invoice, whole. Refused `unknown-invoice`, `not-issued`, `credited-already`.

        Idempotent by caller and key; KeyReused for another invoice or reason under the same key.
        """
        call = Call("createCreditNote", caller, key, input_hash([invoice, reason]))
        answer = await write_once(
            self.database,
            KEYS,
            call=call,
            effect=lambda connection: create_credit_note(connection, invoice, reason, now=now, rules=rules),
        )
        if "refused" in answer:
            return Refusal(**answer["refused"])
        await self.documents([answer["credit_note"]], rules=rules)
        [note] = await self.credit_notes_of([invoice])
        return note

    async def periods_to_close(self, at: datetime, *, first: int) -> list[BillingPeriod]:
        """Stored periods that had ended at `at` and aren't CLOSED, the longest waiting first."""
        return await self._read(reading.PERIODS_TO_CLOSE, {"at": at, "first": first}, period_of)

    async def close_period(
        self, account: str, starts_at: datetime, *, caller: str, key: str, now: datetime
    ) -> str | Refusal | None:
        """Take no more charges into the period; the draft that it waits for, or None: then it is closed.

        Refused `unknown-period`, `not-ended`. Idempotent by caller and key.
        """
        call = Call("closePeriod", caller, key, input_hash([account, starts_at]))
        answer = await write_once(
            self.database,
            KEYS,
            call=call,
            effect=lambda connection: close_period(connection, account, starts_at, now=now),
        )
        return Refusal(**answer["refused"]) if "refused" in answer else answer["draft"]

    async def finish_period(self, account: str, starts_at: datetime, *, caller: str, key: str) -> Refusal | None:
        """Close a CLOSING period whose draft is issued. Refused `unknown-period`, `not-closing`, `draft-left`."""
        call = Call("finishPeriod", caller, key, input_hash([account, starts_at]))
        answer = await write_once(
            self.database, KEYS, call=call, effect=lambda connection: finish_period(connection, account, starts_at)
        )
        return Refusal(**answer["refused"]) if "refused" in answer else None

    async def credit_notes_of(self, invoices: Collection[str]) -> list[CreditNote]:
        return await self._read(reading.CREDIT_NOTES_OF_INVOICES, {"keys": invoices}, credit_note_of)

    async def documents(self, papers: Collection[str], *, rules: InvoiceRules) -> list[Document]:
        """Those of these invoices and credit notes, by paper and kind; those that are missing are made and kept now.

        A draft has none, nor has an invoice whose parties billing doesn't know. Raises TooManyToMake.
        """
        if self.database.mapped is not None:
            return []
        found = await self.database.read(lambda connection: documents_of(connection, papers))
        if self.database.is_read_only or not (missing := {*papers} - {one.paper for one in found}):
            return found
        whole = await self.database.read(lambda connection: papers_of(connection, missing, rules.period))
        if not whole:
            return found
        if len(whole) > MOST_MADE:
            raise TooManyToMake(len(whole), MOST_MADE)
        await self._make_documents(whole, rules)
        return await self.database.read(lambda connection: documents_of(connection, papers))

    async def _make_documents(self, papers: Sequence[Paper], rules: InvoiceRules) -> None:
        """Outside any transaction: nobody waits for a page that is drawn."""
        files = await asyncio.to_thread(
            lambda: [each for one in papers for each in render(one.id, rules.document(one))]
        )
        with suppress(IntegrityError):  # somebody else has kept the same ones meanwhile
            await self.database.write(lambda connection: keep(connection, files))

    async def contents(self, papers: Collection[str]) -> dict[tuple[str, str], bytes]:
        """The bytes of the documents that are kept, by (paper, kind)."""
        return await self.database.read(lambda connection: contents_of(connection, papers))

    async def _invoice_or_refusal(self, answer: Mapping[str, Any]) -> Invoice | Refusal:
        if "refused" in answer:
            return Refusal(**answer["refused"])
        [invoice] = await self.invoices([answer["invoice"]])
        return invoice

    async def _read(self, statement: Statement, parameters: Mapping[str, Any], record: Callable[[Any], T]) -> list[T]:
        return await self.database.read(
            lambda connection: [record(row) for row in connection.execute(statement, parameters)]
        )
