"""What frontends may do at the endpoint: ids in place of texts, other origins, plans."""

from collections.abc import Mapping

import httpx
import pytest

from gateway.doors.viewer import Viewer
from gateway.http.application import make_http_app
from gateway.http.cors import CorsSettings
from gateway.http.persisted import PersistedDocuments
from gateway.request import GraphQLRequest, GraphQLResponse

QUERY = "{ cats { name } }"
ORIGIN = "https://app.example.org"
GRAPHQL = "application/graphql-response+json"


class Asked:
    """Answers everything, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[GraphQLRequest] = []

    async def answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        self.requests.append(request)
        return GraphQLResponse(data={"cats": []}, extensions={"plan": {}} if request.explain != "no" else {})


def client(asked: Asked, *, only: bool = False) -> httpx.AsyncClient:
    async def readiness() -> Mapping[str, str | None]:
        return {}

    documents = PersistedDocuments({"cats": QUERY}, only=only)
    app = make_http_app(asked, readiness=readiness, documents=documents, cors=CorsSettings(origins=(ORIGIN,)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost")


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_id_stands_for_the_text(method: str) -> None:
    """Either way of sending; limits and engine see the text."""
    asked = Asked()
    async with client(asked, only=True) as http:
        if method == "POST":
            response = await http.post("/graphql", json={"documentId": "cats", "variables": {"a": 1}})
        else:
            response = await http.get("/graphql", params={"documentId": "cats", "variables": '{"a": 1}'})
    assert response.json() == {"data": {"cats": []}}
    assert [(each.query, each.variables) for each in asked.requests] == [(QUERY, {"a": 1})]


@pytest.mark.parametrize(
    ("accept", "status"), [(GRAPHQL, 400), ("application/json", 200)], ids=["today's type", "legacy type"]
)
async def test_other_documents_are_refused_before_anything_runs(accept: str, status: int) -> None:
    """With the status that the media type allows, as for every request that can't be executed."""
    asked = Asked()
    async with client(asked, only=True) as http:
        response = await http.post("/graphql", json={"query": QUERY}, headers={"accept": accept})
    assert response.status_code == status
    assert [each["extensions"]["code"] for each in response.json()["errors"]] == ["PERSISTED_DOCUMENT_REQUIRED"]
    assert "data" not in response.json()
    assert asked.requests == []


async def test_unknown_hash_has_the_words_that_clients_look_for() -> None:
    """Apollo's link looks for the code, others for the message."""
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}
    async with client(Asked()) as http:
        response = await http.post("/graphql", json={"extensions": extensions}, headers={"accept": "application/json"})
    assert response.json() == {
        "errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]
    }


async def test_page_of_a_listed_origin_asks_and_another_does_not() -> None:
    """The preflight of one is answered, the other's isn't; other paths are for our own pages alone."""
    before = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    async with client(Asked()) as http:
        allowed = await http.options("/graphql", headers={"origin": ORIGIN, **before})
        refused = await http.options("/graphql", headers={"origin": "https://evil.example.org", **before})
        answer = await http.post("/graphql", json={"query": QUERY}, headers={"origin": ORIGIN})
        elsewhere = await http.get("/ready", headers={"origin": ORIGIN})
    assert (allowed.status_code, refused.status_code) == (200, 400)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.json() == {"data": {"cats": []}}
    assert "access-control-allow-origin" not in {**refused.headers, **elsewhere.headers}


async def test_get_that_another_site_makes_a_browser_send_is_refused() -> None:
    """A link or an image has no way of forcing a preflight."""
    asked = Asked()
    async with client(asked) as http:
        response = await http.get("/graphql", params={"query": QUERY}, headers={"sec-fetch-site": "cross-site"})
    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"]["code"] == "CROSS_SITE_REQUEST"
    assert asked.requests == []


@pytest.mark.parametrize(("header", "explain"), [("1", "beside"), ("only", "only"), ("other", "no"), (None, "no")])
async def test_header_asks_for_the_plan(header: str | None, explain: str) -> None:
    """Nothing else does; the answer's extensions go out as they are."""
    asked = Asked()
    async with client(asked) as http:
        headers = {"spojka-plan": header} if header else {}
        response = await http.post("/graphql", json={"query": QUERY}, headers=headers)
    assert [each.explain for each in asked.requests] == [explain]
    assert ("extensions" in response.json()) == (explain != "no")
