"""One subgraph that misbehaves in each of the ways there are: its own part is null with a coded error, nothing hangs.

What the others know is there whatever happens, and no error tells where a subgraph is or what it said.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.subgraphs.remote.reading import _json
from gateway.subgraphs.remote.settings import RemoteSettings
from tests.gateway.company import company
from tests.gateway.subgraphs.remote.serving import (
    BROKEN_OFF,
    Received,
    gzipped,
    http,
    listening,
    served,
    silence,
    until,
)

MOST = 100_000
IMPATIENT = RemoteSettings(timeout=timedelta(seconds=0.4), retries=0, break_after=0, answer_bytes=MOST)
ACCOUNTS = "{ client(id: 1) { name accounts { number currency } } }"
LOST = {"client": {"name": "Anna", "accounts": [{"number": "7", "currency": None}, {"number": "8", "currency": None}]}}
ROOTS = "{ x: account(number: 7) { balance } client(id: 1) { name } }"


def entities(*found: Any) -> bytes:
    return http(json.dumps({"data": {"_entities": found}}).encode())


def said(value: Any, **how: Any) -> bytes:
    return http(json.dumps(value).encode(), **how)


async def half(received: Received) -> bytes:
    whole = json.dumps(await received.answered()).encode()
    return http(whole[: len(whole) // 2], length=len(whole))


def chunked(size: int) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + (b"1000\r\n" + b" " * 0x1000 + b"\r\n") * (size // 0x1000) + b"0\r\n\r\n"


def coded(code: str) -> dict[str, Any]:
    return {"extensions": {"code": code}}


BOMB = gzip.compress(b'{"data": {"_entities": [' + b" " * 50_000_000 + b"]}}")
DEFLATED = zlib.compress(b" " * 50_000_000)
DEEP = b'{"data":{"_entities":' + b"[" * 900 + b"]" * 900 + b"}}"
DOWN = "SUBGRAPH_UNAVAILABLE"
HTTP = "SUBGRAPH_HTTP_ERROR"
NO_GRAPHQL = "SUBGRAPH_MALFORMED_RESPONSE"
LARGE = "SUBGRAPH_RESPONSE_TOO_LARGE"
INVALID = "INVALID_SUBGRAPH_DATA"
ERROR = "SUBGRAPH_ERROR"

WAYS: dict[str, tuple[Callable[[Received], Any] | bytes, str]] = {
    "hangs up": (BROKEN_OFF, DOWN),
    "hangs up within the head": (b"HTTP/1.1 200 OK\r\ncontent-ty", DOWN),
    "gives half an answer": (half, DOWN),
    "speaks no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", DOWN),
    "gives half a packed answer": (gzipped(gzip.compress(b'{"data": {}}')[:-6]), DOWN),
    "packs wrongly": (gzipped(b"this is not gzip"), DOWN),
    "has no room": (http(b"busy", "text/plain", status="503 Service Unavailable"), DOWN),
    "is behind a proxy that has nobody": (http(b"<html>502", "text/html", status="502 Bad Gateway"), DOWN),
    "is behind a proxy that waits too long": (said({"errors": [{"message": "x"}]}, status="504 Gateway Timeout"), DOWN),
    "says nothing": (silence, "SUBGRAPH_TIMEOUT"),
    "fails": (http(b"<html>500</html>", "text/html", status="500 Internal Server Error"), HTTP),
    "isn't there": (http(b"", "text/plain", status="404 Not Found"), HTTP),
    "lets nobody in": (said({"errors": [{"message": "secret", **coded("UNAUTHENTICATED")}]}, status="401 No"), HTTP),
    "gives a page": (http(b"<html><body>Welcome</body></html>", "text/html"), NO_GRAPHQL),
    "gives JSON that calls itself a page": (said({"data": {"_entities": []}}, media_type="text/html"), NO_GRAPHQL),
    "gives wrong JSON": (http(b'{"data": {"_entities": [{"currency": "CZK"},]}}'), NO_GRAPHQL),
    "gives nothing": (http(b""), NO_GRAPHQL),
    "gives no UTF-8": (http(b'{"data": {"_entities": ["\xff"]}}'), NO_GRAPHQL),
    "gives half a character": (http(b'{"data": {"_entities": ["\\ud800"]}}'), NO_GRAPHQL),
    "gives a list": (said([1]), NO_GRAPHQL),
    "gives null": (said(None), NO_GRAPHQL),
    "gives an empty object": (said({}), NO_GRAPHQL),
    "gives no error": (said({"errors": []}), NO_GRAPHQL),
    "gives null and no error": (said({"data": None}), NO_GRAPHQL),
    "gives a list as data": (said({"data": []}), NO_GRAPHQL),
    "gives a text as errors": (said({"data": None, "errors": "no"}), NO_GRAPHQL),
    "nests endlessly": (http(DEEP), NO_GRAPHQL),
    "gives too much": (http(b" " * (MOST + 1)), LARGE),
    "gives too much in pieces": (chunked(10 * MOST), LARGE),
    "gives a bomb": (gzipped(BOMB), LARGE),
    "gives a bomb of another kind": (http(DEFLATED, headers="content-encoding: deflate\r\n"), LARGE),
    "fails with nothing more": (said({"data": None, "errors": [{}]}), ERROR),
    "gives errors that are none": (said({"errors": [1, None, "x", [], {"message": 3, "path": 4}]}), ERROR),
    "fails without a path": (said({"errors": [{"message": "secret"}]}, status="500 Internal Server Error"), ERROR),
    "gives null for all entities": (said({"data": {"_entities": None}}), INVALID),
    "gives data without entities": (said({"data": {}}), INVALID),
    "gives too few entities": (entities({"currency": "CZK"}), INVALID),
    "gives too many entities": (entities({"currency": "CZK"}, {"currency": "EUR"}, {"currency": "USD"}), INVALID),
    "gives an object of entities": (said({"data": {"_entities": {}}}), INVALID),
    "gives entities that are none": (entities(1, ["x"]), ERROR),
    "gives values of other types": (entities({"currency": {"code": "CZK"}}, {"currency": ["EUR"]}), INVALID),
}  # fmt: skip


def doing(way: Callable[[Received], Any] | bytes) -> Callable[[Received], Any]:
    return way if callable(way) else lambda _: way


@pytest.mark.parametrize("way", WAYS)
async def test_what_the_others_know_is_shown(way: str) -> None:
    """Whatever billing does, sales and links are heard, each null has billing's error, and nobody waits long."""
    does, code = WAYS[way]
    async with served(company(), IMPATIENT) as there:
        there.servers["billing"].does = doing(does)
        async with asyncio.timeout(4):
            answer = await there.ask(ACCOUNTS)
    assert answer.data == LOST
    assert {each["extensions"]["code"] for each in answer.errors} == {code}
    assert {tuple(each.get("path", ())) for each in answer.errors} >= {
        ("client", "accounts", 0, "currency"),
        ("client", "accounts", 1, "currency"),
    }
    told = orjson.dumps(answer.errors).decode()
    assert "127.0.0.1" not in told
    assert "secret" not in told


