"""The audit log: who did what and of which client, on the disk, whatever happens to the disk."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.doors.audit import AuditLog, AuditSettings
from gateway.doors.viewer import Viewer
from gateway.doors.witness import Deed
from gateway.errors import AuditUnavailable
from gateway.pipeline import Gateway
from gateway.request import GraphQLRequest, GraphQLResponse
from gateway.subgraphs.protocol import RequestContext
from tests.gateway.company import company
from tests.gateway.federation import NOW, World

JANA = Viewer("jana.kralova", frozenset(), {"sub": "jana.kralova"})
DEED = Deed(at=NOW, subject="jana", authenticated=True, document="d", outcome="answered")


@dataclass
class Notes:
    """A witness that remembers; refuses mutations when it is told to."""

    begun: list[Deed] = field(default_factory=list)
    done: list[Deed] = field(default_factory=list)
    refuses: bool = False

    async def before(self, deed: Deed) -> None:
        if self.refuses:
            raise AuditUnavailable("no")
        self.begun.append(deed)

    def after(self, deed: Deed) -> None:
        self.done.append(deed)


@pytest.fixture
def world() -> World:
    return company()


@pytest.fixture
def notes() -> Notes:
    return Notes()


async def _ask(world: World, notes: Notes, query: str, **variables: Any) -> GraphQLResponse:
    gateway = Gateway(world.supergraph, world.subgraphs, witness=notes, watched={"Client": "id"})
    request = GraphQLRequest(query=query, variables=variables)
    return await gateway.answer(request, RequestContext(now=NOW, viewer=JANA))


async def test_query_is_noted_with_the_clients_it_met(world: World, notes: Notes) -> None:
    """Though their ids were not asked for; the answer has nothing that was not."""
    query = "query Book { clients(first: 2) { name best { legalName } } account(number: 7) { owner { label } } }"
    response = await _ask(world, notes, query)
    assert response.errors == ()
    assert response.data["clients"][0] == {"name": "Anna", "best": {"legalName": "Bedřich s.r.o."}}
    (deed,) = notes.done
    assert (deed.subject, deed.authenticated, deed.at) == ("jana.kralova", True, NOW)
    assert (deed.kind, deed.operation, deed.outcome, deed.codes) == ("query", "Book", "answered", {})
    assert deed.fields == [{"field": "clients"}, {"field": "account", "ids": {"number": "7"}}]
    assert {name: sorted(keys) for name, keys in deed.entities.items()} == {"Client": ["1", "2"]}
    assert notes.begun == []


async def test_clients_behind_interfaces_and_unions_are_noted(world: World, notes: Notes) -> None:
    """Wherever one can stand: the engine asks for the keys, the client's document doesn't."""
    await _ask(world, notes, "{ about { ... on Note { text } ... on Client { name } } parties { label } }")
    (deed,) = notes.done
    assert deed.entities == {"Client": ["1"]}


async def test_request_that_meets_no_client_says_so(world: World, notes: Notes) -> None:
    """Nothing is better than an empty list."""
    await _ask(world, notes, "{ account(number: 7) { currency } }")
    assert notes.done[0].entities == {}


async def test_answers_are_the_same_with_a_witness(world: World, notes: Notes) -> None:
    """Asking for keys as well changes no answer, and no request is sent for them alone."""
    query = (
        "{ clients { name accounts { owner { name } rate } } tickets { reporter { label } subject { __typename } } }"
    )
    plain = await world.ask(query)
    asked = list(world.services)
    world.asked.clear()
    watched = await _ask(world, notes, query)
    assert (watched.data, watched.errors) == (plain.data, plain.errors)
    assert world.services == asked


async def test_mutation_is_noted_before_and_after(world: World, notes: Notes) -> None:
    """With the ids among its arguments, and the client that it met."""
    query = "mutation Pay($account: ID!) { pay(account: $account, amount: 5) { account { owner { name } } } }"
    await _ask(world, notes, query, account="7")
    (begun,), (done,) = notes.begun, notes.done
    assert (begun.outcome, begun.kind, begun.entities) == ("begun", "mutation", {})
    assert begun.fields == [{"field": "pay", "ids": {"account": "7"}}]
    assert (done.outcome, done.entities) == ("answered", {"Client": ["1"]})


async def test_mutation_that_may_not_be_seen_does_not_happen(world: World, notes: Notes) -> None:
    """The witness's refusal is the answer; no subgraph is asked."""
    notes.refuses = True
    response = await _ask(world, notes, "mutation { pay(account: 7, amount: 5) { sequence } }")
    assert [each["extensions"]["code"] for each in response.errors] == ["AUDIT_UNAVAILABLE"]
    assert not response.executed
    assert world.asked == []
    assert notes.done[0].outcome == "refused"
    assert (await _ask(world, notes, "{ account(number: 7) { currency } }")).errors == ()


async def test_refusals_and_errors_are_noted_with_their_codes(world: World, notes: Notes) -> None:
    """What somebody tried to see, too."""
    await _ask(world, notes, "{ nothing }")
    await _ask(world, notes, "mutation { pay(account: 7, amount: -1) { sequence } }")
    refused, failed = notes.done
    assert (refused.outcome, refused.kind, refused.codes) == ("refused", None, {"GRAPHQL_VALIDATION_FAILED": 1})
    assert (failed.outcome, failed.codes) == ("answered", {"BAD_AMOUNT": 1})


