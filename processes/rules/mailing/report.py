"""The report: every row of the audience is accounted for exactly once (domain.md, I12).

    letters + notices + exclusions (+ failed + open) = recipients

where `letters` got the letter alone, `notices` the letter and its notice, `exclusions` neither, for a reason that is
kept; the letter of `failed` was not printed in the end, and of `open` it is not decided yet. The left side is counted
from what became of each, the right one when the audience came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Report", "outcome", "report"]

NOT_YET = ("PLANNED", "RENDERED", "SUBMITTED", "UNKNOWN")
LETTER_ONLY = "NO_EMAIL"
"""The exclusion of a notice alone: its row has a letter."""


@dataclass(frozen=True, slots=True)
class Report:
    """Numbers of rows of the audience."""

    recipients: int
    letters: int
    notices: int
    exclusions: int
    failed: int
    open: int

    @property
    def accounted(self) -> int:
        return self.letters + self.notices + self.exclusions + self.failed + self.open

    @property
    def is_balanced(self) -> bool:
        """Is everybody accounted for, and nobody twice?"""
        return self.accounted == self.recipients


def outcome(letter: str, notice: str | None, *, has_email: bool, sends_notices: bool) -> str:
    """LETTER, NOTICE, FAILED or OPEN: where a recipient is counted, by the states of letter and notice.

    `sends_notices`: the mailing announces its letters, and is not cancelled.
    """
    if letter in NOT_YET:
        return "OPEN"
    if letter != "PRINTED":
        return "FAILED"
    if notice == "ACCEPTED":
        return "NOTICE"
    is_due = notice in ("PLANNED", "RETRYING") or (notice is None and has_email)
    return "OPEN" if sends_notices and is_due else "LETTER"


def report(
    *,
    asked: int,
    letters: Mapping[str, int],
    exclusions: Mapping[str, int],
    announced: int,
    notice_due: int,
) -> Report:
    """`letters` by state; `announced` have a notice that arrived, as far as is known; of `notice_due` it is to come."""
    return Report(
        recipients=asked,
        letters=letters.get("PRINTED", 0) - announced - notice_due,
        notices=announced,
        exclusions=sum(number for code, number in exclusions.items() if code != LETTER_ONLY),
        failed=letters.get("FAILED", 0) + letters.get("CANCELLED", 0),
        open=sum(letters.get(state, 0) for state in NOT_YET) + notice_due,
    )
