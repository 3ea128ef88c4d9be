"""`spojka check` and `spojka serve` on the two other programs' databases, with the settings files of this folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.company import SYSTEMS, Company
from tests.company import DOCUMENTS, ask
from tests.foreign.conftest import FOREIGN, Foreign
from tests.foreign.loading import FOLDER

SPOJKA = Path(sys.executable).with_name("spojka")
BEFORE = "2026-11-24T18:00:00Z"
ASKED: list[tuple[str, dict[str, str]]] = [
    ("LatestRates", {"number": "7700123", "at": BEFORE}),
    ("LatestRates", {"number": "7700127", "at": BEFORE}),  # ambiguous: an error with a code
    ("TraceInvoice", {"id": "IN-7700123-0001"}),
    ("TraceInvoice", {"number": "2025000004"}),
    ("Addresses", {"search": "novák konf"}),
]
"""What doesn't depend on the time of day, which is the real one here."""


@pytest.fixture
def place(foreign: Foreign, made: Path, tmp_path: Path) -> Path:
    """Where Spojka is started: its settings file, and the databases that are its own."""
    place = tmp_path / "place"
    (place / "data").mkdir(parents=True)
    shutil.copy(FOLDER / f"{foreign.kind}.toml", place / "spojka.toml")
    for system in SYSTEMS.keys() - set(FOREIGN):
        shutil.copy(made / f"{system}.sqlite", place / "data")
    return place


@pytest.fixture
def environment(foreign: Foreign) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith("SPOJKA_")}
    return {**others, **{f"SPOJKA_{system.upper()}_URL": url for system, url in foreign.urls.items()}}


def test_check_finds_nothing_wrong(foreign: Foreign, place: Path, environment: dict[str, str]) -> None:
    """Also the data: every code of every row has a meaning."""
    checked = run("check", cwd=place, env=environment)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for system in FOREIGN:
        assert re.search(rf"^{system} +ok +{foreign.kind}, another program's tables", checked.stdout, re.MULTILINE)


async def test_served_answers_are_the_embedded_ones(
    company: Company, foreign: Foreign, place: Path, environment: dict[str, str]
) -> None:
    """Over HTTP, by a process of its own that was told nothing but its settings file and the addresses."""
    token = run("token", "--role", "manager", cwd=place, env=environment).stdout.strip()
    with serving(place, environment) as address:
        for document, variables in ASKED:
            ours = await ask(company, document, **variables)
            theirs = post(address, token, DOCUMENTS[document], variables)
            assert without_cursor(theirs["data"]) == without_cursor(ours.data)
            assert [error["extensions"]["code"] for error in theirs.get("errors", [])] == sorted(ours.codes)


def run(*arguments: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SPOJKA, *arguments], cwd=cwd, env=env, capture_output=True, text=True)


@contextmanager
def serving(place: Path, environment: dict[str, str]) -> Iterator[str]:
    """A server of its own process, started there: its address."""
    command = [SPOJKA, "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            found = re.search(r"http://\S+:\d+", server.stdout.readline())
            assert found
            yield f"{found[0]}/graphql"
        finally:
            server.terminate()


def post(address: str, token: str, query: str, variables: dict[str, str]) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    request = urllib.request.Request(address, body, headers)  # noqa: S310 - our own server, over http
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - as above
        return json.loads(response.read())


def without_cursor(data: Any) -> Any:
    """A cursor is the database's own."""
    if "clients" in data:
        data["clients"]["pageInfo"].pop("endCursor")
    return data
