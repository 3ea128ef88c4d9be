"""Executors of `spojka work`: what one leaves behind another one takes over, whatever became of the one that died."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.working import working
from gateway.company import Company, open_company, queued
from gateway.config import Settings
from processes.durable import Durable
from processes.graph import GraphError
from sources.demo import cast
from sources.records.processes import Run

SECONDS = 20


class DownGraph:
    """Nothing answers, so a run waits."""

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        raise GraphError([{"message": "it is down", "extensions": {"code": "SYSTEM_UNAVAILABLE"}}])


def without_systems(company: Company) -> Company:
    return replace(company, around=replace(company.around, graph=DownGraph()))


async def run_in(company: Company, *states: str) -> Run:
    async with asyncio.timeout(SECONDS):
        while True:
            runs = [run for run in await company.around.register.runs([RUN]) if run.state in states]
            if runs:
                return runs[0]  # type: ignore[return-value]
            await asyncio.sleep(0.05)


RUN = f"invoice-call:{cast.NO_CONTRACT.conference}:1"


async def test_runs_of_an_executor_that_nobody_knows_are_taken_over(files: Path) -> None:
    """It died before its first heartbeat, or was forgotten as dead, woke up, took runs, and died."""
    settings = Settings(data=files)
    company = await asyncio.to_thread(partial(open_company, settings, executor=queued(settings)))
    try:
        async with working(settings, watches=(), seen_as=without_systems) as first:
            await company.runner.start("invoice-call", cast.NO_CONTRACT.conference, {}, caller="eva")
            await run_in(company, "WAITING")
        await company.around.register.forget(first)
        async with working(settings, watches=()):
            assert (await run_in(company, "REFUSED")).outcome == "no-contract"
    finally:
        await company.close()


async def test_executor_is_known_before_it_takes_a_run(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whoever looks who has runs and isn't known finds the dead alone."""
    settings = Settings(data=files)
    company = await asyncio.to_thread(partial(open_company, settings))
    known: list[str] = []
    launch = Durable.launch

    async def launched(durable: Durable) -> None:
        known.extend(each.id for each in await company.around.register.executors())
        await launch(durable)

    monkeypatch.setattr(Durable, "launch", launched)
    try:
        async with working(settings, watches=()) as name:
            assert known == [name]
    finally:
        await company.close()