@pytest.mark.parametrize("way", [way for way, (_, code) in WAYS.items() if code not in (INVALID, ERROR)])
async def test_root_field_of_it_is_null(way: str) -> None:
    """At the root too: one error, at the field."""
    does, code = WAYS[way]
    async with served(company(), IMPATIENT) as there:
        there.servers["billing"].does = doing(does)
        answer = await there.ask(ROOTS)
    assert answer.data == {"x": None, "client": {"name": "Anna"}}
    assert [(each["extensions"]["code"], each["path"]) for each in answer.errors] == [(code, ["x"])]
    assert all(each["message"].startswith("billing ") for each in answer.errors)


@pytest.mark.parametrize(
    ("data", "x", "codes"),
    [
        ({}, None, {INVALID}),
        ({"account": 5}, None, {INVALID}),
        ({"account": [{"balance": 1}]}, None, {INVALID}),
        ({"account": {"balance": "1"}}, {"balance": None}, {INVALID}),
        ({"account": {"balance": 2**40}}, {"balance": None}, {INVALID}),
        ({"account": None}, None, set()),
        ({"account": {"balance": None}}, {"balance": None}, set()),
        ({"account": {"balance": 1}, "y": {"balance": 2}}, {"balance": 1}, set()),
    ],
)
async def test_data_of_other_types_is_null_with_an_error(data: Any, x: Any, codes: set[str]) -> None:
    """What isn't what was asked for is never shown; a null where one may be is just that."""
    async with served(company(), IMPATIENT) as there:
        there.servers["billing"].does = doing(said({"data": data}))
        answer = await there.ask("{ account(number: 7) { balance } client(id: 1) { name } }")
    assert answer.data == {"account": x, "client": {"name": "Anna"}}
    assert {each["extensions"]["code"] for each in answer.errors} == codes


