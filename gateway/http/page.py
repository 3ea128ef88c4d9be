"""Pages for people: GraphiQL at `/`, and those that the wiring mounts beside it. Files that the set-up built, no more.

Nothing comes from anywhere else, and the pages' policies (Content-Security-Policy) see to it. No script stands in a
page or is made of a text there. Styles are another matter for GraphiQL: Monaco writes its themes into style elements
and the places of its lines into style attributes, and knows no nonce; so there styles may be inline, which run nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["BUILT", "Example", "Page", "page_routes"]

BUILT = Path(__file__).parent / "graphiql" / "dist"

_ONLY_OURS = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_POLICY = f"{_ONLY_OURS}; style-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
_GRAPHIQL_POLICY = f"{_ONLY_OURS}; style-src 'self' 'unsafe-inline'; font-src 'self' data:; worker-src 'self'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A tab that GraphiQL opens with the first time; `roles` are those it is for, none for everybody."""

    name: str
    document: str
    variables: Mapping[str, Any]
    roles: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of plain files at `path`, called `title` in GraphiQL's bar; `build` is the command that builds it."""

    path: str
    title: str
    built: Path
    build: str
    policy: str = field(default=_POLICY)


def page_routes(examples: Sequence[Example], *, pages: Sequence[Page] = (), built: Path = BUILT) -> list[BaseRoute]:
    """GraphiQL with its examples, and `pages`; a sentence that says what to do in place of one that isn't built."""
    graphiql = Page(path="", title="GraphiQL", built=built, build="make graphiql", policy=_GRAPHIQL_POLICY)
    listed = [
        {"name": each.name, "document": each.document, "variables": each.variables, "roles": each.roles}
        for each in examples
    ]
    linked = [{"path": f"{each.path}/", "title": each.title} for each in pages]
    return [
        _json("/graphiql/examples.json", listed),
        _json("/graphiql/pages.json", linked),
        *(route for page in pages for route in _mounted(page)),
        *_mounted(graphiql),
    ]


def _json(path: str, value: Any) -> Route:
    content = orjson.dumps(value)

    async def endpoint(request: Request) -> Response:
        return Response(content, media_type="application/json", headers=_headers(_POLICY))

    return Route(path, endpoint)


def _mounted(page: Page) -> list[BaseRoute]:
    if page.built.is_dir():
        # GraphiQL's mount would take the path without a slash for one of its own.
        slash = [Route(page.path, _with_slash)] if page.path else []
        return [*slash, Mount(page.path or "/", _Files(page))]
    text = f"{page.title} is not built: run `{page.build}`. The graph itself is at /graphql.\n"

    async def unbuilt(request: Request) -> Response:
        return PlainTextResponse(text)

    return [Route(path, unbuilt) for path in ([page.path] if page.path else []) + [f"{page.path}/"]]


async def _with_slash(request: Request) -> Response:
    return RedirectResponse(f"{request.url.path}/")


class _Files(StaticFiles):
    def __init__(self, page: Page) -> None:
        super().__init__(directory=page.built, html=True)
        self._headers = _headers(page.policy)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(self._headers)
        # Vite puts a hash of the content into the names of all but the page itself.
        lasting = path.startswith("assets/")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
        return response


def _headers(policy: str) -> dict[str, str]:
    return {
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
