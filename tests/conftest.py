"""The few fixtures used everywhere: databases of both kinds, and a fixed time."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import MetaData, create_engine, text

from sources.database import Database, Fill
from tests.postgresql import Server, running_server

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.service)]

MakeUrl = Callable[[str], str]
MakeDatabase = Callable[..., Database]


def pytest_addoption(parser: pytest.Parser) -> None:
    """What changes what the tests do; CI gives none of them."""
    group = parser.getgroup("spojka")
    group.addoption("--write-plans", action="store_true", help="approve the plans as they are printed now")
    group.addoption("--law-cases", type=int, default=120, help="how many random cases each law is tried with")
    group.addoption("--law-seed", type=int, default=0, help="the first seed of the random cases")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server of our own, for the whole run."""
    with running_server() as server:
        yield server


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> MakeUrl:
    """`database_url("billing")`: the address of an empty place for that system, on either kind of database."""
    if request.param == "sqlite":
        return lambda system: f"sqlite:///{tmp_path}/{system}.sqlite"
    server: Server = request.getfixturevalue("postgresql")
    return lambda system: new_schema(server, system)


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


schemas = itertools.count(1)


def new_schema(server: Server, system: str) -> str:
    """A fresh schema on the server, quicker than a fresh database and as separate for whoever can't see the others."""
    name = f"{system}_{next(schemas)}"
    engine = create_engine(server.url)
    with engine.begin() as connection:
        connection.execute(text(f'CREATE SCHEMA "{name}"'))
    engine.dispose()
    return f"{server.url}?options={quote(f'-csearch_path={name}', safe='')}"
