"""How often a subgraph is asked: queries again while there is time, mutations once, one that is down not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter

import pytest

from gateway.subgraphs.remote.breaking import Breaker
from gateway.subgraphs.remote.faults import HttpFailed, NoAnswer, Unavailable
from gateway.subgraphs.remote.settings import RemoteSettings
from gateway.subgraphs.remote.subgraph import RemoteSubgraph
from tests.gateway.company import company
from tests.gateway.subgraphs.remote.serving import BROKEN_OFF, Received, http, served, silence, until

QUERY = "{ account(number: 7) { balance } }"
MUTATION = "mutation { pay(account: 7, amount: 1) { sequence } }"
TWICE = RemoteSettings(timeout=timedelta(seconds=3), retries=2, break_after=0)
BUSY = http(b"", "text/plain", status="503 Service Unavailable")


def at_first(times: int, answer: bytes) -> Callable[[Received], object]:
    """Misbehaves that many times, then never again."""
    left = [times]

    async def does(received: Received) -> bytes:
        left[0] -= 1
        return answer if left[0] >= 0 else http(json.dumps(await received.answered()).encode())

    return does


@pytest.mark.parametrize("answer", [BUSY, BROKEN_OFF, http(b"", status="502 x"), http(b"", status="504 x")])
async def test_query_is_sent_again(answer: bytes) -> None:
    """Twice more, if it has to be."""
    async with served(company(), TWICE) as there:
        there.servers["billing"].does = at_first(2, answer)  # type: ignore[assignment]
        result = await there.ask(QUERY)
        assert (result.data, result.errors) == ({"account": {"balance": 100}}, ())
        assert len(there.servers["billing"].received) == 3


async def test_query_is_not_sent_endlessly() -> None:
    """The settings say how often."""
    async with served(company(), TWICE) as there:
        there.servers["billing"].does = lambda _: BUSY
        result = await there.ask(QUERY)
        assert len(there.servers["billing"].received) == 3
    assert [each["extensions"]["code"] for each in result.errors] == ["SUBGRAPH_UNAVAILABLE"]


@pytest.mark.parametrize("answer", [BUSY, BROKEN_OFF])
async def test_mutation_is_sent_once(answer: bytes) -> None:
    """Nobody knows what the first one did."""
    async with served(company(), TWICE) as there:
        there.servers["billing"].does = at_first(1, answer)  # type: ignore[assignment]
        result = await there.ask(MUTATION)
        assert len(there.servers["billing"].received) == 1
    assert [each["extensions"]["code"] for each in result.errors] == ["SUBGRAPH_UNAVAILABLE"]


@pytest.mark.parametrize("answer", [http(b"", status="500 x"), http(b"{}"), http(b"{", length=99)])
async def test_what_another_attempt_does_not_help_is_not_sent_again(answer: bytes) -> None:
    """An answer is an answer, also half of one."""
    async with served(company(), TWICE) as there:
        there.servers["billing"].does = lambda _: answer
        assert (await there.ask(QUERY)).errors
        assert len(there.servers["billing"].received) == 1


@pytest.mark.parametrize(("after", "requests"), [("0", 2), ("1", 2), ("2", 1), ("9" * 400, 1), ("soon", 2)])
async def test_one_that_says_when_is_not_asked_before(after: str, requests: int) -> None:
    """Retry-After; where that is later than the client waits, it isn't asked again, and the client hears so at once."""
    busy = http(b"", "text/plain", status="503 Service Unavailable", headers=f"retry-after: {after}\r\n")
    async with served(company(), RemoteSettings(timeout=timedelta(seconds=1.9), break_after=0)) as there:
        there.servers["billing"].does = at_first(1, busy)  # type: ignore[assignment]
        began = perf_counter()
        result = await there.ask(QUERY)
        took = perf_counter() - began
        assert len(there.servers["billing"].received) == requests
    assert bool(result.errors) == (requests == 1)
    assert (took >= 1) == (after == "1")


