"""The one place where all rooms meet: settings -> sources -> subgraphs -> gateway, and the graph over them.

Wiring only. What a system is called, which class holds it and which schema answers for it stand in one table: SYSTEMS.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from graphql import print_schema
from strawberry.federation import Schema

import resolvers.billing
import resolvers.bridge
import resolvers.links
import resolvers.mailing
import resolvers.processes
import resolvers.reservations
import resolvers.sales
from gateway.answered_graph import AnsweredGraph
from gateway.authorization.access import Access
from gateway.authorization.row_rules import RowRule, merged
from gateway.billing import billing_settings
from gateway.bridges import configured_bridges, open_switches
from gateway.composition import SubgraphSdl, compose
from gateway.composition.supergraph import Supergraph
from gateway.config import Settings
from gateway.databases import StartError, durable_engine, make_ours, open_database, refuse_misfits
from gateway.delivery import open_delivery
from gateway.doors.viewer import ANONYMOUS, Viewer
from gateway.doors.witness import Witness
from gateway.pipeline import Gateway
from gateway.post import make_own_key
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.subgraphs.embedded import EmbeddedSubgraph
from gateway.subgraphs.protocol import RequestContext
from processes.catalogue import PROCESSES as CATALOGUE
from processes.durable import Queue
from processes.graph import Graph
from processes.here import Here
from processes.issue_invoice import ask_for_buyer
from processes.register import RunRow
from processes.runner import Executor, Queued, Runner
from processes.stepping import Surroundings
from resolvers.billing.issuing import BillingContext
from resolvers.context import Context
from resolvers.mailing import Delivery, MailingContext
from resolvers.processes import ProcessesContext
from resolvers.roles import ROLES, ROW_RULES
from sources.billing import Billing
from sources.bridge import Bridges
from sources.bridge.registering import register
from sources.bridge.switches.switch import Switch
from sources.database import Database
from sources.errors import ForeignTables, SourceError
from sources.inspecting import is_readable
from sources.links import Links
from sources.mailing import Mailing
from sources.processes import Processes
from sources.records.processes import Step
from sources.reservations import Reservations
from sources.sales import Sales

__all__ = [
    "AUDIT",
    "PROCESSES",
    "SYSTEMS",
    "Clock",
    "Company",
    "access",
    "api_schema_sdl",
    "composed",
    "here",
    "make_folder",
    "open_company",
    "queued",
    "row_rules",
    "states",
    "supergraph",
    "supergraph_sdl",
    "utc_now",
    "wired",
]

_log = logging.getLogger("spojka")
Clock = Callable[[], datetime]
MakeContext = Callable[[RequestContext], Context[Any]]

MakeExecutor = Callable[[Surroundings], Executor]

_HOUSE_ZONE = ZoneInfo("Europe/Prague")
PROCESSES = Viewer("processes", ROLES["processes"], {"sub": "processes"})
AUDIT = "audit.log"
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
    "mailing": System(Mailing, resolvers.mailing.schema),
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
    around: Surroundings
    switches: Mapping[str, Switch]
    delivery: Delivery

    async def answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        """Answers a viewer at the edge; the request's time is read here and nowhere else."""
        return await self.gateway.answer(request, self.context(viewer))

    def context(self, viewer: Viewer = ANONYMOUS) -> RequestContext:
        """What is known of a viewer's request; `sent` in it tells afterwards which subgraphs were asked."""
        return RequestContext(now=self.clock(), viewer=viewer)

    async def readiness(self) -> dict[str, str | None]:
        """For each system None where its database answers, else why not."""
        return await states(self.databases)

    async def close(self) -> None:
        """Lets the runs that have begun come to their end, then closes the databases and hangs up the switches."""
        await self.runner.close()
        await asyncio.gather(*(switch.close() for switch in self.switches.values()))
        await self.delivery.close()
        await asyncio.gather(*(database.close() for database in self.databases.values()))


def here(around: Surroundings) -> Executor:
    """An executor in this process."""
    return Here(CATALOGUE, around)


def queued(settings: Settings) -> MakeExecutor:
    """The way to executors elsewhere: `spojka work`."""
    return lambda _: Queued(Queue(durable_engine(settings)))


