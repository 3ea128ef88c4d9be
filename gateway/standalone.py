"""Any supergraph, served without a company: a file -> a gateway over remote subgraphs; another when the file changes.

    A  make      a supergraph's text -> gateway, subgraphs, door; refused whole where anything of it can't be used
    B  answer    by the gateway of now; a request ends on the one it began with, which hangs up after its last
    C  watch     the file's content, as it is once it has stopped changing; what can't be used is logged and left alone

Wiring only, as gateway/company.py and gateway/app.py; but it knows no room beside the engine.
"""

import asyncio
import contextlib
import gc
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from graphql import GraphQLError, validate_schema

from gateway.authorization.access import Access
from gateway.authorization.requirements import Requirements
from gateway.composition.supergraph import Supergraph
from gateway.config import Settings
from gateway.doors.audit import AuditLog
from gateway.doors.door import Door
from gateway.doors.opening import open_door
from gateway.doors.viewer import ANONYMOUS, Viewer
from gateway.errors import SpojkaError, SupergraphError
from gateway.http.application import make_http_app
from gateway.http.persisted import open_documents
from gateway.limits import Limits
from gateway.pipeline import Gateway
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.section import ConfigError
from gateway.subgraphs.protocol import RequestContext
from gateway.subgraphs.remote.settings import problem_of_url
from gateway.subgraphs.remote.subgraph import RemoteSubgraph

__all__ = ["StandaloneGraph", "make_standalone_app", "open_standalone"]

log = logging.getLogger("spojka")

_LOOK_SECONDS = 0.25
_READY_SECONDS = 1.0  # for how long what is said of the subgraphs holds: asking here doesn't ask them each time
Reach = Literal["machine", "beyond"]


@dataclass(frozen=True, slots=True)
class _Open:
    """Where a graph asks for nobody's token, none is looked at; a header rule may still hand it on."""

    async def viewer(self, authorization: Sequence[bytes]) -> Viewer:
        return ANONYMOUS


@dataclass(slots=True, eq=False)
class _Running:
    """A gateway with what it works with; `in_flight` requests are on it."""

    gateway: Gateway
    subgraphs: dict[str, RemoteSubgraph]
    door: Door
    asks_for_tokens: bool
    in_flight: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self) -> None:
        await asyncio.gather(*(each.close() for each in self.subgraphs.values()))


def _most_objects(limits: Limits) -> int:
    """Here the objects are other servers' work, and cost this one a hundredth: so more of them, unless it is set."""
    usual = Limits().answer_objects
    return usual * 50 if limits.answer_objects == usual else limits.answer_objects


# A
class _Maker:
    """Makes what runs, of a supergraph's text and the settings."""

    def __init__(self, settings: Settings, reach: Reach, audit: AuditLog | None) -> None:
        self._settings = settings
        self._reach = reach
        self._audit = audit
        self._door: Door | None = None

    def make(self, text: str) -> _Running:
        """Raises SpojkaError or ConfigError for what can't be used; nothing is open then."""
        settings = self._settings
        supergraph = _read(text)
        urls = self._urls(supergraph)
        access = Access(supergraph, rules=settings.rows, refuse_whole=settings.doors.refuse == "request")
        asks = bool(Requirements(supergraph.document)) or bool(settings.rows)
        if asks and self._reach == "beyond":
            self._check_doors()
        door = self._opened() if asks or settings.doors.chosen else _Open()
        subgraphs = {name: RemoteSubgraph(name, url, settings.subgraphs.of(name)) for name, url in urls.items()}
        gateway = Gateway(
            supergraph,
            subgraphs,
            access=access,
            labels=settings.labels,
            most_objects=_most_objects(settings.limits),
            seconds=settings.limits.answer_seconds,
            witness=self._audit,
        )
        return _Running(gateway, subgraphs, door, asks)

    def _urls(self, supergraph: Supergraph) -> dict[str, str]:
        urls: dict[str, str] = {}
        for graph in supergraph.graphs.values():
            if graph.name in urls:
                raise SupergraphError(f"two subgraphs are called {graph.name}")
            url = self._settings.subgraphs.of(graph.name).url or graph.url
            if not url:
                raise SupergraphError(
                    f"the subgraph {graph.name} has no URL: set url in [subgraphs.{graph.name}], or compose with it"
                )
            if problem := problem_of_url(url):
                raise SupergraphError(f"the URL of the subgraph {graph.name} can't be used: {problem}")
            urls[graph.name] = url
        return urls

    def _check_doors(self) -> None:
        """What asks for tokens isn't shown to other machines before somebody has decided about doors."""
        if not self._settings.doors.chosen:
            raise SupergraphError(
                "it asks for tokens and can be reached from other machines, and nobody has chosen who signs tokens: "
                "set [doors] jwks or embedded = true in spojka.toml, or use 127.0.0.1"
            )
        if not self._settings.http.hosts:
            raise SupergraphError(
                "it asks for tokens and can be reached from other machines: list the names they call it by in "
                "[http] hosts"
            )

    def _opened(self) -> Door:
        """The door for those who have tokens; one for all supergraphs, as it remembers whose were good."""
        settings = self._settings
        if self._door is None:
            if settings.doors.jwks is None:
                _make_folder(settings.data)  # for the key
            self._door = open_door(settings.doors, settings.data, roles={})
        return self._door


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--data {folder}: the directory can't be made ({error.strerror}): name another") from error


