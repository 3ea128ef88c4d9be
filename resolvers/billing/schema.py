"""What can be asked of billing, and told."""

from __future__ import annotations

import strawberry
from strawberry.federation import Schema

from resolvers.access import Scope, asks
from resolvers.billing.closing import ClosingOutcome, close_period, finish_period, periods_to_close
from resolvers.billing.decisions import (
    AssigningOutcome,
    RatingDecision,
    RecordingOutcome,
    assign_exception,
    conferences_to_retry,
    rating_decisions,
    rating_exceptions,
    record_resolution,
)
from resolvers.billing.entities import BillingAccount, BillingPeriod, Conference, Info, Invoice
from resolvers.billing.exceptions import Client, RatingException
from resolvers.billing.fees import FeeOutcome, WithdrawingOutcome, record_fee, withdraw_fee
from resolvers.billing.issuing import CreditingOutcome, IssuingOutcome, create_credit_note, issue_invoice
from resolvers.billing.limits import RatingLimits, rating_limits
from resolvers.billing.pages import BillingAccountConnection, accounts_page
from resolvers.billing.positions import InvoicingPosition, invoicing_positions, note_invoicing_position
from resolvers.billing.recording import (
    ChargesOutcome,
    RatingExceptionsRecorded,
    record_charges,
    record_charges_of_conferences,
    record_rating_exceptions,
    record_rating_exceptions_of_conferences,
)
from resolvers.errors import BadInput
from resolvers.scalars import configuration

__all__ = ["make_schema", "schema"]

PAGE = 20
MOST_AT_ONCE = 1_000


async def billing_account(info: Info, number: strawberry.ID) -> BillingAccount | None:
    found = await info.context.source.accounts([number])
    return BillingAccount.of(found[0]) if found else None


async def billing_accounts(
    info: Info, first: int | None = PAGE, after: str | None = strawberry.UNSET
) -> BillingAccountConnection | None:
    limit = PAGE if first is None else first
    return await accounts_page(info.context.source, first=limit, after=None if after is strawberry.UNSET else after)


async def billing_accounts_numbered(info: Info, numbers: list[strawberry.ID]) -> list[BillingAccount] | None:
    if len(numbers) > MOST_AT_ONCE:
        raise BadInput(f"numbers: there are {len(numbers)}; ask for at most {MOST_AT_ONCE} at once")
    found = await info.context.source.accounts(numbers)
    return [BillingAccount.of(account) for account in sorted(found, key=lambda account: account.number)]


async def invoice(info: Info, id: strawberry.ID | None = None, number: strawberry.ID | None = None) -> Invoice | None:
    source = info.context.source
    match (id, number):
        case (str(), None):
            found = await source.invoices([id])
        case (None, str()):
            found = await source.invoices_numbered([number])
        case _:
            raise BadInput("invoice: give exactly one of id and number")
    return Invoice.of(found[0]) if found else None


@strawberry.type
class Query:
    billing_account: BillingAccount | None = strawberry.federation.field(
        resolver=billing_account, requires_scopes=asks(Scope.ACCOUNTS_READ), description="The account with this number."
    )
    billing_accounts: BillingAccountConnection | None = strawberry.federation.field(
        resolver=billing_accounts,
        requires_scopes=asks(Scope.ACCOUNTS_READ, Scope.CLIENTS_ALL),
        description="Accounts in order of their numbers; `first` is 1 to 100.",
    )
    billing_accounts_numbered: list[BillingAccount] | None = strawberry.federation.field(
        resolver=billing_accounts_numbered,
        requires_scopes=asks(Scope.ACCOUNTS_READ, Scope.CLIENTS_ALL),
        description="The accounts with these numbers, in order of them.",
    )
    invoice: Invoice | None = strawberry.federation.field(
        resolver=invoice,
        requires_scopes=asks(Scope.BILLING_READ),
        description="The invoice with this id (from the draft on) or this number (once issued).",
    )
    rating_exceptions: list[RatingException] | None = strawberry.federation.field(
        resolver=rating_exceptions,
        requires_scopes=asks(Scope.BILLING_EXCEPTIONS, Scope.CLIENTS_ALL),
        description="Legs that could not be rated (for this reason, assigned to this person), the longest waiting "
        "first.",
    )
    rating_decisions: list[RatingDecision] | None = strawberry.federation.field(
        resolver=rating_decisions,
        requires_scopes=asks(Scope.BILLING_READ, Scope.CLIENTS_ALL),
        description="What people decided about exceptions of these conferences and still holds, in order of time.",
    )
    rating_limits: RatingLimits = strawberry.federation.field(
        resolver=rating_limits,
        requires_scopes=asks(Scope.BILLING_READ, Scope.CLIENTS_ALL),
        description="Up to where a leg is billed without a person's look at it.",
    )
    conferences_to_retry: list[strawberry.ID] | None = strawberry.federation.field(
        resolver=conferences_to_retry,
        requires_scopes=asks(Scope.BILLING_READ, Scope.CLIENTS_ALL),
        description="The ids of the next conferences after this one, in order, with an exception whose cause may be "
        "gone by now, that were not tried since.",
    )
    periods_to_close: list[BillingPeriod] | None = strawberry.federation.field(
        resolver=periods_to_close,
        requires_scopes=asks(Scope.BILLING_READ, Scope.CLIENTS_ALL),
        description="Periods that were over at `at`, the time for late calls too, and aren't closed.",
    )
    invoicing_positions: list[InvoicingPosition] | None = strawberry.federation.field(
        resolver=invoicing_positions,
        requires_scopes=asks(Scope.BILLING_READ, Scope.CLIENTS_ALL),
        description="How far the conferences of each bridge are invoiced; with `againAt` of those bridges where there "
        "is something to look at again by then. Null where billing is only read.",
    )


