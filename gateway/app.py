"""The one place where all rooms meet: settings -> sources -> subgraphs -> gateway -> ASGI application.

Wiring only. What a system is called, which class holds it and which schema answers for it stand in one table: SYSTEMS.
"""

import asyncio
import json
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from graphql import print_schema
from starlette.applications import Starlette
from strawberry.federation import Schema

import resolvers.billing
import resolvers.bridge
import resolvers.links
import resolvers.processes
import resolvers.reservations
import resolvers.sales
from gateway.authorization.access import Access
from gateway.authorization.row_rules import RowRule, merged
from gateway.composition import SubgraphSdl, compose
from gateway.composition.supergraph import Supergraph
from gateway.config import Settings
from gateway.databases import StartError, make_ours, open_database, refuse_misfits
from gateway.doors.audit import AuditLog
from gateway.doors.opening import embedded_token, open_door
from gateway.doors.viewer import ANONYMOUS, Viewer
from gateway.doors.witness import Witness
from gateway.http.application import make_http_app, make_subgraph_app
from gateway.http.demo import Demo
from gateway.http.gate import Proof
from gateway.http.page import Example, Page
from gateway.http.persisted import open_documents
from gateway.http.remote import RemoteAnswerer
from gateway.operation import choose, prepare, read
from gateway.pipeline import Gateway
from gateway.planning.planner import make_plan
from gateway.planning.printing import print_plan
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.subgraphs.embedded import EmbeddedSubgraph
from gateway.subgraphs.protocol import RequestContext
from gateway.subgraphs.serving import ServedSubgraph
from processes.graph import Graph, GraphError
from processes.runner import Runner
from resolvers.context import Context
from resolvers.processes import ProcessesContext
from resolvers.roles import ROLES, ROW_RULES
from sources.billing import Billing
from sources.bridge import Bridges
from sources.database import Database
from sources.errors import SourceError
from sources.inspecting import is_readable
from sources.links import Links
from sources.processes import Processes
from sources.reservations import Reservations
from sources.sales import Sales

__all__ = [
    "SYSTEMS",
    "Company",
    "StartError",
    "access",
    "api_schema_sdl",
    "composed",
    "graph_as_it_is",
    "local_graph",
    "make_app",
    "make_subgraph",
    "open_company",
    "plan_text",
    "remote_graph",
    "role_token",
    "supergraph",
    "supergraph_sdl",
]

_log = logging.getLogger("spojka")
Clock = Callable[[], datetime]
Reach = Literal["machine", "beyond"]
MakeContext = Callable[[RequestContext], Context[Any]]

_HOUSE_ZONE = ZoneInfo("Europe/Prague")
_PROCESSES = Viewer("processes", ROLES["processes"], {"sub": "processes"})
_OPERATOR = "operator"  # whoever may read the data directory itself
_PAGES = (
    Page(
        path="/app",
        title="Client profiles",
        built=Path(str(files("resolvers") / "profile_page" / "dist")),
        build="make pages",
    ),
)
_CAST = {"salesperson": "jana.kralova"}  # in the demo: who has a role, where it matters who
_DEMO_TOKEN = timedelta(hours=12)
_AUDIT = "audit.log"
_WATCHED = {"Client": "id"}  # of whom the audit log tells


@dataclass(frozen=True, slots=True)
class System:
    """One system of the company: the class that holds it and the subgraph that answers for it."""

    source: Callable[[Database], Any]
    schema: Schema


SYSTEMS: Mapping[str, System] = {
    "billing": System(Billing, resolvers.billing.schema),
    "bridge": System(Bridges, resolvers.bridge.schema),
    "links": System(Links, resolvers.links.schema),
    "processes": System(Processes, resolvers.processes.schema),
    "reservations": System(Reservations, resolvers.reservations.schema),
    "sales": System(Sales, resolvers.sales.schema),
}


@dataclass(frozen=True, slots=True)
class Company:
    """The company, open: its databases, and the gateway to its graph."""

    databases: Mapping[str, Database]
    gateway: Gateway
    runner: Runner
    contexts: Mapping[str, MakeContext]
    clock: Clock

    async def answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        """Answers a viewer at the edge; the request's time is read here and nowhere else."""
        return await self.gateway.answer(request, self.context(viewer))

    def context(self, viewer: Viewer = ANONYMOUS) -> RequestContext:
        """What is known of a viewer's request; `sent` in it tells afterwards which subgraphs were asked."""
        return RequestContext(now=self.clock(), viewer=viewer)

    async def readiness(self) -> dict[str, str | None]:
        """For each system None where its database answers, else why not."""
        return await _states(self.databases)

    async def close(self) -> None:
        """Lets the runs that have begun come to their end, then closes the databases."""
        await self.runner.close()
        await asyncio.gather(*(database.close() for database in self.databases.values()))


@dataclass(frozen=True, slots=True)
class _AnsweredGraph:
    """The graph as processes see it, over whatever answers: all of the data, or GraphError."""

    answer: Callable[[GraphQLRequest], Awaitable[GraphQLResponse]]

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        response = await self.answer(GraphQLRequest(query=document, variables=variables))
        if response.errors or response.data is None:
            raise GraphError(response.errors)
        data: dict[str, Any] = response.data
        return data


