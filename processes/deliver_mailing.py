"""A mailing brought on by a piece: what its state asks for next, page by page, until something keeps it.

    SNAPSHOT             its letters are rendered
    APPROVED, PRINTING   letters are handed to the printer, in order, and followed; notices of printed ones go out
    NOTIFYING            notices that are due go out
    CANCELLED, paused    what the printer has already comes out, and is followed to its end
    all others           nothing: a person is to act, or it is over

A run never waits: where a printer, a mail server or another run keeps the rest it ends and says so, and another run
goes on from the campaign's state, which the store keeps. One that brought nothing on ends refused, `waiting`, and is
tried ever more seldom. Since when nothing comes on is the store's to know: after ten minutes somebody is told, at once
where a printer refuses for good, and where letters came to be UNKNOWN or FAILED. The recipients are there already:
nobody asks the audience here, as that is to be done with the rights of the person who wrote it.
Subject: the campaign's id. Input: `pages`, how many pages of each kind at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from processes.rules.mailing.waiting import Trouble, alarm_for, letters_to_look_at
from processes.rules.refusal import Refusal
from processes.run import Done, Process, Run
from processes.wire import instant_from_wire

__all__ = ["DOCUMENTS", "NAME", "PROCESS", "Brought", "bring_on"]

NAME = "deliver-mailing"
PAGE = 100
NOTICES = 50
"""Notices of a page: a person who pauses or cancels waits for one page of them at most."""
PAGES = 10
"""Of each kind in a run: so that printing, following and notifying take turns, and an executor keeps few answers."""
FRUITLESS = 5
"""Pages of letters in a row that are all still at the printer: those behind them are not out either."""

LATER = frozenset({"busy", "other-round", "paused", "wrong-state"})
"""Somebody else is at it, or a person changed the campaign meanwhile: another run sees what is to be done then."""

CAMPAIGN = """
query MailingToDeliver($campaign: ID!) {
  mailing(id: $campaign) { state paused notifyAt printer report { lettersByState { name number } } }
}
"""

LETTERS = """
query LettersToLookAt($campaign: ID!) {
  mailing(id: $campaign) {
    report { lettersByState { name number } }
    UNKNOWN: letters(first: 5, state: UNKNOWN) { id reason }
    FAILED: letters(first: 5, state: FAILED) { id reason }
  }
}
"""

HANDED = """{
    __typename
    ... on Refused { code message }
    ... on LettersHanded { letters waiting waitingCode waitingSince through }
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
mutation FollowLetters($campaign: ID!, $first: Int!, $after: Int!, $key: ID!) {{
  followLetters(campaign: $campaign, first: $first, after: $after, idempotencyKey: $key) {HANDED}
}}
"""

NOTIFY = f"""
mutation SendNotices($campaign: ID!, $first: Int!, $key: ID!) {{
  sendNotices(campaign: $campaign, first: $first, idempotencyKey: $key) {HANDED}
}}
"""

DOCUMENTS = (CAMPAIGN, LETTERS, RENDER, SUBMIT, FOLLOW, NOTIFY)


@dataclass(frozen=True, slots=True)
class Phase:
    """One thing that is done in pages of `first`; `field` is the mutation's, `name` that of its keys.

    With `fruitless` more pages than one may bring nothing on: each is asked for after the one before.
    """

    name: str
    field: str
    document: str
    first: int = PAGE
    fruitless: int = 1

    @property
    def step(self) -> str:
        return self.name.upper()


RENDERING = Phase("render", "renderLetters", RENDER)
SUBMITTING = Phase("submit", "submitLetters", SUBMIT)
FOLLOWING = Phase("follow", "followLetters", FOLLOW, fruitless=FRUITLESS)
NOTIFYING = Phase("notify", "sendNotices", NOTIFY, first=NOTICES)

PHASES: Mapping[str, tuple[Phase, ...]] = {
    "SNAPSHOT": (RENDERING,),
    "APPROVED": (SUBMITTING, FOLLOWING),
    "PRINTING": (SUBMITTING, FOLLOWING, NOTIFYING),
    "NOTIFYING": (NOTIFYING,),
    "CANCELLED": (FOLLOWING,),
}
WHILE_PAUSED: Mapping[str, tuple[Phase, ...]] = {"PRINTING": (FOLLOWING,)}


@dataclass(slots=True)
class Brought:
    """What a run did: by phase how many came on, and what keeps the rest; of that what somebody may have to mend."""

    state: str
    came: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    is_busy: bool = False

    @property
    def is_fruitless(self) -> bool:
        """Nothing came on, and it is of no use to come again at once."""
        return not any(self.came.values()) and bool(self.troubles or self.is_busy)

    def __str__(self) -> str:
        return ", ".join(f"{name} {number}" for name, number in self.came.items()) or f"nothing to do: {self.state}"


async def carry_out(run: Run, subject: str, input: Mapping[str, Any]) -> Done | Refusal:
    """Refused `unknown-mailing`, `waiting`, and as the graph refuses what only a person can mend, who is alarmed."""
    brought = await bring_on(run, subject, input)
    if isinstance(brought, Refusal):
        return brought
    if brought.is_fruitless:
        return Refusal("waiting", "; ".join(f"{name}: {why}" for name, why in brought.waiting.items()))
    return Done(str(brought), {"came": brought.came, "waiting": brought.waiting})


async def bring_on(run: Run, campaign: str, input: Mapping[str, Any]) -> Brought | Refusal:
    found = (await run.execute(CAMPAIGN, {"campaign": campaign}))["mailing"]
    if found is None:
        return Refusal("unknown-mailing", f"there is no mailing {campaign}")
    brought = Brought(found["state"])
    for phase in (WHILE_PAUSED if found["paused"] else PHASES).get(found["state"], ()):
        if phase is NOTIFYING and found["notifyAt"] is None:
            continue
        refusal = await in_pages(run, campaign, phase, brought, pages=int(input.get("pages", PAGES)))
        if refusal is not None:
            await run.alarm(refusal.code, refusal.message)
            return refusal
    if brought.came:
        await tell(run, campaign, found, brought)
    return brought


async def in_pages(run: Run, campaign: str, phase: Phase, brought: Brought, *, pages: int) -> Refusal | None:
    """Adds what came on, and what keeps the rest. A refusal is what a person has to mend."""
    brought.came[phase.name] = after = fruitless = 0
    for page in range(pages):
        variables = {"campaign": campaign, "first": phase.first, "key": f"{run.id}:{phase.name}-{page}"}
        if phase is FOLLOWING:  # carried out again without its kept answers, a run may come to other places
            variables |= {"after": after, "key": f"{run.id}:{phase.name}-{page}-{after}"}
        answer = (await run.execute(phase.document, variables))[phase.field]
        if answer["__typename"] == "Refused":
            if answer["code"] not in LATER:
                return Refusal(answer["code"], answer["message"])
            brought.waiting[phase.name] = answer["message"]
            brought.is_busy |= answer["code"] == "busy"
            return None
        brought.came[phase.name] += answer["letters"]
        if answer["waiting"]:
            brought.waiting[phase.name] = answer["waiting"]
            if answer["waitingSince"]:
                since = instant_from_wire(answer["waitingSince"])
                brought.troubles.append(Trouble(phase.step, answer["waiting"], since, answer["waitingCode"]))
            return None
        fruitless = 0 if answer["letters"] else fruitless + 1
        after = answer["through"] or 0
        if fruitless == phase.fruitless or (phase is FOLLOWING and not after):
            return None
    return None


async def tell(run: Run, campaign: str, found: Mapping[str, Any], brought: Brought) -> None:
    """Whoever can mend what doesn't mend itself. A run shows one alarm: what keeps all others comes last."""
    now = (await run.execute(LETTERS, {"campaign": campaign}))["mailing"]
    named = {state: [named_with_reason(each) for each in now[state] or ()] for state in ("UNKNOWN", "FAILED")}
    letters = letters_to_look_at(campaign, counts(found), counts(now), named)
    if letters is not None:
        await run.alarm(*letters)
    if brought.troubles:
        alarm = alarm_for(campaign, found["printer"], brought.troubles, now=await run.now())
        if alarm is not None:
            await run.alarm(*alarm)


def counts(mailing: Mapping[str, Any]) -> dict[str, int]:
    states: Sequence[Mapping[str, Any]] = mailing["report"]["lettersByState"]
    return {each["name"]: each["number"] for each in states}


def named_with_reason(letter: Mapping[str, Any]) -> str:
    return f"{letter['id']}: {letter['reason']}" if letter["reason"] else str(letter["id"])


PROCESS = Process(NAME, carry_out)