async def test_request_that_is_cut_off_is_noted(world: World, notes: Notes) -> None:
    """What began and didn't end may have been read all the same."""

    async def forever() -> None:
        await asyncio.Event().wait()

    world.before["billing"] = forever
    task = asyncio.create_task(_ask(world, notes, "{ account(number: 7) { currency } }"))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [deed.outcome for deed in notes.done] == ["interrupted"]


async def test_search_words_are_not_in_the_log(world: World, notes: Notes) -> None:
    """Only ids are told, and they are cut where a client makes them long."""
    await _ask(world, notes, '{ echo(text: "Novák") account(number: "%s") { currency } }' % ("9" * 5000))
    assert "Novák" not in str(notes.done)
    assert notes.done[0].fields[1]["ids"] == {"number": "9" * 200}


# The file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.fixture
def audit(file: Path) -> Iterator[AuditLog]:
    log = AuditLog(file, AuditSettings(required=True))
    yield log
    log.close()


def _lines(file: Path, *, at_least: int = 1) -> list[dict[str, Any]]:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) >= at_least:
            return [json.loads(line) for line in lines]
        time.sleep(0.01)
    raise AssertionError(f"{file} has fewer than {at_least} lines")


def _size(file: Path) -> int:
    return file.stat().st_size


def test_line_is_json_that_nobody_else_reads(audit: AuditLog, file: Path) -> None:
    """One for each deed, with what there is to say; a newline in a name makes no second line."""
    audit.after(Deed(at=NOW, subject="a\nb", authenticated=True, document="d", kind="query", codes={"FORBIDDEN": 2}))
    assert _lines(file) == [
        {
            "at": "2026-11-24T16:30:00Z",
            "subject": "a\nb",
            "authenticated": True,
            "kind": "query",
            "document": "d",
            "outcome": "answered",
            "errors": {"FORBIDDEN": 2},
        }
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_lost_when_the_log_closes(file: Path) -> None:
    """A thousand lines, in order."""
    log = AuditLog(file, AuditSettings())
    for number in range(1000):
        log.after(Deed(at=NOW, subject=str(number), authenticated=True, document="d"))
    log.close()
    assert [line["subject"] for line in _lines(file, at_least=1000)] == [str(number) for number in range(1000)]


def test_rotated_file_is_left_and_a_new_one_begun(audit: AuditLog, file: Path) -> None:
    """As logrotate does it: rename, no signal."""
    audit.after(DEED)
    _lines(file)
    file.rename(file.with_suffix(".1"))
    audit.after(DEED)
    assert len(_lines(file)) == 1
    assert len(_lines(file.with_suffix(".1"))) == 1


async def test_required_line_is_on_the_disk_before_a_mutation(audit: AuditLog, file: Path) -> None:
    """`before` returns when it can be read."""
    await audit.before(DEED)
    assert _size(file) > 0


@dataclass
class Disk:
    """A disk that is full while it is told to be: a write takes half, then none."""

    full: bool = True

    def write(self, descriptor: int, content: bytes) -> int:
        if not self.full:
            return REAL_WRITE(descriptor, content)
        if len(content) > 20:
            return REAL_WRITE(descriptor, content[:20])
        raise OSError(errno.ENOSPC, "No space left on device")


REAL_WRITE = os.write


async def test_full_disk_refuses_mutations_and_loses_no_line(
    audit: AuditLog, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Queries go on and their lines wait; there is never half a line; the log says so; then all is as before."""
    disk = Disk()
    monkeypatch.setattr("gateway.doors.audit.os.write", disk.write)
    with caplog.at_level(logging.ERROR):
        audit.after(DEED)
        with pytest.raises(AuditUnavailable) as refusal:
            await audit.before(DEED)
    assert refusal.value.code == "AUDIT_UNAVAILABLE"
    assert "No space left on device" in caplog.text
    assert _size(file) == 0
    disk.full = False
    assert len(_lines(file)) == 1
    await audit.before(DEED)
    assert len(_lines(file)) == 2


def test_lines_beyond_what_can_wait_are_counted(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Memory is bounded; what is given up is said in the log of the process and in the audit log itself."""
    disk = Disk()
    monkeypatch.setattr("gateway.doors.audit.os.write", disk.write)
    monkeypatch.setattr("gateway.doors.audit._MOST_WAITING", 3)
    monkeypatch.setattr("gateway.doors.audit._SAID_SECONDS", 0)
    log = AuditLog(file, AuditSettings())
    with caplog.at_level(logging.ERROR):
        for _ in range(10):
            log.after(DEED)
        until = time.monotonic() + 10
        while "7 are lost" not in caplog.text and time.monotonic() < until:
            time.sleep(0.01)
    disk.full = False
    lines = _lines(file, at_least=4)
    assert lines[-1] == {"lost": 7}
    assert len(lines) == 4
    log.close()


async def test_log_that_is_not_required_refuses_nothing(tmp_path: Path) -> None:
    """A directory stands where the file should be."""
    (tmp_path / "audit.log").mkdir()
    log = AuditLog(tmp_path / "audit.log", AuditSettings())
    await log.before(DEED)
    log.after(DEED)
    log.close()
