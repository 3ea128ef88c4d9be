"""The whole company, open as `spojka serve` opens it, at the worked example's evening; and how to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.company import Company, open_company
from gateway.config import Settings
from gateway.doors.viewer import Viewer
from gateway.request import GraphQLRequest
from resolvers.access import Scope
from resolvers.roles import ROLES
from sources.bridge.settings import SIMULATOR
from sources.demo import cast
from tests.sources.mailing.scene import in_memory
from tests.switches import MemorySimulator, MemorySwitch

__all__ = ["ALL_SCOPES", "DOCUMENTS", "EVENING", "Answer", "ask", "open_at_evening", "opened", "viewer"]

EVENING = datetime(2026, 11, 24, 18, tzinfo=UTC)
"""The worked example's call is over."""

EXAMPLES = Path(__file__).parents[1] / "resolvers" / "examples"
DOCUMENTS = {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.graphql")}

ALL_SCOPES = Viewer("everybody", frozenset(Scope), {"sub": "everybody"})
"""Who may do everything, as no role may: for tests that are about something else than who asks."""


def viewer(role: str, *, subject: str | None = None) -> Viewer:
    """Somebody who has `role`, as their token says it."""
    name = subject or role
    return Viewer(name, ROLES[role], {"sub": name})


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


async def ask(company: Company, document: str, *, viewer: Viewer = ALL_SCOPES, **variables: Any) -> Answer:
    """The answer that `viewer` gets to `document`, or to the example of that name, with what it cost."""
    before = sum(database.statements for database in company.databases.values())
    context = company.context(viewer)
    request = GraphQLRequest(query=DOCUMENTS.get(document, document), variables=variables)
    response = await company.gateway.answer(request, context)
    statements = sum(database.statements for database in company.databases.values()) - before
    return Answer(response.data, list(response.errors), [each.service for each in context.sent], statements)


def open_at_evening(settings: Settings) -> Company:
    """Its first bridge has a switch in memory, where the settings name none; its letters are printed in memory too."""
    switches = {cast.HOME_BRIDGE: MemorySwitch(), SIMULATOR: MemorySimulator()} if settings.bridges is None else None
    return open_company(settings, clock=lambda: EVENING, switches=switches, delivery=in_memory())


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Company]:
    company = await asyncio.to_thread(open_at_evening, settings)
    try:
        yield company
    finally:
        await company.close()
