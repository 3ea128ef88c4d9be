"""What goes along to a subgraph, what comes back, and what of its errors is told: by the settings, else nothing."""

from __future__ import annotations

import json
import logging
import ssl
from pathlib import Path
from typing import Any

import pytest

from gateway.doors.viewer import Viewer
from gateway.subgraphs.remote.settings import RemoteSettings
from gateway.subgraphs.remote.subgraph import RemoteSubgraph
from tests.conformance.http.test_mutual_tls import Authority
from tests.gateway.company import company
from tests.gateway.subgraphs.remote.serving import http, listening, served

QUERY = "{ account(number: 7) { balance } }"
GIVEN = {
    b"authorization": b"Bearer of.the.client",
    b"x-tenant": b"acme",
    b"accept-language": b"cs",
    b"x-odd": b"\xff",
    b"spojka-caller": b"root",
}
SECRET = "known to the tests alone"  # noqa: S105 - it opens nothing else


async def sent(settings: RemoteSettings, **of_http: Any) -> dict[str, str]:
    """The headers that billing gets."""
    async with served(company(), billing=settings) as there:
        await there.ask(QUERY, there.context(**{"headers": GIVEN, "request_id": "r-1", **of_http}))
        (received,) = there.servers["billing"].received
    lines = [line.partition(":") for line in received.head.splitlines()[1:] if line]
    names = [name.lower() for name, _, _ in lines]
    assert len(names) == len(set(names))
    return {name.lower(): value.strip() for name, _, value in lines}


async def test_listed_headers_go_along() -> None:
    """And no others; what no header may hold doesn't."""
    headers = await sent(RemoteSettings(forward=("x-tenant", "accept-language", "x-odd", "x-absent")))
    assert headers.keys() >= {"x-tenant", "accept-language"}
    assert (headers["x-tenant"], headers["accept-language"]) == ("acme", "cs")
    assert not headers.keys() & {"authorization", "x-odd", "x-absent", "spojka-caller", "spojka-secret"}


async def test_token_goes_along_only_where_a_rule_says_so() -> None:
    """As the client sent it."""
    assert (await sent(RemoteSettings(forward=("authorization",))))["authorization"] == "Bearer of.the.client"
    assert "authorization" not in await sent(RemoteSettings())


async def test_fixed_headers_are_sent_and_can_not_be_overridden() -> None:
    """By what a client sends."""
    headers = await sent(RemoteSettings(headers={"x-tenant": "fixed"}, forward=("x-tenant",)))
    assert headers["x-tenant"] == "fixed"


async def test_secret_goes_along_with_who_asks() -> None:
    """What a `spojka subgraph` asks for: the gateway's secret, and its word for the caller."""
    headers = await sent(RemoteSettings(secret=SECRET), viewer=Viewer("jana.kralova"))
    assert (headers["spojka-secret"], headers["spojka-caller"]) == (SECRET, "jana.kralova")


async def test_callers_that_no_header_can_hold_are_told_apart() -> None:
    """Their idempotency keys must stay their own."""
    names = ["Jana Králová", "Jana Kralova", "j" * 250, "j" * 251, " x"]
    told = [(await sent(RemoteSettings(secret=SECRET), viewer=Viewer(name)))["spojka-caller"] for name in names]
    assert len(set(told)) == len(names)
    assert told[1] == "Jana Kralova"
    assert all(each.isascii() and len(each) <= 200 for each in told)


