"""From a person's decision about exceptions to their conferences, rated anew.

Tell:   billing keeps the decision: who, when, why; the bridge gives out legs that it held and that are accepted; where
        nothing but such legs was of a call, they get their conference now, and the decision goes with them
Start:  the run that invoices each conference, which asks for what was decided

Billing refuses what is settled by now, and then nothing is decided about the others either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from processes import invoice_call
from processes.book_conference import CLIENT, ownerships, unknown_client
from processes.collect_call import RECORD_HELD_LEGS
from processes.import_call_records import ASSEMBLE, BOOKINGS_OF_ROOMS, grouped, leg_in, tell
from processes.rules.counts import counted
from processes.rules.refusal import Refusal
from processes.rules.tariff import duration_seconds
from processes.run import Done, Process, Run

__all__ = ["DOCUMENTS", "PROCESS", "carry_out"]

RECORD_RESOLUTION = """
mutation RecordResolution($ids: [ID!]!, $input: ResolutionInput!, $decidedBy: String!, $key: ID!) {
  recordResolution(ids: $ids, input: $input, decidedBy: $decidedBy, idempotencyKey: $key) {
    __typename
    ... on ResolutionRecorded { conferences { id } }
    ... on Refused { code message }
  }
}
"""

RELEASE_HELD_LEGS = """
mutation ReleaseHeldLegs($ids: [ID!]!, $key: ID!) {
  releaseHeldLegs(ids: $ids, idempotencyKey: $key) {
    legs { id bridge room joinedAt leftAt conference { id } }
  }
}
"""

DOCUMENTS = (CLIENT, RECORD_RESOLUTION, RELEASE_HELD_LEGS, BOOKINGS_OF_ROOMS, ASSEMBLE, RECORD_HELD_LEGS)

RELEASED = "released"


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `resolve-exceptions`: its subject is the first of the exceptions.

    Its input has their `ids`, the `decision` as `ResolutionInput` has it, and `decidedBy`. The answer has the
    conferences, whose invoicing goes on by itself.
    """
    if why := await no_owner(run, input["decision"]):
        return why
    conferences = await decided(run, input, key=f"{run.id}:resolution")
    if isinstance(conferences, Refusal):
        return conferences
    if input["decision"]["resolution"] == "ACCEPT":
        known = await released(run, input["ids"], conferences)
        if not {*known} <= {*conferences}:  # what was decided is asked for by the conference, which these have only now
            again = await decided(run, input, key=f"{run.id}:resolution-moved")
            conferences = [] if isinstance(again, Refusal) else again
        conferences = list(dict.fromkeys([*conferences, *known]))
    for conference in conferences:
        await run.start(invoice_call.NAME, conference, {})
    return Done(f"{counted(len(conferences), 'conference')} to rate anew", {"conferences": conferences})


async def no_owner(run: Run, decision: Mapping[str, Any]) -> Refusal | None:
    """Why nobody can be billed so. Refused `unknown-client`, and `foreign-account` for one that was never theirs."""
    client, account = decision.get("client"), decision.get("account")
    if not client:
        return None
    found = (await run.execute(CLIENT, {"client": client}))["client"]
    if found is None:
        return unknown_client(client)
    if account not in {each.account for each in ownerships(found["accountHistory"] or ()) if each.client == client}:
        return Refusal(
            "foreign-account", f"account {account} is not client {client}'s: link it to them, or name another"
        )
    return None


async def decided(run: Run, input: Mapping[str, Any], *, key: str) -> list[str] | Refusal:
    """The conferences of the exceptions, about which it was decided what `input` says."""
    data = await run.execute(
        RECORD_RESOLUTION,
        {"ids": input["ids"], "input": input["decision"], "decidedBy": input["decidedBy"], "key": key},
    )
    answer = data["recordResolution"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return [conference["id"] for conference in answer["conferences"]]


async def released(run: Run, exceptions: Iterable[str], noted: Collection[str]) -> list[str]:
    """The conferences of the legs that their bridges held until now; `noted` are those of the exceptions."""
    ids = sorted({id.rpartition("#")[0] for id in exceptions})  # an exception's id is `<leg>#<n>`
    legs = await release(run, ids)
    left_over = [leg for leg in legs if leg["conference"] is None]
    for bridge in sorted({leg["bridge"] for leg in left_over}):
        groups = await grouped(run, [leg_in(leg) for leg in left_over if leg["bridge"] == bridge])
        await tell(run, bridge, groups, run=run.id)
    if left_over:
        legs = await release(run, ids)
        await note_moved(run, [leg for leg in legs if leg["conference"] and leg["conference"]["id"] not in noted])
    return [leg["conference"]["id"] for leg in legs if leg["conference"]]


async def release(run: Run, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Asked again, the same legs as they are then."""
    data = await run.execute(RELEASE_HELD_LEGS, {"ids": ids, "key": f"{run.id}:release"})
    legs: list[dict[str, Any]] = data["releaseHeldLegs"]["legs"]
    return legs


async def note_moved(run: Run, legs: Sequence[Mapping[str, Any]]) -> None:
    """Their exceptions were of a call without a conference."""
    for conference in sorted({leg["conference"]["id"] for leg in legs}):
        of_it = [leg for leg in legs if leg["conference"]["id"] == conference]
        await run.execute(
            RECORD_HELD_LEGS,
            {
                "conference": conference,
                "legs": [{"leg": leg["id"], "durationSeconds": seconds_of(leg)} for leg in of_it],
                "code": RELEASED,
                "message": f"released by its bridge, as a person said, and of conference {conference} now",
                "key": f"{run.id}:moved-{conference}",
            },
        )


def seconds_of(leg: Mapping[str, Any]) -> int:
    return duration_seconds(leg_in(leg).joined_at, leg_in(leg).left_at)


PROCESS = Process("resolve-exceptions", carry_out)
