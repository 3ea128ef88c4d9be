"""Up to where a leg is billed without a person's look at it, as the settings have it."""

from __future__ import annotations

from typing import Self

import strawberry

from processes.rules.review import Limits
from resolvers.access import Scope, asks
from resolvers.billing.entities import Info
from resolvers.billing.settings import BillingSettings
from resolvers.money import Money

__all__ = ["RatingLimits", "rating_limits"]


@strawberry.federation.type(requires_scopes=asks(Scope.BILLING_READ))
class RatingLimits:
    """A leg that ends later than `overrunSeconds` after the booked end, lasts longer or costs more is looked at first.

    `dearestLeg` has an amount for each currency that has such a limit.
    """

    overrun_seconds: int
    longest_leg_seconds: int
    dearest_leg: list[Money]

    @classmethod
    def of(cls, limits: Limits) -> Self:
        return cls(
            overrun_seconds=int(limits.overrun.total_seconds()),
            longest_leg_seconds=int(limits.longest.total_seconds()),
            dearest_leg=[Money.of(amount, currency) for currency, amount in sorted(limits.dearest.items())],
        )


async def rating_limits(info: Info) -> RatingLimits:
    settings: BillingSettings = info.context.settings or BillingSettings()
    return RatingLimits.of(settings.limits)
