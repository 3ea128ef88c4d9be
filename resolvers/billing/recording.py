"""What became of legs is told to billing: what they cost, or why that can't be said; of one conference or of many."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.access import Scope, asks
from resolvers.billing.decisions import ExceptionLegInput
from resolvers.billing.entities import Info, Invoice
from resolvers.billing.inputs import RecordChargesInput, check_once
from resolvers.billing.rules import RULES
from resolvers.errors import BadInput, limited
from resolvers.refused import Refused
from resolvers.resolutions import LONGEST_REASON
from resolvers.texts import storable
from sources.records.billing import CallCharges
from sources.records.billing import Invoice as InvoiceRecord
from sources.records.exceptions import Unrated
from sources.records.refusal import Refusal

__all__ = [
    "ChargesOutcome",
    "RatingExceptionsRecorded",
    "record_charges",
    "record_charges_of_conferences",
    "record_rating_exceptions",
    "record_rating_exceptions_of_conferences",
]

MOST_AT_ONCE = 1_000
BAD_INPUT = "bad-user-input"


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
    return told(outcome)


async def record_charges_of_conferences(
    info: Info, inputs: list[RecordChargesInput], idempotency_key: strawberry.ID
) -> list[ChargesOutcome]:
    """A wrong value is refused where it is (`bad-user-input`), and the other conferences are charged all the same."""
    limited("inputs", len(inputs), largest=MOST_AT_ONCE)
    check_once("inputs: conference", (each.conference for each in inputs))
    check_once("inputs", (leg for each in inputs for leg in legs_of(each)))
    context = info.context
    calls = [call_in(each, info) for each in inputs]
    outcomes = await context.source.record_charges_of_conferences(
        [call for call in calls if isinstance(call, CallCharges)],
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
        rules=RULES,
    )
    charged = iter(outcomes)
    return [told(next(charged) if isinstance(call, CallCharges) else call) for call in calls]


def legs_of(each: RecordChargesInput) -> list[str]:
    return [*(charge.leg for charge in each.charges), *(excluded.leg for excluded in each.excluded)]


def call_in(each: RecordChargesInput, info: Info) -> CallCharges | Refusal:
    try:
        return each.record(info.context.now)
    except BadInput as error:
        return Refusal(BAD_INPUT, error.message)


def told(outcome: InvoiceRecord | Refusal) -> ChargesRecorded | Refused:
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


@strawberry.input
class RatingExceptionsInput:
    """Legs of one conference that can't be rated, and why."""

    conference: strawberry.ID
    legs: list[ExceptionLegInput]
    code: str
    message: str
    client: strawberry.ID | None = None

    def record(self, place: str) -> Unrated:
        return Unrated(
            conference=storable(f"{place}.conference", self.conference),
            legs=tuple(leg.record(f"{place}.legs[{n}]") for n, leg in enumerate(self.legs)),
            code=storable(f"{place}.code", self.code),
            message=storable(f"{place}.message", self.message, longest=LONGEST_REASON),
            client=None if self.client is None else storable(f"{place}.client", self.client),
        )


async def record_rating_exceptions_of_conferences(
    info: Info, inputs: list[RatingExceptionsInput], idempotency_key: strawberry.ID
) -> RatingExceptionsRecorded:
    limited("inputs", len(inputs), largest=MOST_AT_ONCE)
    check_once("inputs: conference", (each.conference for each in inputs))
    check_once("inputs", (leg.leg for each in inputs for leg in each.legs))
    context = info.context
    recorded = await context.source.record_rating_exceptions_of_conferences(
        [each.record(f"inputs[{n}]") for n, each in enumerate(inputs)],
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
    )
    return RatingExceptionsRecorded(recorded=recorded)
