"""GraphQL over HTTP: which status, which media type, for each request a client may send."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import orjson
import pytest

from gateway.doors.viewer import Viewer
from gateway.http.application import make_http_app
from gateway.limits import Limits
from gateway.request import GraphQLRequest, GraphQLResponse

TODAY = "application/graphql-response+json"
LEGACY = "application/json"


@dataclass
class FakeAnswerer:
    """Answers by the text of the query, and remembers what it was asked."""

    asked: list[GraphQLRequest] = field(default_factory=list)

    async def answer(self, request: GraphQLRequest, viewer: Viewer) -> GraphQLResponse:
        self.asked.append(request)
        match request.query:
            case "{ partial }":
                return GraphQLResponse(data={"partial": None}, errors=({"message": "down", "path": ["partial"]},))
            case "{ nothing }":
                return GraphQLResponse(data=None, errors=({"message": "down", "path": ["nothing"]},))
            case "{":
                return _refused("GRAPHQL_PARSE_FAILED")
            case "{ unknown }":
                return _refused("GRAPHQL_VALIDATION_FAILED")
            case "mutation { pay }" if not request.allow_mutations:
                return _refused("MUTATION_NOT_ALLOWED")
            case "{ planless }":
                return _refused("QUERY_PLANNING_FAILED")
            case "{ bug }":
                raise ValueError("SELECT secret FROM invoice")
            case "{ unencodable }":
                return GraphQLResponse(data={"unencodable": object()})
            case _:
                return GraphQLResponse(data={"name": "Žižkov"})


def _refused(code: str) -> GraphQLResponse:
    return GraphQLResponse(errors=({"message": "no", "extensions": {"code": code}},), executed=False)


@pytest.fixture
def answerer() -> FakeAnswerer:
    return FakeAnswerer()


@pytest.fixture
async def client(answerer: FakeAnswerer) -> AsyncIterator[httpx.AsyncClient]:
    async def readiness() -> dict[str, str | None]:
        return {}

    app = make_http_app(answerer, readiness=readiness, limits=Limits(body_bytes=2000, document_tokens=50))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


async def _post(client: httpx.AsyncClient, body: Any, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/graphql", content=content, headers={"content-type": "application/json", **given})


def _code(response: httpx.Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


@pytest.mark.parametrize(
    ("query", "today", "legacy"),
    [
        ("{ name }", 200, 200),
        ("{ partial }", 200, 200),
        ("{ nothing }", 200, 200),
        ("{", 400, 200),
        ("{ unknown }", 400, 200),
        ("{ planless }", 500, 200),
        ("{ a " * 31 + "}" * 31, 400, 200),
        ("{ " + "a " * 51 + "}", 400, 200),
        ("{ bug }", 500, 500),
        ("{ unencodable }", 500, 500),
    ],
)
async def test_status_depends_on_media_type(client: httpx.AsyncClient, query: str, today: int, legacy: int) -> None:
    """Refused before execution: 400 where a client can trust it, 200 with application/json; executed is always 200."""
    for media_type, status in ((TODAY, today), (LEGACY, legacy)):
        response = await _post(client, {"query": query}, accept=media_type)
        assert (response.status_code, response.headers["content-type"]) == (status, f"{media_type}; charset=utf-8")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"NONSENSE", "BAD_REQUEST"),
        (b'{"query":', "BAD_REQUEST"),
        (b"", "BAD_REQUEST"),
        (b'{"query": "\xff"}', "BAD_REQUEST"),
        (b'{"query": "{ name }", "variables": {"a": NaN}}', "BAD_REQUEST"),
        ({"qeury": "{ name }"}, "BAD_REQUEST"),
        ({"query": 1}, "BAD_REQUEST"),
        ([{"query": "{ name }"}], "BAD_REQUEST"),
        ("{ name }", "BAD_REQUEST"),
        ({"query": "{ name }", "variables": [7]}, "BAD_REQUEST"),
        ({"query": "{ name }", "variables": "{}"}, "BAD_REQUEST"),
        ({"query": "{ name }", "operationName": 1}, "BAD_REQUEST"),
        ({"query": "{ name }", "extensions": "x"}, "BAD_REQUEST"),
    ],
)
async def test_malformed_request_is_400_in_both_media_types(client: httpx.AsyncClient, body: Any, code: str) -> None:
    """What isn't a well-formed request is refused whatever the client accepts."""
    for media_type in (TODAY, LEGACY):
        response = await _post(client, body, accept=media_type)
        assert (response.status_code, _code(response)) == (400, code)
        assert "data" not in response.json()


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, LEGACY),
        ("*/*", LEGACY),
        ("application/*", TODAY),
        (TODAY, TODAY),
        (LEGACY, LEGACY),
        (f"{LEGACY}, {TODAY}", LEGACY),
        (f"{LEGACY};q=0.9, {TODAY}", TODAY),
        (f"{TODAY};q=0.5, {LEGACY}", LEGACY),
        (f"{TODAY};charset=utf-8, {LEGACY};charset=utf-8", TODAY),
        (f"{TODAY};charset=iso-8859-1, {LEGACY};q=0.1", LEGACY),
        ("Application/JSON", LEGACY),
        ("text/html, */*;q=0.1", LEGACY),
        (f"text/html, {LEGACY};q=0", None),
        ("text/html", None),
        (f"{LEGACY};q=high", None),
    ],
)
async def test_answer_has_the_media_type_that_the_client_accepts(
    client: httpx.AsyncClient, accept: str | None, answered: str | None
) -> None:
    """The highest priority that is offered wins; none is 406; no Accept means plain JSON."""
    request = client.build_request("POST", "/graphql", json={"query": "{ name }"})
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept
    response = await client.send(request)
    if answered is None:
        assert (response.status_code, _code(response)) == (406, "NOT_ACCEPTABLE")
    else:
        assert (response.status_code, response.headers["content-type"]) == (200, f"{answered}; charset=utf-8")


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON; Charset="UTF-8"', 200),
        ("application/json; charset=iso-8859-2", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/graphql", 415),
        ("", 415),
    ],
)
async def test_only_json_in_utf8_is_read(client: httpx.AsyncClient, content_type: str, status: int) -> None:
    """Another site's form or text/plain never reaches the graph."""
    response = await _post(client, {"query": "{ name }"}, content_type=content_type)
    assert response.status_code == status


