"""Every way to misbehave at every place where a subgraph is asked: what is lost is what it had to give, and no more.

Each place goes through all the ways with one connection, and behaves in between: so a connection or a task that isn't
given back is seen by the next request.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from time import perf_counter
from typing import Any

import orjson
import pytest

from gateway.subgraphs.remote.settings import RemoteSettings
from tests.gateway.company import company
from tests.gateway.subgraphs.remote.misbehaving import ERROR, INVALID, MOST, SLOW, WHOLE, Way, doing, said
from tests.gateway.subgraphs.remote.serving import Received, http, served, until

SETTINGS = RemoteSettings(
    timeout=timedelta(seconds=2),
    retries=1,
    break_after=0,
    connections=1,
    answer_bytes=MOST,
    headers={"authorization": "Bearer fixed-secret"},
)
IMPATIENT = replace(SETTINGS, timeout=timedelta(seconds=1))
HARMLESS = "{ account(number: 7) { balance } }"  # asked again if its connection is at its end, which no mutation is
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """`lost` are the paths that are null where billing fails; it only fails in requests that hold `asked`."""

    query: str
    lost: tuple[Path, ...]
    asked: bytes = b"query"


FIRST, SECOND = ("client", "accounts", 0), ("client", "accounts", 1)
PLACES = {
    "at the root": Place("{ x: account(number: 7) { balance } client(id: 1) { name } }", (("x",),)),
    "for entities": Place(
        "{ client(id: 1) { name accounts { number currency } } }", ((*FIRST, "currency"), (*SECOND, "currency"))
    ),
    "in one of several calls of a request": Place(
        "{ client(id: 1) { name mainAccount { number b: balance } accounts { number currency } } }",
        (("client", "mainAccount", "b"), (*FIRST, "currency"), (*SECOND, "currency")),
    ),
    "behind what is required": Place(
        "{ client(id: 1) { name accounts { number rate manager } } }", ((*FIRST, "rate"), (*SECOND, "rate"))
    ),
    "in the second field of a mutation": Place(
        "mutation { one: pay(account: 7, amount: 1) { account { owner { name } } } two: open(number: 8) { id } }",
        (("two",),),
        b"open(",
    ),
    "in a list of an interface": Place(
        "{ parties { __typename ... on Client { name } ... on Account { tickets { title } balance } } }",
        (("parties", 1, "balance"),),
    ),
}


def without(data: Any, lost: tuple[Path, ...]) -> Any:
    """What is left of the data."""
    made = json.loads(json.dumps(data))
    for path in lost:
        holder = made
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = None
    return made


def failing_only(place: Place, does: Callable[[Received], Any]) -> Callable[[Received], Any]:
    return lambda received: does(received) if place.asked in received.body else behaving(received)


async def behaving(received: Received) -> bytes:
    return said(await received.answered())


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
async def test_what_is_lost_is_what_it_had_to_give(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """The rest is there, errors are where nulls are and tell nothing but a code, the log has the reason, soon."""
    async with served(company(), SETTINGS, billing=IMPATIENT) as there:
        whole = await there.ask(place.query)
        assert whole.errors == ()
        tasks = len(asyncio.all_tasks())
        for way, (does, code) in WHOLE.items():
            caplog.clear()
            caplog.set_level(logging.INFO)
            there.servers["billing"].does = failing_only(place, doing(does))
            began = perf_counter()
            answer = await there.ask(place.query, there.context(request_id="r-1"))
            assert perf_counter() - began < (4 if code == SLOW else 6), way
            assert answer.data == without(whole.data, place.lost), way
            more = {()} if way == "gives errors that are none" else set()  # one explains the null, the others are told
            assert {tuple(each.get("path", ())) for each in answer.errors} == {*place.lost, *more}, way
            assert {each["extensions"]["code"] for each in answer.errors} == {code}, way
            told = orjson.dumps(answer.errors).decode()
            assert not [each for each in ("127.0.0.1", "graphql", "secret") if each in told], way
            assert "request r-1" in caplog.text, way
            assert "fixed-secret" not in caplog.text, way
            there.servers["billing"].does = None
            assert not (await there.ask(HARMLESS)).errors, way
            assert await there.ask(place.query) == whole, way
        await until(lambda: len(asyncio.all_tasks()) <= tasks)


async def test_mutation_that_may_have_happened_is_sent_once() -> None:
    """Whatever came back, also on a connection that was good before."""
    patient = replace(IMPATIENT, retries=5)
    place = PLACES["in the second field of a mutation"]
    async with served(company(), SETTINGS, billing=patient) as there:
        billing = there.servers["billing"]
        for way, (does, _) in WHOLE.items():
            billing.does = None
            await there.ask(HARMLESS)
            billing.does = failing_only(place, doing(does))
            billing.received.clear()
            await there.ask(place.query)
            assert [b"open(" in each.body for each in billing.received] == [False, True], way


def each_object(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from each_object(each)


LEAVES = ("currency", "balance", "b", "id")


def leaves_out(data: dict[str, Any]) -> list[Any]:
    for each in each_object(data):
        for name in set(LEAVES) & each.keys():
            del each[name]
    return []


def gives_objects(data: dict[str, Any]) -> list[Any]:
    for each in each_object(data):
        each.update({name: {"a": [1]} for name in set(LEAVES) & each.keys()})
    return []


def fails_each(data: dict[str, Any], path: Path = (), *, there: bool = True) -> list[Any]:
    """Null, or not even that, with an error at it; the message is none to be shown."""
    errors = []
    for name, value in list(data.items()):
        if name in LEAVES:
            data[name] = None
            errors.append({"message": "secret", "path": [*path, name]})
            if not there:
                del data[name]
        elif isinstance(value, dict):
            errors += fails_each(value, (*path, name), there=there)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                errors += fails_each(each, (*path, name, index), there=there)
    return errors


def fails_without_nulls(data: dict[str, Any]) -> list[Any]:
    return fails_each(data, there=False)


PARTLY: dict[str, tuple[Callable[[dict[str, Any]], list[Any]], str]] = {
    "leaves the fields out": (leaves_out, INVALID),
    "gives objects for texts": (gives_objects, INVALID),
    "fails at each field": (fails_each, ERROR),
    "fails at each field and leaves it out": (fails_without_nulls, ERROR),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
async def test_part_of_an_answer_is_had(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """A field that isn't there is no null: it has an error of its own, and what is there is shown."""
    lost = tuple(
        (*each, "id") if each == ("two",) else (*each, "balance") if each == ("x",) else each for each in place.lost
    )
    async with served(company(), SETTINGS) as there:
        whole = await there.ask(place.query)
        for way, (change, code) in PARTLY.items():
            caplog.clear()
            there.servers["billing"].does = failing_only(place, changed_by(change))
            answer = await there.ask(place.query, there.context(request_id="r-1"))
            if lost[-1][-1] == "id":  # ID!, which takes the account along
                assert answer.data == without(whole.data, (("two",),)), way
            elif way == "gives objects for texts" and "rate" in lost[0]:
                continue  # what is required is any JSON, and the one that requires it has to say what is wrong
            else:
                assert answer.data == without(whole.data, lost), way
            assert {tuple(each["path"]) for each in answer.errors} == set(lost), way
            assert {each["extensions"]["code"] for each in answer.errors} == {code}, way
            assert "secret" not in orjson.dumps(answer.errors).decode(), way
            assert "request r-1" in caplog.text, way


