"""Notices: what a mail server's word means, and when to try again (domain.md, edge case 18).

A 4xx is tried again for three days, at longer and longer intervals; a 5xx never. Where the answer was lost the same
message goes out again under the same Message-ID, by which mailboxes know it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["TRIED_FOR", "Told", "told"]

TRIED_FOR = timedelta(days=3)
FIRST, LONGEST = timedelta(minutes=15), timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Told:
    """A notice's state, and when it is tried again, None where it has come to its end."""

    state: str
    next_at: datetime | None


def told(outcome: str, *, attempts: int, first_at: datetime, now: datetime) -> Told:
    """After the `attempts`th try (from 1) came to `outcome`: ACCEPTED, DEFERRED, REFUSED or UNKNOWN."""
    match outcome:
        case "ACCEPTED":
            return Told("ACCEPTED", None)
        case "REFUSED":
            return Told("REFUSED", None)
        case _:
            next_at = now + min(LONGEST, FIRST * 2 ** min(attempts - 1, 10))
            return Told("RETRYING", next_at) if next_at <= first_at + TRIED_FOR else Told("REFUSED", None)
