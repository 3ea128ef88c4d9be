"""The command `spojka`: what it prints, and its exit status (0 done, 1 a problem in one line, 2 not understood)."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from processes.commands import import_cdr, pieces
from processes.graph import Graph, GraphError

ROOT = Path(__file__).parent.parent
PROFILE = ROOT / "resolvers" / "examples" / "ClientProfile.graphql"


def _run(*arguments: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], input=text)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in an empty directory, so that nobody's spojka.toml or data is touched."""
    monkeypatch.chdir(tmp_path)


def test_compose_prints_the_supergraph_and_the_api_schema(tmp_path: Path) -> None:
    """What it prints and what it writes is the same."""
    supergraph, api = _run("compose"), _run("compose", "--api")
    assert (supergraph.exit_code, api.exit_code) == (0, 0)
    assert "enum join__Graph" in supergraph.output
    assert "type Client" in api.output
    assert "join__" not in api.output
    assert _run("compose", "--api", "-o", tmp_path / "schema.graphql").output == ""
    assert (tmp_path / "schema.graphql").read_text() == api.output


def test_plan_takes_a_document_a_file_or_standard_input() -> None:
    """The plan is the same wherever the document comes from."""
    text = PROFILE.read_text()
    given = [_run("plan", text), _run("plan", PROFILE), _run("plan", "-", text=text)]
    assert [result.exit_code for result in given] == [0, 0, 0]
    assert len({result.output for result in given}) == 1
    assert given[0].output.startswith("QueryPlan {\n")
    assert 'Fetch(service: "billing")' in given[0].output


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["plan", "{ nothing }"], 1, "Error: the document is not valid for this graph"),
        (["plan", "{"], 1, "Error: Syntax Error"),
        (["plan", "absent.graphql"], 1, "Error: absent.graphql: it is neither a query nor a file"),
        (["serve", "--host", "0.0.0.0"], 2, "nobody has chosen who signs tokens: set [doors] jwks or embedded"),  # noqa: S104
        (["serve", "--host", "example.org"], 2, "nobody has chosen who signs tokens: set [doors] jwks or embedded"),
        (["serve", "--port", "70000"], 2, "Error: Invalid value for '--port'"),
        (["import-cdr", "absent.csv", "--bridge", "b"], 2, "Error: Invalid value for 'FILE'"),
        (["import-cdr", "here.csv"], 2, "Error: Missing option '--bridge'"),
        (["import-cdr", "here.csv", "--bridge", "b", "--format", "x"], 2, "Error: Invalid value for '--format'"),
        (
            ["import-cdr", "here.csv", "--bridge", "b", "--data", "here.csv/data"],
            1,
            "--data here.csv/data: the director",
        ),
        (["import-cdr", "here.csv", "--bridge", "b", "--url", "ftp://x"], 2, "Error: 'ftp://x' is not a graph's URL"),
        (["import-cdr", "here.csv", "--bridge", "b", "--url", "http://127.0.0.1:1/"], 1, "Error: no graph answers at"),
        (["nothing"], 2, "Error: No such command 'nothing'"),
    ],
)
def test_wrong_input_is_one_clear_line(tmp_path: Path, arguments: list[str], status: int, message: str) -> None:
    """No traceback for what the user got wrong."""
    (tmp_path / "here.csv").write_text("1,2\n")
    result = _run(*arguments)
    assert result.exit_code == status
    assert message in result.output
    assert "Traceback" not in result.output


def test_wrong_setting_stops_the_start(tmp_path: Path) -> None:
    """The setting is named with its line, before anything is opened."""
    (tmp_path / "spojka.toml").write_text('[systems.billing]\nurl = "oracle://localhost/x"\n')
    result = _run("serve")
    assert result.exit_code == 1
    assert "spojka.toml:2: systems.billing.url: it is not a database's URL" in result.output


