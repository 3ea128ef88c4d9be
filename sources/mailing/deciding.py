"""A person decides about a letter: it was printed, it is to be printed again, or it is given up. Each is recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from sources.columns import Text
from sources.mailing.campaigns import advance, locked, refused
from sources.mailing.reading import JOBS_OF_LETTERS, LETTER_COLUMNS
from sources.mailing.rules import MailingRules
from sources.mailing.tables import DECISIONS, LETTERS, PRINT_JOBS
from sources.records.mailing import Letter, LetterDecision, PrintJob
from sources.records.refusal import Refusal
from sources.rows import insert_new, row_of

__all__ = ["decide"]

LETTER = select(*LETTER_COLUMNS).where(LETTERS.c.id == bindparam("of", type_=Text))


def decide(
    connection: Connection, letter: str, decision: str, *, reason: str, caller: str, now: datetime, rules: MailingRules
) -> dict[str, Any]:
    """{"letter": id} or {"refused": ...}; refused, nothing has changed."""
    row = connection.execute(LETTER, {"of": letter}).one_or_none()
    if row is None:
        return refused(Refusal("unknown-letter", f"there is no letter {letter}: check its id"))
    campaign = locked(connection, row.campaign)
    if isinstance(campaign, Refusal):
        return refused(campaign)
    before = Letter(*connection.execute(LETTER.with_for_update(), {"of": letter}).one())
    jobs = [PrintJob(*job) for job in connection.execute(JOBS_OF_LETTERS, {"keys": [letter]})]
    decided = rules.decide(before, decision, bool(jobs), campaign.state)
    if isinstance(decided, Refusal):
        return refused(decided)
    last = jobs[-1]
    why = f"{caller} says: {reason}"
    if decided.job is not None and decided.job != last.state:
        the_job = (PRINT_JOBS.c.letter == letter, PRINT_JOBS.c.attempt == last.attempt)
        connection.execute(update(PRINT_JOBS).where(*the_job).values(state=decided.job, reason=why))
    insert_new(connection, DECISIONS, row_of(LetterDecision(letter, last.attempt, decision, caller, now, reason)))
    connection.execute(update(LETTERS).where(LETTERS.c.id == letter).values(state=decided.letter, reason=why))
    advance(connection, campaign, rules)
    return {"letter": letter}
