"""README's blocks run as they stand, and it leaves out no setting and no error code."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from gateway.bridges import configured_bridges
from gateway.commands.planning import planned
from gateway.company import SYSTEMS, Company, supergraph
from gateway.config import read_settings
from gateway.databases import METADATA, requirement
from gateway.limits import Limits
from gateway.planning.printing import print_plan
from sources.mapping.reading import read as read_mapping
from sources.records.bridge import Bridge
from tests.company import ask
from tests.journeys.test_from_call_to_invoice import IMPORT

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROOMS = ("gateway", "resolvers", "sources", "processes")
SPOJKA = Path(sys.executable).with_name("spojka")
NAMES_A_CODE = re.compile(r"""(?:\bcode"?\s*[:=]\s*|Refusal\(\d{3},\s*)"([A-Z][A-Z_]{4,})\"""")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language and its text."""

    language: str
    text: str


BLOCKS = [Block(*found) for found in re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)]


def blocks(language: str) -> list[str]:
    return [block.text for block in BLOCKS if block.language == language]


async def test_queries_give_the_answers_beside_them(company: Company) -> None:
    """In the README's order, on the demo company at the worked example's evening; a file is imported on the way."""
    content = (ROOT / "examples" / "Master.csv").read_text(encoding="utf-8")
    first, invoice = zip(blocks("graphql"), blocks("json"), strict=True)
    assert (await ask(company, first[0])).data == json.loads(first[1])
    assert (await ask(company, IMPORT, bridge="pbx-praha", content=content)).errors == []
    assert (await ask(company, invoice[0])).data == json.loads(invoice[1])


def test_plan_is_the_one_shown() -> None:
    """The first query's plan, letter by letter."""
    shown = next(block for block in blocks("text") if block.startswith("QueryPlan"))
    plan, _ = planned(blocks("graphql")[0], None, supergraph())
    assert print_plan(plan) == shown


def test_commands_run(files: Path, tmp_path: Path) -> None:
    """Each command ends with status 0, in a folder that has the company's data; `make` has the targets it is given."""
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for folder in ("examples", "resolvers"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    with running_server(files, tmp_path) as port:
        for line in "".join(blocks("sh")).splitlines():
            first = line.split(maxsplit=1)[:2]
            if first[:1] == ["make"]:
                assert first[1].split()[0] in targets
            elif first:
                done = in_shell(line.replace("127.0.0.1:8000", f"127.0.0.1:{port}"), tmp_path)
                assert done.returncode == 0, f"{line}: {done.stderr}"
                assert "errors" not in done.stdout, f"{line}: {done.stdout}"


def in_shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """As a reader would type it, with `spojka` on the path; what one command prints may be another's argument."""
    environment = {**os.environ, "PATH": f"{SPOJKA.parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["/bin/sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@contextmanager
def running_server(data: Path, folder: Path) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [str(SPOJKA), "serve", "--data", str(data), "--port", str(port)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            assert f":{port}" in server.stdout.readline()
            yield port
        finally:
            server.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("source", blocks("python"))
def test_python_runs(source: str, tmp_path: Path) -> None:
    """As a program of its own."""
    program = tmp_path / "readme.py"
    program.write_text(source, encoding="utf-8")
    done = subprocess.run([sys.executable, program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_settings_file_is_taken(tmp_path: Path) -> None:
    """What the README writes into `spojka.toml` is understood, and its limits are the defaults."""
    file = tmp_path / "spojka.toml"
    file.write_text(blocks("toml")[0], encoding="utf-8")
    settings = read_settings(tmp_path, {}, systems=tuple(SYSTEMS), file=file)
    assert settings.limits == Limits()
    assert settings.urls["billing"].startswith("postgresql://")


def test_bridges_are_understood(tmp_path: Path) -> None:
    """The README's bridges, with the secrets that it names in the environment."""
    file = tmp_path / "spojka.toml"
    file.write_text(blocks("toml")[1], encoding="utf-8")
    settings = read_settings(tmp_path, {}, systems=tuple(SYSTEMS), file=file)
    secrets = {"JANUS_ADMIN_SECRET": "one", "JANUS_ADMIN_KEY": "two"}
    assert [each.bridge for each in configured_bridges(settings, secrets)] == [
        Bridge("bridge-1", "UTC", "janus", "dial-in"),
        Bridge("pbx-praha", "Europe/Prague", "files", "dial-in"),
    ]


def test_mapping_is_understood(tmp_path: Path) -> None:
    """The README's example of another program's tables; whether they are there is for the start to see."""
    file = tmp_path / "spojka.toml"
    file.write_text(blocks("toml")[2], encoding="utf-8")
    settings = read_settings(tmp_path, {}, systems=tuple(SYSTEMS), file=file)
    mapping = read_mapping(settings.mappings["sales"])
    assert set(mapping.tables) == {"clients", "contract_rates", "holidays"}


def test_tables_of_a_mapped_system_are_listed() -> None:
    """What it must have and what it may lack, as the sources say it."""
    rows = re.findall(r"^\| `(\w+)` \| (`\w+`.*?) \| (.*?) ?\|$", README.partition("| must have |")[2], re.MULTILINE)
    listed = {system: tuple(tuple(re.findall(r"`(\w+)`", each)) for each in cells) for system, *cells in rows}
    assert listed == {
        system: (
            tuple(each.name for each in requirement(system).tables if each.absence is None),
            tuple(each.name for each in requirement(system).tables if each.absence is not None),
        )
        for system in METADATA
        if system not in ("mailing", "processes")
    }


def test_view_of_rate_versions_is_one() -> None:
    """Each day from which a contract's prices hold is a version, once and in order."""
    (sql,) = blocks("sql")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE prices (contract, service, valid_from)")
        rows = [
            ("A", "in", "2026-01-01"),
            ("A", "out", "2026-01-01"),
            ("A", "in", "2026-05-01"),
            ("B", "in", "2025-01-01"),
        ]
        connection.executemany("INSERT INTO prices VALUES (?, ?, ?)", rows)
        connection.execute(sql)
        found = connection.execute("SELECT contract, version, valid_from FROM spojka_rate_versions ORDER BY 1, 2")
        assert found.fetchall() == [("A", 1, "2026-01-01"), ("A", 2, "2026-05-01"), ("B", 1, "2025-01-01")]


def test_every_setting_is_documented() -> None:
    """A limit or a system that the README doesn't name is one nobody finds."""
    names = [f"`limits.{each.name}`" for each in fields(Limits)] + [f"`{system}`" for system in SYSTEMS]
    assert [name for name in names if name not in README] == []


def test_every_error_code_is_documented() -> None:
    """A frontend switches on codes, so there is a list of all of them (composition's own are Apollo's)."""
    sources = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "composition" not in path.parts]
    codes = {code for path in sources for code in NAMES_A_CODE.findall(path.read_text(encoding="utf-8"))}
    assert len(codes) > 15
    assert sorted(code for code in codes if f"`{code}`" not in README) == []