def changed_by(change: Callable[[dict[str, Any]], list[Any]]) -> Callable[[Received], Any]:
    async def changed(received: Received) -> bytes:
        content = json.loads(json.dumps(await received.answered()))
        errors = change(content["data"])
        return said({**content, "errors": errors} if errors else content)

    return changed


@pytest.mark.parametrize("gone", ["_e0", "_e1"])
@pytest.mark.parametrize("how", ["left out", "null", "null with its error", "of another length"])
async def test_one_of_several_calls_is_lost_alone(gone: str, how: str) -> None:
    """The other calls of the same request have their answers, each null its own error."""
    place = PLACES["in one of several calls of a request"]

    async def does(received: Received) -> bytes:
        content: dict[str, Any] = dict(await received.answered())
        data = content["data"]
        assert data.keys() == {"_e0", "_e1"}
        kept = data.pop(gone)
        if how != "left out":
            data[gone] = None if how.startswith("null") else [*kept, {}]
        errors = {"errors": [{"message": "secret", "path": [gone, 0, "x"]}]} if "error" in how else {}
        return said({**content, **errors})

    async with served(company(), SETTINGS) as there:
        whole = await there.ask(place.query)
        there.servers["billing"].does = does
        answer = await there.ask(place.query)
    told = {tuple(each["path"]) for each in answer.errors}
    assert told in ({place.lost[0]}, set(place.lost[1:]))
    assert answer.data == without(whole.data, tuple(told))
    assert {each["extensions"]["code"] for each in answer.errors} == {ERROR if "error" in how else INVALID}


