"""Doors over HTTP: what a client is told, and what is never told to a log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from gateway.doors.door import TokenDoor
from gateway.doors.key_set import KeySet
from gateway.doors.viewer import Viewer
from gateway.http.application import make_http_app
from gateway.http.demo import Demo
from gateway.request import GraphQLRequest, GraphQLResponse
from tests.gateway.doors.issuer import NOW, SETTINGS, claims, okp_key, serving, signed

KEY = okp_key()
QUERY = {"query": "{ __typename }"}


@dataclass
class WhoAsks:
    """Answers with the name of who asks."""

    asked: list[Viewer] = field(default_factory=list)

    async def answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        self.asked.append(viewer)
        return GraphQLResponse(data={"subject": viewer.subject})


@pytest.fixture
def answerer() -> WhoAsks:
    return WhoAsks()


async def _nothing() -> dict[str, str | None]:
    return {}


@pytest.fixture
async def client(answerer: WhoAsks) -> AsyncIterator[httpx.AsyncClient]:
    demo = Demo({"manager": "manager", "salesperson": "jana.kralova"}, lambda role, subject: f"{role}/{subject}")
    with serving(KEY) as server:
        door = TokenDoor(SETTINGS, KeySet(server.url, SETTINGS.keys_max_age), clock=lambda: NOW)
        app = make_http_app(answerer, readiness=_nothing, door=door, demo=demo, hosts=["graph.example.org"])
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client


async def _ask(client: httpx.AsyncClient, *authorization: bytes, url: str = "/graphql") -> httpx.Response:
    return await client.post(url, json=QUERY, headers=[(b"authorization", each) for each in authorization])


def _code(response: httpx.Response) -> Any:
    return response.json()["errors"][0]["extensions"]["code"]


async def test_token_says_who_asks(client: httpx.AsyncClient) -> None:
    """And without one it is nobody."""
    assert (await _ask(client, b"bearer " + signed(KEY, alg="EdDSA"))).json()["data"]["subject"] == "jana.kralova"
    assert (await _ask(client)).json()["data"]["subject"] == "anonymous"


@pytest.mark.parametrize("token", [b"garbage", signed(KEY, claims(exp=1), alg="EdDSA"), b"x" * 3_000_000])
async def test_bad_token_is_401_and_never_anonymous(
    client: httpx.AsyncClient, answerer: WhoAsks, caplog: pytest.LogCaptureFixture, token: bytes
) -> None:
    """RFC 6750, section 3.1; nothing is asked, and the token is nowhere."""
    with caplog.at_level(logging.DEBUG):
        response = await _ask(client, b"Bearer " + token)
    assert (response.status_code, _code(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert answerer.asked == []
    text = token[:200].decode()
    assert text not in response.text
    assert text not in caplog.text


async def test_two_authorization_headers_are_400(client: httpx.AsyncClient, answerer: WhoAsks) -> None:
    """Even where both are the same good token."""
    good = b"Bearer " + signed(KEY, alg="EdDSA")
    response = await _ask(client, good, good)
    assert (response.status_code, _code(response), answerer.asked) == (400, "BAD_REQUEST", [])
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_request"'


async def test_token_in_the_url_is_refused(client: httpx.AsyncClient, answerer: WhoAsks) -> None:
    """Good or not, beside a good header or not: URLs end up in logs."""
    token = signed(KEY, alg="EdDSA")
    url = f"/graphql?access_token={token.decode()}"
    for response in (
        await _ask(client, url=url),
        await _ask(client, b"Bearer " + token, url=url),
        await client.get(f"{url}&query={{__typename}}", headers={"graphql-require-preflight": "1"}),
    ):
        assert (response.status_code, _code(response)) == (400, "BAD_REQUEST")
        assert token.decode() not in response.text
    assert answerer.asked == []


async def test_health_needs_no_token_and_minds_no_bad_one(client: httpx.AsyncClient) -> None:
    """A balancer has none."""
    response = await client.get("/health", headers={"authorization": "Bearer garbage"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_issuer_that_is_down_is_503(answerer: WhoAsks) -> None:
    """No challenge: it isn't the token's fault, and nobody is asked meanwhile."""
    door = TokenDoor(SETTINGS, KeySet("http://127.0.0.1:1/keys", SETTINGS.keys_max_age), clock=lambda: NOW)
    transport = httpx.ASGITransport(app=make_http_app(answerer, readiness=_nothing, door=door))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        response = await _ask(client, b"Bearer " + signed(KEY, alg="EdDSA"))
        assert (response.status_code, _code(response), answerer.asked) == (503, "KEYS_UNAVAILABLE", [])
        assert "www-authenticate" not in response.headers
        assert (await _ask(client)).status_code == 200


async def test_server_without_a_door_takes_no_token(answerer: WhoAsks) -> None:
    """Whoever sends one believes to be somebody."""
    transport = httpx.ASGITransport(app=make_http_app(answerer, readiness=_nothing))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await _ask(client, b"Bearer abc")).status_code == 401
        assert (await _ask(client)).json()["data"]["subject"] == "anonymous"


async def test_only_names_of_this_server_are_answered(client: httpx.AsyncClient) -> None:
    """Those that are listed, and those of the machine itself."""
    for host, status in (("graph.example.org", 200), ("localhost:8000", 200), ("evil.example.org", 400)):
        response = await client.post("/graphql", json=QUERY, headers={"host": host})
        assert response.status_code == status, host


async def test_demo_gives_tokens_for_its_roles(client: httpx.AsyncClient) -> None:
    """With the name that goes with a role, or another; never to be kept by a cache."""
    roles = (await client.get("/demo/roles")).json()
    assert roles == [
        {"role": "manager", "subject": "manager"},
        {"role": "salesperson", "subject": "jana.kralova"},
    ]
    response = await client.get("/demo/token", params={"role": "salesperson"})
    assert response.json() == {
        "token": "salesperson/jana.kralova",
        "role": "salesperson",
        "subject": "jana.kralova",
    }
    assert response.headers["cache-control"] == "no-store"
    other = await client.get("/demo/token", params={"role": "salesperson", "subject": "petr"})
    assert other.json()["token"] == "salesperson/petr"  # noqa: S105 - a made-up one
    assert (await client.get("/demo/token", params={"role": "processes"})).status_code == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_demo_gives_none_to_pages_of_other_sites(client: httpx.AsyncClient, site: str) -> None:
    """Neither readable for them nor given."""
    response = await client.get("/demo/token", params={"role": "manager"}, headers={"sec-fetch-site": site})
    assert response.status_code == 403
    assert "token" not in response.json()
    assert "access-control-allow-origin" not in response.headers