async def test_null_for_non_null_takes_its_parent() -> None:
    """And nothing beyond the next place that may be null."""
    async with served(company(), IMPATIENT) as there:
        there.servers["billing"].does = doing(entities({"sureCurrency": "CZK"}, {"sureCurrency": None}))
        answer = await there.ask("{ client(id: 1) { name accounts { number sureCurrency } } }")
    assert answer.data == {"client": {"name": "Anna", "accounts": None}}
    (error,) = answer.errors
    assert error["path"] == ["client", "accounts", 1, "sureCurrency"]
    assert error["extensions"]["code"] == "NULL_IN_NON_NULL"


async def test_refused_connections_are_told() -> None:
    """Nobody listens there any more."""
    async with served(company(), IMPATIENT) as there:
        await there.servers["billing"].stop()
        answer = await there.ask(ACCOUNTS)
    assert answer.data == LOST
    assert {each["extensions"]["code"] for each in answer.errors} == {DOWN}


async def test_part_of_an_answer_with_errors_is_taken() -> None:
    """Data that can be had is had."""
    answered = {
        "data": {"_entities": [{"currency": "CZK"}, None]},
        "errors": [{"message": "secret", "path": ["_entities", 1]}],
    }
    async with served(company(), IMPATIENT) as there:
        there.servers["billing"].does = doing(said(answered))
        answer = await there.ask(ACCOUNTS)
    assert answer.data == {
        "client": {"name": "Anna", "accounts": [{"number": "7", "currency": "CZK"}, {"number": "8", "currency": None}]}
    }
    assert [each["path"] for each in answer.errors] == [["client", "accounts", 1, "currency"]]


async def test_slow_answer_that_comes_in_time_is_taken() -> None:
    """The limit is on the whole, not on each read."""

    async def slow(received: Received) -> bytes:
        await asyncio.sleep(0.2)
        return http(json.dumps(await received.answered()).encode())

    async with served(company(), IMPATIENT) as there:
        there.servers["billing"].does = slow
        assert (await there.ask(ACCOUNTS)).errors == ()


async def test_answer_that_comes_in_drops_is_cut_off() -> None:
    """A subgraph that sends a byte now and then doesn't keep the others waiting."""

    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with served(company(), IMPATIENT) as there:
        port = int(there.servers["billing"].url.rsplit(":", 1)[1].split("/")[0])
        await there.servers["billing"].stop()
        async with await asyncio.start_server(dripping, "127.0.0.1", port):
            async with asyncio.timeout(2):
                answer = await there.ask(ACCOUNTS)
    assert answer.data == LOST
    assert {each["extensions"]["code"] for each in answer.errors} == {"SUBGRAPH_TIMEOUT"}


async def test_redirect_is_not_followed() -> None:
    """What a subgraph says must not send the gateway's secrets elsewhere."""
    async with served(company(), IMPATIENT) as there, listening(elsewhere) as other:
        moved = http(b"", "text/plain", status="307 Temporary Redirect", headers=f"location: {other.url}\r\n")
        there.servers["billing"].does = doing(moved)
        answer = await there.ask(ACCOUNTS)
        assert other.received == []
    assert answer.data == LOST
    assert {each["extensions"]["code"] for each in answer.errors} == {HTTP}


