"""The keys of an issuer, from a real server: kept, fetched anew, and not to be had."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from gateway.doors.key_set import KeySet
from gateway.doors.tokens import Header
from gateway.errors import KeysUnavailable
from tests.gateway.doors.issuer import Server, ec_key, okp_key, serving

FIRST, SECOND = okp_key("first"), okp_key("second")
MAX_AGE = 600.0


def _header(kid: str, alg: str = "EdDSA") -> Header:
    return Header(alg, kid)


@dataclass
class Clock:
    """Seconds that pass when they are told to."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(FIRST) as told:
        yield told


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(server: Server, clock: Clock) -> KeySet:
    return KeySet(server.url, timedelta(seconds=MAX_AGE), clock=clock)


async def _ids(keys: KeySet, *kids: str) -> list[str | None]:
    return [key.kid for kid in kids for key in await keys.keys(_header(kid))]


async def test_keys_are_fetched_once(keys: KeySet, server: Server) -> None:
    """However many tokens come, and at the same time."""
    await asyncio.gather(*(keys.keys(_header("first")) for _ in range(20)))
    assert await _ids(keys, "first") == ["first"]
    assert server.asked == 1


async def test_rotation_lets_the_new_key_in_and_the_old_one_out(keys: KeySet, server: Server, clock: Clock) -> None:
    """A token that names an unknown key is reason to look whether there is a new one."""
    assert await _ids(keys, "first") == ["first"]
    server.keys = [SECOND]
    clock.seconds += 31
    assert await _ids(keys, "second") == ["second"]
    assert await _ids(keys, "first") == []
    assert (server.asked, keys.generation) == (2, 2)


async def test_unknown_keys_cost_the_issuer_one_question_in_30_seconds(
    keys: KeySet, server: Server, clock: Clock
) -> None:
    """Whoever makes up key ids can't make us ask for each."""
    await keys.keys(_header("first"))
    for number in range(100):
        assert await _ids(keys, f"made-up-{number}") == []
    assert server.asked == 1
    clock.seconds += 30
    await asyncio.gather(*(keys.keys(_header(f"made-up-{number}")) for number in range(100)))
    assert server.asked == 2
    clock.seconds += 29
    await keys.keys(_header("made-up"))
    assert server.asked == 2


async def test_old_keys_are_fetched_again_while_nobody_waits(keys: KeySet, server: Server, clock: Clock) -> None:
    """A known key holds beyond its age, while a new fetch is under way."""
    await keys.keys(_header("first"))
    clock.seconds += MAX_AGE + 1
    assert not keys.is_fresh()
    assert await _ids(keys, "first") == ["first"]
    refreshing = keys._refreshing
    assert refreshing is not None
    await refreshing
    assert (server.asked, keys.is_fresh()) == (2, True)


async def test_issuer_that_is_down_is_not_the_tokens_fault(
    server: Server, keys: KeySet, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """KEYS_UNAVAILABLE, said in the log, tried again after 5 s; what was fetched holds for six ages."""
    server.status = 500
    with caplog.at_level(logging.WARNING), pytest.raises(KeysUnavailable) as refusal:
        await keys.keys(_header("first"))
    assert (refusal.value.status, refusal.value.code) == (503, "KEYS_UNAVAILABLE")
    assert "can't be fetched" in caplog.text
    with pytest.raises(KeysUnavailable):
        await keys.keys(_header("first"))
    assert server.asked == 1
    server.status = 200
    clock.seconds += 5
    assert await _ids(keys, "first") == ["first"]
    server.status = 500
    clock.seconds += MAX_AGE * 6
    assert await _ids(keys, "first") == ["first"]
    clock.seconds += 1
    with pytest.raises(KeysUnavailable):
        await keys.keys(_header("first"))


WEAK = {"kty": "RSA", "kid": "first", "e": "AQAB", "n": "x" * 171}  # 1024 bits


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [1, null, {"kty": "RSA"}, {"kty": "oct", "k": "c2VjcmV0", "kid": "first"}]}',
        json.dumps({"keys": [WEAK]}).encode(),
        json.dumps({"keys": [{**FIRST.as_dict(private=False), "use": "enc"}]}).encode(),
        json.dumps({"keys": [{**FIRST.as_dict(private=False), "key_ops": ["encrypt"]}]}).encode(),
        b"[" * 100_000,
        b" " * 300_000,
    ],
)
async def test_what_is_no_list_of_keys_gives_none(keys: KeySet, server: Server, raw: bytes) -> None:
    """Secrets, weak keys, keys for something else, nonsense and too much of it."""
    server.raw = raw
    with pytest.raises(KeysUnavailable):
        await keys.keys(_header("first"))


async def test_odd_keys_do_not_take_the_good_ones_away(keys: KeySet, server: Server) -> None:
    """RFC 7517, section 5: what isn't understood is passed over."""
    listed: list[Any] = [{"kty": "PQ", "kid": "new"}, {"kty": "EC", "crv": "P-1", "kid": "odd"}, None]
    good = [FIRST.as_dict(private=False), ec_key("ec").as_dict(private=False)]
    server.raw = json.dumps({"keys": [*listed, *good]}).encode()
    assert await _ids(keys, "first") == ["first"]
    assert [key.kid for key in await keys.keys(_header("ec", "ES256"))] == ["ec"]


async def test_private_parts_of_a_key_are_not_taken(keys: KeySet, server: Server) -> None:
    """An issuer that shows too much makes us no signer."""
    server.raw = json.dumps({"keys": [FIRST.as_dict(private=True)]}).encode()
    (key,) = await keys.keys(_header("first"))
    assert not key.is_private


async def test_issuer_that_sends_us_elsewhere_is_not_followed(keys: KeySet, server: Server) -> None:
    """Keys come from the URL of the settings, and from nowhere else."""
    with serving(FIRST) as elsewhere:
        server.status, server.headers = 302, {"location": elsewhere.url}
        with pytest.raises(KeysUnavailable):
            await keys.keys(_header("first"))
        assert elsewhere.asked == 0


async def test_nobody_there_is_the_same(clock: Clock) -> None:
    """A port that nobody listens on."""
    with pytest.raises(KeysUnavailable):
        await KeySet("http://127.0.0.1:1/keys", timedelta(minutes=1), clock=clock).keys(_header("first"))
