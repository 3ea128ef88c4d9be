"""`spojka compose` and `spojka check --against`: subgraphs from files and servers, problems with their place."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n'
SALES = LINK + 'type Query { client: Client }\ntype Client @key(fields: "id") { id: ID! name: String }\n'
BILLING = (
    LINK + 'type Client @key(fields: "id") {\n  id: ID!\n  invoices: [Invoice!]\n}\ntype Invoice { number: ID! }\n'
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands run where the two files are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sales.graphql").write_text(SALES)
    (tmp_path / "billing.graphql").write_text(BILLING)
    return tmp_path


def spojka(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def subgraphs(**others: str) -> list[str]:
    """The options for both files, or for what is given instead."""
    given = {"sales": "sales.graphql,url=http://s/graphql", "billing": "billing.graphql,url=http://b/graphql", **others}
    return [part for name, place in given.items() for part in ("--subgraph", f"{name}={place}")]


@contextmanager
def answering(body: object) -> Iterator[str]:
    """A server that gives the same answer to every POST; its URL. What it was asked must be for the SDL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            assert asked["query"] == "{ _service { sdl } }"
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed into the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/graphql"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_files_compose() -> None:
    """The supergraph says where each subgraph is; nothing is hinted at when all is said."""
    result = spojka("compose", *subgraphs())
    assert result.exit_code == 0, result.output
    assert 'BILLING @join__graph(name: "billing", url: "http://b/graphql")' in result.output
    assert "invoices: [Invoice!] @join__field(graph: BILLING)" in result.output
    assert result.stderr == ""


def test_subgraph_is_asked_for_its_sdl() -> None:
    """A URL is where the SDL comes from, and where a gateway asks, unless told otherwise."""
    with answering({"data": {"_service": {"sdl": BILLING}}}) as url:
        there = spojka("compose", *subgraphs(billing=url))
        elsewhere = spojka("compose", *subgraphs(billing=f"{url},url=http://inside/graphql"))
    assert there.exit_code == 0, there.output
    assert f'name: "billing", url: "{url}"' in there.output
    assert 'name: "billing", url: "http://inside/graphql"' in elsewhere.output


@pytest.mark.parametrize("answer", [{"errors": [{"message": "no such field"}]}, {"data": {"_service": None}}])
def test_subgraph_without_an_sdl_is_told(answer: object) -> None:
    """What answers but is no subgraph is named with its address."""
    with answering(answer) as url:
        result = spojka("compose", *subgraphs(billing=url))
    assert result.exit_code == 1
    assert f"{url}: billing doesn't give its SDL" in result.stderr


def test_subgraph_that_is_down_is_told() -> None:
    """Nothing listens on port 1."""
    result = spojka("compose", *subgraphs(billing="http://127.0.0.1:1/"))
    assert result.exit_code == 1
    assert "http://127.0.0.1:1/: billing can't be asked for its SDL" in result.stderr


def test_problem_has_its_file_and_line(folder: Path) -> None:
    """Status 1, nothing on standard output, and nothing written."""
    (folder / "billing.graphql").write_text(BILLING.replace("  id: ID!", "  id: ID!\n  name: String"))
    result = spojka("compose", *subgraphs(), "-o", "supergraph.graphql")
    assert result.exit_code == 1
    assert "billing.graphql:4: INVALID_FIELD_SHARING: Client.name is resolved in billing and sales" in result.stderr
    assert result.stdout == ""
    assert not (folder / "supergraph.graphql").exists()


def test_syntax_error_has_its_line(folder: Path) -> None:
    """The line is the file's own."""
    (folder / "sales.graphql").write_text("type Query {\n  client: }\n")
    result = spojka("compose", *subgraphs())
    assert "sales.graphql:2: INVALID_GRAPHQL: sales: Syntax Error" in result.stderr


def test_hints_go_to_standard_error() -> None:
    """A subgraph without a URL composes; that no gateway finds it is a hint, not a part of the supergraph."""
    result = spojka("compose", *subgraphs(sales="sales.graphql"))
    assert result.exit_code == 0
    assert result.stderr.startswith("hint: NO_URL: nothing tells a gateway where sales is")
    assert "NO_URL" not in result.stdout


def test_api_schema_of_files() -> None:
    """What clients see of them."""
    result = spojka("compose", "--api", *subgraphs())
    assert "invoices: [Invoice!]" in result.stdout
    assert "join__" not in result.stdout


@pytest.mark.parametrize("option", ["sales", "=sales.graphql", "sales=", "sales=sales.graphql,url=nowhere"])
def test_option_that_can_not_be_understood(option: str) -> None:
    """Status 2, as for every command line that isn't understood."""
    result = spojka("compose", "--subgraph", option)
    assert result.exit_code == 2
    assert f"--subgraph {option}: it is not NAME=FILE or NAME=URL" in result.stderr


def test_urls_of_the_company_are_not_mixed_with_files() -> None:
    """--subgraph-url is for the company's subgraphs, --subgraph for all others."""
    assert spojka("compose", *subgraphs(), "--subgraph-url", "sales=http://x").exit_code == 2


@pytest.fixture
def supergraph(folder: Path) -> str:
    """The file of what is served now."""
    assert spojka("compose", *subgraphs(), "-o", "supergraph.graphql").exit_code == 0
    return "supergraph.graphql"


def test_nothing_changed(supergraph: str) -> None:
    """The same subgraphs change nothing."""
    result = spojka("check", "--against", supergraph, *subgraphs())
    assert result.exit_code == 0
    assert result.stdout == "0 breaking, 0 dangerous, 0 safe\n"


def test_breaking_change_is_refused(supergraph: str, folder: Path) -> None:
    """Status 1, with what changed, the heaviest first."""
    (folder / "billing.graphql").write_text(BILLING.replace("number: ID!", "no: ID!"))
    result = spojka("check", "--against", supergraph, *subgraphs())
    assert result.exit_code == 1
    first, second, count = result.stdout.splitlines()
    assert first.split(maxsplit=2) == ["breaking", "FIELD_REMOVED", "Field Invoice.number was removed."]
    assert second.split(maxsplit=2) == ["safe", "FIELD_ADDED", "Field Invoice.no was added."]
    assert count == "1 breaking, 0 dangerous, 1 safe"


def test_subgraphs_that_do_not_compose_are_not_compared(supergraph: str, folder: Path) -> None:
    """The problem is told as `compose` tells it."""
    (folder / "billing.graphql").write_text(BILLING.replace("Invoice!", "Nothing!"))
    result = spojka("check", "--against", supergraph, *subgraphs())
    assert result.exit_code == 1
    assert "billing.graphql:4: INVALID_GRAPHQL: billing: Unknown type 'Nothing'" in result.stderr


def test_company_is_compared_without_subgraphs(folder: Path) -> None:
    """Without --subgraph it is the company's graph that is compared."""
    assert spojka("compose", "-o", "company.graphql").exit_code == 0
    assert spojka("check", "--against", "company.graphql").stdout == "0 breaking, 0 dangerous, 0 safe\n"


def test_file_that_is_no_supergraph_is_told() -> None:
    """A subgraph's SDL is not what `compose` wrote."""
    result = spojka("check", "--against", "sales.graphql", *subgraphs())
    assert result.exit_code == 1
    assert "sales.graphql: it is no supergraph" in result.stderr


def test_subgraphs_are_only_for_comparing() -> None:
    """`check` without --against looks at the company's own systems."""
    assert spojka("check", *subgraphs()).exit_code == 2
