"""The tables of the system processes, and its rows as records."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, Row, Table

from sources.columns import Instant, MadeOfText, Prose, Text
from sources.records.processes import Executor, Run, Step

__all__ = ["COLUMNS", "EXECUTORS", "LIVE", "METADATA", "RUNS", "RUN_KEYS", "STEPS", "executor_of", "run_of", "step_of"]

METADATA = MetaData()
LIVE = ("RUNNING", "WAITING")

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
    Column("error", Text),
    Column("message", Prose),
    Column("waits_for", Prose),
    Column("waits_until", Instant),
    Column("alarm", Prose),
    Column("attempts", Integer, nullable=False),
    Column("is_cancelled", Boolean, nullable=False),
    Column("input", Prose, nullable=False),
    Column("n", Integer, nullable=False),
    Column("answer", Prose),  # JSON, null while it runs and when it failed
    Index("runs_by_subject", "process", "subject", "n", unique=True),
    Index("runs_by_state", "state", "started_at"),
    Index("runs_by_start", "started_at"),
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

STEPS = Table(
    "steps",
    METADATA,
    Column("run", MadeOfText, ForeignKey(RUNS.c.id), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("attempts", Integer, nullable=False),
    Column("error", Prose),
)

EXECUTORS = Table(
    "executors",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, index=True),
)

COLUMNS = [RUNS.c[name] for name in Run.__dataclass_fields__]


def run_of(row: Row[*tuple[Any, ...]]) -> Run:
    """A row that begins with COLUMNS."""
    return Run(*row[: len(COLUMNS)])


def step_of(row: Row[*tuple[Any, ...]]) -> Step:
    """A row of all columns of `steps`, in their order."""
    return Step(*row)


def executor_of(row: Row[*tuple[Any, ...]]) -> Executor:
    """A row of all columns of `executors`, in their order."""
    return Executor(*row)
