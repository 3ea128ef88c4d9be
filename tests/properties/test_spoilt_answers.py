"""The law: whatever a remote subgraph makes of its answers, every null that is no answer has an error.

Over real HTTP. One subgraph of the company spoils its answers by lot at any place: it leaves fields out, and gives
other things than the schema says. Keys are left out or right: what an object is, only its own system can say.
"""

import json
import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from gateway.request import GraphQLResponse
from gateway.subgraphs.remote.settings import RemoteSettings
from tests.gateway.company import company
from tests.gateway.subgraphs.remote.serving import Received, http, served
from tests.properties.test_failing_systems import _nulls

QUERIES = [
    "{ client(id: 1) { name accounts { number currency } } }",
    "{ x: account(number: 7) { balance } client(id: 1) { name } }",
    "{ client(id: 1) { name accounts { number invoices { id total } ticket { title } } } }",
    "{ client(id: 1) { mainAccount { number b: balance ticket { code } } accounts { rate number currency tickets "
    "{ title subject { __typename ... on Client { name } ... on Note { text } ... on Invoice { total } } } } } }",
    "{ parties { __typename id ... on Client { name } ... on Account { balance tickets { title } label } } "
    "about { ... on Note { text author { id name } } ... on Invoice { id total account { owner { name } } } } }",
    "{ client(id: 1) { best { legalName accounts { currency } } } clients { accounts { owner { name } balance } } }",
]
KEYS = ("id", "number", "code")
WRONG = (1, -1.5, "x", [], {}, {"__typename": []}, {"__typename": "Zebra"}, [[[]]], True, {"data": 1}, 2**70)
SETTINGS = RemoteSettings(timeout=timedelta(seconds=20), retries=0, break_after=0, mask=False)


async def test_every_null_that_is_no_answer_has_an_error(law_cases: int, law_seed: int) -> None:
    """At it, above it, or below it where something may not be null; and the answer can be written out."""
    async with served(company(), SETTINGS) as there:
        whole = {query: await there.ask(query) for query in QUERIES}
        assert not any(each.errors for each in whole.values())
        for seed in range(law_seed, law_seed + max(1, law_cases // len(QUERIES))):
            lot = random.Random(f"spoilt answers {seed}")
            spoiling = lot.choice(list(there.servers))
            for name, server in there.servers.items():
                server.does = (lambda received, lot=lot: _spoilt(received, lot)) if name == spoiling else None  # type: ignore[misc]
            for query in QUERIES:
                answer = await there.ask(query)
                lies = _lies(answer, whole[query].data)
                assert not lies, f"seed {seed}: {spoiling} spoils {query}\nno error at {lies}\n{answer}"


def _lies(answer: GraphQLResponse, truth: Any) -> list[Any]:
    json.loads(orjson.dumps([answer.data, answer.errors]))
    paths = [tuple(each.get("path", ())) for each in answer.errors]
    nulls = _nulls(_as_far_as_alike(answer.data, truth), truth, ())
    return [null for null in nulls if not any(path[: len(null)] == null or null[: len(path)] == path for path in paths)]


def _as_far_as_alike(found: Any, truth: Any) -> Any:
    """What was found, and the truth where the two can't be compared: another length, the fields of another type."""
    if isinstance(found, Mapping) and isinstance(truth, Mapping) and found.keys() <= truth.keys():
        return {key: _as_far_as_alike(value, truth[key]) for key, value in found.items()}
    if isinstance(found, list) and isinstance(truth, list) and len(found) == len(truth):
        return [_as_far_as_alike(*each) for each in zip(found, truth, strict=True)]
    return None if found is None else truth


async def _spoilt(received: Received, lot: random.Random) -> bytes:
    return http(json.dumps(_spoilt_value(await received.answered(), lot, likely=0)).encode())


def _spoilt_value(value: Any, lot: random.Random, *, likely: float = 0.1) -> Any:
    if lot.random() < likely:
        return lot.choice(WRONG)
    if isinstance(value, dict):
        kept = ((key, each) for key, each in value.items() if lot.random() > 0.06)
        return {key: each if key in KEYS else _spoilt_value(each, lot) for key, each in kept}
    return [_spoilt_value(each, lot) for each in value] if isinstance(value, list) else value


def test_the_check_itself_sees_a_null_without_an_error() -> None:
    """A law that can't be broken is none."""
    truth = {"a": [{"b": 1}, {"b": 2}]}
    assert _lies(GraphQLResponse(data={"a": [{"b": 1}, {"b": None}]}), truth) == [("a", 1, "b")]
    told = ({"message": "x", "path": ["a", 1], "extensions": {"code": "X"}},)
    assert _lies(GraphQLResponse(data={"a": [{"b": 1}, {"b": None}]}, errors=told), truth) == []