async def test_attempts_together_take_no_longer_than_one_may() -> None:
    """The time is the client's, not each attempt's."""
    hasty = RemoteSettings(timeout=timedelta(seconds=0.5), retries=10, break_after=0)

    async def slowly(received: Received) -> bytes:
        await asyncio.sleep(0.2)
        return BUSY

    async with served(company(), hasty) as there:
        there.servers["billing"].does = slowly
        began = perf_counter()
        assert (await there.ask(QUERY)).errors
        assert perf_counter() - began < 2  # eleven attempts would take longer
        assert 2 <= len(there.servers["billing"].received) <= 4


async def test_server_that_comes_back_is_found() -> None:
    """Refused connections are tried again too, at the same place."""
    async with served(company(), RemoteSettings(retries=10, break_after=0)) as there:
        billing = there.servers["billing"]
        port = int(billing.url.rsplit(":", 1)[1].split("/")[0])
        await billing.stop()
        asking = asyncio.ensure_future(there.ask(QUERY))
        await asyncio.sleep(0.1)
        await billing.start(port)
        assert (await asking).errors == ()


async def test_one_that_is_down_is_left_alone_then_tried_with_one_request() -> None:
    """After its failures in a row nobody asks it; later one does, and all the others if that went well."""
    settings = RemoteSettings(retries=0, break_after=3, break_for=timedelta(seconds=0.3))
    async with served(company(), settings) as there:
        billing = there.servers["billing"]
        billing.does = lambda _: BUSY
        for _ in range(6):
            result = await there.ask("{ account(number: 7) { balance } client(id: 1) { name } }")
            assert result.data == {"account": None, "client": {"name": "Anna"}}
            assert [each["extensions"]["code"] for each in result.errors] == ["SUBGRAPH_UNAVAILABLE"]
        assert len(billing.received) == 3
        await asyncio.sleep(0.35)
        await asyncio.gather(*(there.ask(QUERY) for _ in range(5)))
        assert len(billing.received) == 4  # the probe alone
        billing.does = None
        await asyncio.sleep(0.35)
        assert (await there.ask(QUERY)).errors == ()
        answers = await asyncio.gather(*(there.ask(QUERY) for _ in range(5)))
        assert [each.errors for each in answers] == [()] * 5


async def test_timeouts_open_it_too() -> None:
    """So that a subgraph that hangs doesn't hold everybody for as long as they may wait."""
    settings = RemoteSettings(timeout=timedelta(seconds=0.1), retries=0, break_after=2, break_for=timedelta(seconds=9))
    async with served(company(), settings) as there:
        there.servers["billing"].does = silence
        for _ in range(2):
            await there.ask(QUERY)
        began = perf_counter()
        result = await there.ask(QUERY)
        assert perf_counter() - began < 0.09
    assert "tried again" in result.errors[0]["message"]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def failing(breaker: Breaker, error: Exception) -> None:
    with pytest.raises(type(error)), breaker.attempt():
        raise error


def test_only_failures_in_a_row_count() -> None:
    """An answer in between, even a bad one, says that it isn't down."""
    breaker = Breaker("billing", after=2, pause=5, clock=Clock())
    failing(breaker, Unavailable())
    with breaker.attempt():
        pass
    failing(breaker, Unavailable())
    failing(breaker, HttpFailed("500"))
    failing(breaker, Unavailable())
    assert not breaker.is_open
    failing(breaker, Unavailable())
    assert breaker.is_open


def test_probe_that_fails_opens_it_again() -> None:
    """For another pause, from then on."""
    clock = Clock()
    breaker = Breaker("billing", after=1, pause=5, clock=clock)
    failing(breaker, Unavailable("first"))
    clock.now = 6
    failing(breaker, Unavailable("probe"))
    clock.now = 10
    with pytest.raises(NoAnswer, match="is down"), breaker.attempt():
        raise AssertionError
    clock.now = 12
    with breaker.attempt():
        pass
    assert not breaker.is_open


