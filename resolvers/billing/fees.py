"""What a booking costs that came to nothing is told to billing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry

from resolvers.access import Scope, asks
from resolvers.billing.entities import Info, Invoice
from resolvers.billing.inputs import check_fee, check_not_far_ahead
from resolvers.billing.rules import RULES
from resolvers.refused import Refused
from resolvers.texts import storable
from sources.records.billing import FeeCharge
from sources.records.refusal import Refusal

__all__ = ["FeeOutcome", "WithdrawingOutcome", "record_fee", "withdraw_fee"]


@strawberry.enum
class FeeKind(Enum):
    """LATE_CANCELLATION: cancelled after the contract's deadline. NO_SHOW: nobody came."""

    LATE_CANCELLATION = "LATE_CANCELLATION"
    NO_SHOW = "NO_SHOW"


@strawberry.input
class RecordFeeInput:
    """A booking's fee by its contract, in the account's currency; `arisenAt` decides the billing period."""

    booking: strawberry.ID
    kind: FeeKind
    account: strawberry.ID
    contract: strawberry.ID
    rate_version: int
    currency: str
    amount: Decimal
    arisen_at: datetime

    def record(self, now: datetime) -> FeeCharge:
        check_not_far_ahead("input.arisenAt", self.arisen_at, now)
        check_fee("input.amount", self.amount)
        return FeeCharge(
            booking=storable("input.booking", self.booking),
            kind=self.kind.value,
            account=storable("input.account", self.account),
            contract=storable("input.contract", self.contract),
            rate_version=self.rate_version,
            currency=storable("input.currency", self.currency),
            amount=self.amount,
            arisen_at=self.arisen_at,
        )


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_WRITE))
class FeeRecorded:
    """The invoice that the fee is on: the period's draft, or the one it was on already."""

    invoice: Invoice


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_WRITE))
class FeeWithdrawn:
    """The draft that the fee was on; null where none was charged."""

    invoice: Invoice | None


FeeOutcome = Annotated[FeeRecorded | Refused, strawberry.union("FeeOutcome")]


WithdrawingOutcome = Annotated[FeeWithdrawn | Refused, strawberry.union("WithdrawingOutcome")]


async def record_fee(info: Info, input: RecordFeeInput, idempotency_key: strawberry.ID) -> FeeOutcome:
    context = info.context
    outcome = await context.source.record_fee(
        input.record(context.now),
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
        rules=RULES,
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return FeeRecorded(invoice=Invoice.of(outcome))


async def withdraw_fee(
    info: Info, booking: strawberry.ID, kind: FeeKind, idempotency_key: strawberry.ID
) -> WithdrawingOutcome:
    context = info.context
    outcome = await context.source.withdraw_fee(
        storable("booking", booking),
        kind.value,
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        rules=RULES,
    )
    if isinstance(outcome, Refusal):
        return Refused(code=outcome.code, message=outcome.message)
    return FeeWithdrawn(invoice=None if outcome is None else Invoice.of(outcome))