def _now() -> datetime:
    return datetime.now(UTC)


def open_company(
    settings: Settings, *, clock: Clock = _now, witness: Witness | None = None, held: Access | None = None
) -> Company:
    """Opens every system; where none is there yet, the demo company is made first (see gateway/databases.py).

    `held` is the access that the settings give, where it is known already.
    A system that is down is passed over while another one answers; StartError says why when none does.
    """
    if not settings.urls.keys() >= SYSTEMS.keys():
        _make_folder(settings.data)
    databases = {system: open_database(system, settings) for system in SYSTEMS}
    refuse_misfits(databases)
    try:
        make_ours(databases, today=clock().astimezone(_HOUSE_ZONE).date())
    except SourceError as error:
        states = asyncio.run(_states(databases))
        if None not in states.values():
            raise StartError(str(error)) from error
        _log.warning("starting without %s", ", ".join(name for name, state in states.items() if state))
    gateway, runner, contexts = _wired(databases, clock, witness, settings, held)
    return Company(databases, gateway, runner, contexts, clock)


def make_app(settings: Settings, *, reach: Reach = "machine") -> Starlette:
    """The ASGI application on the company that `settings` name, for clients on this machine or beyond it."""
    held = access(settings)  # a row rule that can't be kept is said before anything is opened or made
    documents = open_documents(settings.persisted, own=[each.built / "persisted.json" for each in _PAGES])
    _make_folder(settings.data)
    audit = AuditLog(settings.data / _AUDIT, settings.audit)
    company = open_company(settings, witness=audit, held=held)
    door = open_door(settings.doors, settings.data, roles=ROLES, clock=company.clock)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await company.close()
        audit.close()

    return make_http_app(
        company,
        readiness=company.readiness,
        examples=_examples(),
        limits=settings.limits,
        hosts=settings.http.hosts,
        door=door,
        documents=documents,
        cors=settings.http.cors,
        demo=_demo(settings, company.clock) if reach == "machine" else None,
        pages=_PAGES,
        lifespan=lifespan,
    )


