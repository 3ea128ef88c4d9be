"""One subgraph that misbehaves in each of the ways there are: its own part is null with a coded error, nothing hangs.

What the others know is there whatever happens, and no error tells where a subgraph is or what it said.
"""

from __future__ import annotations

import asyncio
import json
import random
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.subgraphs.remote.reading import _json
from gateway.subgraphs.remote.settings import RemoteSettings
from tests.gateway.company import company
from tests.gateway.subgraphs.remote.misbehaving import (
    DOWN,
    ERROR,
    HTTP,
    INVALID,
    LARGE,
    MOST,
    NO_GRAPHQL,
    SLOW,
    WAYS,
    WHOLE,
    doing,
    entities,
    said,
)
from tests.gateway.subgraphs.remote.serving import Received, http, listening, served, silence, until

IMPATIENT = RemoteSettings(timeout=timedelta(seconds=0.4), retries=0, break_after=0, answer_bytes=MOST)
ACCOUNTS = "{ client(id: 1) { name accounts { number currency } } }"
LOST = {"client": {"name": "Anna", "accounts": [{"number": "7", "currency": None}, {"number": "8", "currency": None}]}}
ROOTS = "{ x: account(number: 7) { balance } client(id: 1) { name } }"


@pytest.mark.parametrize("way", sorted(WAYS.keys() - WHOLE.keys()))
async def test_what_the_others_know_is_shown(way: str) -> None:
    """Whatever billing makes of the entities, sales and links are heard, and each null has billing's error."""
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
    assert {each["extensions"]["code"] for each in answer.errors} == {SLOW}


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


@pytest.mark.parametrize("seed", range(10))
async def test_no_answer_whatever_takes_the_others_away(seed: int) -> None:
    """Answers spoilt by lot at any place: what the other systems know stays, and the answer can be sent.

    That every null has an error is a law: tests/properties/test_spoilt_answers.py.
    """
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
        DOWN, HTTP, NO_GRAPHQL, LARGE, INVALID, ERROR, SLOW
    }  # fmt: skip
