"""GraphiQL at `/`: files that the set-up built, and the examples it opens with. Nothing comes from anywhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["BUILT", "Example", "page_routes"]

BUILT = Path(__file__).parent / "graphiql" / "dist"

# Monaco writes its colours into style elements, so styles may be inline; scripts, workers and requests are ours alone.
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:"
_HEADERS = {
    "content-security-policy": f"{_POLICY}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A tab that GraphiQL opens with the first time."""

    name: str
    document: str
    variables: Mapping[str, Any]


def page_routes(examples: Sequence[Example], *, built: Path) -> list[BaseRoute]:
    """`/graphiql/examples.json` and the page; a sentence that says what to do where it isn't built."""
    content = orjson.dumps(
        [{"name": each.name, "document": each.document, "variables": each.variables} for each in examples]
    )

    async def listed(request: Request) -> Response:
        return Response(content, media_type="application/json", headers=_HEADERS)

    page = Mount("/", _Page(directory=built, html=True)) if built.is_dir() else Route("/", _unbuilt)
    return [Route("/graphiql/examples.json", listed), page]


class _Page(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        # Vite puts a hash of the content into the names of all but the page itself.
        lasting = path.startswith("assets/")
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
        return response


async def _unbuilt(request: Request) -> Response:
    return PlainTextResponse("GraphiQL is not built: run `make graphiql`. The graph itself is at /graphql.\n")