def make_subgraph(name: str, settings: Settings) -> Starlette:
    """The ASGI application of one of the company's subgraphs, for another gateway.

    The systems of the others are opened too and not asked, but by *processes*: its runs work on the whole graph.
    """
    company = open_company(settings)
    schema = SYSTEMS[name].schema
    served = ServedSubgraph(
        name,
        schema._schema,
        sdl=schema.as_str(),
        make_context=company.contexts[name],
        clock=company.clock,
        most_objects=settings.limits.answer_objects,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await company.close()

    async def readiness() -> dict[str, str | None]:
        return await _states({name: company.databases[name]})

    tls = settings.subgraph.tls
    proof = Proof(settings.subgraph.secret, by_certificate=tls is not None and tls.client_ca is not None)
    return make_subgraph_app(served, proof=proof, readiness=readiness, limits=settings.limits, lifespan=lifespan)


def role_token(settings: Settings, role: str, *, subject: str | None, lasts: timedelta, clock: Clock = _now) -> str:
    """A token of the embedded key for somebody who has `role`. StartError where there is no such role."""
    if role not in ROLES:
        raise StartError(f"there is no role {role}; there are {', '.join(ROLES)}")
    if subject is None and any(not each.exempt_scopes & ROLES[role] for each in _rules(settings)):
        example = _subject(role)
        raise StartError(f"{role} sees their own rows only: say who it is, like --subject {example}")
    if settings.doors.jwks is None:
        _make_folder(settings.data)
    name = role if subject is None else subject
    return embedded_token(settings.doors, settings.data, subject=name, scopes=ROLES[role], lasts=lasts, now=clock())


@asynccontextmanager
async def local_graph(settings: Settings, *, role: str = "integrator") -> AsyncIterator[Graph]:
    """The graph in this process as `role` sees it, for commands that need no server."""
    operator = Viewer(_OPERATOR, ROLES[role], {"sub": _OPERATOR})
    audit = AuditLog(settings.data / _AUDIT, settings.audit)
    company = await asyncio.to_thread(partial(open_company, settings, witness=audit))
    try:
        yield _AnsweredGraph(partial(company.answer, viewer=operator))
    finally:
        await company.close()
        audit.close()


@asynccontextmanager
async def graph_as_it_is(settings: Settings, *, role: str) -> AsyncIterator[Graph]:
    """The same over the databases as they are: nothing is made, and nobody is told of it."""
    databases = {system: open_database(system, settings) for system in SYSTEMS}
    gateway, runner, contexts = _wired(databases, _now, None, settings, None)
    company = Company(databases, gateway, runner, contexts, _now)
    try:
        yield _AnsweredGraph(partial(company.answer, viewer=Viewer(_OPERATOR, ROLES[role], {"sub": _OPERATOR})))
    finally:
        await company.close()


@asynccontextmanager
async def _remote(answerer: RemoteAnswerer) -> AsyncIterator[Graph]:
    try:
        yield _AnsweredGraph(answerer.answer)
    finally:
        answerer.close()


def remote_graph(url: str, *, token: str | None = None) -> AbstractAsyncContextManager[Graph]:
    """The graph of a Spojka that runs elsewhere. ValueError for what is no HTTP URL, or no token."""
    return _remote(RemoteAnswerer(url, token=token))


@cache
def supergraph_sdl() -> str:
    """What the company's subgraphs compose to."""
    return composed({})


def composed(urls: Mapping[str, str]) -> str:
    """The same with the subgraphs' URLs in it, for a gateway elsewhere."""
    parts = [SubgraphSdl(name, urls.get(name, ""), system.schema.as_str()) for name, system in SYSTEMS.items()]
    return compose(parts).supergraph_sdl


@cache
def supergraph() -> Supergraph:
    """The same, as the planner reads it."""
    return Supergraph.read(supergraph_sdl())


def api_schema_sdl() -> str:
    """What clients see: the content of `schema.graphql`."""
    return print_schema(supergraph().api_schema) + "\n"


def plan_text(document: str, operation: str | None) -> str:
    """How the operation of `document` would be answered, in the grammar of Apollo's query plans."""
    schema = supergraph().api_schema
    known = read(document, schema)
    chosen = choose(known, operation)
    # Without variables, what @include($x) asks for is left out and what @skip($x) hides is shown.
    return print_plan(make_plan(prepare(known, chosen, variables={}, schema=schema), supergraph()))


def _subject(role: str) -> str:
    return _CAST.get(role, role)


def _demo(settings: Settings, clock: Clock) -> Demo | None:
    """Tokens for everybody, while the company is the made-up one and nobody has decided anything about doors."""
    if settings.doors.chosen or settings.urls or settings.http.hosts:
        return None

    def token(role: str, subject: str) -> str:
        return role_token(settings, role, subject=subject, lasts=_DEMO_TOKEN, clock=clock)

    return Demo({role: _subject(role) for role in ROLES if role != _PROCESSES.subject}, token)


def _wired(
    databases: Mapping[str, Database], clock: Clock, witness: Witness | None, settings: Settings, held: Access | None
) -> tuple[Gateway, Runner, Mapping[str, MakeContext]]:
    """The gateway over every subgraph, what starts processes on it (each needs the other), and resolvers' contexts."""
    sources = {name: system.source(databases[name]) for name, system in SYSTEMS.items()}

    def context_of(name: str) -> MakeContext:
        if name == "processes":
            return lambda asked: ProcessesContext(
                source=sources[name], now=asked.now, caller=asked.caller, runner=runner
            )
        return lambda asked: Context(source=sources[name], now=asked.now, caller=asked.caller)

    contexts = {name: context_of(name) for name in SYSTEMS}
    subgraphs = {
        name: EmbeddedSubgraph(name, system.schema._schema, make_context=contexts[name])
        for name, system in SYSTEMS.items()
    }
    gateway = Gateway(
        supergraph(),
        subgraphs,
        access=held or access(settings),
        labels=settings.labels,
        most_objects=settings.limits.answer_objects,
        seconds=settings.limits.answer_seconds,
        witness=witness,
        watched=_WATCHED,
    )

    async def answer(request: GraphQLRequest) -> GraphQLResponse:
        return await gateway.answer(request, RequestContext(now=clock(), viewer=_PROCESSES))

    # Processes work on the graph that the subgraph which starts them is part of, so the runner comes last.
    runner = Runner(sources["processes"], _AnsweredGraph(answer), clock=clock, new_key=_new_key)
    return gateway, runner, contexts


def access(settings: Settings) -> Access:
    """Who may see what: the directives of the subgraphs, the company's row rules, and those of the settings."""
    return Access(supergraph(), rules=_rules(settings), refuse_whole=settings.doors.refuse == "request")


def _rules(settings: Settings) -> tuple[RowRule, ...]:
    return merged([RowRule(**asdict(each)) for each in ROW_RULES], settings.rows)


def _make_folder(data: Path) -> None:
    """The data directory: of the databases that aren't elsewhere, the key and the audit log."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"--data {data}: the directory can't be made ({error.strerror}): name another") from error


async def _states(databases: Mapping[str, Database]) -> dict[str, str | None]:
    states = await asyncio.gather(*map(_state, databases.values()))
    return dict(zip(databases, states, strict=True))


async def _state(database: Database) -> str | None:
    try:
        await database.read(is_readable)
    except SourceError as error:
        return str(error)
    return None


def _examples() -> Sequence[Example]:
    """The documents that GraphiQL opens with, each with the roles it is for and variables of the demo company."""
    folder = files("resolvers") / "examples"
    names = sorted(each.name.removesuffix(".graphql") for each in folder.iterdir() if each.name.endswith(".graphql"))
    return [
        Example(
            name=name,
            document=(folder / f"{name}.graphql").read_text(encoding="utf-8"),
            **json.loads((folder / f"{name}.json").read_text(encoding="utf-8")),
        )
        for name in names
    ]


def _new_key() -> str:
    return uuid.uuid4().hex
