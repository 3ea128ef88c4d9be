"""A booking is cancelled, and its room closed by another process; one that is in call is not (edge case 11).

What it costs to cancel so late, if anything, is charged by another process too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes import charge_fee
from processes.book_conference import PROVISIONING
from processes.rules.fees import LATE_CANCELLATION
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run

__all__ = ["DOCUMENTS", "PROCESS"]

BOOKING = """
query BookingToCancel($ref: ID!) { booking(ref: $ref) { ref revision } }
"""

CANCEL = """
mutation RecordCancellation($ref: ID!, $revision: Int!, $key: ID!) {
  recordCancellation(ref: $ref, revision: $revision, idempotencyKey: $key) {
    __typename
    ... on BookingRecorded { booking { ref } }
    ... on Refused { code message }
  }
}
"""

DOCUMENTS = (BOOKING, CANCEL)


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `cancel-conference`: its subject is the booking, its input {revision}, null for whatever it has."""
    booking = (await run.execute(BOOKING, {"ref": subject}))["booking"]
    if booking is None:
        return Refusal("unknown-booking", f"there is no booking {subject}: check its reference")
    revision = booking["revision"] if input.get("revision") is None else input["revision"]
    variables = {"ref": subject, "revision": revision, "key": f"{run.id}:cancel"}
    cancelled = (await run.execute(CANCEL, variables))["recordCancellation"]
    if cancelled["__typename"] == "Refused":
        return Refusal(cancelled["code"], cancelled["message"])
    await run.start(PROVISIONING, subject, {})
    await run.start(charge_fee.NAME, subject, charge_fee.input_of(LATE_CANCELLATION, await run.now()))
    return Done(subject, {"booking": subject})


PROCESS = Process("cancel-conference", carry_out)
