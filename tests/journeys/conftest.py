"""The whole company, open as `spojka serve` opens it: made once for the run, and every test has a copy of its own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.app import SYSTEMS, Company, open_company
from gateway.config import Settings
from gateway.request import GraphQLRequest
from tests.conftest import KINDS, new_schema
from tests.postgresql import Server

EVENING = datetime(2026, 11, 24, 18, tzinfo=UTC)
"""The worked example's call is over."""

EXAMPLES = Path(__file__).parents[2] / "resolvers" / "examples"
DOCUMENTS = {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.graphql")}


@dataclass(frozen=True, slots=True)
class Answer:
    """`requests` are the subgraphs that were asked, in the order in which they answered."""

    data: Any
    errors: list[Any]
    requests: list[str]
    statements: int

    @property
    def codes(self) -> set[str]:
        return {error["extensions"]["code"] for error in self.errors}


async def ask(company: Company, document: str, **variables: Any) -> Answer:
    """The answer to `document`, or to the example of that name, with what it cost."""
    before = sum(database.statements for database in company.databases.values())
    context = company.context()
    request = GraphQLRequest(query=DOCUMENTS.get(document, document), variables=variables)
    response = await company.gateway.answer(request, context)
    statements = sum(database.statements for database in company.databases.values()) - before
    return Answer(response.data, list(response.errors), [each.service for each in context.sent], statements)


def open_at_evening(settings: Settings) -> Company:
    return open_company(settings, clock=lambda: EVENING)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo company's files, closed."""
    folder = tmp_path_factory.mktemp("company")
    asyncio.run(open_at_evening(Settings(data=folder)).close())
    return folder


@pytest.fixture(scope="session")
def made_on_server(postgresql: Server) -> dict[str, str]:
    """The demo company in PostgreSQL: the address of each system's schema. One for all tests, so ids must differ."""
    urls = {system: new_schema(postgresql, system) for system in SYSTEMS}
    asyncio.run(open_at_evening(Settings(data=Path("unused"), urls=urls)).close())
    return urls


@pytest.fixture
def files(made: Path, tmp_path: Path) -> Path:
    """A copy of the company's files for one test."""
    return Path(shutil.copytree(made, tmp_path / "data"))


@pytest.fixture
async def company(files: Path) -> AsyncIterator[Company]:
    """The company on SQLite."""
    async with opened(Settings(data=files)) as company:
        yield company


@pytest.fixture
async def company_on_server(made_on_server: dict[str, str]) -> AsyncIterator[Company]:
    """The company on PostgreSQL."""
    async with opened(Settings(data=Path("unused"), urls=made_on_server)) as company:
        yield company


@pytest.fixture(params=KINDS)
def settings_anywhere(request: pytest.FixtureRequest) -> Settings:
    """The settings of the company on each kind of database."""
    if request.param == "sqlite":
        return Settings(data=request.getfixturevalue("files"))
    return Settings(data=Path("unused"), urls=request.getfixturevalue("made_on_server"))


@pytest.fixture
async def company_anywhere(settings_anywhere: Settings) -> AsyncIterator[Company]:
    """The company on each kind of database."""
    async with opened(settings_anywhere) as company:
        yield company


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Company]:
    company = await asyncio.to_thread(open_at_evening, settings)
    try:
        yield company
    finally:
        await company.close()
