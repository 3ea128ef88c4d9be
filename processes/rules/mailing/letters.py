"""Letters and print jobs: each letter is printed once (domain.md, I11), whatever dies in between.

    Create-Job -> its id is committed as SENDING -> Send-Document, once -> SENT -> what the printer says

A job that is found SENDING by somebody else was left by a crash. Only the printer knows whether its document came:
where it doesn't say so clearly, a person looks at the tray.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from processes.rules.refusal import Refusal

__all__ = ["Decided", "Followed", "Next", "decide", "follow", "next_step"]


class Next(Enum):
    """What to do with a job that was left SENDING."""

    SENT = "its document is there"
    SEND = "it waits for its document: send it"
    ANEW = "it ended without a document: nothing was printed, so make another one"
    ASK = "nobody can tell: a person decides"


def next_step(state: str | None, documents: int) -> Next:
    """`state` is the printer's word about the job of this id and this letter's name, None where it has none."""
    if state is None or state == "UNKNOWN":
        return Next.ASK
    if documents:
        return Next.SENT
    match state:
        case "PENDING":
            return Next.SEND
        case "FAILED" | "CANCELLED":
            return Next.ANEW
        case _:  # it prints, or has printed, what is no document: no printer should say so
            return Next.ASK


@dataclass(frozen=True, slots=True)
class Followed:
    """A job's state, that of its letter, and why."""

    job: str
    letter: str
    reason: str | None


def follow(state: str | None, documents: int, reason: str | None) -> Followed:
    """What the printer says now of a job whose document was SENT."""
    if state is None:
        return Followed("UNKNOWN", "UNKNOWN", "the printer no longer knows the job: look at the tray")
    if not documents:
        return Followed("UNKNOWN", "UNKNOWN", "the printer has the job without its document: look at the tray")
    match state:
        case "PENDING" | "PRINTING":
            return Followed("SENT", "SUBMITTED", reason)
        case "PRINTED":
            return Followed("PRINTED", "PRINTED", None)
        case "FAILED":
            return Followed("FAILED", "FAILED", reason or "the printer gave the job up")
        case "CANCELLED":
            return Followed("CANCELLED", "CANCELLED", reason or "the job was cancelled at the printer")
        case _:
            return Followed("UNKNOWN", "UNKNOWN", reason or "the printer can't tell what became of it")


@dataclass(frozen=True, slots=True)
class Decided:
    """What a letter and its last job are after a person's word; None: the job stays what it is."""

    letter: str
    job: str | None


def decide(letter: str, state: str, decision: str, *, has_job: bool, campaign: str) -> Decided | Refusal:
    """A person's `decision` (PRINTED, PRINT_AGAIN, GIVE_UP) about a letter in this state."""
    if not has_job:
        return Refusal("not-submitted", f"letter {letter} was never handed to a printer: there is nothing to decide")
    match decision, state:
        case "PRINTED", "UNKNOWN" | "FAILED" | "CANCELLED":
            return Decided("PRINTED", "PRINTED")
        case "PRINT_AGAIN", _ if campaign == "CANCELLED":
            return Refusal("wrong-state", f"letter {letter} is of a cancelled mailing: nothing more is printed")
        case "PRINT_AGAIN", "UNKNOWN":
            return Decided("RENDERED", "FAILED")
        case "PRINT_AGAIN", "FAILED" | "CANCELLED" | "PRINTED":
            return Decided("RENDERED", None)
        case "GIVE_UP", "UNKNOWN":
            return Decided("FAILED", "FAILED")
        case _:
            return Refusal("wrong-state", f"letter {letter} is {state}: {decision} is no decision about that")