async def elsewhere(body: bytes) -> dict[str, Any]:
    return {"data": {"_entities": [{"currency": "XXX"}, {"currency": "XXX"}]}}


@pytest.mark.parametrize("depth", [100, 190, 240, 253, 254, 900])
async def test_no_depth_takes_the_others_away(depth: int) -> None:
    """What can't be written out as it is can't be taken in either, wherever it would stand."""
    nested = '{"a":' * depth + "1" + "}" * depth
    content = f'{{"data": {{"_entities": [{{"currency": {nested}}}, {{"currency": "EUR"}}]}}}}'.encode()
    async with served(company(), IMPATIENT) as there:
        there.servers["billing"].does = doing(http(content))
        answer = await there.ask(ACCOUNTS)
    assert answer.data["client"]["name"] == "Anna"
    orjson.dumps({"data": answer.data, "errors": answer.errors})


def test_what_is_taken_in_can_be_written_out() -> None:
    """A scalar of a subgraph's own may hold anything, and stands deeper in the answer than in the subgraph's."""
    for depth in range(150, 300):
        found = _json(b"[" * depth + b"{}" + b"]" * depth + b" " * 10)
        if found is not None:
            for _ in range(50):
                found = {"data": found}
            orjson.dumps(found)
    assert _json(b"[" * 150 + b"]" * 150) is not None


@pytest.mark.parametrize("seed", range(60))
async def test_no_answer_whatever_takes_the_others_away(seed: int) -> None:
    """Answers spoilt by lot at any place: what the other systems know stays, and the answer can be sent."""
    lot = random.Random(seed)
    async with served(company(), IMPATIENT) as there:
        there.servers["billing"].does = lambda received: spoilt(received, lot)
        for query in (
            ACCOUNTS,
            ROOTS,
            "{ client(id: 1) { name accounts { number invoices { id total } ticket { title } } } }",
        ):
            answer = await there.ask(query)
            assert answer.data["client"]["name"] == "Anna", (seed, query)
            orjson.dumps({"data": answer.data, "errors": answer.errors})


async def spoilt(received: Received, lot: random.Random) -> bytes:
    whole = await received.answered()
    return said(spoilt_value(whole, lot))


def spoilt_value(value: Any, lot: random.Random) -> Any:
    if lot.random() < 0.15:
        return lot.choice([None, 1, -1.5, "x", [], {}, [None], {"__typename": []}, [[[]]], True, {"data": 1}])
    if isinstance(value, dict):
        return {key: spoilt_value(each, lot) for key, each in value.items() if lot.random() > 0.05}
    return [spoilt_value(each, lot) for each in value] if isinstance(value, list) else value


async def test_what_was_given_up_is_hung_up() -> None:
    """Nothing is left behind when time is up: the server sees its client go."""
    async with served(company(), IMPATIENT) as there:
        there.servers["billing"].does = silence
        await there.ask(ACCOUNTS)
        await until(lambda: there.servers["billing"].gone == 1)


async def test_closing_ends_what_is_under_way() -> None:
    """No request outlives the gateway that asked."""
    patient = RemoteSettings(retries=0, break_after=0)
    async with served(company(), patient) as there:
        there.servers["billing"].does = silence
        asking = asyncio.ensure_future(there.ask(ACCOUNTS))
        await until(lambda: bool(there.servers["billing"].received))
        await there.subgraphs["billing"].close()
        async with asyncio.timeout(2):
            answer = await asking
    assert answer.data == LOST
    assert {each["extensions"]["code"] for each in answer.errors} == {DOWN}


def test_each_way_has_its_code() -> None:
    """So that a code that is never given is found."""
    assert {code for _, code in WAYS.values()} == {
        DOWN, HTTP, NO_GRAPHQL, LARGE, INVALID, ERROR, "SUBGRAPH_TIMEOUT"
    }  # fmt: skip
