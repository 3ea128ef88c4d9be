"""The state of business processes: their runs and steps, who carries them out, and nothing of the business itself."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Executor", "FirstAnswer", "Run", "Step"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a process about one subject. `id` is `<process>:<subject>:<n>`.

    `state` is RUNNING, WAITING, SUCCEEDED, REFUSED, FAILED or CANCELLED. `outcome` says in a word or an id what came of
    it, `error` is the code of what went wrong last, `message` says it in a sentence; `waits_for` says what it waits for
    and `waits_until` when it goes on by itself at the latest. `alarm` is what a person should look at. `input` is JSON.
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
    message: str | None = None
    waits_for: str | None = None
    waits_until: datetime | None = None
    alarm: str | None = None
    attempts: int = 0
    is_cancelled: bool = False
    input: str = "{}"

    @property
    def is_live(self) -> bool:
        return self.state in ("RUNNING", "WAITING")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run, `position` from 1; `attempts` counts those that failed and the one that didn't."""

    run: str
    position: int
    name: str
    started_at: datetime
    ended_at: datetime | None
    attempts: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Executor:
    """A process of the operating system that carries runs out; `seen_at` is its last heartbeat."""

    id: str
    version: str
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """The same key and input came before and that run has ended: its answer (a JSON text) is to be given again."""

    run: Run
    answer: str
