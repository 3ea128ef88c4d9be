"""Billing's own settings, and who issues: wiring, settings -> what billing, letters and e-mails are in the name of."""

from dataclasses import replace

import resolvers.billing.settings
from gateway.config import Settings
from resolvers.billing.settings import BillingSettings
from sources.demo import SELLER

__all__ = ["billing_settings"]


def billing_settings(settings: Settings) -> BillingSettings:
    """What `[rating]`, `[billing]` and `[company]` say. Raises ConfigError.

    Where everything is Spojka's own the demo company issues, unless another one is named; else nobody is guessed."""
    read = resolvers.billing.settings.read(settings.rating, billing=settings.billing, company=settings.company)
    return read if read.seller or settings.read_only else replace(read, seller=SELLER)
