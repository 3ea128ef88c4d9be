"""`spojka serve --supergraph FILE`: any supergraph without a company, in a process, and again when FILE changes."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import weakref
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from gateway.composition import SubgraphSdl, compose
from gateway.config import Settings
from gateway.doors.opening import embedded_token
from gateway.doors.settings import DoorsSettings
from gateway.request import GraphQLRequest
from gateway.standalone import open_standalone
from tests.conformance.running import free_port
from tests.gateway.company import SUBGRAPHS, company
from tests.gateway.federation import LINK, TESTER
from tests.gateway.subgraphs.remote.serving import Received, Served, http, served, until

ROOT = Path(__file__).parents[4]
QUERY = "{ client(id: 1) { name accounts { number currency } } }"
FIELDS = '{ __type(name: "Client") { fields { name } } }'
DATA = {
    "client": {"name": "Anna", "accounts": [{"number": "7", "currency": "CZK"}, {"number": "8", "currency": "EUR"}]}
}


def supergraph(urls: Mapping[str, str], *, more: str = "", **changed: str) -> str:
    """The company's supergraph with its subgraphs at `urls`; `more` is added to sales."""
    sdls = {**SUBGRAPHS, **changed}
    sdls["sales"] += more
    return compose([SubgraphSdl(name, urls.get(name, ""), LINK + sdl) for name, sdl in sdls.items()]).supergraph_sdl


def urls(there: Served) -> dict[str, str]:
    return {name: server.url for name, server in there.servers.items()}


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs, and who asks it."""

    process: asyncio.subprocess.Process
    client: httpx.AsyncClient
    folder: Path
    seconds_to_answer: float

    async def ask(self, query: str = QUERY, headers: Mapping[str, str] | None = None) -> Any:
        return (await self.response(query, headers)).json()

    async def response(self, query: str = QUERY, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return await self.client.post("/graphql", json={"query": query}, headers=dict(headers or {}), timeout=20)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    async def logged(self, text: str, *, times: int = 1) -> None:
        await until(lambda: self.log.count(text) >= times)

    def replace(self, text: str) -> None:
        """In one step, as deployments should."""
        (self.folder / "new").write_text(text, encoding="utf-8")
        (self.folder / "new").rename(self.folder / "supergraph.graphql")


def command(*arguments: str) -> list[str]:
    script = f"import sys; sys.argv = ['spojka', *{list(arguments)!r}]; from gateway.start import main; main()"
    return [sys.executable, "-c", script]


@asynccontextmanager
async def running(folder: Path, text: str, *options: str, settings: str = "") -> AsyncIterator[Running]:
    """The real command; ended, well, when the block is left."""
    (folder / "supergraph.graphql").write_text(text, encoding="utf-8")
    if settings:
        (folder / "spojka.toml").write_text(settings, encoding="utf-8")
    port = free_port()
    arguments = command("serve", "--supergraph", "supergraph.graphql", "--port", str(port), *options)
    began = monotonic()
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *arguments, cwd=folder, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        try:
            await answering(client, process, folder)
            yield Running(process, client, folder, monotonic() - began)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                status = await process.wait()
    assert status == 0, (folder / "log").read_text()


async def answering(client: httpx.AsyncClient, process: asyncio.subprocess.Process, folder: Path) -> None:
    async with asyncio.timeout(30):
        while True:
            assert process.returncode is None, (folder / "log").read_text()
            try:
                await client.get("/health")
            except httpx.TransportError:
                await asyncio.sleep(0.02)
            else:
                return


async def test_supergraph_is_answered_for(tmp_path: Path) -> None:
    """With no company, no data directory, no settings and no token; and soon."""
    async with served(company()) as there:
        async with running(tmp_path, supergraph(urls(there))) as gateway:
            assert await gateway.ask() == {"data": DATA}
            assert (await gateway.client.get("/ready")).json() == {
                "ready": True,
                "subgraphs": dict.fromkeys(["billing", "links", "sales", "support"], "ready"),
            }
            assert (await gateway.client.get("/")).status_code == 200
            seconds = [gateway.seconds_to_answer]
        assert sorted(os.listdir(tmp_path)) == ["log", "supergraph.graphql"]
        while min(seconds) > 2 and len(seconds) < 4:  # a machine that does other things is given another chance
            async with running(tmp_path, supergraph(urls(there))) as gateway:
                seconds.append(gateway.seconds_to_answer)
    assert min(seconds) <= 2


async def test_one_that_is_down_is_said(tmp_path: Path) -> None:
    """/ready names it; the others' data is there."""
    async with served(company()) as there:
        await there.servers["billing"].stop()
        async with running(tmp_path, supergraph(urls(there))) as gateway:
            answer = await gateway.ask()
            assert answer["data"]["client"]["name"] == "Anna"
            assert {each["extensions"]["code"] for each in answer["errors"]} == {"SUBGRAPH_UNAVAILABLE"}
            ready = (await gateway.client.get("/ready")).json()
    assert ready["ready"] is True
    assert ready["subgraphs"]["billing"] == "can't be reached"
    assert ready["subgraphs"]["sales"] == "ready"


