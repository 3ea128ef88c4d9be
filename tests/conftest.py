"""The few fixtures used everywhere: databases of both kinds, and a fixed time."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sqlalchemy import MetaData, create_engine, text

from gateway.config import Settings
from sources.database import Database, Fill
from sources.demo import SYSTEMS
from tests.janus.server import Janus, StartJanus, running_janus
from tests.mariadb import MariaServer, running_mariadb
from tests.postgresql import Server, running_server

if TYPE_CHECKING:
    from gateway.company import Company

KINDS = ["sqlite", *(pytest.param(kind, marks=pytest.mark.service) for kind in ("postgresql", "mariadb"))]

MakeUrl = Callable[[str], str]
MakeDatabase = Callable[..., Database]


def pytest_addoption(parser: pytest.Parser) -> None:
    """What changes what the tests do; CI gives none of them."""
    group = parser.getgroup("spojka")
    group.addoption("--write-plans", action="store_true", help="approve the plans as they are printed now")
    group.addoption("--law-cases", type=int, default=60, help="how many random cases each law is tried with")
    group.addoption("--law-seed", type=int, default=0, help="the first seed of the random cases")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server of our own, for the whole run."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaServer]:
    """A MariaDB server of our own, for the whole run."""
    with running_mariadb() as server:
        yield server


@pytest.fixture
def start_janus() -> Iterator[StartJanus]:
    """`start_janus(events_to=URL)`: a Janus of our own for one test; see tests/janus/server.py for what it can do."""
    with ExitStack() as running:
        yield lambda **settings: running.enter_context(running_janus(**settings))


@pytest.fixture
def janus(start_janus: StartJanus) -> Janus:
    """A Janus whose events nobody hears."""
    return start_janus()


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> MakeUrl:
    """`database_url("billing")`: the address of an empty place for that system, on each kind of database."""
    if request.param == "sqlite":
        return lambda system: f"sqlite:///{tmp_path}/{system}.sqlite"
    server: Server | MariaServer = request.getfixturevalue(request.param)
    return lambda system: new_place(server, system)


@pytest.fixture
async def database(database_url: MakeUrl) -> AsyncIterator[MakeDatabase]:
    """`database("billing", METADATA, fill)`: a made and filled database; without metadata one that isn't made yet."""
    opened: list[Database] = []

    def make(system: str, metadata: MetaData | None = None, fill: Fill | None = None) -> Database:
        made = Database(system, database_url(system))
        opened.append(made)
        if metadata is not None:
            assert made.create(metadata, fill)
        return made

    yield make
    for one in opened:
        await one.close()


@pytest.fixture
def now() -> datetime:
    """The time of the tests: the worked example's day, a Tuesday, 12:00 in Prague."""
    return datetime(2026, 11, 24, 11, tzinfo=UTC)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company's files, closed: made once for the run, as that takes seconds."""
    folder = tmp_path_factory.mktemp("company")
    asyncio.run(company_module().open_at_evening(Settings(data=folder)).close())
    return folder


@pytest.fixture(scope="session")
def made_on_postgresql(postgresql: Server) -> dict[str, str]:
    """The demo company in PostgreSQL: the address of each system's schema. One for all tests, so ids must differ."""
    return made_in(postgresql)


@pytest.fixture(scope="session")
def made_on_mariadb(mariadb: MariaServer) -> dict[str, str]:
    """The demo company in MariaDB: the address of each system's database. One for all tests, so ids must differ."""
    return made_in(mariadb)


def made_in(server: Server | MariaServer) -> dict[str, str]:
    urls = {system: new_place(server, system) for system in SYSTEMS}
    asyncio.run(company_module().open_at_evening(Settings(data=Path("unused"), urls=urls)).close())
    return urls


@pytest.fixture
def files(made: Path, tmp_path: Path) -> Path:
    """A copy of the company's files for one test."""
    return Path(shutil.copytree(made, tmp_path / "data", ignore=shutil.ignore_patterns("audit.log")))


@pytest.fixture
async def company(files: Path) -> AsyncIterator[Company]:
    """The company on SQLite."""
    async with company_module().opened(Settings(data=files)) as opened:
        yield opened


SERVERS = [kind for kind in KINDS if kind != "sqlite"]


@pytest.fixture(params=SERVERS)
def settings_on_server(request: pytest.FixtureRequest) -> Settings:
    """Not asynchronous: what makes the company has an event loop of its own, and none may be running then."""
    return Settings(data=Path("unused"), urls=request.getfixturevalue(f"made_on_{request.param}"))


@pytest.fixture
async def company_on_server(settings_on_server: Settings) -> AsyncIterator[Company]:
    """The company on each kind of server."""
    async with company_module().opened(settings_on_server) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def settings_anywhere(request: pytest.FixtureRequest) -> Settings:
    """The settings of the company on each kind of database."""
    if request.param == "sqlite":
        return Settings(data=request.getfixturevalue("files"))
    return Settings(data=Path("unused"), urls=request.getfixturevalue(f"made_on_{request.param}"))


@pytest.fixture
async def company_anywhere(settings_anywhere: Settings) -> AsyncIterator[Company]:
    """The company on each kind of database."""
    async with company_module().opened(settings_anywhere) as opened:
        yield opened


def company_module() -> ModuleType:
    """Imported late: a test of one room alone does not wait for all rooms."""
    return importlib.import_module("tests.company")


schemas = itertools.count(1)


def new_place(server: Server | MariaServer, system: str) -> str:
    return new_schema(server, system) if isinstance(server, Server) else new_database(server, system)


def new_database(server: MariaServer, system: str) -> str:
    """A fresh database on the server: MariaDB's word for a schema."""
    name = f"{system}_{next(schemas)}"
    engine = create_engine(server.url.replace("mariadb:", "mariadb+pymysql:"))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.url + name


def new_schema(server: Server, system: str) -> str:
    """A fresh schema on the server, quicker than a fresh database and as separate for whoever can't see the others."""
    name = f"{system}_{next(schemas)}"
    engine = create_engine(server.url)
    with engine.begin() as connection:
        connection.execute(text(f'CREATE SCHEMA "{name}"'))
    engine.dispose()
    return f"{server.url}?options={quote(f'-csearch_path={name}', safe='')}"
