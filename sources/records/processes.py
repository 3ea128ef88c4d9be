"""The state of business processes: their runs, and nothing of the business itself."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["FirstAnswer", "Run"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a process about one subject. `id` is `<process>:<subject>:<n>`.

    `state` is RUNNING, SUCCEEDED, REFUSED or FAILED; `outcome` says in a word or an id what came of it, `error` what
    went wrong.
    """

    id: str
    process: str
    subject: str
    state: str
    started_at: datetime
    started_by: str
    ended_at: datetime | None = None
    outcome: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """The same key and input came before and that run has ended: its answer (a JSON text) is to be given again."""

    run: Run
    answer: str
