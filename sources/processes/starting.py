"""A run is started: by a key, which is a caller's own for each process, or because there is work about a subject.

unknown key             a new run, `<process>:<subject>:<n>`
known, another input    KeyReused
the run has ended       its answer again (REFUSED is an answer too)
the run FAILED          the key gets a new run; so it does after CANCELLED
the run is live         that run again: what started it may have died, and its steps are idempotent

no key, a live run about the subject    that run
no key, none                            a new one
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from sources.errors import KeyReused
from sources.processes.tables import COLUMNS, LIVE, RUN_KEYS, RUNS, run_of
from sources.records.processes import FirstAnswer, Run
from sources.rows import insert_all, row_of

__all__ = ["Asked", "start", "start_unless_live"]

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
OF_SUBJECT = (RUNS.c.process == bindparam("process"), RUNS.c.subject == bindparam("subject"))
HIGHEST = select(func.coalesce(func.max(RUNS.c.n), 0)).where(*OF_SUBJECT)
LIVE_OF_SUBJECT = (
    select(*COLUMNS).where(*OF_SUBJECT, RUNS.c.state.in_(LIVE)).order_by(RUNS.c.n.desc()).limit(1).with_for_update()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: `input` is JSON; `key` and the hash of the input are None where nobody's key asks."""

    process: str
    subject: str
    input: str
    caller: str
    now: datetime
    key: str | None = None
    input_hash: str | None = None


def start(connection: Connection, asked: Asked) -> tuple[Run | FirstAnswer, bool]:
    """The run, or its answer, and whether the run is new."""
    of_key = {"of": asked.process, "who": asked.caller, "name": asked.key}
    known = connection.execute(BY_KEY, of_key).one_or_none()
    if known is None:
        run = new_run(connection, asked, next_number(connection, asked))
        row = {"process": asked.process, "caller": asked.caller, "key": asked.key}
        insert_all(connection, RUN_KEYS, [{**row, "input_hash": asked.input_hash, "run": run.id}])
        return run, True
    if known.input_hash != asked.input_hash:
        raise KeyReused(asked.process, str(asked.key))
    if known.state in ("FAILED", "CANCELLED"):
        run = new_run(connection, asked, next_number(connection, asked))
        connection.execute(MOVE_KEY, {**of_key, "to": run.id})
        return run, True
    run = run_of(known)
    return (run if known.answer is None else FirstAnswer(run, known.answer)), False


def start_unless_live(connection: Connection, asked: Asked) -> tuple[Run, bool]:
    """The run about the subject that is live, else a new one, and whether it is new.

    The number is taken first: whoever begins a run meanwhile is seen as live, or has taken the number.
    """
    n = next_number(connection, asked)
    live = connection.execute(LIVE_OF_SUBJECT, {"process": asked.process, "subject": asked.subject}).one_or_none()
    return (run_of(live), False) if live is not None else (new_run(connection, asked, n), True)


def next_number(connection: Connection, asked: Asked) -> int:
    place = {"process": asked.process, "subject": asked.subject}
    return int(connection.execute(HIGHEST, place).scalar_one()) + 1


def new_run(connection: Connection, asked: Asked, n: int) -> Run:
    """Of two that begin at once about one subject, one fails by the number, and looks again."""
    run = Run(
        id=f"{asked.process}:{asked.subject}:{n}",
        process=asked.process,
        subject=asked.subject,
        state="RUNNING",
        started_at=asked.now,
        started_by=asked.caller,
        input=asked.input,
    )
    insert_all(connection, RUNS, [{**row_of(run), "n": n}])
    return run
