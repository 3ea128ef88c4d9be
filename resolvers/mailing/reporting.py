"""The final report of a mailing as files: with names and reasons, of everybody."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence

from processes.rules.mailing.report import LETTER_ONLY, report
from resolvers.errors import BadInput
from resolvers.mailing.context import Info
from resolvers.mailing.rules import RULES
from sources.mailing.letters import Language
from sources.mailing.reports import MOST_LINES, ReportPage, drawn, failed_lines, report_lines, written
from sources.records.mailing import Campaign

__all__ = ["report_csv", "report_pdf"]


def the_one(field: str, campaigns: Sequence[Campaign]) -> Campaign:
    if len(campaigns) > 1:
        raise BadInput(f"{field}: these are {len(campaigns)} mailings; ask for the report of one at once")
    return campaigns[0]


async def report_csv(campaigns: Sequence[Campaign], info: Info) -> str:
    campaign = the_one("reportCsvBase64", campaigns)
    lines = report_lines(info.context.source.database, campaign, RULES)
    return base64.b64encode(await written(lines)).decode()


async def report_pdf(campaigns: Sequence[Campaign], info: Info) -> str:
    campaign, source = the_one("reportPdfBase64", campaigns), info.context.source
    [totals] = await source.totals([campaign])
    version = await source.template(campaign.template, campaign.version)
    language: Language = "cs" if version is None or version.language == "cs" else "en"
    sum = report(
        asked=totals.asked,
        letters=totals.letters,
        exclusions=totals.exclusions,
        announced=totals.announced,
        notice_due=totals.notice_due,
    )
    excluded, failed = await failed_lines(source.database, campaign, RULES, first=MOST_LINES)
    page = ReportPage(
        campaign=campaign,
        language=language,
        at=info.context.now,
        recipients=sum.recipients,
        numbers={name: getattr(sum, name) for name in ("letters", "notices", "exclusions", "failed", "open")},
        by_code={code: number for code, number in totals.exclusions.items() if code != LETTER_ONLY},
        exclusions=excluded,
        failed=failed,
        balanced=sum.is_balanced,
    )
    return base64.b64encode(await asyncio.to_thread(drawn, page)).decode()
