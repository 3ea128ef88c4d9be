"""The company's graph for commands: in this process as it would be served, as it is, or of a Spojka elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from gateway.answered_graph import AnsweredGraph
from gateway.bridges import configured_bridges, open_switches
from gateway.company import AUDIT, SYSTEMS, here, open_company, utc_now, wired
from gateway.config import Settings
from gateway.databases import open_database
from gateway.doors.audit import AuditLog
from gateway.doors.viewer import Viewer
from gateway.http.remote import RemoteAnswerer
from processes.graph import Graph
from resolvers.mailing import Delivery
from resolvers.roles import ROLES

__all__ = ["graph_as_it_is", "local_graph", "remote_graph"]

_OPERATOR = "operator"  # whoever may read the data directory itself


@asynccontextmanager
async def local_graph(settings: Settings, *, role: str = "integrator") -> AsyncIterator[Graph]:
    """The graph in this process as `role` sees it, for commands that need no server."""
    operator = Viewer(_OPERATOR, ROLES[role], {"sub": _OPERATOR})
    audit = AuditLog(settings.data / AUDIT, settings.audit)
    company = await asyncio.to_thread(partial(open_company, settings, witness=audit))
    try:
        yield AnsweredGraph(partial(company.answer, viewer=operator))
    finally:
        await company.close()
        audit.close()


@asynccontextmanager
async def graph_as_it_is(settings: Settings, *, role: str) -> AsyncIterator[Graph]:
    """The same over the databases as they are: nothing is made, printed or sent, and nobody is told of it."""
    databases = {system: open_database(system, settings) for system in SYSTEMS}
    switches = open_switches(configured_bridges(settings), settings.data)
    company = wired(databases, switches, utc_now, None, settings, None, here, Delivery())
    try:
        yield AnsweredGraph(partial(company.answer, viewer=Viewer(_OPERATOR, ROLES[role], {"sub": _OPERATOR})))
    finally:
        await company.close()


@asynccontextmanager
async def _remote(answerer: RemoteAnswerer) -> AsyncIterator[Graph]:
    try:
        yield AnsweredGraph(answerer.answer)
    finally:
        answerer.close()


def remote_graph(url: str, *, token: str | None = None) -> AbstractAsyncContextManager[Graph]:
    """The graph of a Spojka that runs elsewhere. ValueError for what is no HTTP URL, or no token."""
    return _remote(RemoteAnswerer(url, token=token))
