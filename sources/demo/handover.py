"""An account that changed hands: a client's business was sold to another as a month, and so a billing period, began.

Whoever draws the meetings by lot does not know of it, so that all others are what they were without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

from sources.demo import cast
from sources.demo.agreements import Agreement
from sources.demo.clients import Customer
from sources.records.links import AccountLink

__all__ = ["HandOver"]

MONTHS_AGO = 3


@dataclass(frozen=True, slots=True)
class HandOver:
    """From `day` on the cast's moved account is `new`'s; None of it where the company is too small for the two."""

    day: date
    new: Customer | None

    @classmethod
    def among(cls, people: Iterable[Customer], today: date) -> Self:
        months = 12 * today.year + today.month - 1 - MONTHS_AGO
        day = date(months // 12, months % 12 + 1, 1)
        clients = {customer.client.id: customer for customer in people}
        old, new = clients.get(cast.MOVED.former), clients.get(cast.MOVED.present)
        if old is None or new is None:
            return cls(day, None)
        [(account, _)] = [(one.account, one.link) for one in old.agreements if one.account.number == cast.MOVED.account]
        own = new.agreements[0]
        link = AccountLink(account.number, new.client.id, day, None)
        return cls(day, replace(new, taken_over=(Agreement(account, link, own.contract, own.versions),)))

    def applied(self, customer: Customer) -> Customer:
        """The customer with what came to it, or went from it."""
        if self.new is None:
            return customer
        match customer.client.id:
            case cast.MOVED.present:
                return self.new
            case cast.MOVED.former:
                return replace(customer, agreements=tuple(map(self._ended, customer.agreements)))
            case _:
                return customer

    def payer(self, customer: Customer, account: str | None, day: date) -> Customer:
        """Whose meeting on this local day is charged to the account, of `customer` by lot."""
        is_moved = self.new is not None and account == cast.MOVED.account and day >= self.day
        return self.new if is_moved and self.new else customer

    def must_name(self, customer: Customer, day: date) -> bool:
        """Whether bookings have to name the account: their client has two since then."""
        return self.new is not None and customer.client.id == self.new.client.id and day >= self.day

    def _ended(self, agreement: Agreement) -> Agreement:
        if agreement.account.number != cast.MOVED.account:
            return agreement
        return replace(agreement, link=replace(agreement.link, valid_to=self.day))
