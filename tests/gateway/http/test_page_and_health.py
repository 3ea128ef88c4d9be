"""GraphiQL at `/`, and what a balancer asks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import pytest

from gateway.doors.viewer import Viewer
from gateway.http.application import make_http_app
from gateway.http.page import Example, Page
from gateway.request import GraphQLRequest, GraphQLResponse

EXAMPLE = Example(name="Hello", document="query Hello { name }", variables={"id": "1"}, roles=["manager"])


class Nobody:
    async def answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        raise AssertionError(request)


def _client(
    page: Path, states: Mapping[str, str | None] | None = None, *, pages: Sequence[Page] = ()
) -> httpx.AsyncClient:
    async def readiness() -> Mapping[str, str | None]:
        return states or {}

    app = make_http_app(Nobody(), readiness=readiness, examples=[EXAMPLE], pages=pages, page=page)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>GraphiQL</title>")
    (tmp_path / "assets" / "main-1a2b.js").write_text("1")
    return tmp_path


async def test_page_asks_nobody_else(built: Path) -> None:
    """The page's policy admits this server only, and no frame around it."""
    async with _client(built) as client:
        page = await client.get("/")
        script = await client.get("/assets/main-1a2b.js")
    assert page.status_code == script.status_code == 200
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; connect-src 'self';")
    assert "unsafe" not in policy.replace("style-src 'self' 'unsafe-inline'", "")
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-cache"
    assert "immutable" in script.headers["cache-control"]


async def test_page_opens_with_the_examples_it_is_given(built: Path) -> None:
    """The page fetches its tabs, so that the engine knows nothing of the business."""
    async with _client(built) as client:
        listed = (await client.get("/graphiql/examples.json")).json()
    assert listed == [
        {"name": "Hello", "document": "query Hello { name }", "variables": {"id": "1"}, "roles": ["manager"]}
    ]


async def test_page_that_is_not_built_says_how(tmp_path: Path) -> None:
    """Without the built files the graph is served all the same."""
    async with _client(tmp_path / "absent") as client:
        assert "make graphiql" in (await client.get("/")).text
        assert (await client.get("/health")).status_code == 200


async def test_other_pages_stand_beside_graphiql(built: Path, tmp_path: Path) -> None:
    """Each with the strictest policy, with and without a slash; GraphiQL's bar names them."""
    pages = [
        Page(path="/app", title="Clients", built=built, build="make pages"),
        Page(path="/other", title="Other", built=tmp_path / "absent", build="make pages"),
    ]
    async with _client(built, pages=pages) as client:
        listed = (await client.get("/graphiql/pages.json")).json()
        page = await client.get("/app", follow_redirects=True)
        unbuilt = [(await client.get(path)).text for path in ("/other", "/other/")]
    assert listed == [{"path": "/app/", "title": "Clients"}, {"path": "/other/", "title": "Other"}]
    assert (page.status_code, page.url.path) == (200, "/app/")
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert all("Other is not built: run `make pages`" in text for text in unbuilt)


@pytest.mark.parametrize("path", ["/../pyproject.toml", "/assets/../../x", "/%2e%2e/%2e%2e/etc/passwd", "/nothing"])
async def test_nothing_outside_the_page_is_served(built: Path, path: str) -> None:
    """No path leads out of the built files."""
    async with _client(built) as client:
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ({"sales": None, "billing": None}, 200),
        ({"sales": None, "billing": "billing is not available"}, 200),
        ({"sales": "sales is not available", "billing": "billing is not available"}, 503),
    ],
)
async def test_ready_while_any_subgraph_answers(built: Path, states: Mapping[str, str | None], status: int) -> None:
    """One system that is down is named, and doesn't take the others' answers away."""
    async with _client(built, states) as client:
        response = await client.get("/ready")
    assert response.status_code == status
    assert response.json() == {
        "ready": status == 200,
        "subgraphs": {name: state or "ready" for name, state in states.items()},
    }