async def test_request_id_and_headers_go_all_the_way(tmp_path: Path) -> None:
    """From the client to the subgraph, and back to the client; a made one where the client's is none."""
    settings = '[subgraphs]\nforward = ["x-tenant"]\n[subgraphs.sales]\nreturned = ["x-served-by"]\n'
    async with served(company()) as there:
        there.servers["sales"].does = lambda received: labelled(received)
        async with running(tmp_path, supergraph(urls(there)), settings=settings) as gateway:
            first = await gateway.response(headers={"x-request-id": "mine-1", "x-tenant": "acme"})
            second = await gateway.response(headers={"x-request-id": 'bad " id'})
            third = await gateway.response(headers={"authorization": "Bearer any.thing.here"})
        received = there.servers["sales"].received
    assert first.headers["x-request-id"] == received[0].header("x-request-id") == "mine-1"
    assert (received[0].header("x-tenant"), received[1].header("x-tenant")) == ("acme", None)
    assert second.headers["x-request-id"] == received[1].header("x-request-id")
    assert len(second.headers["x-request-id"]) == 32
    assert first.headers["x-served-by"] == "s1"
    assert third.json() == {"data": DATA}  # a token isn't looked at where none is asked for, nor handed on
    assert received[2].header("authorization") is None


async def labelled(received: Received) -> bytes:
    return http(json.dumps(await received.answered()).encode(), headers="x-served-by: s1\r\n")


async def test_reload_under_load_drops_nothing(tmp_path: Path) -> None:
    """Hundreds of requests while the file is replaced again and again; what is in flight ends on its own graph."""
    slow = asyncio.Event()

    async def slowly(received: Received) -> bytes:
        if b"balance" in received.body:
            await slow.wait()
        return http(json.dumps(await received.answered()).encode())

    async with served(company()) as there:
        there.servers["billing"].does = slowly
        texts = [supergraph(urls(there), more=f"extend type Client {{ added{number}: String }}") for number in range(4)]
        async with running(tmp_path, supergraph(urls(there))) as gateway:
            old = asyncio.ensure_future(gateway.ask("{ account(number: 7) { balance } }"))
            answers: list[Any] = []
            done = asyncio.Event()

            async def load() -> None:
                while not done.is_set():
                    answers.append(await gateway.ask())

            loads = [asyncio.ensure_future(load()) for _ in range(8)]
            for number, text in enumerate(texts):
                gateway.replace(text)
                await gateway.logged("has changed", times=number + 1)
                assert f"added{number}" in json.dumps(await gateway.ask(FIELDS))
            await until(lambda: len(answers) >= 300)
            assert not old.done()
            slow.set()
            assert await old == {"data": {"account": {"balance": 100}}}
            done.set()
            await asyncio.gather(*loads)
            log = gateway.log
    assert [each for each in answers if each != {"data": DATA}] == []
    assert log.count("has changed") == 4
    assert "Traceback" not in log


def broken(url: str, query: str) -> str:
    return f'enum join__Graph {{ A @join__graph(name: "a", url: "{url}") }} {query}'