async def test_listed_headers_come_back() -> None:
    """Of each answer that has them; what is there twice, twice."""
    settings = RemoteSettings(returned=("x-served-by", "set-cookie"))
    more = "x-served-by: b1\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-secret: no\r\n"
    async with served(company(), billing=settings) as there:
        there.servers["billing"].does = lambda _: http(b'{"data": {"account": {"balance": 1}}}', headers=more)
        context = there.context()
        await there.ask(QUERY, context)
    assert context.returned == [(b"x-served-by", b"b1"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]


ERRORS = [
    {"message": "no row 5 in db.internal", "path": ["account"], "extensions": {"code": "NOT_FOUND", "trace": ["x"]}},
    {"message": "sold out", "path": ["account"], "extensions": {"code": "SOLD_OUT"}},
    {"message": "oops", "path": ["account"]},
]


async def told(settings: RemoteSettings) -> list[Any]:
    async with served(company(), billing=settings) as there:
        content = json.dumps({"data": {"account": None}, "errors": ERRORS}).encode()
        there.servers["billing"].does = lambda _: http(content)
        answer = await there.ask(QUERY, there.context(request_id="r-1"))
    assert all(each["path"] == ["account"] for each in answer.errors)
    return [(each["message"], each["extensions"]) for each in answer.errors]


async def test_errors_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    """Their messages, and codes that aren't the usual ones; the log has all of it, under the request's id."""
    message = "billing answered with an error: the log has it"
    assert await told(RemoteSettings()) == [
        (message, {"code": "NOT_FOUND", "service": "billing"}),
        (message, {"code": "SUBGRAPH_ERROR", "service": "billing"}),
        (message, {"code": "SUBGRAPH_ERROR", "service": "billing"}),
    ]
    logged = caplog.text
    for each in ("no row 5 in db.internal", "sold out", "trace", "request r-1"):
        assert each in logged


async def test_listed_codes_are_told() -> None:
    """A frontend switches on them."""
    codes = [extensions["code"] for _, extensions in await told(RemoteSettings(codes=("SOLD_OUT",)))]
    assert codes == ["NOT_FOUND", "SOLD_OUT", "SUBGRAPH_ERROR"]


async def test_errors_are_told_as_they_are_where_that_is_set() -> None:
    """For subgraphs that mask their own."""
    assert await told(RemoteSettings(mask=False)) == [
        ("no row 5 in db.internal", {"code": "NOT_FOUND", "trace": ["x"], "service": "billing"}),
        ("sold out", {"code": "SOLD_OUT", "service": "billing"}),
        ("oops", {"code": "SUBGRAPH_ERROR", "service": "billing"}),
    ]


async def test_who_is_not_let_in_is_told_where_tokens_are_handed_on() -> None:
    """Then the client can do something about it; else it is the gateway's own secret that isn't good."""
    refused = {"errors": [{"message": "who are you?", "extensions": {"code": "UNAUTHENTICATED"}}]}
    content = http(json.dumps(refused).encode(), status="401 Unauthorized")

    async def code(settings: RemoteSettings) -> str:
        async with served(company(), billing=settings) as there:
            there.servers["billing"].does = lambda _: content
            return str((await there.ask(QUERY)).errors[0]["extensions"]["code"])

    assert await code(RemoteSettings(forward=("authorization",))) == "UNAUTHENTICATED"
    assert await code(RemoteSettings()) == "SUBGRAPH_HTTP_ERROR"


async def test_no_secret_is_in_any_log(caplog: pytest.LogCaptureFixture) -> None:
    """Nor is the URL, which may have a key in its query: whatever goes wrong, at any level of logging."""
    caplog.set_level(logging.DEBUG)
    settings = RemoteSettings(secret=SECRET, headers={"authorization": "Bearer fixed-secret"}, retries=0)
    async with served(company(), billing=settings) as there:
        server = there.servers["billing"]
        subgraph = RemoteSubgraph("billing", f"{server.url}?key=key-in-url", settings)
        there.gateway._subgraphs["billing"] = subgraph  # type: ignore[index]
        for does in (lambda _: b"", lambda _: http(b"", status="500 x"), lambda _: http(b"<"), lambda _: b"x\r\n\r\n"):
            server.does = does
            assert (await there.ask(QUERY)).errors
        await server.stop()
        answer = await there.ask(QUERY)
        await subgraph.close()
    everything = caplog.text + repr(answer) + repr(settings)
    assert "billing can't be reached" in everything
    for secret in (SECRET, "fixed-secret", "key-in-url", "of.the.client"):
        assert secret not in everything


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    """An authority that nobody else knows."""
    return Authority(tmp_path, "ours")


async def asked_over_tls(
    ours: Authority, settings: RemoteSettings, *, wants_certificate: bool = False, host: str = "localhost"
) -> Any:
    """What the client gets where billing is at https, with a certificate of ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ours.issue("subgraph"))
    if wants_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ours.folder / "ours.crt")
    async with served(company()) as there, listening(there.servers["billing"].answered, ssl=context) as secured:
        subgraph = RemoteSubgraph("billing", secured.url.replace("127.0.0.1", host), settings)
        there.gateway._subgraphs["billing"] = subgraph  # type: ignore[index]
        answer = await there.ask(QUERY)
        await subgraph.close()
    return answer


async def test_unknown_authority_is_not_trusted(ours: Authority) -> None:
    """There is no setting that would let it pass."""
    answer = await asked_over_tls(ours, RemoteSettings(retries=0))
    assert [each["extensions"]["code"] for each in answer.errors] == ["SUBGRAPH_UNAVAILABLE"]


async def test_certificate_of_another_name_is_not_trusted(ours: Authority) -> None:
    """Whoever signed it."""
    settings = RemoteSettings(retries=0, ca=ours.folder / "ours.crt")
    answer = await asked_over_tls(ours, settings, host="127.0.0.1")
    assert [each["extensions"]["code"] for each in answer.errors] == ["SUBGRAPH_UNAVAILABLE"]


async def test_authority_that_is_named_is_trusted(ours: Authority) -> None:
    """`ca`."""
    answer = await asked_over_tls(ours, RemoteSettings(retries=0, ca=ours.folder / "ours.crt"))
    assert answer.data == {"account": {"balance": 100}}


async def test_certificate_is_shown_to_who_wants_one(ours: Authority) -> None:
    """`certificate` and `key`; without them nobody is let in."""
    certificate, key = ours.issue("gateway")
    settings = RemoteSettings(retries=0, ca=ours.folder / "ours.crt", certificate=certificate, key=key)
    answer = await asked_over_tls(ours, settings, wants_certificate=True)
    assert answer.data == {"account": {"balance": 100}}
    without = RemoteSettings(retries=0, ca=ours.folder / "ours.crt")
    answer = await asked_over_tls(ours, without, wants_certificate=True)
    assert [each["extensions"]["code"] for each in answer.errors] == ["SUBGRAPH_UNAVAILABLE"]
