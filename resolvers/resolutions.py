"""What billing and processes both say about decisions on exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import strawberry

from resolvers.errors import BadInput, limited
from resolvers.texts import storable
from sources.records import exceptions as records

__all__ = ["LONGEST_REASON", "Resolution", "ResolutionInput", "exception_ids", "optional"]

LONGEST_REASON = 2_000
MOST = 100
"""Exceptions decided about at once."""


@strawberry.enum
class Resolution(Enum):
    """OWNER: whose the call was is said by hand. ACCEPT: the leg is billed, as it is or with another end.

    EXCLUDE: it is never billed. RETRY: what was missing is there now.
    """

    OWNER = "OWNER"
    ACCEPT = "ACCEPT"
    EXCLUDE = "EXCLUDE"
    RETRY = "RETRY"


@strawberry.input
class ResolutionInput:
    """A decision, and why, to whoever asks later.

    OWNER needs `booking` (with an `account`, if it names none) or `client` and `account`; ACCEPT may have `endsAt`.
    """

    resolution: Resolution
    reason: str
    booking: strawberry.ID | None = None
    client: strawberry.ID | None = None
    account: strawberry.ID | None = None
    ends_at: datetime | None = None

    def record(self, place: str, decided_by: str) -> records.Resolution:
        self.check(place)
        return records.Resolution(
            kind=self.resolution.value,
            reason=storable(f"{place}.reason", self.reason, longest=LONGEST_REASON),
            decided_by=decided_by,
            booking=optional(f"{place}.booking", self.booking),
            client=optional(f"{place}.client", self.client),
            account=optional(f"{place}.account", self.account),
            ends_at=self.ends_at,
        )

    def wire(self, place: str) -> dict[str, str | None]:
        """The same as it travels in the graph."""
        self.check(place)
        storable(f"{place}.reason", self.reason, longest=LONGEST_REASON)
        return {
            "resolution": self.resolution.value,
            "reason": self.reason,
            "booking": self.booking,
            "client": self.client,
            "account": self.account,
            "endsAt": None if self.ends_at is None else self.ends_at.isoformat(),
        }

    def check(self, place: str) -> None:
        if self.resolution is Resolution.OWNER:
            names = bool(self.booking), bool(self.client), bool(self.account)
            if names not in ((True, False, False), (True, False, True), (False, True, True)):
                raise BadInput(
                    f"{place}: OWNER needs a booking, with an account if need be, or a client and an account"
                )
        elif self.booking or self.client or self.account:
            raise BadInput(f"{place}: {self.resolution.value} names no booking, client or account; OWNER does")
        if self.ends_at is not None and self.resolution is not Resolution.ACCEPT:
            raise BadInput(f"{place}.endsAt: only ACCEPT gives a leg another end")


def optional(place: str, value: str | None, *, longest: int = 255) -> str | None:
    return None if value is None else storable(place, value, longest=longest)


def exception_ids(ids: Sequence[strawberry.ID]) -> list[str]:
    """1 to 100 ids, each once. BadInput otherwise."""
    limited("ids", len(ids), largest=MOST)
    if len(set(ids)) < len(ids):
        raise BadInput("ids: one is there more than once; name each once")
    return [storable("ids", id) for id in ids]