@strawberry.type
class Mutation:
    record_charges: ChargesOutcome = strawberry.federation.mutation(
        resolver=record_charges,
        requires_scopes=asks(Scope.BILLING_WRITE),
        description="Charge a conference's legs; billing makes the draft's lines of them.",
    )
    record_rating_exceptions: RatingExceptionsRecorded = strawberry.federation.mutation(
        resolver=record_rating_exceptions,
        requires_scopes=asks(Scope.BILLING_WRITE),
        description="Note that a conference's legs can't be rated, and why.",
    )
    record_fee: FeeOutcome = strawberry.federation.mutation(
        resolver=record_fee,
        requires_scopes=asks(Scope.BILLING_WRITE),
        description="Charge what a booking costs that came to nothing.",
    )
    withdraw_fee: WithdrawingOutcome = strawberry.federation.mutation(
        resolver=withdraw_fee,
        requires_scopes=asks(Scope.BILLING_WRITE),
        description="Take a booking's fee off the draft that it is on. Refused `issued`.",
    )
    record_charges_of_conferences: list[ChargesOutcome] = strawberry.federation.mutation(
        resolver=record_charges_of_conferences,
        requires_scopes=asks(Scope.BILLING_WRITE),
        description="The same as `recordCharges` for up to 1000 conferences, each with an outcome of its own.",
    )
    record_rating_exceptions_of_conferences: RatingExceptionsRecorded = strawberry.federation.mutation(
        resolver=record_rating_exceptions_of_conferences,
        requires_scopes=asks(Scope.BILLING_WRITE),
        description="The same as `recordRatingExceptions` for up to 1000 conferences.",
    )
    note_invoicing_position: InvoicingPosition = strawberry.federation.mutation(
        resolver=note_invoicing_position,
        requires_scopes=asks(Scope.BILLING_WRITE),
        description="Keep how far the conferences of a bridge are invoiced.",
    )
    assign_exception: AssigningOutcome = strawberry.federation.mutation(
        resolver=assign_exception,
        requires_scopes=asks(Scope.BILLING_RESOLVE),
        description="Say who works on exceptions; null is nobody any more.",
    )
    record_resolution: RecordingOutcome = strawberry.federation.mutation(
        resolver=record_resolution,
        requires_scopes=asks(Scope.BILLING_WRITE),
        description="Keep what a person decided about exceptions. Their conferences are to be rated anew.",
    )
    issue_invoice: IssuingOutcome = strawberry.federation.mutation(
        resolver=issue_invoice,
        requires_scopes=asks(Scope.BILLING_ISSUE),
        description="Give a draft its number and dates, and make its documents; from then on it never changes. "
        "Without `buyer` it is made out to its client, as sales knows it now.",
    )
    create_credit_note: CreditingOutcome = strawberry.federation.mutation(
        resolver=create_credit_note,
        requires_scopes=asks(Scope.BILLING_ISSUE),
        description="Take back an issued invoice, whole; what it charged can be charged anew.",
    )
    close_period: ClosingOutcome = strawberry.federation.mutation(
        resolver=close_period,
        requires_scopes=asks(Scope.BILLING_WRITE),
        description="Take no more charges into a period that is over; it waits for its draft, or is closed.",
    )
    finish_period: ClosingOutcome = strawberry.federation.mutation(
        resolver=finish_period,
        requires_scopes=asks(Scope.BILLING_WRITE),
        description="Close a period whose draft is issued.",
    )


def make_schema() -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[BillingAccount, Client, Conference, Invoice],
        federation_version="2.9",
        config=configuration(),
    )


schema = make_schema()
