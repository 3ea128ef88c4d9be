"""Requests that want to be expensive, against the real server under a limit on its memory: refused soon, and forgotten.

Times are those of one request alone, on a machine that does other things too, so the bounds are generous; the server's
own CPU is bounded more strictly, and in all.
"""

from __future__ import annotations

import http.client
import json
import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.running import free_port, running, spojka

MEMORY = 2 * 1024**3
SECONDS = 5.0
CPU_SECONDS = 0.6  # three times what any one document may cost, as the machine has others' work to do
GROWTH = 48 * 1024**2

CLIENT = 'client(id: "CL-00417")'
COMPOSITE = "billingAccounts { contractRates { version } currentPeriod { from } client { bookings { ref } } }"


@dataclass(frozen=True)
class Server:
    """The gateway, in a process of its own, and somebody who may see all that a manager may."""

    port: int
    pid: int
    token: str

    def send(
        self, body: bytes, *, content_type: str = "application/json", target: str = "/graphql"
    ) -> tuple[int, bytes]:
        """POST `body`: the status and the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {
                "content-type": content_type,
                "accept": "application/graphql-response+json",
                "authorization": f"Bearer {self.token}",
            }
            connection.request("POST", target, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """User and system time of the process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """Bytes of memory that it holds."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.fixture(scope="module")
def server(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serves the demo company with 2 GB of address space."""
    folder = tmp_path_factory.mktemp("attacked")
    data = shutil.copytree(made, folder / "data")  # a server and its worker write
    port = free_port()
    command = spojka("serve", "--port", str(port), "--data", str(data))
    with running(command, url=f"http://127.0.0.1:{port}/health", cwd=folder, preexec_fn=limited) as process:
        said = subprocess.run(
            spojka("token", "--role", "manager", "--data", str(data)),
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=True,
        )
        running_server = Server(port, process.pid, said.stdout.strip())
        assert answered(running_server)
        yield running_server


def answered(server: Server) -> bool:
    """Whether an honest request is answered."""
    status, body = server.send(document(f"{{ {CLIENT} {{ name }} }}"))
    return status == 200 and json.loads(body) == {"data": {"client": {"name": "Novák Konference s.r.o."}}}


def document(query: str, **variables: object) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def many(part: str, count: int, *, around: str = "{%s}") -> bytes:
    """A document with `part` repeated; `#` in it is the number of each."""
    return document(around % " ".join(part.replace("#", str(number)) for number in range(count)))


def bomb(levels: int, part: str) -> bytes:
    fragments = (f"fragment F{n} on Client {{ {part.replace('@', f'...F{n + 1}')} }}" for n in range(levels))
    return document(f"{{ {CLIENT} {{ ...F0 }} }} {' '.join(fragments)} fragment F{levels} on Client {{ name }}")


LARGE = {"DOCUMENT_TOO_LARGE"}

