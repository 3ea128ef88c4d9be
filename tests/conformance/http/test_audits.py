"""The audits of GraphQL over HTTP that npm's graphql-http has, against the real server."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.running import free_port, install, node, running, spojka

pytestmark = pytest.mark.service

HERE = Path(__file__).parent
AUDITS = 61
"""How many version 1.23.1 has: fewer would mean that some were not run."""


@pytest.fixture(scope="module")
def gateway(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """The URL of the gateway and a token: some audits ask for the schema, which is not for everybody."""
    port = free_port()
    folder = tmp_path_factory.mktemp("gateway")
    data = shutil.copytree(made, folder / "data")  # a server and its worker write
    command = spojka("serve", "--port", str(port), "--data", str(data))
    with running(command, url=f"http://127.0.0.1:{port}/health", cwd=folder):
        token = [*spojka("token", "--role", "mailing", "--data", str(data))]
        printed = subprocess.run(token, cwd=folder, capture_output=True, text=True, check=True).stdout
        yield f"http://127.0.0.1:{port}/graphql", printed.strip()


@pytest.fixture(scope="module")
def subgraph(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """The URL of a subgraph alone."""
    port = free_port()
    folder = tmp_path_factory.mktemp("subgraph")
    data = shutil.copytree(made, folder / "data")  # a server and its worker write
    command = spojka("subgraph", "billing", "--open", "--port", str(port), "--data", str(data))
    with running(command, url=f"http://127.0.0.1:{port}/health", cwd=folder):
        yield (f"http://127.0.0.1:{port}/graphql",)


@pytest.mark.parametrize("server", ["gateway", "subgraph"])
def test_every_audit_is_ok(request: pytest.FixtureRequest, server: str) -> None:
    """MUST, SHOULD and MAY alike."""
    where: tuple[str, ...] = request.getfixturevalue(server)
    install(HERE)
    ran = subprocess.run(node("audit.mjs", *where), cwd=HERE, capture_output=True, text=True, check=True)
    results: list[dict[str, Any]] = json.loads(ran.stdout)
    assert [each for each in results if each["status"] != "ok"] == []
    assert len(results) == AUDITS
