"""What became of a booking whose time is over: COMPLETED, NO_SHOW (edge case 12) or FAILED; its room is closed.

Ask:    the booking and the conference that came of it
Decide: whoever left call records came; without any nobody did, where there was a room to come to
Tell:   the bridge closes the room, reservations notes the end; what a no-show costs is charged by another process

A system that is down is never a NO_SHOW: the room is closed first, so its bridge has answered, and whoever is in it
has been waited for; their call records get time to come before anybody is said not to have come, and as long as the
bridge has a call that is not published, nobody is. Records that come later still make a NO_SHOW COMPLETED. A bridge
that doesn't come back is an alarm, as what it knows of the call is not billed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from processes import charge_fee
from processes.provision_conference import CLOSE, RECORD_CLOSED, RECORD_STATE, Closing
from processes.rules.bookings import NO_SHOW_AFTER, Ended, end_of
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run
from processes.wire import instant_from_wire

__all__ = ["DOCUMENTS", "PROCESS"]

BOOKING = """
query BookingToSettle($ref: ID!) {
  booking(ref: $ref) { ref status revision endsAt provisionedRevision callState conference { id } }
  bridges { id state }
}
"""

DOCUMENTS = (BOOKING, CLOSE, RECORD_CLOSED, RECORD_STATE)

OFTEN = 6
"""A call that is collected by nobody for an hour is no matter of waiting."""

RECORDS_COME = timedelta(minutes=10)
"""For the records of whoever left last to be collected."""


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `settle-booking`: its subject is the booking. Before the time is over it is refused `not-over`."""
    data = await ask(run, subject)
    booking = data["booking"]
    if booking is None:
        return Refusal("unknown-booking", f"there is no booking {subject}: check its reference")
    due = instant_from_wire(booking["endsAt"]) + NO_SHOW_AFTER
    if await run.now() < due:
        return Refusal("not-over", f"booking {subject} is settled from {due:%Y-%m-%d %H:%M}Z on")
    revision = booking["revision"]
    closing = Closing(run, subject, revision)
    if booking["provisionedRevision"] is not None:
        if why := await closing.until_empty():
            return why
        if booking["conference"] is None:
            data = await until_records_came(run, subject)
            booking = data["booking"]
    state = end_of(ended_in(data))
    if state is not None:
        variables = {"ref": subject, "state": state, "revision": revision, "key": f"{run.id}:{state}"}
        recorded = (await run.execute(RECORD_STATE, variables))["recordBookingState"]
        if recorded["__typename"] == "Refused":
            return Refusal(recorded["code"], recorded["message"])
    if "NO_SHOW" in (state, booking["status"]):
        await run.start(charge_fee.NAME, subject, {})
    if booking["provisionedRevision"] is not None and (why := await closing.note()):
        return why
    return Done(state or booking["status"])


async def until_records_came(run: Run, ref: str) -> dict[str, Any]:
    """What is known of the booking when no call of it waits to be collected any more."""
    tries = 0
    while True:
        await run.wait(await run.now() + RECORDS_COME, f"call records of booking {ref}")
        data = await ask(run, ref)
        booking, tries = data["booking"], tries + 1
        if booking["conference"] is not None or booking["callState"] is None:
            return data
        if tries == OFTEN:
            await run.alarm("call-not-collected", f"a call of booking {ref} is {booking['callState']}: look at its run")


async def ask(run: Run, ref: str) -> dict[str, Any]:
    return await run.execute(BOOKING, {"ref": ref})


def ended_in(data: Mapping[str, Any]) -> Ended:
    booking = data["booking"]
    return Ended(
        status=booking["status"],
        took_place=booking["conference"] is not None,
        had_a_room=booking["provisionedRevision"] is not None,
        by_hand=not any(bridge["state"] for bridge in data["bridges"] or ()),
    )


PROCESS = Process("settle-booking", carry_out)
