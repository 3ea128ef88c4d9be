"""Templates are saved, campaigns made and led from state to state.

A  a template's last version is written over as long as no campaign uses it; else there is a new version
B  a campaign takes the next number of its year and its template version from then on never changes
C  an edit sees the campaign as it is, its row locked: of two at once the second decides on what the first left
D  a campaign that is cancelled has nothing more to print or to send; what the printer has already is still followed
E  a snapshot that is taken anew leaves nothing of the one before: nothing of it was sent
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from sources.columns import Text
from sources.mailing.reading import (
    ALL_TEMPLATES,
    CAMPAIGN_COLUMNS,
    LETTERS_BY_STATE,
    TEMPLATE,
    counted,
    notices_open,
    row_of_template,
    template_of,
)
from sources.mailing.rules import MailingRules
from sources.mailing.tables import (
    CAMPAIGNS,
    DOCUMENTS,
    EXCLUSIONS,
    LETTERS,
    NOTICES,
    NUMBERS,
    RECIPIENTS,
    TEMPLATES,
)
from sources.mailing.waits import forget_waits
from sources.records.mailing import Campaign, TemplateVersion
from sources.records.refusal import Refusal
from sources.rows import insert_new, row_of

__all__ = ["Edit", "advance", "create", "edit", "locked", "refused", "save_template", "start_anew", "template"]

Edit = Callable[[Campaign], Campaign | Refusal]
"""A campaign as it is now -> as it will be, or why it stays as it is. Decides only, and may be asked again."""

LAST_VERSION = (
    ALL_TEMPLATES.where(TEMPLATES.c.template == bindparam("template", type_=Text))
    .order_by(None)
    .order_by(TEMPLATES.c.version.desc())
    .limit(1)
)
LOCKED_TEMPLATE = TEMPLATE.with_for_update()
LOCKED = select(*CAMPAIGN_COLUMNS).where(CAMPAIGNS.c.id == bindparam("of", type_=Text)).with_for_update()
LAST_NUMBER = select(NUMBERS.c.last).where(NUMBERS.c.year == bindparam("of")).with_for_update()
RAISE_NUMBER = update(NUMBERS).where(NUMBERS.c.year == bindparam("of")).values(last=bindparam("now"))
DIGITS = 6
NOT_PRINTED = ("PLANNED", "RENDERED")
NOT_SENT = ("PLANNED", "RETRYING")


def refused(refusal: Refusal) -> dict[str, Any]:
    return {"refused": asdict(refusal)}


# A
def save_template(connection: Connection, wanted: TemplateVersion) -> dict[str, Any]:
    """{"template": ..., "version": ...}; `wanted` has no version yet."""
    row = connection.execute(LAST_VERSION.with_for_update(), {"template": wanted.template}).one_or_none()
    last = template_of(row) if row else None
    if last is None:
        version = replace(wanted, version=1)
    elif replace(wanted, version=last.version, used=last.used, saved_by=last.saved_by, saved_at=last.saved_at) == last:
        return {"template": last.template, "version": last.version}
    elif not last.used:
        version = replace(wanted, version=last.version)
        connection.execute(delete(TEMPLATES).where(*the_template(last)))
    else:
        version = replace(wanted, version=last.version + 1)
    connection.execute(insert(TEMPLATES), row_of_template(version))
    return {"template": version.template, "version": version.version}


def the_template(version: TemplateVersion) -> tuple[Any, ...]:
    return TEMPLATES.c.template == version.template, TEMPLATES.c.version == version.version


def template(connection: Connection, campaign: Campaign) -> TemplateVersion:
    found = connection.execute(TEMPLATE, {"template": campaign.template, "version": campaign.version})
    return template_of(found.one())


# B
def create(connection: Connection, wanted: Campaign, *, year: int) -> dict[str, Any]:
    """{"campaign": id} or {"refused": ...}; `wanted` has no id yet."""
    of = {"template": wanted.template, "version": wanted.version}
    row = connection.execute(LOCKED_TEMPLATE, of).one_or_none()
    if row is None:
        why = f"there is no version {wanted.version} of template {wanted.template}: save it first"
        return refused(Refusal("unknown-template", why))
    version = template_of(row)
    if not version.used:
        connection.execute(update(TEMPLATES).where(*the_template(version)).values(used=True))
    campaign = replace(wanted, id=f"ML-{year}-{next_number(connection, year):0{DIGITS}}")
    connection.execute(insert(CAMPAIGNS), row_of(campaign))
    return {"campaign": campaign.id}


def next_number(connection: Connection, year: int) -> int:
    insert_new(connection, NUMBERS, {"year": year, "last": 0})
    number: int = connection.execute(LAST_NUMBER, {"of": year}).scalar_one() + 1
    connection.execute(RAISE_NUMBER, {"of": year, "now": number})
    return number


# C
def locked(connection: Connection, campaign: str) -> Campaign | Refusal:
    row = connection.execute(LOCKED, {"of": campaign}).one_or_none()
    return Campaign(*row) if row else Refusal("unknown-mailing", f"there is no mailing {campaign}: check its id")


def edit(connection: Connection, campaign: str, decide: Edit) -> dict[str, Any]:
    """{"campaign": id} or {"refused": ...}; refused, nothing has changed."""
    before = locked(connection, campaign)
    after = before if isinstance(before, Refusal) else decide(before)
    if isinstance(after, Refusal):
        return refused(after)
    assert isinstance(before, Campaign)
    if after.round != before.round:
        start_anew(connection, after)
        after = replace(after, asked=0)
    keep(connection, before, after)
    if after.state == "CANCELLED":
        stop(connection, after)
    if after.paused != before.paused or after.state == "CANCELLED":
        forget_waits(connection, campaign)
    return {"campaign": campaign}


def keep(connection: Connection, before: Campaign, after: Campaign) -> None:
    changes = changed(row_of(before), row_of(after))
    if changes:
        connection.execute(update(CAMPAIGNS).where(CAMPAIGNS.c.id == before.id).values(**changes))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if value != before[name]}


def advance(connection: Connection, campaign: Campaign, rules: MailingRules) -> Campaign:
    """Where the campaign stands after what was done; its row is locked."""
    letters = counted(connection, LETTERS_BY_STATE, campaign.id)
    after = rules.advanced(campaign, letters, notices_open(connection, campaign))
    keep(connection, campaign, after)
    return after


# D
def stop(connection: Connection, campaign: Campaign) -> None:
    of_campaign = LETTERS.c.campaign == campaign.id
    connection.execute(
        update(LETTERS)
        .where(of_campaign, LETTERS.c.state.in_(NOT_PRINTED))
        .values(state="CANCELLED", reason="the mailing was cancelled before it was printed")
    )
    letters = select(LETTERS.c.id).where(of_campaign)
    connection.execute(
        update(NOTICES)
        .where(NOTICES.c.letter.in_(letters), NOTICES.c.state.in_(NOT_SENT))
        .values(state="SKIPPED", next_at=None, text="the mailing was cancelled")
    )


# E
def start_anew(connection: Connection, campaign: Campaign) -> None:
    of_campaign = LETTERS.c.campaign == campaign.id
    connection.execute(delete(DOCUMENTS).where(DOCUMENTS.c.letter.in_(select(LETTERS.c.id).where(of_campaign))))
    connection.execute(delete(LETTERS).where(of_campaign))
    connection.execute(delete(RECIPIENTS).where(RECIPIENTS.c.campaign == campaign.id))
    connection.execute(delete(EXCLUSIONS).where(EXCLUSIONS.c.campaign == campaign.id))


def last_of(connection: Connection, column: Any, campaign: str) -> int:
    """The highest number in use in a campaign: 0 where there is none."""
    table = column.table
    found: int | None = connection.execute(select(func.max(column)).where(table.c.campaign == campaign)).scalar_one()
    return found or 0