def test_port_in_use_is_said(tmp_path: Path) -> None:
    """Somebody else's server isn't disturbed, and the demo company isn't made in vain."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = _run("serve", "--port", str(port))
    assert result.exit_code == 1
    assert f"127.0.0.1:{port} can't be listened on (Address already in use): choose" in result.output
    assert not (tmp_path / "data").exists()


@dataclass
class FakeGraph:
    """Takes every line but those that say bad; stops at the piece `failing` (counted from 1)."""

    failing: int | None = None
    contents: list[str] = field(default_factory=list)

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        self.contents.append(variables["content"])
        if len(self.contents) == self.failing:
            raise GraphError([{"message": "bridge is busy", "extensions": {"code": "SYSTEM_BUSY"}}])
        lines = variables["content"].splitlines()
        bad = [number for number, line in enumerate(lines, 1) if "bad" in line]
        return {
            "importCallRecords": {
                "received": len(lines) - len(bad),
                "duplicates": 0,
                "skipped": 1,
                "quarantined": [{"line": number, "reason": "not-csv", "message": "no"} for number in bad],
                "conferences": [{"id": "CF-1"}],
            }
        }


def _import(graph: Graph, file: Path, *options: str) -> Result:
    @asynccontextmanager
    async def opened(url: str | None, data: Path) -> AsyncIterator[Graph]:
        yield graph

    return CliRunner().invoke(import_cdr, [str(file), "--bridge", "pbx-praha", *options], obj=opened)


def test_large_file_is_imported_in_pieces_and_added_up(tmp_path: Path) -> None:
    """Lines in quarantine are numbered as in the whole file; a conference over two pieces is counted once."""
    file = tmp_path / "Master.csv"
    file.write_text("".join("bad\n" if number in (3, 777) else "good\n" for number in range(1, 1203)))
    graph = FakeGraph()
    result = _import(graph, file)
    assert result.exit_code == 0
    assert [content.count("\n") for content in graph.contents] == [500, 500, 202]
    assert result.stdout.splitlines() == [
        "received 1200, duplicates 0, quarantined 2, skipped 3",
        "  Master.csv:3: not-csv: no",
        "  Master.csv:777: not-csv: no",
        "conferences 1",
        "  CF-1",
    ]


def test_import_that_stops_says_how_far_it_came(tmp_path: Path) -> None:
    """What was taken stays taken, so the same file can be given again."""
    file = tmp_path / "Master.csv"
    file.write_text("good\n" * 1200)
    result = _import(FakeGraph(failing=2), file)
    assert result.exit_code == 1
    assert "Master.csv: bridge is busy; the first 500 lines are taken" in result.output


def test_file_in_another_encoding_is_refused_or_named(tmp_path: Path) -> None:
    """A letter is never replaced: the byte is named before anything is sent; with --encoding it is read."""
    file = tmp_path / "Master.csv"
    file.write_bytes("good\n\ufeffNovák\nŠeřík\n".encode("cp1250", "ignore"))
    graph = FakeGraph()
    refused = _import(graph, file)
    assert refused.exit_code == 1
    assert "Master.csv:2: byte 8 (0xe1) is not utf-8: nothing was taken" in refused.output
    assert graph.contents == []
    assert _import(graph, file, "--encoding", "cp1250").exit_code == 0
    assert graph.contents == ["good\nNovák\nŠeřík\n"]
    for unfit in ("utf-16", "nonsense"):
        assert _import(graph, file, "--encoding", unfit).exit_code == 2


def test_mark_at_the_beginning_is_no_part_of_the_first_record(tmp_path: Path) -> None:
    """Windows writes a byte order mark into UTF-8."""
    file = tmp_path / "Master.csv"
    file.write_bytes(b"\xef\xbb\xbfgood\n")
    graph = FakeGraph()
    assert _import(graph, file).exit_code == 0
    assert graph.contents == ["good\n"]


def test_piece_does_not_end_within_a_record() -> None:
    """A quoted field may go on over a newline; a quote too many doesn't make one endless piece."""
    whole = 'a,"x\ny"\n'
    cut = list(pieces(io.StringIO(whole * 10, newline="\n"), most=3))
    assert [piece.content for piece in cut] == [whole * 2] * 5
    assert [piece.before for piece in cut] == [0, 4, 8, 12, 16]
    endless = list(pieces(io.StringIO('"' + "a\n" * 20, newline="\n"), most=3))
    assert max(piece.content.count("\n") for piece in endless) == 6