QUERY_OF_A = "type Query @join__type(graph: A) { a: Int }"
BAD: dict[str, str] = {
    "": "it is not GraphQL",
    "type Query {": "it is not GraphQL",
    "type Query { a: Int }": "this is not a supergraph document",
    broken("http://a/", QUERY_OF_A.replace("Int", "Nope")): "it can't be used",
    broken("http://a/", "type Q { a: Int }"): "its API schema is not valid",
    broken("file:///etc/passwd", QUERY_OF_A): "the URL of the subgraph a can't be used",
    broken("", QUERY_OF_A): "the subgraph a has no URL",
}


async def test_bad_file_leaves_the_graph_as_it_was(tmp_path: Path) -> None:
    """Whatever is wrong is logged once; the next good file is taken."""
    async with served(company()) as there:
        good = supergraph(urls(there))
        async with running(tmp_path, good) as gateway:
            for number, (text, message) in enumerate(BAD.items(), start=1):
                gateway.replace(text)
                await gateway.logged("the graph stays as it was", times=number)
                assert message in gateway.log.splitlines()[-1]
                assert await gateway.ask() == {"data": DATA}
            (tmp_path / "supergraph.graphql").unlink()
            await gateway.logged("No such file")
            assert await gateway.ask() == {"data": DATA}
            gateway.replace(good[: len(good) // 2])
            await asyncio.sleep(1)
            assert await gateway.ask() == {"data": DATA}
            gateway.replace(supergraph(urls(there), more="extend type Query { fresh: Int }"))
            await gateway.logged("has changed")
            assert (await gateway.ask("{ fresh }"))["data"] == {"fresh": None}
            log = gateway.log
    assert log.count("the graph stays as it was") == len(BAD) + 2
    assert "Traceback" not in log


async def test_file_that_is_written_in_place_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    """What an editor or `>` does: it grows for a while."""
    async with served(company()) as there, running(tmp_path, supergraph(urls(there))) as gateway:
        text = supergraph(urls(there), more="extend type Query { fresh: Int }").encode()
        with (tmp_path / "supergraph.graphql").open("wb") as file:
            for begin in range(0, len(text), len(text) // 10):
                file.write(text[begin : begin + len(text) // 10])
                file.flush()
                await asyncio.sleep(0.1)
        await gateway.logged("has changed")
        assert (await gateway.ask("{ fresh }"))["data"] == {"fresh": None}
        assert "stays as it was" not in gateway.log


OPEN = "balance(in: String): Int"
CLOSED = SUBGRAPHS["billing"].replace(OPEN, f'{OPEN} @requiresScopes(scopes: [["money"]])')


async def test_graph_that_asks_for_tokens_gets_a_door(tmp_path: Path) -> None:
    """Only then the data directory is made, for the key; also when it begins to ask while it is served."""
    query = "{ account(number: 7) { balance number } }"
    async with served(company()) as there:
        async with running(tmp_path, supergraph(urls(there))) as gateway:
            assert (await gateway.ask(query))["data"]["account"]["balance"] == 100
            gateway.replace(supergraph(urls(there), billing=CLOSED))
            await gateway.logged("has changed")
            refused = await gateway.ask(query)
            token = embedded_token(
                DoorsSettings(),
                tmp_path / "data",
                subject="jana",
                scopes=frozenset({"money"}),
                lasts=timedelta(minutes=5),
                now=datetime.now(UTC),
            )
            allowed = await gateway.ask(query, {"authorization": f"Bearer {token}"})
            wrong = await gateway.response(query, {"authorization": "Bearer x"})
        assert there.servers["billing"].received[-1].header("authorization") is None
    assert refused["data"] == {"account": {"balance": None, "number": "7"}}
    assert [each["extensions"]["code"] for each in refused["errors"]] == ["UNAUTHENTICATED"]
    assert allowed == {"data": {"account": {"balance": 100, "number": "7"}}}
    assert wrong.status_code == 401


async def test_other_machines_may_come_to_what_asks_for_nothing(tmp_path: Path) -> None:
    """And when the file begins to ask for tokens, it is refused as long as nobody has decided about doors."""
    everywhere = "0.0.0.0"  # noqa: S104 - that is what is tried
    async with (
        served(company()) as there,
        running(tmp_path, supergraph(urls(there)), "--host", everywhere) as gateway,
    ):
        assert await gateway.ask(headers={"host": "graph.example.org"}) == {"data": DATA}
        gateway.replace(supergraph(urls(there), billing=CLOSED))
        await gateway.logged("nobody has chosen who signs tokens")
        assert await gateway.ask() == {"data": DATA}


@pytest.mark.parametrize(
    ("text", "settings", "options", "message"),
    [
        (None, "", [], "supergraph.graphql can't be read (No such file or directory): name a file"),
        ("type Query {", "", [], "supergraph.graphql: it is not GraphQL"),
        ("type Query { a: Int }", "", [], "this is not a supergraph document"),
        ("good", "[subgraphs.nope]\nretries = 1", [], "spojka.toml:1: subgraphs.nope: there is no such subgraph"),
        ("good", "[subgraphs]\nretries = 99", [], "spojka.toml:2: subgraphs.retries: it is not a whole number"),
        ("good", "[doors.roles]\nclaim = 'roles'", [], "doors.roles: there are none without the company"),
        ("good", "[audit]\nrequired = true", [], "audit.required: there is no directory data for the log"),
        ("closed", "", ["--host", "0.0.0.0"], "nobody has chosen who signs tokens"),  # noqa: S104
        ("closed", "[doors]\nembedded = true", ["--host", "0.0.0.0"], "list the names they call it by"),  # noqa: S104
        ("unnamed", "", [], "the subgraph billing has no URL: set url in [subgraphs.billing]"),
    ],
)
async def test_what_can_not_be_served_is_said_in_one_line(
    tmp_path: Path, text: str | None, settings: str, options: list[str], message: str
) -> None:
    """Before anybody is listened to; the status is 1."""
    everywhere = dict.fromkeys(SUBGRAPHS, "http://127.0.0.1:1/")
    texts = {
        "good": supergraph(everywhere),
        "closed": supergraph(everywhere, billing=CLOSED),
        "unnamed": supergraph({**everywhere, "billing": ""}),
    }
    if text is not None:
        (tmp_path / "supergraph.graphql").write_text(texts.get(text, text))
    (tmp_path / "spojka.toml").write_text(settings)
    process = await asyncio.create_subprocess_exec(
        *command("serve", "--supergraph", "supergraph.graphql", "--port", str(free_port()), *options),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    output, _ = await process.communicate()
    assert process.returncode == 1
    assert message in output.decode()
    assert "Traceback" not in output.decode()
    assert not (tmp_path / "data").exists()


async def test_url_of_the_settings_wins(tmp_path: Path) -> None:
    """A supergraph that was composed elsewhere, or without URLs."""
    async with served(company()) as there:
        text = supergraph(dict.fromkeys(SUBGRAPHS, "http://127.0.0.1:1/"))
        settings = "".join(f'[subgraphs.{name}]\nurl = "{url}"\n' for name, url in urls(there).items())
        async with running(tmp_path, text, settings=settings) as gateway:
            assert await gateway.ask() == {"data": DATA}


async def test_old_graph_is_gone_after_a_reload(tmp_path: Path) -> None:
    """Its connections are hung up and its memory is free, though what lives at the start is kept from the collector."""
    file = tmp_path / "supergraph.graphql"
    async with served(company()) as there:
        file.write_text(supergraph(urls(there)))
        graph = open_standalone(file, Settings(data=tmp_path / "none"), reach="machine")
        gc.freeze()
        watching = asyncio.ensure_future(graph.watch())
        request = GraphQLRequest(query=QUERY)
        assert (await graph.answer(request, TESTER)).data == DATA
        for number in range(3):
            old = weakref.ref(graph._running.gateway)
            file.write_text(supergraph(urls(there), more=f"extend type Query {{ fresh{number}: Int }}"))
            await until(lambda old=old: old() is None)  # type: ignore[misc]
            assert (await graph.answer(request, TESTER)).data == DATA
        assert all(len(each._writers) <= 1 for each in there.servers.values())
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await graph.close()
        gc.unfreeze()
