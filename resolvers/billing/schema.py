"""What can be asked of billing, and told."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.federation import Schema

from resolvers.access import Scope, asks
from resolvers.billing.closing import ClosingOutcome, close_period, finish_period, periods_to_close
from resolvers.billing.decisions import (
    AssigningOutcome,
    ExceptionLegInput,
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
from resolvers.billing.inputs import RecordChargesInput, check_once
from resolvers.billing.issuing import CreditingOutcome, IssuingOutcome, create_credit_note, issue_invoice
from resolvers.billing.limits import RatingLimits, rating_limits
from resolvers.billing.pages import BillingAccountConnection, accounts_page
from resolvers.billing.rules import RULES
from resolvers.errors import BadInput
from resolvers.refused import Refused
from resolvers.resolutions import LONGEST_REASON
from resolvers.scalars import configuration
from resolvers.texts import storable
from sources.records.refusal import Refusal

__all__ = ["make_schema", "schema"]

PAGE = 20


async def billing_account(info: Info, number: strawberry.ID) -> BillingAccount | None:
    found = await info.context.source.accounts([number])
    return BillingAccount.of(found[0]) if found else None


async def billing_accounts(
    info: Info, first: int | None = PAGE, after: str | None = strawberry.UNSET
) -> BillingAccountConnection | None:
    limit = PAGE if first is None else first
    return await accounts_page(info.context.source, first=limit, after=None if after is strawberry.UNSET else after)


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


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_WRITE))
class ChargesRecorded:
    """The invoice that the charges are on: the period's draft, or the one they were on already."""

    invoice: Invoice


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_WRITE))
class RatingExceptionsRecorded:
    """How many legs became exceptions now; charged and excluded ones stay what they are."""

    recorded: int


ChargesOutcome = Annotated[ChargesRecorded | Refused, strawberry.union("ChargesOutcome")]


async def record_charges(info: Info, input: RecordChargesInput, idempotency_key: strawberry.ID) -> ChargesOutcome:
    context = info.context
    outcome = await context.source.record_charges(
        input.record(context.now),
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
        rules=RULES,
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return ChargesRecorded(invoice=Invoice.of(outcome))


async def record_rating_exceptions(
    info: Info,
    conference: strawberry.ID,
    legs: list[ExceptionLegInput],
    code: str,
    message: str,
    idempotency_key: strawberry.ID,
    client: strawberry.ID | None = None,
) -> RatingExceptionsRecorded:
    context = info.context
    check_once("legs", (leg.leg for leg in legs))
    recorded = await context.source.record_rating_exceptions(
        storable("conference", conference),
        [leg.record(f"legs[{n}]") for n, leg in enumerate(legs)],
        code=storable("code", code),
        message=storable("message", message, longest=LONGEST_REASON),
        client=None if client is None else storable("client", client),
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
    )
    return RatingExceptionsRecorded(recorded=recorded)


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
