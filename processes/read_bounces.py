"""Notices that came back are read from their mailbox and kept with their letters; sales looks at the addresses.

Subject: the mailbox; there is one. Input: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run

__all__ = ["DOCUMENTS", "MAILBOX", "NAME", "PROCESS"]

NAME = "read-bounces"
MAILBOX = "bounces"

READ = """
mutation ReadBounces {
  readBounces {
    __typename
    ... on Refused { code message }
    ... on BouncesRead { bounces }
  }
}
"""

DOCUMENTS = (READ,)


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """Refused `no-bounces` where no mailbox is set."""
    answer = (await run.execute(READ, {}))["readBounces"]
    if answer["__typename"] == "Refused":
        return Refusal(answer["code"], answer["message"])
    return Done(f"bounces {answer['bounces']}", {"bounces": answer["bounces"]})


PROCESS = Process(NAME, carry_out)