async def _nowhere(row: RunRow) -> None:
    raise AssertionError(f"{row.id}: an executor puts runs into its own queue")


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_company(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    witness: Witness | None = None,
    held: Access | None = None,
    executor: MakeExecutor = here,
    switches: Mapping[str, Switch] | None = None,
    delivery: Delivery | None = None,
) -> Company:
    """Opens every system; where none is there yet, the demo company is made first (see gateway/databases.py).

    `held` is the access that the settings give, where it is known already; `executor` carries out runs of processes;
    `switches` are those of the settings' bridges, unless they are given; `delivery` is who renders, prints and sends.
    Each such bridge has its row afterwards.
    A system that is down is passed over while another one answers; StartError says why when none does, and what to do
    where one was to be made in the midst of another program's tables.
    """
    if not settings.urls.keys() >= SYSTEMS.keys():
        make_folder(settings.data)
        make_own_key(settings)
    bridges = configured_bridges(settings)
    databases = {system: open_database(system, settings) for system in SYSTEMS}
    refuse_misfits(databases)
    try:
        make_ours(databases, today=clock().astimezone(_HOUSE_ZONE).date())
        register(databases["bridge"], [each.bridge for each in bridges])
    except ForeignTables as error:  # the settings are wrong, and it would stay so
        asyncio.run(_close(databases))
        raise StartError(str(error)) from error
    except SourceError as error:
        found = asyncio.run(states(databases))
        if None not in found.values():
            asyncio.run(_close(databases))
            raise StartError(str(error)) from error
        _log.warning("starting without %s", ", ".join(name for name, state in found.items() if state))
    switches = open_switches(bridges, settings.data) if switches is None else switches
    return wired(databases, switches, clock, witness, settings, held, executor, delivery)


async def _close(databases: Mapping[str, Database]) -> None:
    await asyncio.gather(*(database.close() for database in databases.values()))


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


def wired(
    databases: Mapping[str, Database],
    switches: Mapping[str, Switch],
    clock: Clock,
    witness: Witness | None,
    settings: Settings,
    held: Access | None,
    executor: MakeExecutor,
    delivery: Delivery | None,
) -> Company:
    """The gateway over every subgraph, what starts processes on it (each needs the other), and resolvers' contexts."""
    sources = {name: system.source(databases[name]) for name, system in SYSTEMS.items()}
    own = {"billing": billing_settings(settings)}
    sources["bridge"] = Bridges(databases["bridge"], switches)
    delivery = delivery or open_delivery(settings, own["billing"].seller)

    def seen_by(asked: RequestContext) -> Graph:
        """The graph as whoever asks sees it, for what depends on it: whose clients they may book for."""

        async def answer(request: GraphQLRequest) -> GraphQLResponse:
            return await gateway.answer(request, RequestContext(now=asked.now, viewer=asked.viewer))

        return AnsweredGraph(answer)

    def context_of(name: str) -> MakeContext:
        if name == "processes":
            return lambda asked: ProcessesContext(
                source=sources[name], now=asked.now, caller=asked.caller, runner=runner, seen=seen_by(asked)
            )
        if name == "billing":
            return lambda asked: BillingContext(
                source=sources[name],
                now=asked.now,
                caller=asked.caller,
                settings=own[name],
                find_buyer=partial(ask_for_buyer, graph),
            )
        if name == "mailing":
            return lambda asked: MailingContext(
                source=sources[name], now=asked.now, caller=asked.caller, delivery=delivery, clock=clock
            )
        return lambda asked: Context(source=sources[name], now=asked.now, caller=asked.caller, settings=own.get(name))

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
        return await gateway.answer(request, RequestContext(now=clock(), viewer=PROCESSES))

    # Processes work on the graph that the subgraph which starts them is part of, so the runner comes last.
    graph = AnsweredGraph(answer)
    around = Surroundings(graph=graph, register=sources["processes"], clock=clock, make_step=Step, enqueue=_nowhere)
    runner = Runner(sources["processes"], executor(around), graph=graph, clock=clock, new_key=_new_key)
    return Company(databases, gateway, runner, contexts, clock, around, switches, delivery)


def access(settings: Settings) -> Access:
    """Who may see what: the directives of the subgraphs, the company's row rules, and those of the settings."""
    return Access(supergraph(), rules=row_rules(settings), refuse_whole=settings.doors.refuse == "request")


def row_rules(settings: Settings) -> tuple[RowRule, ...]:
    return merged([RowRule(**asdict(each)) for each in ROW_RULES], settings.rows)


def make_folder(data: Path) -> None:
    """The data directory: of the databases that aren't elsewhere, the key and the audit log."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"--data {data}: the directory can't be made ({error.strerror}): name another") from error


async def states(databases: Mapping[str, Database]) -> dict[str, str | None]:
    states = await asyncio.gather(*map(_state, databases.values()))
    return dict(zip(databases, states, strict=True))


async def _state(database: Database) -> str | None:
    try:
        await database.read(is_readable)
    except SourceError as error:
        return str(error)
    return None


def _new_key() -> str:
    return uuid.uuid4().hex
