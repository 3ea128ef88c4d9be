"""The company's subgraphs, each served alone, under other gateways and our own: as if they were in its process."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.company import SYSTEMS, open_company
from gateway.composition import SubgraphSdl, compose
from gateway.config import Settings
from gateway.doors.opening import embedded_token
from gateway.doors.settings import DoorsSettings
from tests.company import ALL_SCOPES, DOCUMENTS, ask
from tests.conformance.running import asked, free_port, install, node, running, spojka

pytestmark = pytest.mark.service

HERE = Path(__file__).parent
SECRET = "known to the tests alone"  # noqa: S105 - it opens nothing else
HEADERS = {"spojka-secret": SECRET}
QUESTIONS: dict[str, dict[str, Any]] = {
    "ClientProfile": {"id": "CL-00417"},
    "Clients": {"search": "novak"},
    "LatestRates": {"number": "7700123"},
    "TraceInvoice": {"id": "IN-7700123-0001"},
}


@pytest.fixture(scope="module")
def served(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The supergraphs' folder, while each subgraph of it is served by a process of its own."""
    folder = tmp_path_factory.mktemp("alone")
    data = shutil.copytree(made, folder / "data")  # a server and its worker write
    (folder / "spojka.toml").write_text(
        '[subgraph]\nsecret_env = "SUBGRAPH_SECRET"\n[subgraphs]\nsecret_env = "SUBGRAPH_SECRET"\n'
    )
    ports = {name: free_port() for name in SYSTEMS}
    with ExitStack() as servers:
        for name, port in ports.items():
            command = spojka("subgraph", name, "--port", str(port), "--data", str(data))
            servers.enter_context(
                running(
                    command,
                    url=f"http://127.0.0.1:{port}/health",
                    cwd=folder,
                    environment={"SUBGRAPH_SECRET": SECRET},
                )
            )
        options = [f"--subgraph-url={name}=http://127.0.0.1:{port}/graphql" for name, port in ports.items()]
        subprocess.run(spojka("compose", "-o", "supergraph.graphql", *options), cwd=folder, check=True)
        urls = {name: f"http://127.0.0.1:{port}/graphql" for name, port in ports.items()}
        (folder / "without-access.graphql").write_text(without_access(urls))
        yield folder


def without_access(urls: dict[str, str]) -> str:
    """The supergraph of what the subgraphs say of themselves, without who may see what.

    Apollo's gateway can't enforce that, so it rightly refuses a supergraph that asks for it.
    """
    told = [(name, url, asked(url, "{ _service { sdl } }", headers=HEADERS)) for name, url in urls.items()]
    return compose(
        [SubgraphSdl(name, url, open_to_all(answer["data"]["_service"]["sdl"])) for name, url, answer in told]
    ).supergraph_sdl


def open_to_all(sdl: str) -> str:
    return re.sub(r' @requiresScopes\(scopes: \[\[[^)]*\]\]\)|, "@requiresScopes"', "", sdl)


Ask = Callable[[str, dict[str, Any]], Any]


@pytest.fixture(scope="module", params=["apollo", "hive", "spojka"])
def gateway(request: pytest.FixtureRequest, served: Path) -> Iterator[Ask]:
    """Asks a gateway over the served subgraphs."""
    port = free_port()
    headers: dict[str, str] = {}
    cwd, path = HERE, "/graphql"
    if request.param == "spojka":
        command = spojka("serve", "--supergraph", "supergraph.graphql", "--port", str(port))
        headers = {"authorization": f"Bearer {token(served / 'data')}"}
        cwd = served
    elif request.param == "apollo":
        install(HERE)
        command, path = node(str(HERE / "apollo.mjs"), str(served / "without-access.graphql"), str(port)), "/"
    else:
        install(HERE)
        start = HERE / "node_modules" / "@graphql-hive" / "gateway" / "dist" / "bin.js"
        config = HERE / "hive.config.mjs"
        options = ["--config-path", str(config), "--host", "127.0.0.1", "--port", str(port), "--fork", "1"]
        command = node(str(start), "supergraph", str(served / "supergraph.graphql"), *options)
    url = f"http://127.0.0.1:{port}{path}"
    environment = {"SUBGRAPH_SECRET": SECRET}
    with running(command, url=f"{url}?query=%7B__typename%7D", cwd=cwd, log=served, environment=environment):
        yield lambda query, variables: asked(url, query, variables, headers)


def token(data: Path) -> str:
    """For who may do everything, of the key that our own gateway has there."""
    data.mkdir(exist_ok=True)
    return embedded_token(
        DoorsSettings(),
        data,
        subject=ALL_SCOPES.subject,
        scopes=frozenset(ALL_SCOPES.scopes),
        lasts=timedelta(hours=1),
        now=datetime.now(UTC),
    )


@pytest.fixture(scope="module")
def ours(made: Path) -> dict[str, Any]:
    """What our own gateway answers, with the subgraphs in its process."""

    async def answers() -> dict[str, Any]:
        company = await asyncio.to_thread(open_company, Settings(data=made))
        try:
            return {name: await ask(company, name, **variables) for name, variables in QUESTIONS.items()}
        finally:
            await company.close()

    return asyncio.run(answers())


@pytest.mark.parametrize("name", QUESTIONS)
def test_document_is_answered_as_in_one_process(gateway: Ask, ours: dict[str, Any], name: str) -> None:
    """All of the data, to the last digit, and no error."""
    answer = gateway(DOCUMENTS[name], QUESTIONS[name])
    assert answer.get("errors") is None
    assert ours[name].errors == []
    assert answer["data"] == ours[name].data
    assert any(answer["data"].values())
