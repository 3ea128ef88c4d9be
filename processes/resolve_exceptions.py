"""From a person's decision about exceptions to their conferences, rated anew.

Tell:   billing keeps the decision: who, when, why
Start:  the run that invoices each conference, which asks for what was decided

Billing refuses what is settled by now, and then nothing is decided about the others either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

DOCUMENTS = (RECORD_RESOLUTION,)

INVOICING = "invoice-call"


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
    for conference in conferences:
        await run.start(INVOICING, conference, {})
    return Done(f"{counted(len(conferences), 'conference')} to rate anew", {"conferences": conferences})


PROCESS = Process("resolve-exceptions", carry_out)