def test_probe_that_is_given_up_makes_room_for_the_next() -> None:
    """A client that leaves must not keep it open for ever."""
    clock = Clock()
    breaker = Breaker("billing", after=1, pause=5, clock=clock)
    failing(breaker, Unavailable())
    clock.now = 6
    failing(breaker, RuntimeError("cancelled"))
    assert breaker.is_open
    with breaker.attempt():
        pass
    assert not breaker.is_open


async def test_never_opens_where_it_is_told_not_to() -> None:
    """`break_after = 0`."""
    breaker = Breaker("billing", after=0, pause=5)
    for _ in range(100):
        failing(breaker, Unavailable())
    assert not breaker.is_open


async def test_equal_queries_in_flight_share_one_request() -> None:
    """With `dedupe`; each asker's answer is their own."""
    async with served(company(), RemoteSettings(dedupe=True, forward=("x-tenant",))) as there:
        asked = [there.ask(QUERY, there.context(request_id=str(number))) for number in range(5)]
        answers = await asyncio.gather(*asked)
        assert len(there.servers["billing"].received) == 1
        answers[0].data["account"]["balance"] = -1
        assert [each.data for each in answers[1:]] == [{"account": {"balance": 100}}] * 4
        await there.ask(QUERY)
        assert len(there.servers["billing"].received) == 2  # not a cache


async def test_what_differs_shares_nothing() -> None:
    """Other headers, other variables, and mutations."""
    async with served(company(), RemoteSettings(dedupe=True, forward=("x-tenant",))) as there:
        tenants = [there.context(headers={b"x-tenant": each}) for each in (b"a", b"b", b"a")]
        await asyncio.gather(*(there.ask(QUERY, each) for each in tenants))
        assert len(there.servers["billing"].received) == 2
        await asyncio.gather(*(there.ask(MUTATION) for _ in range(3)))
        assert len(there.servers["billing"].received) == 5
        query = "query($n: ID!) { account(number: $n) { balance } }"
        await asyncio.gather(there.ask(query, n="7"), there.ask(query, n="8"))
        assert len(there.servers["billing"].received) == 7


async def test_nothing_is_shared_unless_it_is_set() -> None:
    """The default."""
    async with served(company()) as there:
        await asyncio.gather(*(there.ask(QUERY) for _ in range(3)))
        assert len(there.servers["billing"].received) == 3


async def test_shared_request_ends_with_the_last_who_waits() -> None:
    """One who leaves takes nobody's answer away; when all have left, nothing is waited for."""
    go = asyncio.Event()

    async def waiting(received: Received) -> bytes:
        await go.wait()
        return http(json.dumps(await received.answered()).encode())

    async with served(company(), RemoteSettings(dedupe=True)) as there:
        billing = there.servers["billing"]
        billing.does = waiting
        first, second = (asyncio.ensure_future(there.ask(QUERY)) for _ in range(2))
        await until(lambda: len(billing.received) == 1)
        first.cancel()
        go.set()
        assert (await second).errors == ()
        go.clear()
        alone = asyncio.ensure_future(there.ask(QUERY))
        await until(lambda: len(billing.received) == 2)
        alone.cancel()
        await asyncio.gather(alone, return_exceptions=True)
        subgraph: RemoteSubgraph = there.subgraphs["billing"]
        assert subgraph._in_flight is not None
        assert subgraph._in_flight._running == {}


async def test_shared_failure_is_everybodys() -> None:
    """One attempt, and the same fault for all."""
    async with served(company(), RemoteSettings(dedupe=True, retries=0)) as there:
        there.servers["billing"].does = lambda _: BUSY
        answers = await asyncio.gather(*(there.ask(QUERY) for _ in range(3)))
        assert len(there.servers["billing"].received) == 1
    assert [each.errors[0]["extensions"]["code"] for each in answers] == ["SUBGRAPH_UNAVAILABLE"] * 3
