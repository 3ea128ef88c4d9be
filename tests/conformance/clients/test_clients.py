"""Frontends' clients (Apollo Client, urql) run queries and mutations on a supergraph, served without a company."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.running import install, node
from tests.gateway.company import company
from tests.gateway.subgraphs.remote.serving import Received, http, served
from tests.gateway.subgraphs.remote.test_standalone import running, supergraph, urls

pytestmark = pytest.mark.service

HERE = Path(__file__).parent
SETTINGS = '[subgraphs]\ncodes = ["BAD_AMOUNT"]\n'


async def asked(kind: str, folder: Path) -> Any:
    """What the client of that kind made of it; billing fails where balances are asked for."""
    install(HERE)

    async def balances_fail(received: Received) -> bytes:
        if b"balance" in received.body:
            return http(b"<html>", "text/html", status="500 Internal Server Error")
        return http(json.dumps(await received.answered()).encode())

    async with served(company()) as there:
        there.servers["billing"].does = balances_fail
        async with running(folder, supergraph(urls(there)), settings=SETTINGS) as gateway:
            process = await asyncio.create_subprocess_exec(
                *node(str(HERE / "ask.mjs"), kind, f"{gateway.client.base_url}/graphql"),
                cwd=HERE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return without_typenames(json.loads(output))


def without_typenames(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_typenames(each) for key, each in value.items() if key != "__typename"}
    return [without_typenames(each) for each in value] if isinstance(value, list) else value


OWNER = {"id": "1", "name": "Anna"}
CLIENT = {
    "client": {
        **OWNER,
        "segment": "SMALL",
        "accounts": [
            {"number": "7", "currency": "CZK", "rate": 3, "owner": OWNER},
            {"number": "8", "currency": "EUR", "rate": 3, "owner": OWNER},
        ],
    }
}


@pytest.mark.parametrize("kind", ["apollo", "urql"])
async def test_client_gets_what_it_asks_for(kind: str, tmp_path: Path) -> None:
    """Data, part of the data, mutations, and codes to switch on."""
    answers = await asked(kind, tmp_path)
    assert answers["client"] == {"data": CLIENT, "codes": []}
    assert answers["nobody"] == {"data": {"client": None}, "codes": []}
    assert answers["paid"] == {
        "data": {"pay": {"sequence": 1, "account": {"number": "7", "paid": 5, "owner": OWNER}}},
        "codes": [],
    }
    assert answers["refused"] == {"data": None, "codes": ["BAD_AMOUNT"]}
    assert answers["after"] == {"data": {"account": {"number": "7", "paid": 5}}, "codes": []}
    assert answers["partly"] == {"data": {"client": OWNER, "account": None}, "codes": ["SUBGRAPH_HTTP_ERROR"]}
    assert answers["wrong"] == {"data": None, "codes": ["GRAPHQL_VALIDATION_FAILED"]}


async def test_apollos_persisted_queries_are_understood(tmp_path: Path) -> None:
    """The hash, then the text once, then the hash alone; by POST and by GET."""
    answers = await asked("apollo", tmp_path)
    assert answers["cached"] == 5
    for method, how in (("POST", "post"), ("GET", "get")):
        assert answers[how]["results"] == [{"data": CLIENT, "codes": []}] * 2
        assert [(each["query"], each["hash"]) for each in answers[how]["sent"]] == [
            (False, True),
            (True, True),
            (False, True),
        ]
        assert [each["method"] for each in answers[how]["sent"]] == [method, "POST", method]
