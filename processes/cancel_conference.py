"""A booking is cancelled, and its room closed by another process; one that is in call is not (edge case 11).

What it costs to cancel so late, if anything, is charged by another process too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes import charge_fee
from processes.book_conference import PROVISIONING
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run
from processes.wire import instant_to_wire

__all__ = ["DOCUMENTS", "PROCESS"]

BOOKING = """
query BookingToCancel($ref: ID!) { booking(ref: $ref) { ref status revision } }
"""

CANCEL = """
mutation RecordCancellation($ref: ID!, $revision: Int!, $at: DateTime!, $key: ID!) {
  recordCancellation(ref: $ref, revision: $revision, at: $at, idempotencyKey: $key) {
    __typename
    ... on BookingRecorded { booking { ref } }
    ... on Refused { code message }
  }
}
"""

DOCUMENTS = (BOOKING, CANCEL)


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `cancel-conference`: its subject is the booking, its input {revision}, null for whatever it has."""
    asked_at = await run.now()  # before anything that may have to be waited for: a deadline may be near
    booking = (await run.execute(BOOKING, {"ref": subject}))["booking"]
    if booking is None:
        return Refusal("unknown-booking", f"there is no booking {subject}: check its reference")
    revision = booking["revision"] if input.get("revision") is None else input["revision"]
    variables = {"ref": subject, "revision": revision, "at": instant_to_wire(asked_at), "key": f"{run.id}:cancel"}
    if booking["status"] != "CANCELLED":  # by this run before a crash, or by another one
        cancelled = (await run.execute(CANCEL, variables))["recordCancellation"]
        if cancelled["__typename"] == "Refused":
            return Refusal(cancelled["code"], cancelled["message"])
    await run.start(PROVISIONING, subject, {})
    await run.start(charge_fee.NAME, subject, {})
    return Done(subject, {"booking": subject})


PROCESS = Process("cancel-conference", carry_out)
