"""What can be asked of billing, and told."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry.federation import Schema

from resolvers.access import Scope, asks
from resolvers.billing.entities import BillingAccount, Conference, Info, Invoice
from resolvers.billing.exceptions import RatingException
from resolvers.billing.inputs import ExceptionLegInput, RecordChargesInput, check_once
from resolvers.billing.pages import BillingAccountConnection, accounts_page
from resolvers.billing.rules import RULES
from resolvers.errors import BadInput, limited
from resolvers.refused import Refused
from resolvers.scalars import configuration
from resolvers.texts import storable
from sources.records.refusal import Refusal

__all__ = ["make_schema", "schema"]

LONGEST_MESSAGE = 2_000
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


async def rating_exceptions(info: Info, first: int = 50) -> list[RatingException] | None:
    found = await info.context.source.rating_exceptions(limit=limited("first", first))
    return [RatingException.of(exception) for exception in found]


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
        requires_scopes=asks(Scope.BILLING_EXCEPTIONS),
        description="Legs that could not be rated, the longest waiting first.",
    )


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_WRITE))
class ChargesRecorded:
    """The invoice that the charges are on: the period's draft, or the one they were on already."""

    invoice: Invoice


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_WRITE))
class RatingExceptionsRecorded:
    """How many legs became exceptions now; charged and excluded ones stay what they are."""

    recorded: int


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_ISSUE))
class InvoiceIssued:
    """The invoice with its number; it never changes again."""

    invoice: Invoice


ChargesOutcome = Annotated[ChargesRecorded | Refused, strawberry.union("ChargesOutcome")]
IssuingOutcome = Annotated[InvoiceIssued | Refused, strawberry.union("IssuingOutcome")]


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
) -> RatingExceptionsRecorded:
    context = info.context
    check_once("legs", (leg.leg for leg in legs))
    recorded = await context.source.record_rating_exceptions(
        storable("conference", conference),
        [leg.record(f"legs[{n}]") for n, leg in enumerate(legs)],
        code=storable("code", code),
        message=storable("message", message, longest=LONGEST_MESSAGE),
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
    )
    return RatingExceptionsRecorded(recorded=recorded)


async def issue_invoice(info: Info, id: strawberry.ID, idempotency_key: strawberry.ID) -> IssuingOutcome:
    context = info.context
    outcome = await context.source.issue_invoice(
        id, caller=context.caller, key=storable("idempotencyKey", idempotency_key), now=context.now, rules=RULES
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return InvoiceIssued(invoice=Invoice.of(outcome))


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
    issue_invoice: IssuingOutcome = strawberry.federation.mutation(
        resolver=issue_invoice,
        requires_scopes=asks(Scope.BILLING_ISSUE),
        description="Give a draft its number and dates; from then on it never changes.",
    )


def make_schema() -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[BillingAccount, Conference, Invoice],
        federation_version="2.9",
        config=configuration(),
    )


schema = make_schema()