def test_empty_file_brings_nothing(tmp_path: Path) -> None:
    """Nothing to send is no problem."""
    (tmp_path / "empty.csv").write_text("")
    result = _import(FakeGraph(), tmp_path / "empty.csv")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (
        0,
        "received 0, duplicates 0, quarantined 0, skipped 0",
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`spojka serve` as a process of its own, on a demo company of its own: the process and its address."""
    folder = tmp_path_factory.mktemp("served")
    spojka = Path(sys.executable).with_name("spojka")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SPOJKA_")}
    process = subprocess.Popen(
        [spojka, "serve", "--port", "0"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    timer = threading.Timer(120, process.kill)
    timer.start()
    greeting = process.stdout.readline()
    timer.cancel()
    found = re.search(r"http://\S+:\d+", greeting)
    assert found, greeting
    yield process, found[0]
    process.kill()
    process.wait()
    process.stdout.close()


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own server, over http
        return json.loads(response.read())


def _post(url: str, query: str, variables: Mapping[str, Any], token: str) -> Any:
    body = json.dumps({"query": query, "variables": dict(variables)}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - as above
    return _get(request)  # type: ignore[arg-type]


def test_server_is_healthy_and_ready_with_all_systems(served: tuple[subprocess.Popen[str], str]) -> None:
    """A balancer can ask whether the process lives and which systems answer."""
    _, address = served
    assert _get(f"{address}/health") == {"status": "ok"}
    ready = _get(f"{address}/ready")
    assert ready["ready"]
    assert set(ready["subgraphs"].values()) == {"ready"}


def test_every_example_answers_without_errors(served: tuple[subprocess.Popen[str], str]) -> None:
    """The tabs that GraphiQL opens with work as they stand."""
    _, address = served
    examples = _get(f"{address}/graphiql/examples.json")
    names = {example["name"] for example in examples}
    assert {"ClientProfile", "Clients", "LatestRates", "TraceInvoice", "InvoiceConference"} <= names
    for example in examples:
        role = next(each for each in example["roles"] if each != "salesperson" or len(example["roles"]) == 1)
        token = _get(f"{address}/demo/token?role={role}")["token"]
        answer = _post(f"{address}/graphql", example["document"], example["variables"], token)
        assert "errors" not in answer, example["name"]
        assert None not in answer["data"].values(), example["name"]


def test_server_that_is_told_to_stop_answers_what_is_in_flight_and_ends_well(
    served: tuple[subprocess.Popen[str], str],
) -> None:
    """SIGTERM is no failure: the request under way is answered, the status is 0."""
    process, address = served
    host, port = address.removeprefix("http://").split(":")
    body = b'{"query": "{ __typename }"}'
    lines = [
        "POST /graphql HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "",
        "",
    ]
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode() + body[:5])
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        connection.sendall(body[5:])
        answer = b"".join(iter(_received(connection), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b'{"data":{"__typename":"Query"}}')
    assert process.wait(timeout=15) == 0


def _received(connection: socket.socket) -> Callable[[], bytes]:
    return lambda: connection.recv(65536)


def test_fetches_tells_what_each_subgraph_is_sent_and_when() -> None:
    """Each request with its document as it is sent, its variables, and what it waits for."""
    told = _run("fetches", "query($id: ID!) { client(id: $id) { name billingAccounts { currency } } }")
    assert told.exit_code == 0, told.output
    first, *others = told.output.split("\n\n")
    assert first.splitlines() == [
        "1  sales, at once",
        "   query($id: ID!) { client(id: $id) { name id } }",
        "   $id: the client's",
    ]
    assert others[-1].splitlines()[0] == "3  billing, after 2"
    assert "     ... on BillingAccount {" in others[-1].splitlines()


def test_fetches_and_plan_take_another_supergraph(tmp_path: Path) -> None:
    """What `compose -o` wrote is planned without the company."""
    composed = tmp_path / "supergraph.graphql"
    assert _run("compose", "-o", str(composed)).exit_code == 0
    for command in ("plan", "fetches"):
        given = (command, "{ clients { totalCount } }")
        assert _run(*given, "--supergraph", str(composed)).output == _run(*given).output
    broken = tmp_path / "broken.graphql"
    broken.write_text("type Query { a: Int }")
    refused = _run("fetches", "{ a }", "--supergraph", str(broken))
    assert (refused.exit_code, "broken.graphql: it is no supergraph" in refused.output) == (1, True)
