"""Mailing's decisions: the rules of processes.rules.mailing, in mailing's own records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from processes.rules.mailing import audience, campaigns, letters, notices, report, templates
from processes.rules.refusal import Refusal as RuleRefusal
from sources.mailing import MailingRules
from sources.mailing.rules import Decided, Judged, Known
from sources.records.mailing import AudienceRow, Campaign, Letter, TemplateVersion
from sources.records.refusal import Refusal

__all__ = ["RULES", "as_record", "decided", "fields_of"]

Verdict = campaigns.State | RuleRefusal


def as_record(refusal: RuleRefusal) -> Refusal:
    return Refusal(refusal.code, refusal.message)


def state_of(campaign: Campaign) -> campaigns.State:
    return campaigns.State(campaign.id, campaign.state, campaign.paused, campaign.round)


def applied(campaign: Campaign, state: campaigns.State) -> Campaign:
    return replace(campaign, state=state.state, paused=state.paused, round=state.round)


def decided(rule: Callable[[campaigns.State], Verdict], **facts: object) -> Callable[[Campaign], Campaign | Refusal]:
    """The edit that `rule` decides on; where it agrees, the campaign has these `facts` too."""

    def edit(before: Campaign) -> Campaign | Refusal:
        verdict = rule(state_of(before))
        if isinstance(verdict, RuleRefusal):
            return as_record(verdict)
        return replace(applied(before, verdict), **facts)  # type: ignore[arg-type]

    return edit


def asked(rule: Callable[[campaigns.State], RuleRefusal | None]) -> Callable[[Campaign], Refusal | None]:
    def why_not(campaign: Campaign) -> Refusal | None:
        refusal = rule(state_of(campaign))
        return None if refusal is None else as_record(refusal)

    return why_not


def judge(row: AudienceRow, campaign: Campaign, template: TemplateVersion, known: Known) -> Judged:
    return audience.judge(
        row.client,
        audience.Address(row.street, row.city, row.postal_code, row.country),
        row.email,
        consent=row.marketing_consent,
        purpose=template.purpose,
        merges_addresses=campaign.merges_addresses,
        ambiguous=row.ambiguous,
        known=audience.Known(known.clients, known.addresses, known.opted_out),
    )


def fields_of(template: TemplateVersion) -> list[templates.Field]:
    return [templates.Field(field.name, field.type, field.required) for field in template.fields]


def check_values(template: TemplateVersion, values: Mapping[str, str]) -> str | None:
    return templates.check_values(fields_of(template), values)


def advanced(campaign: Campaign, counts: Mapping[str, int], notices_open: int) -> Campaign:
    return applied(campaign, campaigns.advanced(state_of(campaign), counts, notices_open=notices_open))


def decide(letter: Letter, decision: str, has_job: bool, campaign: str) -> Decided | Refusal:
    verdict = letters.decide(letter.id, letter.state, decision, has_job=has_job, campaign=campaign)
    return as_record(verdict) if isinstance(verdict, RuleRefusal) else Decided(verdict.letter, verdict.job)


def outcome(campaign: Campaign, letter: str, notice: str | None, has_email: bool) -> str:
    announces = campaign.notify_at is not None and campaign.state != "CANCELLED"
    return report.outcome(letter, notice, has_email=has_email, sends_notices=announces)


RULES = MailingRules(
    judge=judge,
    check_values=check_values,
    may_snapshot=asked(campaigns.may_snapshot),
    may_render=asked(campaigns.may_render),
    may_print=asked(campaigns.may_print),
    may_follow=asked(campaigns.may_follow),
    may_notify=asked(campaigns.may_notify),
    snapshot_taken=lambda campaign: applied(campaign, campaigns.snapshot_taken(state_of(campaign))),
    letters_rendered=lambda campaign: applied(campaign, campaigns.letters_rendered(state_of(campaign))),
    advanced=advanced,
    next_step=lambda state, documents: letters.next_step(state, documents).name,
    follow=letters.follow,
    decide=decide,
    told=lambda outcome, attempts, first_at, now: notices.told(outcome, attempts=attempts, first_at=first_at, now=now),
    filled=templates.filled,
    outcome=outcome,
)
