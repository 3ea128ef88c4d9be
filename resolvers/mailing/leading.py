"""What people do with a mailing: they approve it, pause and resume it, cancel it, and decide about single letters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import strawberry

from processes.rules.mailing import campaigns as rules
from resolvers.access import Scope, asks
from resolvers.mailing.announcing import why_unannounced
from resolvers.mailing.context import Info
from resolvers.mailing.entities import Letter
from resolvers.mailing.making import CampaignOutcome, outcome_of
from resolvers.mailing.rules import RULES, Verdict, decided
from resolvers.mailing.values import LetterDecisionKind
from resolvers.refused import Refused
from resolvers.texts import storable
from sources.idempotency import Call, input_hash
from sources.records.refusal import Refusal

__all__ = [
    "DecidingOutcome",
    "approve_mailing",
    "cancel_mailing",
    "decide_letter",
    "pause_mailing",
    "refresh_recipients",
    "resume_mailing",
]

LONGEST_REASON = 2_000


@strawberry.federation.type(requires_scopes=asks(Scope.MAILING_WRITE))
class LetterDecided:
    """The letter as it is now."""

    letter: Letter


DecidingOutcome = Annotated[LetterDecided | Refused, strawberry.union("DecidingOutcome")]


async def told(
    info: Info,
    mutation: str,
    campaign: str,
    key: str,
    rule: Callable[[rules.State], Verdict],
    *given: object,
    **facts: object,
) -> CampaignOutcome:
    context = info.context
    id, key = storable("campaign", campaign), storable("idempotencyKey", key)
    call = Call(mutation, context.caller, key, input_hash([id, *given]))
    return outcome_of(await context.source.edit(id, decided(rule, **facts), call=call))


async def approve_mailing(
    info: Info, campaign: strawberry.ID, round: int, idempotency_key: strawberry.ID
) -> CampaignOutcome:
    for found in await info.context.source.campaigns([storable("campaign", campaign)]):
        if refused := await why_unannounced(info, found):
            return refused
    rule = partial(rules.approved, round=round)
    facts = {"approved_by": info.context.caller, "approved_at": info.context.now}
    return await told(info, "approveMailing", campaign, idempotency_key, rule, round, **facts)


async def pause_mailing(info: Info, campaign: strawberry.ID, idempotency_key: strawberry.ID) -> CampaignOutcome:
    return await told(info, "pauseMailing", campaign, idempotency_key, rules.paused)


async def resume_mailing(info: Info, campaign: strawberry.ID, idempotency_key: strawberry.ID) -> CampaignOutcome:
    return await told(info, "resumeMailing", campaign, idempotency_key, rules.resumed)


async def cancel_mailing(info: Info, campaign: strawberry.ID, idempotency_key: strawberry.ID) -> CampaignOutcome:
    return await told(info, "cancelMailing", campaign, idempotency_key, rules.cancelled)


async def refresh_recipients(info: Info, campaign: strawberry.ID, idempotency_key: strawberry.ID) -> CampaignOutcome:
    return await told(info, "refreshRecipients", campaign, idempotency_key, rules.refreshed)


async def decide_letter(
    info: Info, letter: strawberry.ID, decision: LetterDecisionKind, reason: str, idempotency_key: strawberry.ID
) -> DecidingOutcome:
    context = info.context
    found = await context.source.decide(
        storable("letter", letter, longest=400),
        decision.value,
        reason=storable("reason", reason, longest=LONGEST_REASON),
        caller=context.caller,
        key=storable("idempotencyKey", idempotency_key),
        now=context.now,
        rules=RULES,
    )
    if isinstance(found, Refusal):
        return Refused(code=found.code, message=found.message)
    return LetterDecided(letter=Letter.of(found))
