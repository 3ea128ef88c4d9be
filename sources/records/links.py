"""What links knows: which billing account belonged to which client when, and who said so."""

from dataclasses import dataclass
from datetime import date, datetime

__all__ = ["AccountLink", "LinkChange", "LinkProblem", "Linked", "Note"]


@dataclass(frozen=True, slots=True)
class AccountLink:
    """`account` belongs to `client` on the local days [valid_from, valid_to); to one client at a time."""

    account: str
    client: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class LinkChange:
    """One change of an account's links, the `position`-th: `what` is LINKED, ENDED or WITHDRAWN.

    The link holds in [valid_from, valid_to) since; an ended one held to `valid_to_before`.
    """

    account: str
    position: int
    changed_at: datetime
    changed_by: str
    what: str
    client: str
    valid_from: date
    valid_to: date | None
    valid_to_before: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Who changes links, when (`today` is the local day), and why."""

    by: str
    at: datetime
    today: date
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LinkProblem:
    """Why the link at `position` (from 0) of those that came together can't be made."""

    position: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Linked:
    """All of the links that came, of which `new` were not there before."""

    links: tuple[AccountLink, ...]
    new: int
