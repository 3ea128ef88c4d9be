"""What is asked of mailing: statements, and rows as records."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Table, and_, bindparam, func, or_, select

from sources.columns import Instant, Text
from sources.database import Connection, one_of
from sources.mailing.tables import (
    BOUNCES,
    CAMPAIGNS,
    DECISIONS,
    DOCUMENTS,
    EXCLUSIONS,
    LETTERS,
    NOTICES,
    PRINT_JOBS,
    RECIPIENTS,
    TEMPLATES,
    UNSUBSCRIBES,
    WAITS,
)
from sources.records.mailing import (
    Bounce,
    Campaign,
    Exclusion,
    Letter,
    LetterDecision,
    Notice,
    PrintJob,
    Recipient,
    TemplateField,
    TemplateVersion,
    Totals,
    Unsubscribe,
    Wait,
)

__all__ = ["row_of_template", "template_of", "totals"]

AnyRow = Row[Any]


def columns_of(table: Table, record: type) -> list[Any]:
    return [table.c[field.name] for field in fields(record)]


def template_of(row: AnyRow) -> TemplateVersion:
    values = {**row._mapping, "fields": tuple(TemplateField(**each) for each in json.loads(row.fields))}
    return TemplateVersion(**values)


def row_of_template(version: TemplateVersion) -> dict[str, Any]:
    return {**asdict(version), "fields": json.dumps([asdict(each) for each in version.fields], ensure_ascii=False)}


ALL_TEMPLATES = select(*columns_of(TEMPLATES, TemplateVersion)).order_by(TEMPLATES.c.template, TEMPLATES.c.version)
TEMPLATE = ALL_TEMPLATES.where(
    TEMPLATES.c.template == bindparam("template", type_=Text), TEMPLATES.c.version == bindparam("version")
)
VERSIONS = ALL_TEMPLATES.where(one_of(TEMPLATES.c.template))
LATEST = (
    select(TEMPLATES.c.template, func.max(TEMPLATES.c.version).label("version")).group_by(TEMPLATES.c.template)
).subquery()
LATEST_TEMPLATES = ALL_TEMPLATES.join(
    LATEST, and_(TEMPLATES.c.template == LATEST.c.template, TEMPLATES.c.version == LATEST.c.version)
)

CAMPAIGN_COLUMNS = columns_of(CAMPAIGNS, Campaign)
CAMPAIGNS_BY_ID = select(*CAMPAIGN_COLUMNS).where(one_of(CAMPAIGNS.c.id))
LATEST_CAMPAIGNS = select(*CAMPAIGN_COLUMNS).order_by(CAMPAIGNS.c.id.desc()).limit(bindparam("first", type_=Integer))
CAMPAIGNS_BEFORE = LATEST_CAMPAIGNS.where(CAMPAIGNS.c.id < bindparam("before", type_=Text))
UNDER_WAY = (
    select(*CAMPAIGN_COLUMNS).where(CAMPAIGNS.c.state.not_in(("DONE", "CANCELLED"))).order_by(CAMPAIGNS.c.id)
).limit(bindparam("first", type_=Integer))
OF_THE_CAMPAIGN = LETTERS.c.campaign == CAMPAIGNS.c.id
UNANNOUNCED = (
    select(LETTERS.c.id)
    .join(RECIPIENTS, and_(RECIPIENTS.c.campaign == LETTERS.c.campaign, RECIPIENTS.c.position == LETTERS.c.position))
    .outerjoin(NOTICES, NOTICES.c.letter == LETTERS.c.id)
    .where(
        OF_THE_CAMPAIGN,
        LETTERS.c.state == "PRINTED",
        RECIPIENTS.c.email.is_not(None),
        or_(
            NOTICES.c.letter.is_(None),
            and_(NOTICES.c.state.in_(("PLANNED", "RETRYING")), NOTICES.c.next_at <= bindparam("at", type_=Instant)),
        ),
    )
    .exists()
)


def has_letters(*states: str) -> ColumnElement[bool]:
    return select(LETTERS.c.id).where(OF_THE_CAMPAIGN, LETTERS.c.state.in_(states)).exists()


# What a person is to decide about keeps nobody busy: their decision brings the campaign on.
GOES_ON = or_(
    CAMPAIGNS.c.state.in_(("SNAPSHOT", "APPROVED")),
    and_(CAMPAIGNS.c.state == "PRINTING", has_letters("RENDERED")),
    and_(
        CAMPAIGNS.c.state.in_(("PRINTING", "NOTIFYING")),
        CAMPAIGNS.c.notify_at <= bindparam("at", type_=Instant),
        UNANNOUNCED,
    ),
)
TO_DELIVER = (
    select(*CAMPAIGN_COLUMNS)
    .where(
        or_(
            and_(CAMPAIGNS.c.paused.is_(False), GOES_ON),
            and_(CAMPAIGNS.c.state.in_(("PRINTING", "CANCELLED")), has_letters("SUBMITTED")),
        )
    )
    .order_by(CAMPAIGNS.c.id)
    .limit(bindparam("first", type_=Integer))
)
WAITS_OF_CAMPAIGNS = (
    select(*columns_of(WAITS, Wait)).where(one_of(WAITS.c.campaign)).order_by(WAITS.c.campaign, WAITS.c.since)
)
LETTERS_OF_CAMPAIGNS = (
    select(LETTERS.c.campaign, LETTERS.c.state, func.count())
    .where(one_of(LETTERS.c.campaign))
    .group_by(LETTERS.c.campaign, LETTERS.c.state)
)

RECIPIENT_COLUMNS = columns_of(RECIPIENTS, Recipient)
RECIPIENTS_IN_ORDER = (
    select(*RECIPIENT_COLUMNS)
    .where(
        RECIPIENTS.c.campaign == bindparam("campaign", type_=Text),
        RECIPIENTS.c.position > bindparam("after", type_=Integer),
    )
    .order_by(RECIPIENTS.c.position)
    .limit(bindparam("first", type_=Integer))
)
RECIPIENTS_OF_LETTERS = (
    select(LETTERS.c.id, *RECIPIENT_COLUMNS)
    .join(
        RECIPIENTS,
        and_(RECIPIENTS.c.campaign == LETTERS.c.campaign, RECIPIENTS.c.position == LETTERS.c.position),
    )
    .where(one_of(LETTERS.c.id))
)
SHARED_KEYS = (
    select(RECIPIENTS.c.address_key)
    .where(RECIPIENTS.c.campaign == bindparam("campaign", type_=Text))
    .group_by(RECIPIENTS.c.address_key)
    .having(func.count() > 1)
    .order_by(func.min(RECIPIENTS.c.position))
    .limit(bindparam("first", type_=Integer))
)
RECIPIENTS_AT = (
    select(*RECIPIENT_COLUMNS)
    .where(RECIPIENTS.c.campaign == bindparam("campaign", type_=Text), one_of(RECIPIENTS.c.address_key))
    .order_by(RECIPIENTS.c.position)
)

EXCLUSIONS_IN_ORDER = (
    select(*columns_of(EXCLUSIONS, Exclusion))
    .where(
        EXCLUSIONS.c.campaign == bindparam("campaign", type_=Text),
        EXCLUSIONS.c.number > bindparam("after", type_=Integer),
        or_(bindparam("code", type_=Text).is_(None), EXCLUSIONS.c.code == bindparam("code", type_=Text)),
    )
    .order_by(EXCLUSIONS.c.number)
    .limit(bindparam("first", type_=Integer))
)
EXCLUSIONS_OF_CLIENTS = (
    select(*columns_of(EXCLUSIONS, Exclusion))
    .where(one_of(EXCLUSIONS.c.client))
    .order_by(EXCLUSIONS.c.campaign, EXCLUSIONS.c.number)
)

LETTER_COLUMNS = columns_of(LETTERS, Letter)
LETTERS_BY_ID = select(*LETTER_COLUMNS).where(one_of(LETTERS.c.id))
LETTERS_OF_CLIENTS = (
    select(*LETTER_COLUMNS).where(one_of(LETTERS.c.client)).order_by(LETTERS.c.campaign, LETTERS.c.position)
)
LETTERS_IN_ORDER = (
    select(*LETTER_COLUMNS)
    .where(
        LETTERS.c.campaign == bindparam("campaign", type_=Text),
        LETTERS.c.position > bindparam("after", type_=Integer),
        or_(bindparam("state", type_=Text).is_(None), LETTERS.c.state == bindparam("state", type_=Text)),
    )
    .order_by(LETTERS.c.position)
    .limit(bindparam("first", type_=Integer))
)
DOCUMENTS_OF_LETTERS = select(DOCUMENTS.c.letter, DOCUMENTS.c.content).where(one_of(DOCUMENTS.c.letter))

JOBS_OF_LETTERS = (
    select(*columns_of(PRINT_JOBS, PrintJob))
    .where(one_of(PRINT_JOBS.c.letter))
    .order_by(PRINT_JOBS.c.letter, PRINT_JOBS.c.attempt)
)
JOBS_IN_STATE = (
    select(*columns_of(PRINT_JOBS, PrintJob))
    .join(LETTERS, LETTERS.c.id == PRINT_JOBS.c.letter)
    .where(
        LETTERS.c.campaign == bindparam("campaign", type_=Text),
        PRINT_JOBS.c.state == bindparam("state", type_=Text),
        LETTERS.c.position > bindparam("after", type_=Integer),
    )
    .order_by(LETTERS.c.position)
    .limit(bindparam("first", type_=Integer))
)
DECISIONS_OF_LETTERS = (
    select(*columns_of(DECISIONS, LetterDecision))
    .where(one_of(DECISIONS.c.letter))
    .order_by(DECISIONS.c.letter, DECISIONS.c.attempt, DECISIONS.c.decided_at)
)

NOTICE_COLUMNS = columns_of(NOTICES, Notice)
NOTICES_OF_LETTERS = select(*NOTICE_COLUMNS).where(one_of(NOTICES.c.letter))
BOUNCES_OF_CLIENTS = (
    select(LETTERS.c.client, *columns_of(BOUNCES, Bounce))
    .join(LETTERS, LETTERS.c.id == BOUNCES.c.letter)
    .where(one_of(LETTERS.c.client))
    .order_by(BOUNCES.c.received_at.desc(), BOUNCES.c.id)
)
BOUNCES_OF_LETTERS = (
    select(*columns_of(BOUNCES, Bounce))
    .where(one_of(BOUNCES.c.letter))
    .order_by(BOUNCES.c.letter, BOUNCES.c.received_at, BOUNCES.c.id)
)
UNSUBSCRIBED = select(*columns_of(UNSUBSCRIBES, Unsubscribe)).where(one_of(UNSUBSCRIBES.c.client))

OF_CAMPAIGN = bindparam("campaign", type_=Text)
LETTERS_BY_STATE = (
    select(LETTERS.c.state, func.count()).where(LETTERS.c.campaign == OF_CAMPAIGN).group_by(LETTERS.c.state)
)
NOTICES_BY_STATE = (
    select(NOTICES.c.state, func.count())
    .join(LETTERS, LETTERS.c.id == NOTICES.c.letter)
    .where(LETTERS.c.campaign == OF_CAMPAIGN)
    .group_by(NOTICES.c.state)
)
EXCLUSIONS_BY_CODE = (
    select(EXCLUSIONS.c.code, func.count()).where(EXCLUSIONS.c.campaign == OF_CAMPAIGN).group_by(EXCLUSIONS.c.code)
)
PRINTED_LETTERS = (
    select(func.count())
    .select_from(LETTERS)
    .outerjoin(NOTICES, NOTICES.c.letter == LETTERS.c.id)
    .where(LETTERS.c.campaign == OF_CAMPAIGN, LETTERS.c.state == "PRINTED")
)
ANNOUNCED = PRINTED_LETTERS.where(NOTICES.c.state == "ACCEPTED")
BEING_SENT = PRINTED_LETTERS.where(NOTICES.c.state.in_(("PLANNED", "RETRYING")))
TO_BE_ANNOUNCED = PRINTED_LETTERS.join(
    RECIPIENTS,
    and_(RECIPIENTS.c.campaign == LETTERS.c.campaign, RECIPIENTS.c.position == LETTERS.c.position),
).where(NOTICES.c.letter.is_(None), RECIPIENTS.c.email.is_not(None))


def counted(connection: Connection, statement: Any, campaign: str) -> dict[str, int]:
    return dict(map(tuple, connection.execute(statement, {"campaign": campaign})))


def notices_open(connection: Connection, campaign: Campaign) -> int:
    """Printed letters whose notice has not come to its end; of a campaign that sends none, or no more: none."""
    if campaign.notify_at is None or campaign.state == "CANCELLED":
        return 0
    of = {"campaign": campaign.id}
    waiting = (connection.execute(statement, of).scalar_one() for statement in (BEING_SENT, TO_BE_ANNOUNCED))
    return sum(waiting)


def totals(connection: Connection, campaign: Campaign) -> Totals:
    return Totals(
        asked=campaign.asked,
        letters=counted(connection, LETTERS_BY_STATE, campaign.id),
        notices=counted(connection, NOTICES_BY_STATE, campaign.id),
        exclusions=counted(connection, EXCLUSIONS_BY_CODE, campaign.id),
        announced=connection.execute(ANNOUNCED, {"campaign": campaign.id}).scalar_one(),
        notice_due=notices_open(connection, campaign),
    )
