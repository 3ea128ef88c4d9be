"""A mailing brought on by a piece: what its state asks for next, page by page, until something keeps it.

    SNAPSHOT             its letters are rendered
    APPROVED, PRINTING   letters are handed to the printer, in order, and followed; notices of printed ones go out
    NOTIFYING            notices that are due go out
    all others, paused   nothing: a person is to act, or it is over

A run never waits: where a printer, a mail server or another run keeps the rest it ends and says so, and another run
goes on from the campaign's state, which the store keeps. The recipients are there already: nobody asks the audience
here, as that is to be done with the rights of the person who wrote it. No watch starts this process yet.
Subject: the campaign's id. Input: `pages`, how many pages of letters at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run

__all__ = ["DOCUMENTS", "NAME", "PROCESS"]

NAME = "deliver-mailing"
PAGE = 100
PAGES = 100
"""Pages of a run: an executor keeps the answers of its steps."""

LATER = frozenset({"busy", "other-round", "paused", "wrong-state"})
"""Somebody else is at it, or a person changed the campaign meanwhile: another run sees what is to be done then."""

CAMPAIGN = """
query MailingToDeliver($campaign: ID!) {
  mailing(id: $campaign) { state paused notifyAt }
}
"""

HANDED = """{
    __typename
    ... on Refused { code message }
    ... on LettersHanded { letters waiting }
  }"""

RENDER = f"""
mutation RenderLetters($campaign: ID!, $first: Int!, $key: ID!) {{
  renderLetters(campaign: $campaign, first: $first, idempotencyKey: $key) {HANDED}
}}
"""

SUBMIT = f"""
mutation SubmitLetters($campaign: ID!, $first: Int!, $key: ID!) {{
  submitLetters(campaign: $campaign, first: $first, idempotencyKey: $key) {HANDED}
}}
"""

FOLLOW = f"""
mutation FollowLetters($campaign: ID!, $first: Int!, $key: ID!) {{
  followLetters(campaign: $campaign, first: $first, idempotencyKey: $key) {HANDED}
}}
"""

NOTIFY = f"""
mutation SendNotices($campaign: ID!, $first: Int!, $key: ID!) {{
  sendNotices(campaign: $campaign, first: $first, idempotencyKey: $key) {HANDED}
}}
"""

DOCUMENTS = (CAMPAIGN, RENDER, SUBMIT, FOLLOW, NOTIFY)


@dataclass(frozen=True, slots=True)
class Phase:
    """One thing that is done in pages; `field` is the mutation's, `name` that of its keys."""

    name: str
    field: str
    document: str


RENDERING = Phase("render", "renderLetters", RENDER)
SUBMITTING = Phase("submit", "submitLetters", SUBMIT)
FOLLOWING = Phase("follow", "followLetters", FOLLOW)
NOTIFYING = Phase("notify", "sendNotices", NOTIFY)

PHASES: Mapping[str, tuple[Phase, ...]] = {
    "SNAPSHOT": (RENDERING,),
    "APPROVED": (SUBMITTING, FOLLOWING),
    "PRINTING": (SUBMITTING, FOLLOWING, NOTIFYING),
    "NOTIFYING": (NOTIFYING,),
}


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """Refused `unknown-mailing`, and as the graph refuses what only a person can mend, who is alarmed."""
    found = (await run.execute(CAMPAIGN, {"campaign": subject}))["mailing"]
    if found is None:
        return Refusal("unknown-mailing", f"there is no mailing {subject}")
    phases = () if found["paused"] else PHASES.get(found["state"], ())
    came: dict[str, int] = {}
    waiting: dict[str, str] = {}
    for phase in phases:
        if phase is NOTIFYING and found["notifyAt"] is None:
            continue
        pages = await in_pages(run, subject, phase, pages=int(input.get("pages", PAGES)))
        if isinstance(pages, Refusal):
            await run.alarm(pages.code, pages.message)
            return pages
        came[phase.name], why = pages
        if why:
            waiting[phase.name] = why
    said = ", ".join(f"{name} {number}" for name, number in came.items()) or f"nothing to do while {found['state']}"
    return Done(said, {"came": came, "waiting": waiting})


async def in_pages(run: Run, campaign: str, phase: Phase, *, pages: int) -> tuple[int, str | None] | Refusal:
    """How many came on, and what keeps the rest. A page on which nothing came on is the last."""
    came = 0
    for page in range(pages):
        variables = {"campaign": campaign, "first": PAGE, "key": f"{run.id}:{phase.name}-{page}"}
        answer = (await run.execute(phase.document, variables))[phase.field]
        if answer["__typename"] == "Refused":
            if answer["code"] in LATER:
                return came, str(answer["message"])
            return Refusal(answer["code"], answer["message"])
        came += int(answer["letters"])
        if answer["waiting"] or not answer["letters"]:
            return came, answer["waiting"]
    return came, None


PROCESS = Process(NAME, carry_out)