async def test_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    """A body is limited as it is sent, so it may not unfold."""
    assert (await _post(client, {"query": "{ name }"}, content_encoding="gzip")).status_code == 415


async def test_query_in_the_url_is_answered(client: httpx.AsyncClient, answerer: FakeAnswerer) -> None:
    """GET takes the same parameters, variables as JSON, and may only query."""
    variables = {"id": "Č 1", "n": [1, None]}
    asked = urlencode({"query": "query Q { name }", "operationName": "Q", "variables": orjson.dumps(variables)})
    response = await client.get(f"/graphql?{asked}")
    assert (response.status_code, response.json()) == (200, {"data": {"name": "Žižkov"}})
    expected = GraphQLRequest(query="query Q { name }", operation_name="Q", variables=variables, allow_mutations=False)
    assert answerer.asked == [expected]


@pytest.mark.parametrize("accept", [TODAY, LEGACY])
async def test_mutation_in_the_url_is_405(client: httpx.AsyncClient, accept: str) -> None:
    """A link must not change anything."""
    response = await client.get(f"/graphql?query={quote('mutation { pay }')}", headers={"accept": accept})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "variables={}",
        "query=%7Bname%7D&variables=%7B",
        "query=%7Bname%7D&variables=[7]",
        "query=%FF",
        "&".join(f"a{n}=1" for n in range(30)),
    ],
)
async def test_malformed_url_is_400(client: httpx.AsyncClient, query_string: str) -> None:
    """A query string that isn't a request is the client's mistake."""
    response = await client.get(f"/graphql?{query_string}")
    assert (response.status_code, _code(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_405(client: httpx.AsyncClient, method: str) -> None:
    """The endpoint says which methods it has."""
    response = await client.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_person_who_opens_the_endpoint_is_shown_the_page(client: httpx.AsyncClient) -> None:
    """A browser that asks for HTML without a query is sent to GraphiQL."""
    response = await client.get("/graphql", headers={"accept": "text/html,*/*;q=0.8"})
    assert (response.status_code, response.headers["location"]) == (303, "/")


async def test_body_over_the_limit_is_413(client: httpx.AsyncClient, answerer: FakeAnswerer) -> None:
    """Neither a body that says it is too large is read, nor one that turns out to be."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100

    said = await _post(client, {"query": "#" * 3000})
    headers = {"content-type": "application/json"}
    unsaid = await client.post("/graphql", content=endless(), headers=headers)
    assert [(response.status_code, _code(response)) for response in (said, unsaid)] == [(413, "BODY_TOO_LARGE")] * 2
    assert answerer.asked == []


async def test_body_in_pieces_is_put_together(client: httpx.AsyncClient) -> None:
    """Where the network cuts a body doesn't matter."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"query": "{ na'
        yield b'me }"}'

    response = await client.post("/graphql", content=pieces(), headers={"content-type": "application/json"})
    assert response.json() == {"data": {"name": "Žižkov"}}


async def test_fault_of_ours_tells_nothing(client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    """What broke is in the log, with its traceback; the client learns only that something did."""
    response = await _post(client, {"query": "{ bug }"})
    assert "SELECT" not in response.text
    assert _code(response) == "INTERNAL_SERVER_ERROR"
    assert "SELECT secret" in caplog.text


async def test_errors_come_before_data_and_data_only_when_executed(client: httpx.AsyncClient) -> None:
    """A reader sees the errors first; a null `data` says that something ran."""
    assert list((await _post(client, {"query": "{ nothing }"})).json()) == ["errors", "data"]
    assert list((await _post(client, {"query": "{ unknown }"})).json()) == ["errors"]


async def test_client_that_leaves_is_not_answered(answerer: FakeAnswerer) -> None:
    """A body that never gets whole is no request."""

    async def readiness() -> dict[str, str | None]:
        return {}

    messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await make_http_app(answerer, readiness=readiness)(scope, receive, send)
    assert sent == []
    assert answerer.asked == []


async def test_name_of_another_site_is_refused(client: httpx.AsyncClient, answerer: FakeAnswerer) -> None:
    """A page whose own name was pointed at this machine doesn't get through."""
    response = await _post(client, {"query": "{ name }"}, host="evil.example")
    assert response.status_code == 400
    assert answerer.asked == []
