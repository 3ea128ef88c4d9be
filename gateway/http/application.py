"""All that is served: /graphql, /health, /ready, and GraphiQL at /."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.doors.door import CLOSED, Door
from gateway.http.cors import CorsSettings, open_to
from gateway.http.demo import Demo, demo_routes
from gateway.http.endpoint import Answerer, Endpoint
from gateway.http.gate import Announced, Gate, Proof
from gateway.http.page import BUILT, Example, Page, page_routes
from gateway.http.persisted import PersistedDocuments
from gateway.http.settings import LOOPBACK_HOSTS
from gateway.http.unsubscribe import Unsubscribing, unsubscribe_routes
from gateway.limits import Limits

__all__ = ["Readiness", "make_http_app", "make_subgraph_app"]

# By name of the subgraph: None when it answers, else a sentence that may be shown.
Readiness = Callable[[], Awaitable[Mapping[str, str | None]]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def make_http_app(
    answerer: Answerer,
    *,
    readiness: Readiness,
    examples: Sequence[Example] = (),
    limits: Limits | None = None,
    hosts: Sequence[str] = (),
    door: Door = CLOSED,
    documents: PersistedDocuments | None = None,
    cors: CorsSettings | None = None,
    demo: Demo | None = None,
    pages: Sequence[Page] = (),
    unsubscribing: Unsubscribing | None = None,
    lifespan: Lifespan | None = None,
    page: Path = BUILT,
) -> Starlette:
    """The ASGI application; `lifespan` opens and closes what `answerer` works with.

    `hosts` are names that it is called by, besides those of this machine itself. `pages` are served beside GraphiQL,
    and the endpoint for `unsubscribing` where that is set up.
    """
    endpoint = Endpoint(answerer, limits=limits or Limits(), door=door, documents=documents)

    async def ready(request: Request) -> Response:
        return _readiness(await readiness())

    return Starlette(
        routes=[
            Route("/graphql", open_to(cors or CorsSettings(), endpoint)),
            Route("/health", _health),
            Route("/ready", ready),
            *(demo_routes(demo) if demo else ()),
            *(unsubscribe_routes(unsubscribing) if unsubscribing else ()),
            *page_routes(examples, pages=pages, built=page),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK_HOSTS, *hosts], www_redirect=False)],
        lifespan=lifespan,
    )


def make_subgraph_app(
    answerer: Answerer,
    *,
    proof: Proof,
    readiness: Readiness,
    limits: Limits | None = None,
    lifespan: Lifespan | None = None,
) -> Starlette:
    """The ASGI application of one subgraph alone, for the gateway that can prove itself; for nobody else a page."""

    async def ready(request: Request) -> Response:
        return _readiness(await readiness())

    # No page of another site knows the secret; but where none is needed, it must not come by a name of its own.
    hosts = ["*"] if proof.is_needed else list(LOOPBACK_HOSTS)
    return Starlette(
        routes=[
            Route("/graphql", Gate(Endpoint(Announced(answerer), limits=limits or Limits()), proof)),
            Route("/health", _health),
            Route("/ready", ready),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)],
        lifespan=lifespan,
    )


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _readiness(states: Mapping[str, str | None]) -> Response:
    """Ready while any subgraph answers: one system that is down must not take the others' answers away."""
    ready = not states or any(state is None for state in states.values())
    content = {"ready": ready, "subgraphs": {name: state or "ready" for name, state in states.items()}}
    return JSONResponse(content, status_code=200 if ready else 503)
