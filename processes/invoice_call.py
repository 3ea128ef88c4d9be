"""A call's records are there: it is rated and charged, and where its account is billed by call, invoiced at once.

    charge    the conference's legs go onto the account's draft (invoice_conference.py), which grows until it is issued
    issue     PER_CALL: the draft gets number, buyer and documents; PERIODIC: that is for the period's end

Two calls of one PER_CALL account that end together may be on one draft; whoever issues first issues both. Subject: the
conference's id. Input: `anew`, whether what was credited is charged again; it is, unless the run began by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from processes.graph import Graph
from processes.invoice_conference import Prepared, invoice_conference
from processes.issue_invoice import issue_invoice
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run

__all__ = ["BY_ITSELF", "DOCUMENTS", "NAME", "PROCESS", "invoice_call"]

NAME = "invoice-call"
BY_ITSELF: Mapping[str, Any] = MappingProxyType({"anew": False})
"""The input of a run that nobody asked for."""

PER_CALL = "PER_CALL"

INVOICING = """
query InvoicingOfDraft($invoice: ID!) {
  invoice(id: $invoice) { id status account { number invoicing } }
}
"""

DOCUMENTS = (INVOICING,)


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    prepared = await invoice_call(run, subject, run=run.id, anew=bool(input.get("anew", True)))
    if isinstance(prepared, Refusal):
        return prepared
    return Done(prepared.invoice, {"invoice": prepared.invoice})


async def invoice_call(graph: Graph, conference: str, *, run: str, anew: bool = True) -> Prepared | Refusal:
    """The invoice that the conference's charges are on: issued for a PER_CALL account, else the period's draft.

    Refused where it can't be charged, and where it can't be issued: then it is charged, and waits on the draft.
    """
    prepared = await invoice_conference(graph, conference, run=run, anew=anew)
    if isinstance(prepared, Refusal):
        return prepared
    found = (await graph.execute(INVOICING, {"invoice": prepared.invoice}))["invoice"]
    if found["status"] != "DRAFT" or found["account"]["invoicing"] != PER_CALL:
        return prepared
    issued = await issue_invoice(graph, prepared.invoice, run=run)
    if isinstance(issued, Refusal) and issued.code != "not-a-draft":
        return issued
    return prepared


PROCESS = Process(NAME, carry_out)
