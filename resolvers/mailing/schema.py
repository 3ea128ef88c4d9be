"""What can be asked of mailing, and told."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry.federation import Schema

from resolvers.access import Scope, asks
from resolvers.errors import limited
from resolvers.mailing.context import Info
from resolvers.mailing.delivering import (
    BouncesOutcome,
    HandingOutcome,
    UnsubscribingOutcome,
    follow_letters,
    read_bounces,
    record_unsubscribe,
    render_letters,
    send_notices,
    snapshot_recipients,
    submit_letters,
)
from resolvers.mailing.entities import Campaign, Client, Letter
from resolvers.mailing.leading import (
    DecidingOutcome,
    approve_mailing,
    cancel_mailing,
    decide_letter,
    pause_mailing,
    refresh_recipients,
    resume_mailing,
)
from resolvers.mailing.making import CampaignOutcome, TemplateOutcome, create_campaign, save_template
from resolvers.mailing.previewing import PreviewOutcome, preview_letter
from resolvers.mailing.values import LetterTemplate
from resolvers.scalars import configuration

__all__ = ["make_schema", "schema"]

PAGE = 20


async def mailing(info: Info, id: strawberry.ID) -> Campaign | None:
    found = await info.context.source.campaigns([id])
    return Campaign.of(found[0]) if found else None


async def mailings(info: Info, first: int = PAGE, before: strawberry.ID | None = None) -> list[Campaign] | None:
    found = await info.context.source.latest_campaigns(first=limited("first", first), before=before)
    return [Campaign.of(each) for each in found]


async def mailings_under_way(info: Info, first: int = PAGE) -> list[Campaign] | None:
    found = await info.context.source.campaigns_under_way(first=limited("first", first))
    return [Campaign.of(each) for each in found]


async def mailings_to_deliver(info: Info, at: datetime, first: int = PAGE) -> list[Campaign] | None:
    found = await info.context.source.campaigns_to_deliver(at=at, first=limited("first", first))
    return [Campaign.of(each) for each in found]


async def bounces_to_read(info: Info) -> int | None:
    bounces = info.context.delivery.bounces
    return len(await bounces.bounces()) if bounces else None


async def letter(info: Info, id: strawberry.ID) -> Letter | None:
    found = await info.context.source.letters([id])
    return Letter.of(found[0]) if found else None


async def letter_templates(info: Info) -> list[LetterTemplate] | None:
    return [LetterTemplate.of(each) for each in await info.context.source.templates()]


async def letter_template(info: Info, template: strawberry.ID, version: int) -> LetterTemplate | None:
    found = await info.context.source.template(template, version)
    return LetterTemplate.of(found) if found else None


@strawberry.type
class Query:
    mailing: Campaign | None = strawberry.federation.field(
        resolver=mailing, requires_scopes=asks(Scope.MAILING_READ), description="The mailing with this id."
    )
    mailings: list[Campaign] | None = strawberry.federation.field(
        resolver=mailings,
        requires_scopes=asks(Scope.MAILING_READ),
        description="Mailings, the newest first, before the one with this id.",
    )
    mailings_under_way: list[Campaign] | None = strawberry.federation.field(
        resolver=mailings_under_way,
        requires_scopes=asks(Scope.MAILING_READ),
        description="Mailings that have not come to their end, the oldest first.",
    )
    mailings_to_deliver: list[Campaign] | None = strawberry.federation.field(
        resolver=mailings_to_deliver,
        requires_scopes=asks(Scope.MAILING_DELIVER),
        description="Mailings of which something can be done at this time: letters to render, to print or to follow, "
        "notices to send.",
    )
    bounces_to_read: int | None = strawberry.federation.field(
        resolver=bounces_to_read,
        requires_scopes=asks(Scope.MAILING_DELIVER),
        description="How many messages wait in the mailbox of notices that came back; null where there is none.",
    )
    letter: Letter | None = strawberry.federation.field(
        resolver=letter,
        requires_scopes=asks(Scope.MAILING_READ, Scope.CLIENTS_ALL),
        description="The letter with this id.",
    )
    letter_templates: list[LetterTemplate] | None = strawberry.federation.field(
        resolver=letter_templates,
        requires_scopes=asks(Scope.MAILING_READ),
        description="The last version of every template.",
    )
    letter_template: LetterTemplate | None = strawberry.federation.field(
        resolver=letter_template, requires_scopes=asks(Scope.MAILING_READ), description="A version of a template."
    )
    preview_letter: PreviewOutcome | None = strawberry.federation.field(
        resolver=preview_letter,
        requires_scopes=asks(Scope.MAILING_READ, Scope.CLIENTS_ALL, Scope.ADDRESSES_READ),
        description="A recipient's letter as it would be printed; nothing is kept. Refused `unknown-mailing`, "
        "`unknown-recipient`, `no-letter` (with field or line), `no-letters`.",
    )


@strawberry.type
class Mutation:
    save_template: TemplateOutcome = strawberry.federation.mutation(
        resolver=save_template,
        requires_scopes=asks(Scope.MAILING_WRITE),
        description="Keep a template: its last version is written over until a mailing uses it, then there is a new "
        "one. Refused `bad-field`, `bad-subject`, `bad-notice`, `bad-template` (with line and reason).",
    )
    create_campaign: CampaignOutcome = strawberry.federation.mutation(
        resolver=create_campaign,
        requires_scopes=asks(Scope.MAILING_WRITE),
        description="Make a mailing, as a draft. Refused `unknown-template`, `unknown-printer`, `bad-audience`, "
        "`bad-condition`, `bad-value`.",
    )
    refresh_recipients: CampaignOutcome = strawberry.federation.mutation(
        resolver=refresh_recipients,
        requires_scopes=asks(Scope.MAILING_WRITE),
        description="Forget the recipients, before it is approved: it is a draft again. Refused `wrong-state`.",
    )
    approve_mailing: CampaignOutcome = strawberry.federation.mutation(
        resolver=approve_mailing,
        requires_scopes=asks(Scope.MAILING_WRITE),
        description="Have the letters of this round printed. Refused `wrong-state`, `other-round`.",
    )
    pause_mailing: CampaignOutcome = strawberry.federation.mutation(
        resolver=pause_mailing,
        requires_scopes=asks(Scope.MAILING_WRITE),
        description="Print and send nothing until it is resumed; what the printer has comes out.",
    )
    resume_mailing: CampaignOutcome = strawberry.federation.mutation(
        resolver=resume_mailing, requires_scopes=asks(Scope.MAILING_WRITE), description="Go on where it was paused."
    )
    cancel_mailing: CampaignOutcome = strawberry.federation.mutation(
        resolver=cancel_mailing,
        requires_scopes=asks(Scope.MAILING_WRITE),
        description="Print and send nothing more; what the printer has comes out, and is followed.",
    )
    decide_letter: DecidingOutcome = strawberry.federation.mutation(
        resolver=decide_letter,
        requires_scopes=asks(Scope.MAILING_WRITE),
        description="Say what became of a letter, or have it printed again; it is recorded who said so. Refused "
        "`unknown-letter`, `not-submitted`, `wrong-state`.",
    )
    snapshot_recipients: CampaignOutcome = strawberry.federation.mutation(
        resolver=snapshot_recipients,
        requires_scopes=asks(Scope.MAILING_DELIVER),
        description="Take rows of the audience, those after the `after`th; the last ones end the snapshot. Rows that "
        "came before are known. With `round`, only in that one. Refused `wrong-state`, `rows-missing`, `bad-value`, "
        "`other-round`.",
    )
    render_letters: HandingOutcome = strawberry.federation.mutation(
        resolver=render_letters,
        requires_scopes=asks(Scope.MAILING_DELIVER),
        description="Make the next letters; with the last one it is rendered.",
    )
    submit_letters: HandingOutcome = strawberry.federation.mutation(
        resolver=submit_letters,
        requires_scopes=asks(Scope.MAILING_DELIVER),
        description="Hand the next letters to the printer, in order, each once, however often this comes. Refused "
        "`wrong-state`, `paused`, `busy`, `unknown-printer`.",
    )
    follow_letters: HandingOutcome = strawberry.federation.mutation(
        resolver=follow_letters,
        requires_scopes=asks(Scope.MAILING_DELIVER),
        description="Ask the printer what became of the letters that it has.",
    )
    send_notices: HandingOutcome = strawberry.federation.mutation(
        resolver=send_notices,
        requires_scopes=asks(Scope.MAILING_DELIVER),
        description="Send the next notices that are due, of printed letters alone. Refused `wrong-state`, `paused`, "
        "`no-notices`, `busy`, `no-post`.",
    )
    read_bounces: BouncesOutcome = strawberry.federation.mutation(
        resolver=read_bounces,
        requires_scopes=asks(Scope.MAILING_DELIVER),
        description="Keep what came back, and tie it to its letters.",
    )
    record_unsubscribe: UnsubscribingOutcome = strawberry.federation.mutation(
        resolver=record_unsubscribe,
        requires_scopes=asks(Scope.MAILING_DELIVER),
        description="The client of this letter wants no marketing any more. Refused `unknown-letter`.",
    )


def make_schema() -> Schema:
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[Client, Campaign, Letter],
        federation_version="2.9",
        config=configuration(),
    )


schema = make_schema()
