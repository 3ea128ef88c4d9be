"""A switch that was started again has lost its rooms: a booking gets its room back, with the same PIN (edge case 10).

Ask:    the booking, and where it had its room
Decide: whether it is to have one still
Tell:   the bridge has the room made, of the revision that it was made for

Nothing about the booking has changed, so nothing is noted. Where it was moved or cancelled meanwhile the bridge refuses
the old revision: then provision-conference sees to its room. Subject: the booking.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes.provision_conference import PROVISION
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run

__all__ = ["DOCUMENTS", "NAME", "PROCESS"]

NAME = "restore-room"

BOOKING = """
query BookingToRestore($ref: ID!) {
  booking(ref: $ref) { ref title status room pin bridge provisionedRevision }
}
"""

DOCUMENTS = (BOOKING, PROVISION)


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """Refused `no-room` where it is to have none, else as the bridge refuses."""
    booking = (await run.execute(BOOKING, {"ref": subject}))["booking"]
    if booking is None:
        return Refusal("unknown-booking", f"there is no booking {subject}: check its reference")
    if booking["status"] == "CANCELLED" or booking["provisionedRevision"] is None or booking["pin"] is None:
        return Refusal("no-room", f"booking {subject} is {booking['status']}: it is to have no room")
    order = {
        "bridge": booking["bridge"],
        "booking": subject,
        "room": booking["room"],
        "pin": booking["pin"],
        "revision": booking["provisionedRevision"],
        "title": booking["title"],
        "key": f"{run.id}:provision",
    }
    answer = (await run.execute(PROVISION, order))["provisionRoom"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return Done(f"{answer['room']['bridge']}/{answer['room']['room']}")


PROCESS = Process(NAME, carry_out)
