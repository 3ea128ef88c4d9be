"""What billing knows of calls that could not be rated: why, since when, who works on them, what was decided.

An exception's `id` is that of the call's row in billing, `<leg>#<n>`; the n-th time that the leg is to be charged.
"""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["ExceptionEvent", "ExceptionLeg", "RatingException", "Resolution", "Unrated"]


@dataclass(frozen=True, slots=True)
class ExceptionLeg:
    """A leg that could not be rated; its seconds are at risk. `code` and `message` where it has its own."""

    leg: str
    duration_seconds: int
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Unrated:
    """Legs of one conference that can't be rated, and why; `client` is whose it is, where that is known."""

    conference: str
    legs: tuple[ExceptionLeg, ...]
    code: str
    message: str
    client: str | None = None


@dataclass(frozen=True, slots=True)
class RatingException:
    """A call that waits for somebody: `duration_seconds` are at risk.

    `client` is whose it is, as far as the process knew; `tried_at` when its conference was last tried.
    """

    id: str
    leg: str
    conference: str
    duration_seconds: int
    reason: str
    message: str
    recorded_at: datetime
    client: str | None = None
    tried_at: datetime | None = None
    assigned_to: str | None = None
    assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExceptionEvent:
    """One thing that happened to an exception. `kind` is one of three:

    NOTED      `code` and `message` say why the leg can't be rated
    ASSIGNED   `assignee` works on it; None: nobody any more
    RESOLVED   `code` is the resolution and `message` its reason; OWNER has `booking`, or `client` and `account`,
               ACCEPT may have `ends_at`
    """

    exception: str
    leg: str
    conference: str
    kind: str
    done_at: datetime
    done_by: str
    code: str | None = None
    message: str | None = None
    assignee: str | None = None
    booking: str | None = None
    client: str | None = None
    account: str | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person decides about exceptions: OWNER, ACCEPT, EXCLUDE or RETRY, and `reason`, why."""

    kind: str
    reason: str
    decided_by: str
    booking: str | None = None
    client: str | None = None
    account: str | None = None
    ends_at: datetime | None = None
