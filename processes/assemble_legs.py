"""Legs that no conference has are put into one, and invoiced: what a run that failed or was cancelled left behind.

Ask:    the bridge's unassembled legs, and who booked their rooms
Decide: processes/rules/conferences.py
Tell:   the bridge assembles them; a run invoices each conference

Whoever receives call records does this at once; a leg that is in a conference stays there. Subject: the bridge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes import invoice_call
from processes.import_call_records import assemble_what_is_left
from processes.rules.counts import counted
from processes.run import Done, Process, Run

__all__ = ["NAME", "PROCESS"]

NAME = "assemble-legs"


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done:
    """The process `assemble-legs`: its subject is the bridge."""
    assembled = await assemble_what_is_left(run, subject, run=run.id)
    conferences = [one["id"] for one in assembled]
    for conference in conferences:
        await run.start(invoice_call.NAME, conference, invoice_call.BY_ITSELF)
    return Done(counted(len(conferences), "conference"), {"conferences": conferences})


PROCESS = Process(NAME, carry_out)
