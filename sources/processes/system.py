"""The register of runs: started, followed step by step, ended; and who is alive to carry them out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from itertools import groupby, takewhile
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Update, bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from sources.columns import Instant
from sources.database import Database, one_of
from sources.processes.starting import Asked, start, start_unless_live
from sources.processes.tables import COLUMNS, EXECUTORS, LIVE, RUNS, STEPS, executor_of, run_of, step_of
from sources.records.processes import Executor, FirstAnswer, Run, Step
from sources.rows import insert_all, insert_new, row_of

__all__ = ["Processes"]

T = TypeVar("T")
ATTEMPTS = 10

THIS = RUNS.c.id == bindparam("which")
LIVE_NOW = RUNS.c.state.in_(LIVE)


def _changed(**values: str) -> Update:
    """An update of a live run; each value is a bind of this name."""
    binds = {column: bindparam(bind, type_=RUNS.c[column].type) for column, bind in values.items()}
    return update(RUNS).where(THIS, LIVE_NOW).values(binds)


FINISH = _changed(
    state="new_state", ended_at="at", outcome="new_outcome", answer="new_answer", error="new_error", message="told"
).values(waits_for=None, waits_until=None)
WAIT = _changed(waits_for="why", waits_until="until", error="new_error", attempts="tried").values(state="WAITING")
GO_ON = update(RUNS).where(THIS, RUNS.c.state == "WAITING").values(state="RUNNING", waits_for=None, waits_until=None)
ALARM = _changed(alarm="told")
CANCEL = update(RUNS).where(THIS, LIVE_NOW).values(is_cancelled=True)
IS_CANCELLED = select(RUNS.c.is_cancelled).where(THIS)
STEP_ENDED = (
    update(STEPS)
    .where(STEPS.c.run == bindparam("of"), STEPS.c.position == bindparam("at"))
    .values({name: bindparam(f"new_{name}", type_=STEPS.c[name].type) for name in ("ended_at", "attempts", "error")})
)
BEAT = update(EXECUTORS).where(EXECUTORS.c.id == bindparam("which")).values(seen_at=bindparam("now", type_=Instant))
SILENT = select(EXECUTORS).where(EXECUTORS.c.seen_at < bindparam("since", type_=Instant)).order_by(EXECUTORS.c.id)
EVERYBODY = select(EXECUTORS).order_by(EXECUTORS.c.id)
SEEN = select(func.max(EXECUTORS.c.seen_at))
FORGET = delete(EXECUTORS).where(EXECUTORS.c.id == bindparam("which"))

ANSWER = select(*COLUMNS, RUNS.c.answer).where(THIS)
BY_ID = select(*COLUMNS).where(one_of(RUNS.c.id))
LATEST_FIRST = select(*COLUMNS).order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc()).limit(bindparam("limit"))
UNFINISHED = select(*COLUMNS).where(LIVE_NOW).order_by(RUNS.c.started_at, RUNS.c.id)
NUMBERED = (
    select(*COLUMNS, func.row_number().over(partition_by=RUNS.c.subject, order_by=RUNS.c.n.desc()).label("place"))
    .where(RUNS.c.process == bindparam("process"), one_of(RUNS.c.subject))
    .subquery()
)
LATEST_OF_SUBJECTS = select(*(NUMBERED.c[column.name] for column in COLUMNS)).where(NUMBERED.c.place == 1)
MOST_COUNTED = 20
LAST_OF_SUBJECTS = (
    select(NUMBERED.c.subject, NUMBERED.c.state, NUMBERED.c.ended_at)
    .where(NUMBERED.c.place <= MOST_COUNTED)
    .order_by(NUMBERED.c.subject, NUMBERED.c.place)
)
CAME_TO_NOTHING = ("FAILED", "REFUSED", "CANCELLED")
STEPS_OF_RUNS = select(STEPS).where(one_of(STEPS.c.run)).order_by(STEPS.c.run, STEPS.c.position)


class Processes:
    """The source of the system processes, and the register that runs are carried out by."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @staticmethod
    def fill(connection: Connection, *, runs: Iterable[Run] = ()) -> None:
        """First rows, for a company in the making; a run's id ends with its number."""
        insert_all(connection, RUNS, ({**row_of(run), "n": int(run.id.rpartition(":")[2])} for run in runs))

    async def runs(self, ids: Collection[str]) -> list[Run]:
        return await self._read(BY_ID, {"keys": ids}, run_of)

    async def latest_runs(
        self, *, limit: int, state: str | None = None, process: str | None = None, subject: str | None = None
    ) -> list[Run]:
        """The latest (in that state, of that process, about that subject), the last started first."""
        wanted = {"state": state, "process": process, "subject": subject}
        statement = LATEST_FIRST
        for name, value in wanted.items():
            if value is not None:
                statement = statement.where(RUNS.c[name] == value)
        return await self._read(statement, {"limit": limit}, run_of)

    async def latest_of_subjects(self, process: str, subjects: Collection[str]) -> list[Run]:
        """The last run of `process` about each of the subjects, as far as there is one."""
        return await self._read(LATEST_OF_SUBJECTS, {"process": process, "keys": subjects}, run_of)

    async def failures(self, process: str, subjects: Collection[str]) -> dict[str, tuple[int, datetime]]:
        """Of each subject whose last run came to nothing: how many such runs in a row, and when the last one ended.

        More than MOST_COUNTED are as many as that.
        """
        rows = await self._read(LAST_OF_SUBJECTS, {"process": process, "keys": subjects}, tuple)
        found: dict[str, tuple[int, datetime]] = {}
        for subject, of_subject in groupby(rows, key=itemgetter(0)):
            fruitless = list(takewhile(lambda row: row[1] in CAME_TO_NOTHING, of_subject))
            if fruitless:
                found[subject] = (len(fruitless), fruitless[0][2])
        return found

    async def steps(self, runs: Collection[str]) -> list[Step]:
        """By run and position."""
        return await self._read(STEPS_OF_RUNS, {"keys": runs}, step_of)

    async def unfinished(self) -> list[Run]:
        """Every live run, the oldest first."""
        return await self._read(UNFINISHED, {}, run_of)

    # Starting and ending

    async def start(
        self, process: str, subject: str, *, key: str, input: str, input_hash: str, caller: str, now: datetime
    ) -> tuple[Run | FirstAnswer, bool]:
        """A run to carry out, or the answer of the one that has ended, and whether it is new.

        KeyReused for a known key with another input.
        """
        asked = Asked(process, subject, input, caller, now, key, input_hash)
        return await self._started(lambda connection: start(connection, asked))

    async def start_unless_live(
        self, process: str, subject: str, *, input: str, caller: str, now: datetime
    ) -> tuple[Run, bool]:
        """The live run of `process` about the subject, or a new one, and whether it is new."""
        asked = Asked(process, subject, input, caller, now)
        return await self._started(lambda connection: start_unless_live(connection, asked))

    async def finish(
        self,
        run: str,
        *,
        state: str,
        outcome: str | None,
        answer: str | None,
        error: str | None,
        message: str | None = None,
        now: datetime,
    ) -> None:
        """Write down how a run ended: SUCCEEDED, REFUSED, FAILED or CANCELLED.

        A run ends once; what comes later is left out.
        """
        ending = {"which": run, "new_state": state, "at": now, "new_outcome": outcome, "new_answer": answer}
        await self._write(FINISH, {**ending, "new_error": error, "told": message})

    async def answer(self, run: str) -> tuple[Run, str | None] | None:
        """The run and its answer (JSON), which it has once it SUCCEEDED or was REFUSED; None for an unknown id."""
        found = await self._read(ANSWER, {"which": run}, lambda row: (run_of(row), row.answer))
        return found[0] if found else None

    # Following a live run

    async def begin_step(self, step: Step) -> None:
        """Written before it is done; a step that is there already is begun again after a crash."""
        await self.database.write(lambda connection: insert_new(connection, STEPS, row_of(step)))

    async def end_step(self, step: Step) -> None:
        values = {"of": step.run, "at": step.position, "new_ended_at": step.ended_at}
        await self._write(STEP_ENDED, {**values, "new_attempts": step.attempts, "new_error": step.error})

    async def wait(
        self, run: str, *, why: str, until: datetime | None, error: str | None = None, attempts: int = 0
    ) -> None:
        await self._write(WAIT, {"which": run, "why": why, "until": until, "new_error": error, "tried": attempts})

    async def go_on(self, run: str) -> None:
        await self._write(GO_ON, {"which": run})

    async def alarm(self, run: str, message: str) -> None:
        await self._write(ALARM, {"which": run, "told": message})

    async def cancel(self, run: str) -> None:
        """Ask a live run to end; it does so before its next step."""
        await self._write(CANCEL, {"which": run})

    async def is_cancelled(self, run: str) -> bool:
        return any(await self._read(IS_CANCELLED, {"which": run}, lambda row: bool(row.is_cancelled)))

    # Who is alive

    async def enter(self, executor: Executor) -> None:
        await self.database.write(lambda connection: insert_new(connection, EXECUTORS, row_of(executor)))

    async def beat(self, executor: Executor) -> None:
        """Say that the executor is alive at `seen_at`; one that was thought dead is back."""

        def work(connection: Connection) -> None:
            if connection.execute(BEAT, {"which": executor.id, "now": executor.seen_at}).rowcount == 0:
                insert_new(connection, EXECUTORS, row_of(executor))

        await self.database.write(work)

    async def executors(self) -> list[Executor]:
        """All that are not forgotten, by id."""
        return await self._read(EVERYBODY, {}, executor_of)

    async def silent(self, since: datetime) -> list[Executor]:
        """The executors that have not been seen since then."""
        return await self._read(SILENT, {"since": since}, executor_of)

    async def forget(self, executor: str) -> None:
        await self._write(FORGET, {"which": executor})

    async def last_seen(self) -> datetime | None:
        """When any executor was last seen; None where there never was one."""
        seen: list[datetime | None] = await self._read(SEEN, {}, lambda row: row[0])
        return seen[0]

    async def _started(self, work: Callable[[Connection], T]) -> T:
        for _ in range(ATTEMPTS - 1):
            try:
                return await self.database.write(work)
            except IntegrityError:  # another start took the number, or the key: look again
                continue
        return await self.database.write(work)

    async def _write(self, statement: Any, parameters: dict[str, Any]) -> None:
        await self.database.write(lambda connection: connection.execute(statement, parameters))

    async def _read(self, statement: Any, parameters: dict[str, Any], record: Callable[[Any], T]) -> list[T]:
        return await self.database.read(
            lambda connection: [record(row) for row in connection.execute(statement, parameters)]
        )
