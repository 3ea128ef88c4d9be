"""A report as a PDF, drawn by report.typ in a process of its own: what a customer is called is never markup."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sources.mailing.letters import Bounds, Language, Typesetter
from sources.mailing.letters.addressing import cleaned
from sources.mailing.letters.typesetting import NotTypeset
from sources.mailing.letters.writing import day_written
from sources.records.mailing import Campaign, ReportLine

__all__ = ["MOST_LINES", "ReportPage", "drawn"]

PAPER = Path(__file__).with_name("report.typ").read_text(encoding="utf-8")
MOST_LINES = 500
"""Of exclusions and of failed letters each; all of them are in the CSV."""
BOUNDS = Bounds(seconds=60)
UNDRAWABLE = "could not be displayed"


@dataclass(frozen=True, slots=True)
class ReportPage:
    """What a report says. `numbers` are by outcome, in the order of the sum; `more`: lines that are left out."""

    campaign: Campaign
    language: Language
    at: datetime
    recipients: int
    numbers: Mapping[str, int]
    by_code: Mapping[str, int]
    exclusions: Sequence[ReportLine]
    failed: Sequence[ReportLine]
    balanced: bool

    @property
    def data(self) -> dict[str, Any]:
        day = self.at.date()
        excluded, failed = self.numbers["exclusions"], self.numbers["failed"]
        return {
            "language": self.language,
            "mailing": self.campaign.id,
            "title": cleaned(self.campaign.title),
            "state": self.campaign.state,
            "at": f"{day_written(day, self.language)} {self.at:%H:%M} UTC",
            "day": {"year": day.year, "month": day.month, "day": day.day},
            "recipients": self.recipients,
            "numbers": [[name, number] for name, number in self.numbers.items()],
            "by_code": [[code, number] for code, number in sorted(self.by_code.items())],
            "exclusions": [line_of(each, each.client) for each in self.exclusions],
            "more_exclusions": excluded - len(self.exclusions),
            "failed": [line_of(each, each.letter or each.client) for each in self.failed],
            "more_failed": failed - len(self.failed),
            "balanced": self.balanced,
        }


def line_of(line: ReportLine, id: str) -> list[str]:
    return [cleaned(each) for each in (id, line.name, line.code, line.reason or "")]


def drawn(page: ReportPage) -> bytes:
    """PDF/A-2b; a plain PDF for a name in a script that no font here has: a box stands for each of its letters."""
    letter, timestamp = json.dumps(page.data, ensure_ascii=False, sort_keys=True), int(page.at.timestamp())
    with Typesetter(BOUNDS) as typesetter:
        try:
            (content,) = typesetter.typeset(PAPER, letter, timestamp=timestamp)
        except NotTypeset as error:
            if UNDRAWABLE not in error.reason:
                raise
            (content,) = typesetter.typeset(PAPER, letter, timestamp=timestamp, standard=None)
    return content
