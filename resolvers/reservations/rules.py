"""The rules of bookings, as edits of reservations' records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from processes.rules import bookings as rules
from processes.rules.refusal import Refusal
from sources.records import refusal as records
from sources.records.reservations import Booking

__all__ = ["decided"]

LOCAL_TIMES = ("local_start", "local_end", "time_zone")


def decided(
    rule: Callable[[rules.Booking], rules.Verdict], facts: Mapping[str, Any] | None = None
) -> Callable[[Booking], Booking | records.Refusal]:
    """The edit that `rule` decides on; where it agrees, the booking has these `facts` too."""

    def edit(before: Booking) -> Booking | records.Refusal:
        verdict = rule(state_of(before))
        if isinstance(verdict, Refusal):
            return records.Refusal(verdict.code, verdict.message)
        after = replace(
            before,
            status=verdict.status,
            revision=verdict.revision,
            room=verdict.room,
            bridge=verdict.bridge,
            provisioned_revision=verdict.provisioned_revision,
            cancelled_at=verdict.cancelled_at,
            **(facts or {}),
        )
        if not facts or not facts.keys() & set(LOCAL_TIMES):
            return after
        times = rules.times_of(after.local_start, after.local_end, zone=after.time_zone)
        if isinstance(times, Refusal):
            return records.Refusal(times.code, times.message)
        return replace(after, starts_at=times.start, ends_at=times.end)

    return edit


def state_of(booking: Booking) -> rules.Booking:
    return rules.Booking(
        ref=booking.ref,
        status=booking.status,
        revision=booking.revision,
        room=booking.room,
        bridge=booking.bridge,
        provisioned_revision=booking.provisioned_revision,
        cancelled_at=booking.cancelled_at,
    )