# What is sent, and the codes that it may be refused with.
ATTACKS: dict[str, tuple[bytes, set[str]]] = {
    "aliases of a root field": (many(f"a#: {CLIENT} {{ name }}", 300), {"QUERY_TOO_COMPLEX"}),
    "aliases of a field": (many("a#: name", 1000, around=f"{{ {CLIENT} {{ %s }} }}"), {"QUERY_TOO_COMPLEX"}),
    "aliases of introspection": (many("a#: __schema { types { name } }", 90), {"QUERY_TOO_COMPLEX"}),
    "depth": (
        document(f"{{ {CLIENT} " + "{ bookings { client " * 100 + "{ name }" + "} }" * 100 + "}"),
        {"DOCUMENT_TOO_DEEP"},
    ),
    "depth of lists": (document("{ client(id: " + "[" * 5000 + "]" * 5000 + ") { name } }"), {"DOCUMENT_TOO_DEEP"}),
    "depth of types": (document("query($a: " + "[" * 500 + "ID" + "]" * 500 + ") { a }"), {"DOCUMENT_TOO_DEEP"}),
    "depth in fragments": (bomb(60, "bookings { client { @ } }"), {"DOCUMENT_TOO_DEEP", "DOCUMENT_TOO_LARGE"}),
    "directives": (
        document("{ __typename " + "@include(if: true) " * 560 + "}"),
        {"GRAPHQL_VALIDATION_FAILED"},
    ),
    "unknown directives": (document("{ __typename " + "@a" * 1900 + "}"), {"GRAPHQL_VALIDATION_FAILED"}),
    "unknown fields": (many("nothing#", 3900), {"GRAPHQL_VALIDATION_FAILED"}),
    "unknown variables": (
        many("$v#: Nothing", 900, around="query(%s) { __typename }"),
        {"GRAPHQL_VALIDATION_FAILED"},
    ),
    "a bomb of fragments": (bomb(13, "a: bookings { client { @ } } b: bookings { client { @ } }"), LARGE),
    "a bomb of spreads": (bomb(25, "@ @"), {"DOCUMENT_TOO_LARGE"}),
    "a cycle of fragments": (
        document(f"{{ {CLIENT} {{ ...A }} }} fragment A on Client {{ ...B }} fragment B on Client {{ ...A }}"),
        {"GRAPHQL_VALIDATION_FAILED"},
    ),
    "a chain of fragments": (
        many("fragment F# on Query { ...F }", 490, around="{ ...F0 } %s fragment F on Query { __typename }"),
        {"GRAPHQL_VALIDATION_FAILED"},
    ),
    "equal fields": (many(f"{CLIENT} {{ id name }}", 390), {"QUERY_TOO_COMPLEX"}),
    "equal leaves": (many("name", 3900, around=f"{{ {CLIENT} {{ %s }} }}"), {"QUERY_TOO_COMPLEX"}),
    "equal __typename": (many("__typename", 3990), {"QUERY_TOO_COMPLEX"}),
    "equal deep fields": (many(f"{CLIENT} {{ {COMPOSITE} }}", 120), {"QUERY_TOO_COMPLEX"}),
    "equal inline fragments": (many(f"... on Query {{ {CLIENT} {{ id name }} }}", 240), {"QUERY_TOO_COMPLEX"}),
    "tokens": (many("a", 300_000), {"DOCUMENT_TOO_LARGE"}),
    "comments": (document("#\n" * 300_000 + "{ __typename }"), {"DOCUMENT_TOO_LARGE"}),
    "quotes": (document('{ a(b: "' + '\\"' * 200_000 + '") }'), {"GRAPHQL_VALIDATION_FAILED"}),
    "one long name": (document("{ " + "a" * 900_000 + " }"), {"GRAPHQL_VALIDATION_FAILED"}),
    "one long number": (document("{ client(id: " + "9" * 900_000 + ") { name } }"), {"answered"}),
    "one long string": (
        document(f'{{ clients(search: "{"a" * 900_000}") {{ edges {{ cursor }} }} }}'),
        {"BAD_USER_INPUT"},
    ),
    "long strings in variables": (
        document("query($s: String) { clients(search: $s) { edges { cursor } } }", s="ž" * 150_000),
        {"BAD_USER_INPUT"},
    ),
    "a huge list in variables": (
        document("query($r: [ID!]!, $t: DateTime!) { bookingsOfRooms(rooms: $r, from: $t, to: $t) { ref } }",
                 r=["1"] * 100_000, t="2026-11-24T00:00:00Z"),
        {"answered", "BAD_USER_INPUT"},
    ),
    "wrong types in a huge list": (
        document("query($r: [ID!]!) { bookingsOfRooms(rooms: $r, from: 1, to: 1) { ref } }", r=[{}] * 100_000),
        {"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"},
    ),
    "deep variables": (
        b'{"query": "query($s: String) { clients(search: $s) { edges { cursor } } }", "variables": {"s": '
        + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}}",
        {"BAD_REQUEST", "BAD_USER_INPUT"},
    ),
    "huge first": (document("{ clients(first: 2147483647) { edges { cursor } } }"), {"QUERY_TOO_COMPLEX"}),
    "negative first": (document("{ clients(first: -1) { edges { cursor } } }"), {"BAD_USER_INPUT"}),
    "an array of requests": (b"[" + b",".join([document("{ __typename }")] * 500) + b"]", {"BAD_REQUEST"}),
    "3 MB": (document("{ __typename }", padding="x" * 3_000_000), {"BODY_TOO_LARGE"}),
    "bad UTF-8": (b'{"query": "{ client(id: \\"\xff\xfe\\") { name } }"}', {"BAD_REQUEST"}),
    "half of a character": (b'{"query": "{ client(id: \\"\\ud800\\") { name } }"}', {"BAD_REQUEST"}),
    "no JSON": (b"{" * 100_000, {"BAD_REQUEST"}),
    "nothing": (b"", {"BAD_REQUEST"}),
}  # fmt: skip


def codes(status: int, body: bytes) -> set[str]:
    """What the answer says: the codes of its errors, or that it has none."""
    answer = json.loads(body)
    assert status < 500, answer
    return {each["extensions"]["code"] for each in answer.get("errors", ())} or {"answered"}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused_soon(server: Server, attack: str) -> None:
    """A code, and no long thinking, whatever the sender may see."""
    body, expected = ATTACKS[attack]
    before, started = server.cpu_seconds(), time.monotonic()
    status, answer = server.send(body)
    assert time.monotonic() - started < SECONDS
    assert server.cpu_seconds() - before < CPU_SECONDS
    assert codes(status, answer) <= expected
    assert len(answer) < 100_000
    assert answered(server)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_page_elsewhere_could_post_is_refused(server: Server, content_type: str) -> None:
    """A browser sends these without asking first."""
    status, answer = server.send(document("{ __typename }"), content_type=content_type)
    assert (status, codes(status, answer)) == (415, {"UNSUPPORTED_MEDIA_TYPE"})


def test_slow_bodies_hold_nobody_up(server: Server) -> None:
    """Many requests that never end: others are answered meanwhile, and nothing stays of them."""
    head = b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    before = server.resident()
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    try:
        for each in slow:
            each.sendall(head + b'content-length: 1000000\r\n\r\n{"query": "')
        started = time.monotonic()
        assert answered(server)
        assert time.monotonic() - started < SECONDS
    finally:
        for each in slow:
            each.close()
    assert server.resident() - before < GROWTH


def test_unique_documents_and_repeated_attacks_leave_memory_flat(server: Server) -> None:
    """What is remembered of documents is bounded in number and size."""

    def round_of(number: int) -> None:
        for each in range(1200):
            query = f"query Q{number}x{each} {{ {CLIENT} {{ name a{each}: id }} }}"
            status, _ = server.send(document(query))
            assert status == 200
        for body, _ in ATTACKS.values():
            server.send(body)

    round_of(0)
    round_of(1)
    before = server.resident()
    round_of(2)
    assert server.resident() - before < GROWTH
    assert answered(server)
