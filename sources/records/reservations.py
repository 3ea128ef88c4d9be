"""What reservations knows: what was ordered, when, by whom."""

from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Booking", "Order"]


@dataclass(frozen=True, slots=True)
class Order:
    """What was ordered: a booking before it has its reference, room and PIN. The fields are a booking's."""

    client: str
    account: str | None
    title: str
    organiser: str
    local_start: str
    local_end: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    expected_participants: int


@dataclass(frozen=True, slots=True)
class Booking:
    """A conference as booked, in `room` (the bridge's own name for it: digits on Asterisk).

    `local_start` and `local_end` are what was agreed, on the clocks of `time_zone` (2026-11-24T17:30); `starts_at` and
    `ends_at` the instants they mean, UTC. `account` is the billing account it names; None leaves it to the client's
    only one. `status` is DRAFT, CONFIRMED, PROVISIONED, IN_CALL, COMPLETED, NO_SHOW, CANCELLED or FAILED.

    `pin` opens its room: digits, a secret, the same for as long as the booking lives. `bridge` is where the room is or
    was last; `provisioned_revision` the revision that the room there was made for, None while there is none.
    `cancelled_at` is when somebody asked for it to be cancelled; None of one that had failed before.
    """

    ref: str
    client: str
    account: str | None
    title: str
    organiser: str
    room: str
    local_start: str
    local_end: str
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    expected_participants: int
    status: str
    revision: int
    pin: str | None = field(default=None, repr=False)
    bridge: str | None = None
    provisioned_revision: int | None = None
    cancelled_at: datetime | None = None
