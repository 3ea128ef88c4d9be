"""Two databases of other programs with the demo company's facts, in PostgreSQL and in MariaDB, to be read only."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import URL, Engine, create_engine, event, make_url

from gateway.company import SYSTEMS, Company
from gateway.config import Settings, read_settings
from resolvers.demo import DEMO_RULES
from sources.demo import Company as Facts
from sources.demo import company_of
from tests.company import EVENING, opened
from tests.foreign.loading import FOLDER, make_billing, make_crm
from tests.mariadb import MariaServer
from tests.postgresql import Server

READER, PASSWORD = "spojka_reads", "may-only-read"
FOREIGN = ("sales", "billing", "links")
"""The systems that are mapped; the others are Spojka's own."""

PROGRAMS = {"sales": "crm", "billing": "billing", "links": "billing"}
MAKING = {"crm": make_crm, "billing": make_billing}
VIEWS = ("Účty", "Období", "v-faktury", "v-radky", "v.dph", "HOVORY 2024+", "Úseky")


@dataclass(frozen=True, slots=True)
class Foreign:
    """`urls` are those of the mapped systems, with a user who may only read; `owner(program)` may do everything."""

    kind: str
    urls: Mapping[str, str]
    owner: Callable[[str], Engine]

    def settings(self, data: Path) -> Settings:
        """As its settings file says it, on the servers of this run of the tests."""
        environment = {f"SPOJKA_{system.upper()}_URL": url for system, url in self.urls.items()}
        return read_settings(data, environment, systems=tuple(SYSTEMS), file=FOLDER / f"{self.kind}.toml")


@pytest.fixture(scope="session")
def facts() -> Facts:
    """The demo company's facts, as the embedded one has them."""
    return company_of(EVENING.astimezone(ZoneInfo("Europe/Prague")).date(), DEMO_RULES)


@pytest.fixture(scope="session")
def foreign_postgresql(postgresql: Server, facts: Facts) -> Foreign:
    url = make_url(postgresql.url)

    def owner(program: str) -> Engine:
        return create_engine(url, connect_args={"options": f"-csearch_path={program}"})

    first = [f"CREATE ROLE {READER} LOGIN PASSWORD '{PASSWORD}'"]
    for program, make in MAKING.items():
        run(owner(program), *first, f"CREATE SCHEMA {program}")
        make(owner(program), facts)
        first = []
    run(
        owner("crm"),
        f"GRANT USAGE ON SCHEMA crm, billing TO {READER}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA crm TO {READER}",
        *(f'GRANT SELECT ON billing."{view}" TO {READER}' for view in VIEWS),
    )
    theirs = url.set(username=READER, password=PASSWORD).render_as_string(hide_password=False)
    return Foreign("postgresql", dict.fromkeys(FOREIGN, theirs), owner)


@pytest.fixture(scope="session")
def foreign_mariadb(mariadb: MariaServer, facts: Facts) -> Foreign:
    url = make_url(mariadb.url).set(drivername="mariadb+pymysql")
    owner = partial(maria_owner, url)
    run(owner(""), f"CREATE USER {READER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
    for program, make in MAKING.items():
        run(owner(""), f"CREATE DATABASE {program}")
        make(owner(program), facts)
    run(
        owner(""),
        f"GRANT SELECT ON crm.* TO {READER}@'127.0.0.1'",
        *(f"GRANT SELECT ON billing.`{view}` TO {READER}@'127.0.0.1'" for view in VIEWS),
    )
    theirs = f"mariadb://{READER}:{PASSWORD}@127.0.0.1:{mariadb.port}/"
    return Foreign("mariadb", {system: theirs + program for system, program in PROGRAMS.items()}, owner)


def maria_owner(url: URL, program: str) -> Engine:
    """An engine whose dates may be 0000-00-00, as in the days of that program."""
    engine = create_engine(url.set(database=program))

    @event.listens_for(engine, "connect")
    def lenient(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = ''")

    return engine


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(
    params=[pytest.param(kind, marks=pytest.mark.service) for kind in ("postgresql", "mariadb")], scope="session"
)
def foreign(request: pytest.FixtureRequest) -> Foreign:
    """The two databases on each kind of server."""
    found: Foreign = request.getfixturevalue(f"foreign_{request.param}")
    return found


@pytest.fixture
async def mapped_company(foreign: Foreign, made: Path, tmp_path: Path) -> AsyncIterator[Company]:
    """The company with sales, billing and links in other programs' databases, the rest in Spojka's own files."""
    data = tmp_path / "own"
    data.mkdir()
    for system in SYSTEMS.keys() - set(FOREIGN):
        shutil.copy(made / f"{system}.sqlite", data)
    async with opened(foreign.settings(data)) as company:
        yield company
    assert not [file for file in data.iterdir() if file.stem in FOREIGN]
