"""`spojka feed`: what it says, with what status it ends, and that nothing wrong ends it while it follows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from processes.commands.feeding import _follow, make_feed
from processes.feeding.feeder import Heard
from processes.graph import Graph, GraphError
from tests.processes.feeding.test_feeder import Bridge


@contextlib.asynccontextmanager
async def nowhere(address: str, folder: Path, secret: str | None) -> AsyncIterator[str]:
    yield f"http://{address}/"


def feed(graph: Graph, folder: Path, *options: str) -> Result:
    @contextlib.asynccontextmanager
    async def opened(url: str | None, data: Path) -> AsyncIterator[Graph]:
        yield graph

    command = make_feed(nowhere)
    return CliRunner().invoke(command, [str(folder), "--bridge", "pbx-praha", *options], obj=opened)


def test_once_says_what_came_of_the_folder(tmp_path: Path) -> None:
    """Lines in quarantine by file and line; a file that isn't whole makes it status 1."""
    (tmp_path / "Master.csv").write_text("1\nbad\n3\n")
    done = feed(Bridge(), tmp_path, "--format", "asterisk-csv", "--once")
    assert (done.exit_code, done.stdout) == (
        0,
        "received 2, duplicates 0, quarantined 1, skipped 0\n  Master.csv:2: malformed: no\n",
    )
    (tmp_path / "Master.csv").write_text("1\ntorn")
    left = feed(Bridge(), tmp_path, "--format", "asterisk-csv", "--once")
    assert left.exit_code == 1
    assert "Master.csv:2: its last line is not whole yet: it was left" in left.stderr


def test_once_ends_with_a_graph_that_is_down(tmp_path: Path) -> None:
    """One line, and what to do."""
    (tmp_path / "Master.csv").write_text("1\n")
    result = feed(Bridge(down_after=0), tmp_path, "--format", "asterisk-csv", "--once")
    assert (result.exit_code, "bridge is busy; feed it again once that is mended" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--format", "asterisk-csv", "--columns", "uuid"], "--columns: only freeswitch-csv has them"),
        (["--format", "asterisk-csv", "--listen", "127.0.0.1:0"], "--listen: it is for --format freeswitch-json"),
        (["--format", "asterisk-table"], "Invalid value for '--format'"),
        (["--format", "asterisk-csv", "--encoding", "nonsense"], "--encoding nonsense: it can't be read"),
    ],
)
def test_wrong_option_is_one_clear_line(tmp_path: Path, options: list[str], message: str) -> None:
    """Before anything is opened."""
    result = feed(Bridge(), tmp_path, *options)
    assert (result.exit_code, message in result.output) == (2, True)


async def test_following_goes_on_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """A trouble is told when it begins, not each time; a graph that is down is asked again."""

    class Troubled:
        swept = 0

        async def sweep(self) -> Heard:
            self.swept += 1
            match self.swept:
                case 1 | 2:
                    raise GraphError([{"message": "bridge is busy"}])
                case 3 | 4:
                    return Heard(troubles={"a.csv": "Permission denied"})
                case 5:
                    return Heard(received=1, quarantined=["a.csv:2: clock: no"])
                case _:
                    raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await _follow(Troubled(), every=0)  # type: ignore[arg-type]
    said = capsys.readouterr()
    assert said.err.splitlines() == ["the graph: bridge is busy; trying again", "a.csv: Permission denied"]
    assert said.out.splitlines() == ["received 1, duplicates 0, quarantined 1, skipped 0", "  a.csv:2: clock: no"]
