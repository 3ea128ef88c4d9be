"""From a person's decision about exceptions to their conferences, rated anew.

Tell:   billing keeps the decision: who, when, why; the bridge gives out legs that it held and that are accepted
Start:  the run that invoices each conference, which asks for what was decided

Billing refuses what is settled by now, and then nothing is decided about the others either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from processes import invoice_call
from processes.import_call_records import ASSEMBLE, BOOKINGS_OF_ROOMS, grouped, leg_in, tell
from processes.rules.counts import counted
from processes.rules.refusal import Refusal
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

DOCUMENTS = (RECORD_RESOLUTION, RELEASE_HELD_LEGS, BOOKINGS_OF_ROOMS, ASSEMBLE)


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """The process `resolve-exceptions`: its subject is the first of the exceptions.

    Its input has their `ids`, the `decision` as `ResolutionInput` has it, and `decidedBy`. The answer has the
    conferences, whose invoicing goes on by itself.
    """
    data = await run.execute(
        RECORD_RESOLUTION,
        {
            "ids": input["ids"],
            "input": input["decision"],
            "decidedBy": input["decidedBy"],
            "key": f"{run.id}:resolution",
        },
    )
    answer = data["recordResolution"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    conferences = [conference["id"] for conference in answer["conferences"]]
    if input["decision"]["resolution"] == "ACCEPT":
        conferences = list(dict.fromkeys([*conferences, *await released(run, input["ids"])]))
    for conference in conferences:
        await run.start(invoice_call.NAME, conference, {})
    return Done(f"{counted(len(conferences), 'conference')} to rate anew", {"conferences": conferences})


async def released(run: Run, exceptions: Iterable[str]) -> list[str]:
    """The conferences of the legs that their bridges held until now. An exception's id is `<leg>#<n>`."""
    ids = sorted({id.rpartition("#")[0] for id in exceptions})
    answer = (await run.execute(RELEASE_HELD_LEGS, {"ids": ids, "key": f"{run.id}:release"}))["releaseHeldLegs"]
    conferences = [leg["conference"]["id"] for leg in answer["legs"] if leg["conference"]]
    left_over = [leg for leg in answer["legs"] if leg["conference"] is None]
    for bridge in sorted({leg["bridge"] for leg in left_over}):
        groups = await grouped(run, [leg_in(leg) for leg in left_over if leg["bridge"] == bridge])
        conferences += [made["id"] for made in await tell(run, bridge, groups, run=run.id)]
    return conferences


PROCESS = Process("resolve-exceptions", carry_out)
