"""Where a run of the campaign takes place: a company of its own, copied from one that is made once, and its workers.

Each run has a folder with its settings file and its workers' log. Workers are forked from a server that has imported
everything: one is at work in a moment, so that there can be many deaths.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, delete, text
from sqlalchemy.exc import OperationalError

from gateway.company import SYSTEMS, open_company
from gateway.config import Settings
from gateway.databases import open_database
from processes.rules.instants import local_day
from resolvers.demo import DEMO_RULES
from sources.billing import Billing
from sources.database import Database
from sources.demo.making import make_company
from sources.links import Links
from sources.records.billing import BillingAccount, BillingPeriod
from sources.reservations import Reservations
from sources.reservations.tables import BOOKINGS
from sources.sales import Sales
from tests.faults.scene import BRIDGE, CLOSING, Times, bookings, first_records, times
from tests.faults.worker import Kill, settings_in, work
from tests.world import a_client, a_contract, a_link, a_rate_version

__all__ = ["Doom", "OnPostgreSQL", "OnSQLite", "Workers", "with_bridge"]

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["tests.faults.ready"])
ATTEMPTS = 20


def fill(settings: Settings, when: Times) -> None:
    """A small demo company with the scene's bookings, and a period that is over with a draft in it."""
    databases = {system: open_database(system, settings) for system in SYSTEMS}
    now = datetime.now(UTC)
    make_company(databases, today=local_day(now), rules=DEMO_RULES, others=3)
    with databases["reservations"].engines.write.begin() as connection:
        # Nobody's room is made in a run but those of the run itself.
        connection.execute(delete(BOOKINGS).where(BOOKINGS.c.ends_at > now - timedelta(hours=3)))
        Reservations.fill(connection, bookings=bookings(when))
    whose_period_is_over(databases, when)
    asyncio.run(charged_before(settings, databases, when))


def whose_period_is_over(databases: Mapping[str, Database], when: Times) -> None:
    client, account, contract = CLOSING
    with databases["sales"].engines.write.begin() as connection:
        Sales.fill(
            connection,
            clients=[a_client(client, company_number=None, vat_number=None)],
            contacts=[],
            contracts=[a_contract(contract, client=client)],
            rate_versions=[a_rate_version(contract=contract)],
            holidays=[],
        )
    with databases["links"].engines.write.begin() as connection:
        Links.fill(connection, links=[a_link(account, client=client)])
    with databases["billing"].engines.write.begin() as connection:
        Billing.fill(
            connection,
            accounts=[BillingAccount(account, "CZK", when.cycle_day, 14)],
            periods=[BillingPeriod(account, when.ended.start, when.ended.end, "OPEN")],
            invoices=[],
            lines=[],
            vat=[],
            calls=[],
        )


async def charged_before(settings: Settings, databases: Mapping[str, Database], when: Times) -> None:
    await asyncio.gather(*(database.close() for database in databases.values()))
    company = await asyncio.to_thread(open_company, settings)
    content, conference = first_records(when)
    await company.runner.import_call_records(BRIDGE, format="ASTERISK_CSV", content=content, caller="before")
    await company.runner.invoice_conference(conference, idempotency_key="before", caller="before")
    await company.close()


def written(folder: Path, urls: Mapping[str, str]) -> Settings:
    """The settings of a run, as its file says."""
    systems = "".join(f'[systems.{system}]\nurl = "{url}"\n' for system, url in urls.items())
    (folder / "spojka.toml").write_text(systems)
    return settings_in(folder)


def with_bridge(settings: Settings, section: str) -> Settings:
    with (settings.data / "spojka.toml").open("a") as file:
        file.write(section)
    return settings_in(settings.data)


@dataclass
class OnSQLite:
    """The template is a folder, and so is each copy."""

    template: Path
    when: Times

    @classmethod
    def made(cls, folder: Path) -> OnSQLite:
        stage = cls(folder / "template", times(datetime.now(UTC)))
        stage.template.mkdir()
        fill(Settings(data=stage.template), stage.when)
        return stage

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Settings]:
        shutil.copytree(self.template, folder)
        yield written(folder, {})
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class OnPostgreSQL:
    """The template is a database with a schema for each system; so is each copy. `restart` is the server's."""

    server: str
    restart: Callable[[], None]
    when: Times
    count: int = 0
    restarting: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def made(cls, server: str, folder: Path, restart: Callable[[], None]) -> OnPostgreSQL:
        stage = cls(server, restart, times(datetime.now(UTC)))
        stage._execute("CREATE DATABASE faults")
        settings = Settings(data=folder / "postgresql", urls=stage._urls("faults"))
        settings.data.mkdir()
        engine = create_engine(stage._address("faults"))
        with engine.begin() as connection:
            for system in SYSTEMS:
                connection.execute(text(f'CREATE SCHEMA "{system}"'))
        engine.dispose()
        fill(settings, stage.when)
        return stage

    def begin_again(self) -> None:
        """The server is restarted; of two runs that want it one waits."""
        with self.restarting:
            self.restart()

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Settings]:
        self.count += 1
        name = f"faults_{os.getpid()}_{self.count}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE faults")
        folder.mkdir()
        yield written(folder, self._urls(name))
        shutil.rmtree(folder, ignore_errors=True)
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _address(self, name: str) -> str:
        return self.server.rpartition("/")[0] + f"/{name}"

    def _urls(self, name: str) -> Mapping[str, str]:
        return {
            system: f"{self._address(name)}?options={quote(f'-csearch_path={system}', safe='')}" for system in SYSTEMS
        }

    def _execute(self, statement: str) -> None:
        """Again where another run had the server restarted meanwhile."""
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT")
        for left in reversed(range(ATTEMPTS)):
            try:
                with engine.connect() as connection:
                    connection.execute(text(statement))
                break
            except OperationalError:
                if not left:
                    raise
                time.sleep(0.5)
        engine.dispose()


@dataclass(frozen=True)
class Doom:
    """What a worker does to itself."""

    kills: tuple[Kill, ...] = ()
    full: tuple[float, float] | None = None

    def starved(self, since: float, seconds: float) -> Doom:
        return replace(self, full=(since, seconds))


@dataclass
class Workers:
    """Workers of one company, begun again without faults when they die, as `spojka serve` does."""

    folder: Path
    dooms: Sequence[Doom]
    processes: list[ForkServerProcess] = field(default_factory=list)
    deaths: int = 0

    def start(self) -> None:
        self.processes = [self._begun(doom) for doom in self.dooms]

    def _begun(self, doom: Doom) -> ForkServerProcess:
        process = FORKING.Process(target=work, args=(self.folder, doom.kills, doom.full), daemon=True)
        process.start()
        return process

    async def until_one_works(self) -> None:
        for _ in range(200):
            if "works" in self.log:
                return
            await asyncio.sleep(0.05)

    def replace_the_dead(self) -> None:
        for at, process in enumerate(self.processes):
            if not process.is_alive():
                self.deaths += 1
                self.processes[at] = self._begun(Doom())

    def signal(self, at: int, number: signal.Signals) -> None:
        process = self.processes[at]
        if process.is_alive() and process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.join()

    @property
    def log(self) -> str:
        file = self.folder / "workers.log"
        return file.read_text(errors="replace") if file.exists() else ""
