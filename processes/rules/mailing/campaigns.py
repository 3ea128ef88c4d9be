"""The states of a campaign.

    DRAFT -> SNAPSHOT -> RENDERED -> APPROVED -> PRINTING -> NOTIFYING -> DONE
                            any of these but DONE -> CANCELLED
    SNAPSHOT, RENDERED -> DRAFT    the snapshot is taken anew; not any more once somebody has approved it
    NOTIFYING, DONE -> PRINTING    a person has a letter printed again

A paused campaign keeps its state; nothing is printed or sent meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from processes.rules.refusal import Refusal

__all__ = [
    "State",
    "advanced",
    "approved",
    "cancelled",
    "letters_rendered",
    "may_follow",
    "may_notify",
    "may_print",
    "may_render",
    "may_snapshot",
    "paused",
    "refreshed",
    "resumed",
    "snapshot_taken",
]

BEFORE_APPROVAL = ("SNAPSHOT", "RENDERED")
OVER = ("DONE", "CANCELLED")
UNAPPROVABLE = {
    "DRAFT": "have its recipients taken first",
    "SNAPSHOT": "its letters are being rendered: approve it when they are",
    "CANCELLED": "make a new one",
}
IN_THE_WAY = ("PLANNED", "RENDERED", "SUBMITTED", "UNKNOWN")
"""A letter in one of these is still to be printed, or for a person to decide about."""


@dataclass(frozen=True, slots=True)
class State:
    """What of a campaign its rules look at."""

    id: str
    state: str
    paused: bool
    round: int

    def __str__(self) -> str:
        return f"mailing {self.id} is {self.state}"


def may_snapshot(campaign: State) -> Refusal | None:
    if campaign.state == "DRAFT":
        return None
    return wrong(campaign, "its recipients are known already: have them refreshed before it is approved")


def snapshot_taken(campaign: State) -> State:
    return replace(campaign, state="SNAPSHOT")


def letters_rendered(campaign: State) -> State:
    return replace(campaign, state="RENDERED")


def may_render(campaign: State) -> Refusal | None:
    """Also where it is rendered already: then there is nothing left to render."""
    if campaign.state in BEFORE_APPROVAL:
        return None
    return wrong(campaign, "letters are rendered between the snapshot and the approval")


def refreshed(campaign: State) -> State | Refusal:
    """Edge case 21: one click before approval; afterwards the snapshot rules."""
    if campaign.state in BEFORE_APPROVAL or campaign.state == "DRAFT":
        return replace(campaign, state="DRAFT", round=campaign.round + 1)
    return wrong(campaign, "its recipients can be taken anew only before it is approved")


def approved(campaign: State, *, round: int) -> State | Refusal:
    """What a person approves is what they have looked at: the letters of this round."""
    if campaign.state != "RENDERED":
        return wrong(campaign, UNAPPROVABLE.get(campaign.state, "it was approved before"))
    if campaign.round != round:
        why = f"round {round} is not what it has now: look at round {campaign.round} and approve that"
        return Refusal("other-round", f"mailing {campaign.id}: {why}")
    return replace(campaign, state="APPROVED")


def paused(campaign: State) -> State | Refusal:
    if campaign.state in OVER:
        return wrong(campaign, "there is nothing left to pause")
    return replace(campaign, paused=True)


def resumed(campaign: State) -> State | Refusal:
    if campaign.state in OVER:
        return wrong(campaign, "there is nothing left to resume")
    return replace(campaign, paused=False)


def cancelled(campaign: State) -> State | Refusal:
    """Nothing more is printed or sent; what the printer has already is still followed."""
    if campaign.state == "DONE":
        return wrong(campaign, "what is sent can't be taken back")
    return replace(campaign, state="CANCELLED", paused=False)


def may_print(campaign: State) -> Refusal | None:
    if campaign.state not in ("APPROVED", "PRINTING"):
        return wrong(campaign, "letters are printed once a person has approved it")
    return is_paused(campaign)


def may_follow(campaign: State) -> Refusal | None:
    """Paused and cancelled too: what the printer has comes out, and somebody wants to know what became of it."""
    if campaign.state in ("DRAFT", *BEFORE_APPROVAL):
        return wrong(campaign, "no printer has any of its letters before it is approved")
    return None


def may_notify(campaign: State) -> Refusal | None:
    if campaign.state not in ("PRINTING", "NOTIFYING"):
        return wrong(campaign, "notices go out for letters that are printed")
    return is_paused(campaign)


def is_paused(campaign: State) -> Refusal | None:
    return Refusal("paused", f"mailing {campaign.id} is paused: resume it first") if campaign.paused else None


def advanced(campaign: State, letters: Mapping[str, int], *, notices_open: int) -> State:
    """Where it stands now: `letters` by state; `notices_open` printed letters whose notice has not come to its end."""
    if campaign.state == "APPROVED" and any(letters.get(state, 0) for state in ("SUBMITTED", "PRINTED", "UNKNOWN")):
        campaign = replace(campaign, state="PRINTING")
    if campaign.state in ("APPROVED", "PRINTING") and not any(letters.get(state, 0) for state in IN_THE_WAY):
        campaign = replace(campaign, state="NOTIFYING")
    if campaign.state in ("NOTIFYING", "DONE") and letters.get("RENDERED", 0):
        campaign = replace(campaign, state="PRINTING")
    if campaign.state == "NOTIFYING" and not notices_open:
        campaign = replace(campaign, state="DONE")
    return campaign


def wrong(campaign: State, remedy: str) -> Refusal:
    return Refusal("wrong-state", f"{campaign}: {remedy}")
