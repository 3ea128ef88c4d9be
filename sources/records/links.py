"""What links knows: which billing account belonged to which client when, nothing else."""

from dataclasses import dataclass
from datetime import date

__all__ = ["AccountLink"]


@dataclass(frozen=True, slots=True)
class AccountLink:
    """`account` belongs to `client` on the local days [valid_from, valid_to); to one client at a time."""

    account: str
    client: str
    valid_from: date
    valid_to: date | None
