"""Where a run of the campaign takes place: a company of its own, copied from one that is made once, and its workers."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import create_engine, text

from gateway.company import SYSTEMS
from gateway.config import Settings
from sources.database import Database
from sources.reservations import Reservations
from tests.company import open_at_evening
from tests.faults.scene import bookings

__all__ = ["OnPostgreSQL", "OnSQLite", "Workers"]

ROOT = Path(__file__).parents[2]


def fill(settings: Settings) -> None:
    """The demo company with the scene's bookings."""
    asyncio.run(open_at_evening(settings).close())
    reservations = Database("reservations", settings.url_of("reservations"))
    with reservations.engines.write.begin() as connection:
        Reservations.fill(connection, bookings=bookings())
    asyncio.run(reservations.close())


@dataclass
class OnSQLite:
    """The template is a folder, and so is each copy."""

    template: Path

    @classmethod
    def made(cls, folder: Path) -> OnSQLite:
        settings = Settings(data=folder / "template")
        settings.data.mkdir()
        fill(settings)
        return cls(settings.data)

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Settings]:
        shutil.copytree(self.template, folder)
        yield Settings(data=folder)
        shutil.rmtree(folder, ignore_errors=True)

    def restart(self) -> None:
        """There is no server."""


@dataclass
class OnPostgreSQL:
    """The template is a database with a schema for each system; so is each copy. `restart` is the server's."""

    server: str
    restart: Callable[[], None]
    count: int = 0

    @classmethod
    def made(cls, server: str, folder: Path, restart: Callable[[], None]) -> OnPostgreSQL:
        stage = cls(server, restart)
        stage._execute("CREATE DATABASE faults")
        settings = Settings(data=folder / "postgresql", urls=stage._urls("faults"))
        settings.data.mkdir()
        engine = create_engine(stage._address("faults"))
        with engine.begin() as connection:
            for system in SYSTEMS:
                connection.execute(text(f'CREATE SCHEMA "{system}"'))
        engine.dispose()
        fill(settings)
        return stage

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Settings]:
        self.count += 1
        name = f"faults_{os.getpid()}_{self.count}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE faults")
        folder.mkdir()
        yield Settings(data=folder, urls=self._urls(name))
        shutil.rmtree(folder, ignore_errors=True)
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _address(self, name: str) -> str:
        return self.server.rpartition("/")[0] + f"/{name}"

    def _urls(self, name: str) -> Mapping[str, str]:
        return {
            system: f"{self._address(name)}?options={quote(f'-csearch_path={system}', safe='')}" for system in SYSTEMS
        }

    def _execute(self, statement: str) -> None:
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@dataclass
class Workers:
    """Workers of one company, begun again without faults when they die, as `spojka serve` does."""

    settings: Settings
    specs: Sequence[Mapping[str, Any]]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    deaths: int = 0

    def start(self) -> None:
        self.processes = [self._begun(spec) for spec in self.specs]

    def _begun(self, spec: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        whole = {"data": str(self.settings.data), "urls": dict(self.settings.urls), "kills": [], **spec}
        log = (self.settings.data / "workers.log").open("ab")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.faults.worker", json.dumps(whole)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    async def until_one_works(self) -> None:
        for _ in range(200):
            if "works" in self.log:
                return
            await asyncio.sleep(0.05)

    def replace_the_dead(self) -> None:
        for at, process in enumerate(self.processes):
            if process.poll() is not None:
                self.deaths += 1
                self.processes[at] = self._begun({})

    def signal(self, at: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self.processes[at].send_signal(number)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()

    @property
    def log(self) -> str:
        return (self.settings.data / "workers.log").read_text(errors="replace")
