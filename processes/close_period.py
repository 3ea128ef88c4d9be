"""A billing period is over, the time for late calls too: no more charges, its draft is issued, and it is closed.

    close     the period takes no more charges; with nothing to bill it is closed at once
    issue     its draft gets number, buyer and documents
    finish    the period is closed

A refusal (no exchange rate yet, a client without an address) leaves the period CLOSING. The reason stands at the run;
`periodsToClose` goes on naming the period, so that the next run tries again. Subject: `<account>/<from>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from processes.graph import Graph
from processes.issue_invoice import Issued, issue_invoice
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run

__all__ = ["DOCUMENTS", "NAME", "PROCESS", "close_period", "subject_of"]

NAME = "close-period"

CLOSE = """
mutation ClosePeriod($account: ID!, $from: DateTime!, $key: ID!) {
  closePeriod(account: $account, from: $from, idempotencyKey: $key) {
    __typename
    ... on PeriodClosed { draft { id status } }
    ... on Refused { code message }
  }
}
"""

FINISH = """
mutation FinishPeriod($account: ID!, $from: DateTime!, $key: ID!) {
  finishPeriod(account: $account, from: $from, idempotencyKey: $key) {
    __typename
    ... on Refused { code message }
  }
}
"""

DOCUMENTS = (CLOSE, FINISH)


def subject_of(account: str, since: str) -> str:
    """`7700123/2026-10-31T23:00:00Z`."""
    return f"{account}/{since}"


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    account, _, since = subject.rpartition("/")
    issued = await close_period(run, account, since, run=run.id)
    if isinstance(issued, Refusal):
        return issued
    return Done(issued.number, {"invoice": issued.invoice}) if issued else Done("nothing to bill")


async def close_period(graph: Graph, account: str, since: str, *, run: str) -> Issued | Refusal | None:
    """The invoice of the period, None where there was nothing to bill, or why it can't be closed now."""
    period = {"account": account, "from": since}
    closing = (await graph.execute(CLOSE, {**period, "key": f"{run}:close"}))["closePeriod"]
    if closing["__typename"] == "Refused":
        return Refusal(closing["code"], closing["message"])
    draft = closing["draft"]
    issued = await issue_invoice(graph, draft["id"], run=run) if draft else None
    if isinstance(issued, Refusal) and issued.code != "not-a-draft":  # somebody has issued it: that was wanted
        return issued
    finished = (await graph.execute(FINISH, {**period, "key": f"{run}:finish"}))["finishPeriod"]
    if finished["__typename"] == "Refused":
        return Refusal(finished["code"], finished["message"])
    return None if isinstance(issued, Refusal) else issued


PROCESS = Process(NAME, carry_out)
