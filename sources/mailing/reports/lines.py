"""What became of each row of the audience, page by page: a campaign of any size takes the memory of one page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Integer, and_, bindparam, func, select

from sources.columns import Text
from sources.database import Connection, Database
from sources.mailing.rules import MailingRules
from sources.mailing.tables import EXCLUSIONS, LETTERS, NOTICES, PRINT_JOBS, RECIPIENTS
from sources.records.mailing import Campaign, ReportLine

__all__ = ["failed_lines", "report_lines"]

PAGE = 500
LETTER_ONLY = "NO_EMAIL"
"""Who has only this exclusion has a letter."""

ANOTHER_JOB = PRINT_JOBS.alias()
LAST_ATTEMPT = select(func.max(ANOTHER_JOB.c.attempt)).where(ANOTHER_JOB.c.letter == LETTERS.c.id).scalar_subquery()
OF_CAMPAIGN = bindparam("campaign", type_=Text)
AFTER, FIRST = bindparam("after", type_=Integer), bindparam("first", type_=Integer)
OF_LETTERS = (
    select(
        LETTERS.c.position.label("number"),
        LETTERS.c.client,
        RECIPIENTS.c.name,
        RECIPIENTS.c.email.is_not(None).label("has_email"),
        LETTERS.c.state.label("code"),
        LETTERS.c.reason,
        LETTERS.c.id.label("letter"),
        LETTERS.c.sha256,
        PRINT_JOBS.c.printer,
        PRINT_JOBS.c.job.label("print_job"),
        NOTICES.c.message_id,
        NOTICES.c.state.label("notice"),
        NOTICES.c.text.label("said"),
    )
    .join(RECIPIENTS, and_(RECIPIENTS.c.campaign == LETTERS.c.campaign, RECIPIENTS.c.position == LETTERS.c.position))
    .outerjoin(PRINT_JOBS, and_(PRINT_JOBS.c.letter == LETTERS.c.id, PRINT_JOBS.c.attempt == LAST_ATTEMPT))
    .outerjoin(NOTICES, NOTICES.c.letter == LETTERS.c.id)
    .where(LETTERS.c.campaign == OF_CAMPAIGN, LETTERS.c.position > AFTER)
    .order_by(LETTERS.c.position)
    .limit(FIRST)
)
OF_FAILED_LETTERS = OF_LETTERS.where(LETTERS.c.state.in_(("FAILED", "CANCELLED")))
OF_EXCLUSIONS = (
    select(EXCLUSIONS.c.number, EXCLUSIONS.c.client, EXCLUSIONS.c.name, EXCLUSIONS.c.code, EXCLUSIONS.c.note)
    .where(EXCLUSIONS.c.campaign == OF_CAMPAIGN, EXCLUSIONS.c.number > AFTER, EXCLUSIONS.c.code != LETTER_ONLY)
    .order_by(EXCLUSIONS.c.number)
    .limit(FIRST)
)


async def report_lines(
    database: Database, campaign: Campaign, rules: MailingRules, *, page: int = PAGE
) -> AsyncIterator[Sequence[ReportLine]]:
    """Pages of lines: as many lines in all as the audience had rows."""

    def letters(connection: Connection, after: int) -> list[ReportLine]:
        return letter_lines(connection, OF_LETTERS, campaign, rules, after=after, first=page)

    def exclusions(connection: Connection, after: int) -> list[ReportLine]:
        return excluded(connection, campaign, after=after, first=page)

    for kind in (letters, exclusions):
        after = 0
        while lines := await database.read(lambda connection, kind=kind, after=after: kind(connection, after)):  # type: ignore[misc]
            yield lines
            after = lines[-1].number


async def failed_lines(
    database: Database, campaign: Campaign, rules: MailingRules, *, first: int
) -> tuple[list[ReportLine], list[ReportLine]]:
    """(the first exclusions, the first failed letters)."""

    def work(connection: Connection) -> tuple[list[ReportLine], list[ReportLine]]:
        failed = letter_lines(connection, OF_FAILED_LETTERS, campaign, rules, after=0, first=first)
        return excluded(connection, campaign, after=0, first=first), failed

    return await database.read(work)


def letter_lines(
    connection: Connection, statement: Any, campaign: Campaign, rules: MailingRules, *, after: int, first: int
) -> list[ReportLine]:
    found = connection.execute(statement, {"campaign": campaign.id, "after": after, "first": first})
    lines = []
    for row in found:
        values = dict(row._mapping)
        has_email, said = values.pop("has_email"), values.pop("said")
        outcome = rules.outcome(campaign, row.code, row.notice, bool(has_email))
        line = ReportLine(**values, outcome=outcome)
        unannounced = row.code == "PRINTED" and row.notice not in (None, "ACCEPTED")
        lines.append(replace(line, reason=said or line.reason) if unannounced else line)
    return lines


def excluded(connection: Connection, campaign: Campaign, *, after: int, first: int) -> list[ReportLine]:
    found = connection.execute(OF_EXCLUSIONS, {"campaign": campaign.id, "after": after, "first": first})
    return [ReportLine(row.number, row.client, row.name, "EXCLUDED", row.code, row.note) for row in found]