def _read(text: str) -> Supergraph:
    try:
        supergraph = Supergraph.read(text)
        problems = validate_schema(supergraph.api_schema)
    except GraphQLError as error:
        raise SupergraphError(f"it is not GraphQL: {error.message}") from error
    except (TypeError, KeyError, ValueError) as error:
        raise SupergraphError(f"it can't be used: {error}") from error
    if problems:
        raise SupergraphError(f"its API schema is not valid: {problems[0].message}")
    return supergraph


# B
class StandaloneGraph:
    """Answers by the supergraph in `file`, as it is now."""

    def __init__(self, file: Path, content: bytes, running: _Running, maker: _Maker, audit: AuditLog | None) -> None:
        self._file = file
        self._running = running
        self._maker = maker
        self._audit = audit
        self._digest = _digest(content)
        self._closing: set[asyncio.Task[None]] = set()
        self._readiness: tuple[float, asyncio.Task[dict[str, str | None]]] | None = None

    @property
    def asks_for_tokens(self) -> bool:
        """Whether anything of the graph is not for everybody."""
        return self._running.asks_for_tokens

    async def answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        """Never raises for what a client or a subgraph does wrong."""
        running = self._running
        context = RequestContext(
            now=datetime.now(UTC), viewer=viewer, headers=request.headers, request_id=request.request_id
        )
        running.in_flight += 1
        try:
            response = await running.gateway.answer(request, context)
        finally:
            running.in_flight -= 1
            if running.in_flight == 0:
                running.idle.set()
        returned = tuple(dict.fromkeys(context.returned))
        return replace(response, headers=returned) if returned else response

    async def viewer(self, authorization: Sequence[bytes]) -> Viewer:
        """Who asks, as the graph of now has it: it is the door too."""
        return await self._running.door.viewer(authorization)

    async def readiness(self) -> dict[str, str | None]:
        """For each subgraph None when it answers, else why not; asked once a second, however many want to know."""
        now = asyncio.get_running_loop().time()
        if self._readiness is None or now - self._readiness[0] > _READY_SECONDS:
            self._readiness = (now, asyncio.ensure_future(self._knock()))
        return await asyncio.shield(self._readiness[1])

    async def _knock(self) -> dict[str, str | None]:
        subgraphs = self._running.subgraphs
        states = await asyncio.gather(*(each.readiness() for each in subgraphs.values()))
        return dict(zip(subgraphs, states, strict=True))

    # C
    async def watch(self) -> None:
        """Until it is cancelled."""
        tried = seen = _stamp(self._file)
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            stamp = _stamp(self._file)
            if stamp == seen and stamp != tried:  # nobody is writing it any more
                tried = stamp
                await self._look()
            seen = stamp

    async def _look(self) -> None:
        try:
            content = await asyncio.to_thread(self._file.read_bytes)
            if (digest := _digest(content)) == self._digest:
                return
            running = await asyncio.to_thread(self._maker.make, content.decode("utf-8"))
        except (OSError, UnicodeDecodeError, SpojkaError, ConfigError) as error:
            log.error("%s can't be used, the graph stays as it was: %s", self._file, error)  # noqa: TRY400 - not ours
            return
        except Exception:  # whatever is wrong with the new one, the old one answers on
            log.exception("%s can't be used, the graph stays as it was", self._file)
            return
        self._digest = digest
        self._replace(running)
        log.warning("%s has changed: requests are answered by the new graph from now on", self._file)

    def _replace(self, running: _Running) -> None:
        old, self._running = self._running, running
        self._readiness = None
        task = asyncio.ensure_future(_end(old))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Hangs up."""
        for task in self._closing:
            task.cancel()
        await self._running.close()
        if self._audit:
            self._audit.close()


async def _end(running: _Running) -> None:
    while running.in_flight:
        running.idle.clear()
        await running.idle.wait()
    await running.close()
    del running  # nobody has it any more, so that it can be forgotten
    await asyncio.to_thread(_forget)


def _forget() -> None:
    """What lived since the start was kept from the collector (gateway/collecting.py): the old graph must go."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """Changes with the file; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def open_standalone(file: Path, settings: Settings, *, reach: Reach) -> StandaloneGraph:
    """Raises SpojkaError or ConfigError where the file can't be used."""
    if settings.doors.roles_claim is not None:
        raise ConfigError("doors.roles: there are none without the company; tokens list scopes: leave it out")
    audit = _audit(settings)
    maker = _Maker(settings, reach, audit)
    try:
        content = file.read_bytes()
        running = maker.make(content.decode("utf-8"))
    except OSError as error:
        raise SupergraphError(f"{file} can't be read ({error.strerror}): name a file with a supergraph") from error
    except UnicodeDecodeError as error:
        raise SupergraphError(f"{file} is not text in UTF-8: name a file with a supergraph") from error
    except SupergraphError as error:
        raise SupergraphError(f"{file}: {error}") from error
    _refuse_strangers(settings, running)
    return StandaloneGraph(file, content, running, maker, audit)


