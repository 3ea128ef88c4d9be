"""The ASGI applications: settings -> company -> doors, documents, pages. Wiring only.

`make_app` serves the whole graph, `make_subgraph` one of its subgraphs alone. The company itself is gateway/company.py.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Literal

from starlette.applications import Starlette

from gateway.company import (
    AUDIT,
    PROCESSES,
    SYSTEMS,
    Clock,
    Company,
    access,
    here,
    make_folder,
    open_company,
    queued,
    row_rules,
    states,
    utc_now,
)
from gateway.config import Settings
from gateway.databases import StartError
from gateway.doors.audit import AuditLog
from gateway.doors.opening import embedded_token, open_door
from gateway.http.application import make_http_app, make_subgraph_app
from gateway.http.demo import Demo
from gateway.http.gate import Proof
from gateway.http.page import Example, Page
from gateway.http.persisted import open_documents
from gateway.http.unsubscribe import Unsubscribing
from gateway.post import configured_post, open_unsubscribing
from gateway.subgraphs.serving import ServedSubgraph
from resolvers.roles import ROLES

__all__ = ["Reach", "make_app", "make_subgraph", "role_token"]

Reach = Literal["machine", "beyond"]

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
_UNSUBSCRIBE = "mutation ($letter: ID!) { recordUnsubscribe(letter: $letter) { __typename } }"


def make_app(settings: Settings, *, reach: Reach = "machine", has_worker: bool = False) -> Starlette:
    """The ASGI application on the company that `settings` name, for clients on this machine or beyond it.

    Where there is a worker, runs of processes are its; else they are carried out here.
    """
    held = access(settings)  # a row rule that can't be kept is said before anything is opened or made
    documents = open_documents(settings.persisted, own=[each.built / "persisted.json" for each in _PAGES])
    make_folder(settings.data)
    audit = AuditLog(settings.data / AUDIT, settings.audit)
    executor = queued(settings) if has_worker else here
    company = open_company(settings, witness=audit, held=held, executor=executor)
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
        unsubscribing=_unsubscribing(settings, company),
        lifespan=lifespan,
    )


def _unsubscribing(settings: Settings, company: Company) -> Unsubscribing | None:
    """The endpoint of the links in mails, which are of letters; it records by the graph, as processes do."""

    async def record(letter: str) -> bool:
        found = (await company.around.graph.execute(_UNSUBSCRIBE, {"letter": letter}))["recordUnsubscribe"]
        return bool(found["__typename"] == "Unsubscribed")

    post = configured_post(settings)
    return open_unsubscribing(post, record) if post else None


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
        return await states({name: company.databases[name]})

    tls = settings.subgraph.tls
    proof = Proof(settings.subgraph.secret, by_certificate=tls is not None and tls.client_ca is not None)
    return make_subgraph_app(served, proof=proof, readiness=readiness, limits=settings.limits, lifespan=lifespan)


def role_token(settings: Settings, role: str, *, subject: str | None, lasts: timedelta, clock: Clock = utc_now) -> str:
    """A token of the embedded key for somebody who has `role`. StartError where there is no such role."""
    if role not in ROLES:
        raise StartError(f"there is no role {role}; there are {', '.join(ROLES)}")
    if not subject and any(not each.exempt_scopes & ROLES[role] for each in row_rules(settings)):
        example = _subject(role)
        raise StartError(f"{role} sees their own rows only: say who it is, like --subject {example}")
    if settings.doors.jwks is None:
        make_folder(settings.data)
    name = subject or role
    return embedded_token(settings.doors, settings.data, subject=name, scopes=ROLES[role], lasts=lasts, now=clock())


def _subject(role: str) -> str:
    return _CAST.get(role, role)


def _demo(settings: Settings, clock: Clock) -> Demo | None:
    """Tokens for everybody, while the company is the made-up one and nobody has decided anything about doors."""
    if settings.doors.chosen or settings.urls or settings.http.hosts:
        return None

    def token(role: str, subject: str) -> str:
        return role_token(settings, role, subject=subject, lasts=_DEMO_TOKEN, clock=clock)

    return Demo({role: _subject(role) for role in ROLES if role != PROCESSES.subject}, token)


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