ABSTRACT = "{ about { __typename ... on Client { name } ... on Note { text } } parties { id } }"


@pytest.mark.parametrize("type_name", ["Zebra", "Account", "Query", "", 5, None, ["Note"]])
async def test_type_that_does_not_belong_there_is_an_error(type_name: Any) -> None:
    """One that the graph doesn't know, one that is not of the union, and what is no type at all."""

    async def does(received: Received) -> bytes:
        content = json.loads(json.dumps(await received.answered()))
        for each in content["data"].get("about", ()):
            if each and each["__typename"] == "Note":
                each["__typename"] = type_name
        return said(content)

    async with served(company(), SETTINGS) as there:
        whole = await there.ask(ABSTRACT)
        there.servers["support"].does = does
        answer = await there.ask(ABSTRACT)
    assert answer.data == without(whole.data, (("about", 2),))
    assert [(each["path"], each["extensions"]["code"]) for each in answer.errors] == [(["about", 2], INVALID)]


async def test_what_was_not_asked_for_is_left_out() -> None:
    """Fields, roots, errors' extensions and parts of the answer that nobody knows; the last of two equal keys holds."""
    content = (
        b'\xef\xbb\xbf{"hasNext": false, "extensions": {"trace": "secret"}, "data": {"account": {"balance": 1, '
        b'"balance": 2, "pin": "secret", "__typename": "Zebra"}, "admin": {"pin": "secret"}}, "errors": null}'
    )
    async with served(company(), SETTINGS) as there:
        there.servers["billing"].does = doing(http(content))
        answer = await there.ask("{ account(number: 7) { balance } }")
    assert (answer.data, answer.errors, answer.extensions) == ({"account": {"balance": 2}}, (), {})


ODD_PATHS: list[Any] = [
    "account", {"a": 1}, [True], [1.5], [None], [["account"]], [-1], ["account", 2**70], ["nope", "balance"],
    ["account", "balance", "deeper", 0], list(range(5000)),
]  # fmt: skip


@pytest.mark.parametrize("path", ODD_PATHS)
async def test_error_with_an_odd_path_is_told_all_the_same(path: Any) -> None:
    """At the null it explains if there is one; else without a path."""
    error = {"message": "secret", "path": path, "extensions": ["secret"], "locations": "secret"}
    async with served(company(), SETTINGS) as there:
        there.servers["billing"].does = doing(said({"data": {"account": {"balance": None}}, "errors": [error]}))
        answer = await there.ask("{ account(number: 7) { balance } }")
    assert answer.data == {"account": {"balance": None}}
    (told,) = answer.errors
    assert told["extensions"] == {"code": ERROR, "service": "billing"}
    assert told.get("path") in (None, ["account", "balance"])
    assert "secret" not in orjson.dumps(told).decode()


async def test_more_errors_than_anybody_reads_are_counted() -> None:
    """So that no null is left without one."""
    content: Way = said({"data": {"account": {"balance": None}}, "errors": [{"message": "x"}] * 5000})
    async with served(company(), SETTINGS) as there:
        there.servers["billing"].does = doing(content)
        answer = await there.ask("{ account(number: 7) { balance } }")
    assert len(answer.errors) == 1001
    assert "4000 more errors" in answer.errors[-1]["message"]
