"""A booking is moved, or changed otherwise: the next revision, whose room is told by another process (edge case 11).

Ask:    the booking as it is
Decide: the new times, and the account that will pay, if it is another one; that of two who change the same revision
        the second is refused is reservations' to say
Tell:   reservations changes it; then its room is provisioned anew: the same room, the same PIN
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes.book_conference import PROVISIONING, ownerships
from processes.rules.accounts import account_to_book
from processes.rules.bookings import over, times_of
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run

__all__ = ["DOCUMENTS", "PROCESS"]

BOOKING = """
query BookingToMove($ref: ID!) {
  booking(ref: $ref) {
    ref revision localStart localEnd timeZone
    client { id accountHistory { number owners { client { id } validFrom validTo } } }
  }
}
"""

CHANGE = """
mutation ChangeBooking($ref: ID!, $revision: Int!, $input: ChangeBookingInput!, $key: ID!) {
  changeBooking(ref: $ref, revision: $revision, input: $input, idempotencyKey: $key) {
    __typename
    ... on BookingRecorded { booking { ref } }
    ... on Refused { code message }
  }
}
"""

DOCUMENTS = (BOOKING, CHANGE)


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `move-conference`: its subject is the booking, its input {revision, changes: ChangeBookingInput}.

    Without a revision it is the one that the booking has when the run begins.
    """
    booking = (await run.execute(BOOKING, {"ref": subject}))["booking"]
    if booking is None:
        return Refusal("unknown-booking", f"there is no booking {subject}: check its reference")
    changes = {name: value for name, value in input["changes"].items() if value is not None}
    wanted = {**booking, **changes}
    times = times_of(wanted["localStart"], wanted["localEnd"], zone=wanted["timeZone"])
    if isinstance(times, Refusal):
        return times
    if why := over(times, now=await run.now()):
        return why
    if (account := changes.get("account")) is not None:
        client = booking["client"] or {"id": "", "accountHistory": ()}
        owned = ownerships(client["accountHistory"] or ())
        chosen = account_to_book(account, owned, client=client["id"], at=times.start)
        if isinstance(chosen, Refusal):
            return chosen
    revision = booking["revision"] if input.get("revision") is None else input["revision"]
    variables = {"ref": subject, "revision": revision, "input": changes, "key": f"{run.id}:change"}
    changed = (await run.execute(CHANGE, variables))["changeBooking"]
    if changed["__typename"] == "Refused":
        return Refusal(changed["code"], changed["message"])
    await run.start(PROVISIONING, subject, {})
    return Done(subject, {"booking": subject})


PROCESS = Process("move-conference", carry_out)
