"""Same key, same input: the first answer again. Same key, other input: refused (design.md, Processes).

Each system's database has a table of keys of its own, since the row must be written in the transaction of the effect:

    claim the key -> claimed: do the effect, keep its answer
                  -> known:   compare the input, give the answer that is kept

The claim waits for another transaction that holds the same key; so of two calls at once one does it, both answer it.
An effect that raises leaves no row: its key is as good as new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, select, update
from sqlalchemy.exc import IntegrityError

from sources.columns import Prose, Text
from sources.database import Database
from sources.errors import KeyReused
from sources.mapping.requirements import only_for_writing
from sources.rows import insert_new, row_of

__all__ = ["Call", "claim", "input_hash", "keys_table", "write_once"]

NAME = "idempotency_keys"
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a mutation: `key` is unique per mutation and caller; `input_hash` is that of its canonical input."""

    mutation: str
    caller: str
    key: str
    input_hash: str


def keys_table(metadata: MetaData) -> Table:
    """The table of keys, to be one of a system's own. `answer` is JSON, null while the effect is being done."""
    return Table(
        NAME,
        metadata,
        Column("mutation", Text, primary_key=True),
        Column("caller", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("input_hash", Text, nullable=False),
        Column("answer", Prose),
        info=only_for_writing(),
    )


async def write_once(
    database: Database, keys: Table, *, call: Call, effect: Callable[[Connection], dict[str, Any]]
) -> dict[str, Any]:
    """What `effect` answers (JSON values only), done once however often the call comes. KeyReused for another input.

    Another transaction may write the same fact under another key at the same time. The database's constraints let one
    of them win; the other looks again, and finds the fact there.
    """

    def work(connection: Connection) -> dict[str, Any]:
        return answer_once(connection, keys, call=call, effect=effect)

    for _ in range(ATTEMPTS - 1):
        try:
            return await database.write(work)
        except IntegrityError:
            continue
    return await database.write(work)


def claim(connection: Connection, keys: Table, call: Call) -> None:
    """The key is this call's from now on; KeyReused when it came with another input before.

    For what is done outside the database, is idempotent by itself and has to be looked at anew each time.
    """
    if not insert_new(connection, keys, {**row_of(call), "answer": "{}"}):
        first_answer(connection, keys, call)


def answer_once(
    connection: Connection, keys: Table, *, call: Call, effect: Callable[[Connection], dict[str, Any]]
) -> dict[str, Any]:
    if not insert_new(connection, keys, row_of(call)):
        return first_answer(connection, keys, call)
    answer = effect(connection)
    kept = update(keys).where(*the_row(keys, call)).values(answer=json.dumps(answer, ensure_ascii=False))
    connection.execute(kept)
    return answer


def first_answer(connection: Connection, keys: Table, call: Call) -> dict[str, Any]:
    row = connection.execute(select(keys.c.input_hash, keys.c.answer).where(*the_row(keys, call))).one()
    if row.input_hash != call.input_hash:
        raise KeyReused(call.mutation, call.key)
    answer: dict[str, Any] = json.loads(row.answer)
    return answer


def the_row(keys: Table, call: Call) -> tuple[Any, ...]:
    return keys.c.mutation == call.mutation, keys.c.caller == call.caller, keys.c.key == call.key


def input_hash(value: object) -> str:
    """sha256 of a value's canonical JSON: records by field, keys sorted, 1.80 and 1.8 alike, instants in UTC."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=plain)
    return hashlib.sha256(canonical.encode()).hexdigest()


def plain(value: object) -> object:
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return value.timestamp()
        case date():
            return value.isoformat()
        case _ if is_dataclass(value) and not isinstance(value, type):
            return row_of(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no canonical form")
