"""One at a time prints, or mails, for a campaign: so the order is kept, and nobody hands over what another one does.

A run that was taken over isn't fenced (design.md, Processes). So who works holds a lease, and looks in every
transaction whether it is theirs still; what they do outside between two of them takes less time than the lease lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from sources.mailing.tables import LEASES
from sources.rows import insert_new

__all__ = ["HELD_FOR", "OUTSIDE_SECONDS", "Lease"]

HELD_FOR = timedelta(minutes=1)
OUTSIDE_SECONDS = 25
"""The longest that one call of a printer may take: far less than the lease."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of `holder` to do this `work` for a campaign."""

    campaign: str
    work: str
    holder: str

    def take(self, connection: Connection, now: datetime) -> bool:
        """Whether it is ours: nobody holds it, whoever did has let it run out, or it was ours before."""
        nobodys = {"campaign": self.campaign, "work": self.work, "holder": None, "held_until": None}
        insert_new(connection, LEASES, nobodys)
        row = connection.execute(select(LEASES.c.holder, LEASES.c.held_until).where(*self.mine).with_for_update()).one()
        if row.holder not in (None, self.holder) and row.held_until > now:
            return False
        connection.execute(update(LEASES).where(*self.mine).values(holder=self.holder, held_until=now + HELD_FOR))
        return True

    def give_back(self, connection: Connection) -> None:
        ours = (*self.mine, LEASES.c.holder == self.holder)
        connection.execute(update(LEASES).where(*ours).values(holder=None, held_until=None))

    @property
    def mine(self) -> tuple[Any, ...]:
        return LEASES.c.campaign == self.campaign, LEASES.c.work == self.work
