"""The company's own doors: `spojka token`, what the demo gives away, who may come from elsewhere, what is written."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from gateway.app import Reach, make_app
from gateway.cli import main
from gateway.config import Settings
from gateway.doors.settings import DoorsSettings
from gateway.http.settings import HttpSettings
from resolvers.roles import ROLES

PEOPLE = [role for role in ROLES if role != "processes"]
CLIENT = '{ client(id: "CL-00417") { name } }'


@asynccontextmanager
async def _served(settings: Settings, reach: Reach = "machine") -> AsyncIterator[httpx.AsyncClient]:
    """The whole application, with its beginning and its end."""
    app = make_app(settings, reach=reach)
    transport = httpx.ASGITransport(app=app)
    client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
    async with app.router.lifespan_context(app), client:
        yield client


def _lines(data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (data / "audit.log").read_text().splitlines()]


async def _token(client: httpx.AsyncClient, role: str) -> str:
    response = await client.get("/demo/token", params={"role": role})
    return str(response.json()["token"])


async def _ask(client: httpx.AsyncClient, query: str, token: str | None) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return (await client.post("/graphql", json={"query": query}, headers=headers)).json()


async def test_demo_gives_every_role_but_the_processes_and_the_log_says_who_came(files: Path) -> None:
    """Jana is the salesperson of the fixed cast; what she read is written down with the client it was about."""
    async with _served(Settings(data=files)) as client:
        assert [each["role"] for each in (await client.get("/demo/roles")).json()] == PEOPLE
        for role in PEOPLE:
            assert "errors" not in await _ask(client, "{ __typename }", await _token(client, role))
        answer = await _ask(client, CLIENT, await _token(client, "salesperson"))
        assert answer == {"data": {"client": {"name": "Novák Konference s.r.o."}}}
        await _ask(client, CLIENT, None)
    *_, jana, nobody = _lines(files)
    assert (jana["subject"], jana["authenticated"], jana["kind"]) == ("jana.kralova", True, "query")
    assert jana["fields"] == [{"field": "client", "ids": {"id": "CL-00417"}}]
    assert jana["entities"] == {"Client": ["CL-00417"]}
    assert (nobody["subject"], nobody["authenticated"]) == ("anonymous", False)


async def test_mutation_and_what_its_process_does_are_both_written(files: Path) -> None:
    """The person who began it, and the process under its own name."""
    content = json.dumps("1,2\n")
    mutation = (
        f'mutation Bring {{ importCallRecords(bridge: "pbx-praha", format: ASTERISK_CSV, content: {content})'
        " { received } }"
    )
    async with _served(Settings(data=files)) as client:
        answer = await _ask(client, mutation, await _token(client, "integrator"))
    assert answer == {"data": {"importCallRecords": {"received": 0}}}
    lines = _lines(files)
    assert {line["subject"] for line in lines} == {"integrator", "processes"}
    (brought,) = (line for line in lines if line["subject"] == "integrator")
    assert (brought["kind"], brought["operation"], brought["outcome"]) == ("mutation", "Bring", "answered")
    assert brought["fields"] == [{"field": "importCallRecords", "ids": {"bridge": "pbx-praha"}}]
    steps = [line["fields"][0]["field"] for line in lines if line["subject"] == "processes"]
    assert steps[0] == "receiveCallRecords"
    assert all(line["outcome"] == "answered" and "errors" not in line for line in lines)


@pytest.mark.parametrize(
    ("changed", "reach"),
    [
        ({"doors": DoorsSettings(chosen=True)}, "machine"),
        ({"http": HttpSettings(hosts=("graph.example.org",))}, "machine"),
        ({}, "beyond"),
    ],
)
async def test_nothing_is_given_away_outside_the_demo(files: Path, changed: dict[str, Any], reach: Reach) -> None:
    """Once somebody has decided about doors, or others can come."""
    async with _served(replace(Settings(data=files), **changed), reach) as client:
        for path in ("/demo/roles", "/demo/token?role=manager"):
            assert (await client.get(path)).status_code == 404


async def test_company_with_a_database_of_its_own_is_no_demo(files: Path) -> None:
    """One URL is enough."""
    settings = Settings(data=files, urls={"sales": f"sqlite:///{files}/sales.sqlite"})
    async with _served(settings) as client:
        assert (await client.get("/demo/token?role=manager")).status_code == 404


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


async def test_printed_token_opens_the_door(files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Made beside the running server or before its first start, for any role and name."""
    monkeypatch.chdir(tmp_path)
    printed = _run("token", "--role", "salesperson", "--subject", "petr.svoboda", "--hours", "1", "--data", files)
    assert printed.exit_code == 0
    async with _served(Settings(data=files)) as client:
        await _ask(client, "{ __typename }", printed.output.strip())
    assert _lines(files)[-1]["subject"] == "petr.svoboda"


JWKS = '[doors]\njwks = "https://login.example.org/keys"\nissuer = "https://login.example.org"\naudience = "spojka"\n'


@pytest.mark.parametrize(
    ("text", "arguments", "status", "message"),
    [
        ("", ["token", "--role", "salesperson"], 1, "say who it is, like --subject jana.kralova"),
        ("", ["token", "--role", "salesperson", "--subject", ""], 1, "say who it is, like --subject jana.kralova"),
        ("", ["token", "--role", "boss"], 1, "Error: there is no role boss; there are salesperson, "),
        ("", ["serve", "--host", "192.0.2.1"], 2, "nobody has chosen who signs tokens: set [doors] jwks or embedded"),
        (JWKS, ["serve", "--host", "192.0.2.1"], 2, "list the names they call it by in [http] hosts"),
        (
            '[[rows]]\ntype = "Cliant"\nfields = "name"\n',
            ["serve", "--port", "0"],
            1,
            "the row rule for Cliant can't be kept: the graph",
        ),
        ('[[rows]]\ntype = "Client"\n', ["serve", "--port", "0"], 1, "spojka.toml:1: rows[1].fields: it is missing"),
        ("", ["token"], 2, "Error: Missing option '--role'"),
        ("", ["token", "--role", "manager", "--hours", "0"], 2, "Error: Invalid value for '--hours'"),
        (JWKS, ["token", "--role", "manager"], 1, "Error: tokens for this company come from https://login.example.org"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, arguments: list[str], status: int, message: str
) -> None:
    """Before anything is opened or made."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spojka.toml").write_text(text)
    result = _run(*arguments)
    assert (result.exit_code, message in result.output) == (status, True), result.output
    assert [each.name for each in tmp_path.iterdir()] == ["spojka.toml"]
