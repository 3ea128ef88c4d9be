"""Letters are rendered some at a time: their bytes are kept, for what was sent must be shown for good.

Rendering is no part of a transaction: the same recipient and template give the same bytes, whoever renders. What is
kept is kept only where the letter is still planned in this round of the campaign.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, select, update

from sources.columns import Text
from sources.database import Database
from sources.mailing.campaigns import keep, locked, template
from sources.mailing.outside import Render, Rendered, Typeset, Unrendered
from sources.mailing.reading import CAMPAIGNS_BY_ID, LETTERS_BY_STATE, RECIPIENT_COLUMNS, counted
from sources.mailing.rules import MailingRules
from sources.mailing.tables import DOCUMENTS, LETTERS, RECIPIENTS
from sources.records.mailing import Campaign, Recipient, TemplateVersion
from sources.records.refusal import Refusal
from sources.rows import insert_all

__all__ = ["render_letters"]

AT_ONCE = 25
"""Letters in memory and in one transaction: some 40 KB each."""

PLANNED = (
    select(*RECIPIENT_COLUMNS)
    .join(LETTERS, (LETTERS.c.campaign == RECIPIENTS.c.campaign) & (LETTERS.c.position == RECIPIENTS.c.position))
    .where(LETTERS.c.campaign == bindparam("campaign", type_=Text), LETTERS.c.state == "PLANNED")
    .order_by(LETTERS.c.position)
    .limit(bindparam("first", type_=Integer))
)
RENDERED = (
    update(LETTERS)
    .where(LETTERS.c.id == bindparam("of", type_=Text), LETTERS.c.state == "PLANNED")
    .values(state="RENDERED", sha256=bindparam("new_sha256"), pages=bindparam("new_pages"))
)
FAILED = (
    update(LETTERS)
    .where(LETTERS.c.id == bindparam("of", type_=Text), LETTERS.c.state == "PLANNED")
    .values(state="FAILED", reason=bindparam("why"))
)


async def render_letters(
    database: Database, campaign: str, *, first: int, typeset: Typeset, rules: MailingRules
) -> Refusal | int:
    """How many letters were looked at, `first` at most, in their order. One that can't be made FAILED, with its reason.

    Refused `unknown-mailing`, `wrong-state`, `other-round`.
    """
    begun = await database.read(lambda connection: begin(connection, campaign, rules))
    if isinstance(begun, Refusal):
        return begun
    before, version = begun
    done = 0
    with ExitStack() as open_:
        render: Render | None = None
        while done < first:
            few = min(AT_ONCE, first - done)
            recipients = await database.read(partial(planned, campaign=campaign, first=few))
            if not recipients:
                break
            if render is None:
                render = open_.enter_context(await asyncio.to_thread(typeset, version, before.letter_date))
            letters = await asyncio.to_thread(rendered, render, recipients)
            kept = await database.write(partial(write, before=before, letters=letters, rules=rules))
            if isinstance(kept, Refusal):
                return kept
            done += kept
    finished = await database.write(lambda connection: finish(connection, campaign, rules))
    return finished or done


def rendered(render: Render, recipients: Sequence[Recipient]) -> list[tuple[str, Rendered | Unrendered]]:
    """Each letter by its id."""
    made: list[tuple[str, Rendered | Unrendered]] = []
    for recipient in recipients:
        id = f"{recipient.campaign}-{recipient.position}"
        try:
            made.append((id, render(recipient)))
        except Unrendered as why:
            made.append((id, why))
    return made


def begin(connection: Connection, campaign: str, rules: MailingRules) -> tuple[Campaign, TemplateVersion] | Refusal:
    row = connection.execute(CAMPAIGNS_BY_ID, {"keys": [campaign]}).one_or_none()
    if row is None:
        return Refusal("unknown-mailing", f"there is no mailing {campaign}: check its id")
    found = Campaign(*row)
    return rules.may_render(found) or (found, template(connection, found))


def planned(connection: Connection, *, campaign: str, first: int) -> list[Recipient]:
    return [Recipient(*row) for row in connection.execute(PLANNED, {"campaign": campaign, "first": first})]


def write(
    connection: Connection,
    *,
    before: Campaign,
    letters: Sequence[tuple[str, Rendered | Unrendered]],
    rules: MailingRules,
) -> int | Refusal:
    """How many: all of them, also those that somebody else has rendered meanwhile, to the same bytes."""
    campaign = locked(connection, before.id)
    if isinstance(campaign, Refusal):
        return campaign
    if refusal := rules.may_render(campaign):
        return refusal
    if campaign.round != before.round:
        return Refusal("other-round", f"mailing {campaign.id}: its recipients were taken anew meanwhile: render those")
    documents: list[dict[str, Any]] = []
    for id, letter in letters:
        if isinstance(letter, Unrendered):
            connection.execute(FAILED, {"of": id, "why": f"it can't be rendered: {letter}"})
        elif connection.execute(RENDERED, {"of": id, "new_sha256": letter.sha256, "new_pages": letter.pages}).rowcount:
            documents.append({"letter": id, "sha256": letter.sha256, "content": letter.pdf})
    insert_all(connection, DOCUMENTS, documents)
    return len(letters)


def finish(connection: Connection, campaign: str, rules: MailingRules) -> Refusal | None:
    """Where nothing is left to render the campaign is rendered."""
    before = locked(connection, campaign)
    if isinstance(before, Refusal):
        return before
    if before.state == "SNAPSHOT" and not counted(connection, LETTERS_BY_STATE, campaign).get("PLANNED"):
        keep(connection, before, rules.letters_rendered(before))
    return None
