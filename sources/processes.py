"""The system processes: runs, who started them, what came of them. No copy of a business fact.

A run is found by its key, which is a caller's own for each process:

    unknown key             a new run, `<process>:<subject>:<n>`
    known, another input    KeyReused
    the run has ended       its answer again (REFUSED is an answer too)
    the run FAILED          the key gets a new run
    the run is RUNNING      that run again: what started it may have died, and its steps are idempotent
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from sources.columns import Instant, MadeOfText, Prose, Text
from sources.database import Database, one_of
from sources.errors import KeyReused
from sources.records.processes import FirstAnswer, Run
from sources.rows import insert_all, row_of

__all__ = ["METADATA", "Processes"]

METADATA = MetaData()
ATTEMPTS = 10

RUNS = Table(
    "runs",
    METADATA,
    Column("id", MadeOfText, primary_key=True),
    Column("process", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("started_by", Text, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", Text),
    Column("error", Prose),
    Column("n", Integer, nullable=False),
    Column("answer", Prose),  # JSON, null while it runs and when it failed
    Index("runs_by_subject", "process", "subject", "n", unique=True),
    Index("runs_by_state", "state", "started_at"),
)

RUN_KEYS = Table(
    "run_keys",
    METADATA,
    Column("process", Text, primary_key=True),
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("input_hash", Text, nullable=False),
    Column("run", MadeOfText, ForeignKey(RUNS.c.id), nullable=False),
)

COLUMNS = [RUNS.c[name] for name in Run.__dataclass_fields__]
OF_KEY = (
    RUN_KEYS.c.process == bindparam("of"),
    RUN_KEYS.c.caller == bindparam("who"),
    RUN_KEYS.c.key == bindparam("name"),
)
BY_KEY = (
    select(*COLUMNS, RUNS.c.answer, RUN_KEYS.c.input_hash)
    .join_from(RUN_KEYS, RUNS, RUN_KEYS.c.run == RUNS.c.id)
    .where(*OF_KEY)
    .with_for_update()
)
MOVE_KEY = update(RUN_KEYS).where(*OF_KEY).values(run=bindparam("to"))
HIGHEST = select(func.coalesce(func.max(RUNS.c.n), 0)).where(
    RUNS.c.process == bindparam("process"), RUNS.c.subject == bindparam("subject")
)
FINISH = (
    update(RUNS)
    .where(RUNS.c.id == bindparam("which"), RUNS.c.state == "RUNNING")
    .values(
        state=bindparam("new_state"),
        ended_at=bindparam("new_ended_at"),
        outcome=bindparam("new_outcome"),
        answer=bindparam("new_answer"),
        error=bindparam("new_error"),
    )
)
BY_ID = select(*COLUMNS).where(one_of(RUNS.c.id))
LATEST_FIRST = select(*COLUMNS).order_by(RUNS.c.started_at.desc(), RUNS.c.id.desc()).limit(bindparam("limit"))
IN_STATE = LATEST_FIRST.where(RUNS.c.state == bindparam("state"))
NUMBERED = (
    select(*COLUMNS, func.row_number().over(partition_by=RUNS.c.subject, order_by=RUNS.c.n.desc()).label("place"))
    .where(RUNS.c.process == bindparam("process"), one_of(RUNS.c.subject))
    .subquery()
)
LATEST_OF_SUBJECTS = select(*(NUMBERED.c[column.name] for column in COLUMNS)).where(NUMBERED.c.place == 1)


class Processes:
    """The source of the system processes, and the store of runs that starts and finishes them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @staticmethod
    def fill(connection: Connection, *, runs: Iterable[Run] = ()) -> None:
        """First rows, for a company in the making; a run's id ends with its number."""
        insert_all(connection, RUNS, ({**row_of(run), "n": int(run.id.rpartition(":")[2])} for run in runs))

    async def runs(self, ids: Collection[str]) -> list[Run]:
        return await self._read(BY_ID, {"keys": ids})

    async def latest_runs(self, *, limit: int, state: str | None = None) -> list[Run]:
        """The latest (in that state), the last started first."""
        if state is None:
            return await self._read(LATEST_FIRST, {"limit": limit})
        return await self._read(IN_STATE, {"limit": limit, "state": state})

    async def latest_of_subjects(self, process: str, subjects: Collection[str]) -> list[Run]:
        """The last run of `process` about each of the subjects, as far as there is one."""
        return await self._read(LATEST_OF_SUBJECTS, {"process": process, "keys": subjects})

    async def start(
        self, process: str, subject: str, *, key: str, input_hash: str, caller: str, now: datetime
    ) -> Run | FirstAnswer:
        """A run to carry out, or the answer of the one that has ended. KeyReused for a known key with another input."""

        def work(connection: Connection) -> Run | FirstAnswer:
            return start(connection, process, subject, key=key, input_hash=input_hash, caller=caller, now=now)

        for _ in range(ATTEMPTS - 1):
            try:
                return await self.database.write(work)
            except IntegrityError:  # another start took the number, or the key: look again
                continue
        return await self.database.write(work)

    async def finish(
        self, run: str, *, state: str, outcome: str | None, answer: str | None, error: str | None, now: datetime
    ) -> None:
        """Write down how a run ended: SUCCEEDED, REFUSED or FAILED. A run ends once; what comes later is left out."""
        ending = {
            "which": run,
            "new_state": state,
            "new_ended_at": now,
            "new_outcome": outcome,
            "new_answer": answer,
            "new_error": error,
        }
        await self.database.write(lambda connection: connection.execute(FINISH, ending))

    async def _read(self, statement: Any, parameters: dict[str, Any]) -> list[Run]:
        return await self.database.read(
            lambda connection: [Run(*row) for row in connection.execute(statement, parameters)]
        )


def start(
    connection: Connection, process: str, subject: str, *, key: str, input_hash: str, caller: str, now: datetime
) -> Run | FirstAnswer:
    of_key = {"of": process, "who": caller, "name": key}
    known = connection.execute(BY_KEY, of_key).one_or_none()
    if known is None:
        run = new_run(connection, process, subject, caller=caller, now=now)
        row = {"process": process, "caller": caller, "key": key, "input_hash": input_hash, "run": run.id}
        insert_all(connection, RUN_KEYS, [row])
        return run
    if known.input_hash != input_hash:
        raise KeyReused(process, key)
    if known.state == "FAILED":
        run = new_run(connection, process, subject, caller=caller, now=now)
        connection.execute(MOVE_KEY, {**of_key, "to": run.id})
        return run
    return begun_or_ended(known)


def begun_or_ended(known: Row[*tuple[Any, ...]]) -> Run | FirstAnswer:
    *fields, answer, _ = known
    run = Run(*fields)
    return run if answer is None else FirstAnswer(run, answer)


def new_run(connection: Connection, process: str, subject: str, *, caller: str, now: datetime) -> Run:
    n = connection.execute(HIGHEST, {"process": process, "subject": subject}).scalar_one() + 1
    run = Run(
        id=f"{process}:{subject}:{n}",
        process=process,
        subject=subject,
        state="RUNNING",
        started_at=now,
        started_by=caller,
    )
    insert_all(connection, RUNS, [{**row_of(run), "n": n}])
    return run
