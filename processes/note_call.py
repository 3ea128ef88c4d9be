"""Somebody is in a booking's room: the booking is IN_CALL, so that nobody moves or cancels it under people's feet.

Ask:    the booking, and whether a call goes on in its room
Tell:   reservations notes it

That the call is over collect-call tells, which may be quicker than this run: so the bridge is asked once more
afterwards, and what is over by then is COMPLETED.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes.graph import GraphError
from processes.provision_conference import RECORD_STATE
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run

__all__ = ["DOCUMENTS", "NAME", "PROCESS", "complete", "may_complete"]

NAME = "note-call"
GOING_ON = "GOING_ON"
READ_ONLY = "SYSTEM_READ_ONLY"

BOOKING = """
query BookingInCall($ref: ID!) {
  booking(ref: $ref) { ref status revision callState }
}
"""

DOCUMENTS = (BOOKING, RECORD_STATE)


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `note-call`: its subject is the booking."""
    booking = (await run.execute(BOOKING, {"ref": subject}))["booking"]
    if booking is None:
        return Refusal("unknown-booking", f"there is no booking {subject}: check its reference")
    if booking["callState"] != GOING_ON:
        return Done("over already")
    if why := await record(run, booking, "IN_CALL"):
        return why
    booking = (await run.execute(BOOKING, {"ref": subject}))["booking"]
    if booking["callState"] is None and await complete(run, booking) is None:
        return Done("COMPLETED")
    return Done("IN_CALL")


def may_complete(booking: Mapping[str, Any]) -> bool:
    """Whether a call of the booking that is published was its last so far."""
    return booking["callState"] != GOING_ON and booking["status"] not in ("COMPLETED", "CANCELLED", "DRAFT")


async def complete(run: Run, booking: Mapping[str, Any]) -> Refusal | None:
    return await record(run, booking, "COMPLETED")


async def record(run: Run, booking: Mapping[str, Any], state: str) -> Refusal | None:
    """Why not. A revision that is another by now is not meant; whose bookings are only read keeps their state."""
    variables = {
        "ref": booking["ref"],
        "state": state,
        "revision": booking["revision"],
        "key": f"{run.id}:{state}-{booking['ref']}",
    }
    try:
        recorded = (await run.execute(RECORD_STATE, variables))["recordBookingState"]
    except GraphError as error:
        if READ_ONLY not in error.codes:
            raise
        return Refusal("read-only", str(error))
    return Refusal(recorded["code"], recorded["message"]) if recorded["__typename"] == "Refused" else None


PROCESS = Process(NAME, carry_out)
