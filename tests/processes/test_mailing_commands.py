"""`spojka mailing`: how far a mailing is, what it waits for, and its report as files."""

from __future__ import annotations

import base64
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from processes.commands.mailing import Look, mailing
from processes.graph import Graph, GraphError
from tests.processes.fakes import FakeGraph, unavailable

commands = sys.modules["processes.commands.mailing"]
"""The module: its package has the command by the same name."""


def numbers(**counts: int) -> list[dict[str, Any]]:
    return [{"name": name, "number": number} for name, number in counts.items()]


def found(state: str, waiting: str | None = None, **letters: int) -> dict[str, Any]:
    report = {"recipients": 5, "letters": 1, "notices": 2, "exclusions": 1, "failed": 0, "open": 1}
    listed = {
        "lettersByState": numbers(**letters),
        "noticesByState": numbers(ACCEPTED=1, RETRYING=1, BOUNCED=1),
        "exclusionsByCode": numbers(NO_EMAIL=1, NO_ADDRESS=1),
    }
    facts = {"id": "ML-1", "title": "Nové ceny", "state": state, "paused": False, "waiting": waiting, "notifyAt": "x"}
    return {**facts, "report": {**report, **listed}}


def graph_of(*looks: dict[str, Any] | None) -> FakeGraph:
    left = list(looks)
    reports = {"reportCsvBase64": base64.b64encode(b"client\r\n"), "reportPdfBase64": base64.b64encode(b"%PDF")}
    return FakeGraph(
        {
            "MailingToWatch": lambda _: {"mailing": left.pop(0) if len(left) > 1 else left[0]},
            "MailingReportCsv": lambda _: {"mailing": reports},
            "MailingReportPdf": lambda _: {"mailing": reports},
        }
    )


def run(graph: Graph, *arguments: str) -> Result:
    @contextlib.asynccontextmanager
    async def opened(url: str | None, data: Path, *, role: str) -> AsyncIterator[Graph]:
        assert role == "mailing"
        yield graph

    return CliRunner().invoke(mailing, arguments, obj=opened)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "EVERY", 0.0)


def test_a_line_is_told_whenever_something_changed_until_it_is_over() -> None:
    """What it waits for is said as the graph says it; a system that is down is waited for."""
    empty = found("PRINTING", "printer office: out of paper: put some in", RENDERED=1, PRINTED=3)
    graph = graph_of(found("SNAPSHOT", PLANNED=2, RENDERED=2), empty, empty, found("DONE", PRINTED=4))
    graph.fails_before["MailingToWatch"] = unavailable("mailing")
    done = run(graph, "watch", "ML-1")
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            "mailing is not available: its database can't be reached; ask its administrator",
            "ML-1 SNAPSHOT: letters rendered 2/4, letters printed 0/4, notices sent 2/3",
            "ML-1 PRINTING: letters rendered 4/4, letters printed 3/4, notices sent 2/3. "
            "It waits: printer office: out of paper: put some in",
            "ML-1 DONE: letters rendered 4/4, letters printed 4/4, notices sent 2/3",
            "1 letters + 2 notices + 1 exclusions + 0 failed + 1 open = 5 recipients",
        ],
    )


async def test_bars_are_drawn_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    await commands.drawn(
        graph_of(found("PRINTING", "out of paper", PRINTED=1, RENDERED=3), found("DONE", PRINTED=4)), "x"
    )
    shown = capsys.readouterr().out
    assert "letters printed" in shown
    assert "4/4" in shown


def test_without_notices_there_is_no_bar_for_them() -> None:
    look = Look.at({**found("PRINTING", PRINTED=1), "notifyAt": None, "paused": True})
    assert ([bar.phase for bar in look.bars], look.state) == (
        ["letters rendered", "letters printed"],
        "PRINTING, paused",
    )


@pytest.mark.parametrize("command", [("watch", "ML-9"), ("report", "ML-9")])
def test_nobody_knows_the_mailing(command: tuple[str, ...]) -> None:
    refused = run(graph_of(None), *command)
    assert (refused.exit_code, refused.stderr) == (1, "Error: there is no mailing ML-9: check its id\n")


def test_the_report_is_written_to_files(tmp_path: Path) -> None:
    files = {"--csv": tmp_path / "a.csv", "--pdf": tmp_path / "a.pdf"}
    arguments = [str(each) for pair in files.items() for each in pair]
    done = run(graph_of(found("DONE", PRINTED=4)), "report", "ML-1", *arguments)
    assert done.exit_code == 0, done.output
    assert [file.read_bytes() for file in files.values()] == [b"client\r\n", b"%PDF"]
    assert done.stdout.splitlines()[0].endswith("= 5 recipients")
    refused = run(graph_of(found("DONE", PRINTED=4)), "report", "ML-1", "--csv", str(tmp_path / "no" / "a.csv"))
    assert refused.exit_code == 1
    assert "it can't be written" in refused.stderr


def test_without_files_nothing_but_the_sum_is_asked_for() -> None:
    graph = graph_of(found("DONE", PRINTED=4))
    assert run(graph, "report", "ML-1").exit_code == 0
    assert graph.operations == ["MailingToWatch"]


def test_what_nobody_may_see_is_said(tmp_path: Path) -> None:
    """The watch ends with the graph's own words."""

    class Forbidding:
        async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
            raise GraphError([{"message": "not for you", "extensions": {"code": "FORBIDDEN"}}])

    refused = run(Forbidding(), "watch", "ML-1")
    assert (refused.exit_code, refused.stderr) == (1, "Error: not for you\n")
