"""The types of billing: accounts with periods, invoices with lines, and the charges that the lines are made of."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from processes.rules.instants import local_day
from resolvers.access import Scope, asks
from resolvers.batching import Entity, Representation, batched
from resolvers.billing.documents import CreditNote, InvoiceDocument, documents_of
from resolvers.billing.periods import latest_periods, periods_begun, periods_of_invoices
from resolvers.billing.stubs import Booking, Leg, RateVersion
from resolvers.billing.values import (
    ZERO,
    InvoiceStatus,
    Invoicing,
    PeriodStatus,
    VatLine,
    as_many_as,
    key_of_line,
    key_of_segment,
)
from resolvers.context import Context
from resolvers.grouping import by_key, grouped
from resolvers.money import Money, with_places
from sources.billing import Billing
from sources.records import billing as records

__all__ = ["BillingAccount", "BillingPeriod", "Charge", "Conference", "Info", "Invoice", "InvoiceStatus"]

Info = strawberry.Info[Context[Billing], None]


@strawberry.federation.type(keys=["number"], requires_scopes=asks(Scope.ACCOUNTS_READ))
class BillingAccount(Entity):
    """Whom billing bills: one currency, one cycle, one term of payment."""

    number: strawberry.ID
    currency: str | None = strawberry.federation.field(requires_scopes=asks(Scope.BILLING_READ))
    cycle_day: int | None = strawberry.federation.field(requires_scopes=asks(Scope.BILLING_READ))
    payment_terms_days: int | None = strawberry.federation.field(requires_scopes=asks(Scope.BILLING_READ))
    company_number: str | None = strawberry.federation.field(
        requires_scopes=asks(Scope.BILLING_READ), description="The IČO that is billed, as billing has it."
    )
    vat_number: str | None = strawberry.federation.field(
        requires_scopes=asks(Scope.BILLING_READ), description="The DIČ that is billed, as billing has it."
    )
    invoicing: Invoicing | None = strawberry.federation.field(
        requires_scopes=asks(Scope.BILLING_READ), description="When it gets its invoices."
    )
    record: strawberry.Private[records.BillingAccount]

    @batched(description="The period of the account's cycle that it is now.")
    @staticmethod
    async def current_period(
        parents: strawberry.Parent[list[BillingAccount]], info: Info
    ) -> list[BillingPeriod | None]:
        accounts = [account.record for account in parents]
        found = await latest_periods(info.context.source, accounts, info.context.now, last=1)
        return [BillingPeriod.of(found[account.record.number][-1], account) for account in parents]

    @batched(description="The `last` periods that have begun, in order of time.")
    @staticmethod
    async def periods(
        parents: strawberry.Parent[list[BillingAccount]], info: Info, last: int | None = None
    ) -> list[list[BillingPeriod] | None]:
        accounts = [account.record for account in parents]
        found = await latest_periods(info.context.source, accounts, info.context.now, last=as_many_as(last))
        return [[BillingPeriod.of(period, account) for period in found[account.record.number]] for account in parents]

    @batched(description="The `last` invoices (in this status), in order of period and number, a draft last.")
    @staticmethod
    async def invoices(
        parents: strawberry.Parent[list[BillingAccount]],
        info: Info,
        last: int | None = None,
        status: InvoiceStatus | None = None,
    ) -> list[list[Invoice] | None]:
        numbers = [account.number for account in parents]
        found = grouped(
            await info.context.source.latest_invoices(
                numbers, last=as_many_as(last), status=status.value if status else None
            ),
            lambda invoice: invoice.account,
        )
        return [[Invoice.of(invoice) for invoice in found.get(number, [])] for number in numbers]

    @classmethod
    def of(cls, record: records.BillingAccount) -> Self:
        return cls(
            number=strawberry.ID(record.number),
            currency=record.currency,
            cycle_day=record.cycle_day,
            payment_terms_days=record.payment_terms_days,
            company_number=record.company_number,
            vat_number=record.vat_number,
            invoicing=Invoicing(record.invoicing),
            record=record,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        numbers = [str(key["number"]) for key in keys]
        found = by_key(await info.context.source.accounts(numbers), lambda account: account.number)
        return [cls.of(found[number]) if number in found else None for number in numbers]


@strawberry.federation.type(keys=["account { number } from"], requires_scopes=asks(Scope.BILLING_READ))
class BillingPeriod(Entity):
    """[from, to) of an account, at local midnights; its periods tile time."""

    account: BillingAccount
    since: datetime = strawberry.field(name="from")
    until: datetime | None = strawberry.field(name="to")
    status: PeriodStatus | None
    record: strawberry.Private[records.BillingPeriod]

    @batched(description="Net, of what is charged in the period and not on an issued invoice.")
    @staticmethod
    async def unbilled_total(parents: strawberry.Parent[list[BillingPeriod]], info: Info) -> list[Money | None]:
        return [
            Money.of(draft.base if draft else ZERO, period.account.record.currency)
            for draft, period in zip(await drafts_of(parents, info), parents, strict=True)
        ]

    @batched(description="Since when what isn't billed was charged: since it began, or a call before that came late.")
    @staticmethod
    async def charges_from(parents: strawberry.Parent[list[BillingPeriod]], info: Info) -> list[datetime | None]:
        drafts = await drafts_of(parents, info)
        begun = await calls_begun([draft.id for draft in drafts if draft], info)
        return [
            min([period.since, *(begun.get(draft.id, []) if draft else [])])
            for draft, period in zip(drafts, parents, strict=True)
        ]

    @batched(description="Issued before the period's end and not fully paid.")
    @staticmethod
    async def open_invoices(parents: strawberry.Parent[list[BillingPeriod]], info: Info) -> list[list[Invoice] | None]:
        invoices = grouped(
            await info.context.source.open_invoices({period.account.number for period in parents}),
            lambda invoice: invoice.account,
        )
        return [
            [
                Invoice.of(invoice)
                for invoice in invoices.get(period.account.number, [])
                if invoice.issued_on is None or invoice.issued_on < local_day(period.record.ends_at)
            ]
            for period in parents
        ]

    @classmethod
    def of(cls, record: records.BillingPeriod, account: BillingAccount) -> Self:
        return cls(
            account=account,
            since=record.starts_at,
            until=record.ends_at,
            status=PeriodStatus(record.status),
            record=record,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        named = [(str(key["account"]["number"]), datetime.fromisoformat(key["from"])) for key in keys]
        accounts = by_key(
            await info.context.source.accounts({number for number, _ in named}), lambda account: account.number
        )
        found = await periods_begun(info.context.source, named, accounts)
        return [cls.of(found[name], BillingAccount.of(accounts[name[0]])) if name in found else None for name in named]


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.BILLING_READ))
class Invoice(Entity):
    """What is asked of a client. `base` is net, `total` with VAT; number and dates are null on a draft."""

    id: strawberry.ID
    number: strawberry.ID | None
    issued_on: date | None
    tax_point_on: date | None = strawberry.field(description="The DUZP.")
    due_on: date | None
    status: InvoiceStatus | None
    base: Money | None
    total: Money | None
    record: strawberry.Private[records.Invoice]

    @batched(
        description="PDF, UBL and CII of an issued invoice, made once; none where its buyer isn't known to billing."
    )
    @staticmethod
    async def documents(parents: strawberry.Parent[list[Invoice]], info: Info) -> list[list[InvoiceDocument] | None]:
        return await documents_of(ids_of(parents), info)

    @batched(description="What took it back, if anything did.")
    @staticmethod
    async def credit_note(parents: strawberry.Parent[list[Invoice]], info: Info) -> list[CreditNote | None]:
        found = by_key(await info.context.source.credit_notes_of(ids_of(parents)), lambda note: note.invoice)
        return [
            CreditNote.of(found[invoice.id], invoice.record.currency) if invoice.id in found else None
            for invoice in parents
        ]

    @batched(description="By rate.")
    @staticmethod
    async def vat(parents: strawberry.Parent[list[Invoice]], info: Info) -> list[list[VatLine] | None]:
        found = grouped(await info.context.source.vat(ids_of(parents)), lambda vat: vat.invoice)
        return [[VatLine.of(vat, invoice.record.currency) for vat in found.get(invoice.id, [])] for invoice in parents]

    @batched()
    @staticmethod
    async def account(parents: strawberry.Parent[list[Invoice]], info: Info) -> list[BillingAccount | None]:
        numbers = {invoice.record.account for invoice in parents}
        found = by_key(await info.context.source.accounts(numbers), lambda account: account.number)
        return [BillingAccount.of(found[invoice.record.account]) for invoice in parents]

    @batched(description="The period of its account that it bills.")
    @staticmethod
    async def period(parents: strawberry.Parent[list[Invoice]], info: Info) -> list[BillingPeriod | None]:
        invoices = [invoice.record for invoice in parents]
        accounts = by_key(
            await info.context.source.accounts({invoice.account for invoice in invoices}),
            lambda account: account.number,
        )
        found = await periods_of_invoices(info.context.source, invoices, accounts)
        return [
            BillingPeriod.of(found[invoice.id], BillingAccount.of(accounts[invoice.account]))
            if invoice.id in found
            else None
            for invoice in invoices
        ]

    @batched(description="Since when it charges: since its period began, or since a call before that, which came late.")
    @staticmethod
    async def charges_from(parents: strawberry.Parent[list[Invoice]], info: Info) -> list[datetime | None]:
        begun = await calls_begun(ids_of(parents), info)
        return [min([invoice.record.period, *begun.get(invoice.id, [])]) for invoice in parents]

    @batched(description="By conference; of one conference peak, off-peak, then the minimum charge.")
    @staticmethod
    async def lines(parents: strawberry.Parent[list[Invoice]], info: Info) -> list[list[InvoiceLine] | None]:
        found = grouped(await info.context.source.lines(ids_of(parents)), lambda line: line.invoice)
        return [
            [InvoiceLine.of(line, invoice.record.currency) for line in found.get(invoice.id, [])] for invoice in parents
        ]

    @batched(description="Down to the second: each leg's stay in each band, by conference, leg and time.")
    @staticmethod
    async def trace(parents: strawberry.Parent[list[Invoice]], info: Info) -> list[list[Charge] | None]:
        found = grouped(await info.context.source.segments_of_invoices(ids_of(parents)), lambda billed: billed.invoice)
        return [[Charge.of(billed) for billed in found.get(invoice.id, [])] for invoice in parents]

    @classmethod
    def of(cls, record: records.Invoice) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            number=strawberry.ID(record.number) if record.number else None,
            issued_on=record.issued_on,
            tax_point_on=record.tax_point_on,
            due_on=record.due_on,
            status=InvoiceStatus(record.status),
            base=Money.of(record.base, record.currency),
            total=Money.of(record.total, record.currency),
            record=record,
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self | None]:
        ids = [str(key["id"]) for key in keys]
        found = by_key(await info.context.source.invoices(ids), lambda invoice: invoice.id)
        return [cls.of(found[id]) if id in found else None for id in ids]


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_READ))
class InvoiceLine:
    """A conference in one band at one price: `quantity` / `baseQuantity` x `unitPrice` is `net`, rounded once.

    Quantity is in billed seconds and the price per minute, so the base quantity is 60. The minimum charge's line, what
    a conference's calls fall short of it, has quantity 1 of 1 and no charges.
    """

    text: str
    quantity: Decimal
    base_quantity: Decimal
    unit_price: Money
    net: Money
    conference: Conference | None
    rate_version: RateVersion | None
    record: strawberry.Private[records.InvoiceLine]

    @batched(description="What the line is the sum of: each leg's billed seconds in the line's band.")
    @staticmethod
    async def charges(parents: strawberry.Parent[list[InvoiceLine]], info: Info) -> list[list[Charge] | None]:
        segments = await info.context.source.segments_of_invoices({line.record.invoice for line in parents})
        found = grouped(segments, key_of_segment)
        return [[Charge.of(segment) for segment in found.get(key_of_line(line.record), [])] for line in parents]

    @classmethod
    def of(cls, record: records.InvoiceLine, currency: str) -> Self:
        return cls(
            text=record.text,
            quantity=with_places(record.quantity, 0, at_most=4),
            base_quantity=with_places(record.base_quantity, 0, at_most=4),
            unit_price=Money.price(record.unit_price, currency),
            net=Money.of(record.net, currency),
            conference=Conference(id=strawberry.ID(record.conference)) if record.conference else None,
            rate_version=RateVersion.of(record.contract, record.rate_version)
            if record.contract and record.rate_version is not None
            else None,
            record=record,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_READ))
class Charge:
    """What a leg costs in one band: its billed seconds there at `price` a minute, the amount unrounded.

    `from` and `to` are when the leg was first and last in the band, `durationSeconds` is how long it lasted in all.
    `booking` is null where a person said whose the call was.
    """

    leg: Leg | None
    conference: Conference | None
    booking: Booking | None
    service: str
    band: str
    since: datetime | None = strawberry.field(name="from")
    until: datetime | None = strawberry.field(name="to")
    duration_seconds: int | None
    seconds: int
    price: Money
    amount: Money
    rate_version: RateVersion | None
    rule_version: str | None
    billed: strawberry.Private[records.BilledSegment]

    @batched(description="The invoice it is on; a draft at first.")
    @staticmethod
    async def invoice(parents: strawberry.Parent[list[Charge]], info: Info) -> list[Invoice]:
        found = by_key(
            await info.context.source.invoices({charge.billed.invoice for charge in parents}),
            lambda invoice: invoice.id,
        )
        return [Invoice.of(found[charge.billed.invoice]) for charge in parents]

    @batched(description="The line of the invoice that it is part of.")
    @staticmethod
    async def line(parents: strawberry.Parent[list[Charge]], info: Info) -> list[InvoiceLine | None]:
        lines = await info.context.source.lines({charge.billed.invoice for charge in parents})
        found = by_key(lines, key_of_line)
        return [
            InvoiceLine.of(found[key], charge.billed.currency)
            if (key := key_of_segment(charge.billed)) in found
            else None
            for charge in parents
        ]

    @classmethod
    def of(cls, billed: records.BilledSegment) -> Self:
        segment = billed.segment
        return cls(
            leg=Leg(id=strawberry.ID(billed.leg)),
            conference=Conference(id=strawberry.ID(billed.conference)),
            booking=Booking(ref=strawberry.ID(billed.booking)) if billed.booking else None,
            service=segment.service,
            band=segment.band,
            since=segment.starts_at,
            until=segment.ends_at,
            duration_seconds=billed.duration_seconds,
            seconds=segment.seconds,
            price=Money.price(segment.price, billed.currency),
            amount=Money.exact(segment.amount, billed.currency),
            rate_version=RateVersion.of(billed.contract, billed.rate_version),
            rule_version=billed.rule_version,
            billed=billed,
        )


@strawberry.federation.type(keys=["id"], requires_scopes=asks(Scope.CALLS_READ))
class Conference(Entity):
    """A conference of the bridge, known here by its id alone."""

    id: strawberry.ID

    @batched(description="What is charged for it and not credited, by leg.")
    @staticmethod
    async def charges(parents: strawberry.Parent[list[Conference]], info: Info) -> list[list[Charge] | None]:
        segments = await info.context.source.segments_of_conferences(ids_of(parents))
        found = grouped(segments, lambda billed: billed.conference)
        return [[Charge.of(billed) for billed in found.get(conference.id, [])] for conference in parents]

    @batched(description="The invoices that charge it, drafts too, in order of period and number.")
    @staticmethod
    async def invoices(parents: strawberry.Parent[list[Conference]], info: Info) -> list[list[Invoice] | None]:
        pairs = await info.context.source.invoices_of_conferences(ids_of(parents))
        found = grouped(pairs, lambda pair: pair[0])
        return [[Invoice.of(invoice) for _, invoice in found.get(conference.id, [])] for conference in parents]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[Representation]) -> list[Self]:
        return [cls(id=strawberry.ID(str(key["id"]))) for key in keys]


async def drafts_of(periods: list[BillingPeriod], info: Info) -> list[records.Invoice | None]:
    """What is charged in each period and not yet billed, where there is something."""
    drafts = by_key(
        await info.context.source.drafts({period.account.number for period in periods}),
        lambda invoice: (invoice.account, invoice.period),
    )
    return [drafts.get((period.account.number, period.since)) for period in periods]


async def calls_begun(invoices: list[str], info: Info) -> dict[str, list[datetime]]:
    """When the conferences began that an invoice charges, by its id."""
    found = grouped(await info.context.source.calls_begun(invoices), lambda call: call[0])
    return {invoice: [at for _, at in calls] for invoice, calls in found.items()}


def ids_of(parents: list[Invoice] | list[Conference]) -> list[str]:
    return [parent.id for parent in parents]
