"""A call on a live bridge is over: its legs become call records, and its conference is invoiced.

Ask:    the bridge publishes the call's legs, with what it holds back and the seconds of all
Decide: which conference they are, by the bookings of the room (rules/conferences.py); do the seconds add up (I9)
Tell:   the bridge assembles them; billing notes what is held, as work for a person; a run invoices each conference;
        its booking is COMPLETED, also one that was taken for a NO_SHOW

Published once, the call is the same whenever it is asked for again, so a crash anywhere repeats nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from processes import charge_fee, invoice_call
from processes.import_call_records import ASSEMBLE, BOOKINGS_OF_ROOMS, grouped, leg_in, tell
from processes.note_call import complete, may_complete
from processes.provision_conference import RECORD_STATE
from processes.rules.counts import counted
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run

__all__ = ["DOCUMENTS", "PROCESS", "collect_call"]

NAME = "collect-call"

PUBLISH_CALL = """
mutation PublishCall($call: ID!, $key: ID!) {
  publishCall(call: $call, idempotencyKey: $key) {
    __typename
    ... on PublishedCall {
      bridge
      seconds
      legs { id room joinedAt leftAt seconds conference { id } }
      held { id seconds code message }
    }
    ... on Refused { code message }
  }
}
"""

RECORD_HELD_LEGS = """
mutation RecordHeldLegs($conference: ID!, $legs: [ExceptionLegInput!]!, $code: String!, $message: String!, $key: ID!) {
  recordRatingExceptions(
    conference: $conference, legs: $legs, code: $code, message: $message, idempotencyKey: $key
  ) {
    __typename
  }
}
"""

BOOKINGS = """
query BookingsOfCall($ids: [ID!]!) {
  conferences(ids: $ids) { booking { ref status revision callState } }
}
"""

DOCUMENTS = (PUBLISH_CALL, BOOKINGS_OF_ROOMS, ASSEMBLE, RECORD_HELD_LEGS, BOOKINGS, RECORD_STATE)


async def collect_call(run: Run, call: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The conferences of the call `call`, collected. Refused as the bridge refuses to publish it."""
    published = await publish(run, call)
    if isinstance(published, Refusal):
        return published
    await reconcile(run, call, published)
    conferences = await assembled(run, published)
    await note_held(run, call, published["held"], conferences)
    for conference in conferences:
        await run.start(invoice_call.NAME, conference, invoice_call.BY_ITSELF)
    if conferences:
        await note_completed(run, conferences)
    return Done(", ".join(conferences) or counted(len(published["held"]), "held leg"), {"conferences": conferences})


async def publish(run: Run, call: str) -> dict[str, Any] | Refusal:
    data = await run.execute(PUBLISH_CALL, {"call": call, "key": f"{run.id}:publish"})
    answer: dict[str, Any] = data["publishCall"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return answer


async def reconcile(run: Run, call: str, published: Mapping[str, Any]) -> None:
    """What the switch told in all is what became call records and what is held: not a second more, nor less."""
    told, records = published["seconds"], sum(leg["seconds"] for leg in published["legs"])
    held = sum(leg["seconds"] for leg in published["held"])
    if told != records + held:
        await run.alarm(
            "totals-differ",
            f"call {call}: the bridge told of {told} s, {records} s became call records and {held} s are held",
        )


async def assembled(run: Run, published: Mapping[str, Any]) -> list[str]:
    """The conferences that hold the call's legs, also where an earlier run assembled some of them."""
    legs = published["legs"]
    left_over = [leg_in(leg) for leg in legs if leg["conference"] is None]
    known = [leg["conference"]["id"] for leg in legs if leg["conference"]]
    if not left_over:
        return list(dict.fromkeys(known))
    groups = await grouped(run, left_over)
    made = await tell(run, published["bridge"], groups, run=run.id)
    return list(dict.fromkeys([*known, *(conference["id"] for conference in made)]))


async def note_held(run: Run, call: str, held: Iterable[Mapping[str, Any]], conferences: list[str]) -> None:
    """Each is an exception of its conference. Where nothing of the call could be taken it has none yet.

    Then the call stands for it, until somebody accepts a leg (resolve_exceptions.py).
    """
    for leg in held:
        if not conferences:
            await run.alarm(leg["code"], f"call {call} has no conference: {leg['message']}")
        noted = {"leg": leg["id"], "durationSeconds": leg["seconds"]}
        await run.execute(
            RECORD_HELD_LEGS,
            {
                "conference": conferences[0] if conferences else call,
                "legs": [noted],
                "code": leg["code"],
                "message": leg["message"],
                "key": f"{run.id}:held-{leg['id']}",
            },
        )


async def note_completed(run: Run, conferences: list[str]) -> None:
    """After the invoice was set going. A booking that was changed meanwhile, or where people are inside, is left."""
    found = (await run.execute(BOOKINGS, {"ids": conferences}))["conferences"]
    for booking in [each["booking"] for each in found if each["booking"]]:
        if may_complete(booking) and await complete(run, booking) is None and booking["status"] == "NO_SHOW":
            await run.start(charge_fee.NAME, booking["ref"], {})  # which is taken back: somebody came


PROCESS = Process(NAME, collect_call)