def make_standalone_app(graph: StandaloneGraph, settings: Settings, *, reach: Reach = "machine") -> Any:
    """The ASGI application: /graphql, /health, /ready, and GraphiQL at /."""

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        watching = asyncio.ensure_future(graph.watch())
        yield
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await graph.close()

    hosts = settings.http.hosts
    if reach == "beyond" and not hosts:  # nothing is asked for, so nothing is anybody's to be kept from
        log.warning("this server answers to any name: list those it is called by in [http] hosts")
        hosts = ("*",)
    return make_http_app(
        graph,
        readiness=graph.readiness,
        limits=settings.limits,
        hosts=hosts,
        door=graph,
        documents=open_documents(settings.persisted),
        cors=settings.http.cors,
        lifespan=lifespan,
    )


def _audit(settings: Settings) -> AuditLog | None:
    if settings.data.is_dir():
        return AuditLog(settings.data / "audit.log", settings.audit)
    if settings.audit.required:
        raise ConfigError(f"audit.required: there is no directory {settings.data} for the log: make it, or name --data")
    return None


def _refuse_strangers(settings: Settings, running: _Running) -> None:
    """A name that is written wrong would be a secret that is never sent, or a limit that never holds."""
    for name, place in settings.subgraphs.places.items():
        if name not in running.subgraphs:
            known = ", ".join(running.subgraphs)
            raise ConfigError(f"{place}: subgraphs.{name}: there is no such subgraph; there are {known}")
    for name, subgraph in running.subgraphs.items():
        if subgraph.is_in_the_clear:
            log.warning("%s is sent a secret over plain http: use https", name)
