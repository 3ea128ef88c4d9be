"""The commands of this room: `import-cdr` hands a bridge's file to the graph, piece by piece.

A piece is some hundred whole records, so that a file of any size passes every limit on the way, and so that a piece
that fails leaves the ones before it taken: the file can simply be given again, what is known is counted as duplicate.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from processes.graph import Graph, GraphError

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["OpenGraph", "import_cdr"]

# (URL or None for the one in this process, data directory) -> the graph, open.
OpenGraph = Callable[[str | None, Path], AbstractAsyncContextManager[Graph]]

LINES = 500
"""Lines of a piece. A record may go on over a newline, then the piece does too, up to twice as many lines."""

SHOWN = 20
"""Conferences and quarantined lines that are listed one by one."""

FORMATS = {"asterisk-csv": "ASTERISK_CSV"}

IMPORT = """
mutation ImportCallRecords($bridge: ID!, $format: CallRecordFormat!, $content: String!) {
  importCallRecords(bridge: $bridge, format: $format, content: $content) {
    received
    duplicates
    quarantined { line reason message }
    conferences { id }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole records of a file; `before` lines of the file come before it."""

    content: str
    before: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of the pieces so far; quarantined lines are numbered as in the whole file."""

    received: int = 0
    duplicates: int = 0
    quarantined: tuple[tuple[int, str, str], ...] = ()
    conferences: tuple[str, ...] = ()

    def with_answer(self, answer: dict[str, Any], piece: Piece) -> "Tally":
        lines = ((each["line"] + piece.before, each["reason"], each["message"]) for each in answer["quarantined"])
        conferences = (each["id"] for each in answer["conferences"])
        return Tally(
            self.received + answer["received"],
            self.duplicates + answer["duplicates"],
            (*self.quarantined, *lines),
            tuple(dict.fromkeys((*self.conferences, *conferences))),
        )


@click.command("import-cdr")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bridge", required=True, help="The bridge that wrote the file, as billing knows it: pbx-praha.")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="asterisk-csv", show_default=True)
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="The data directory."
)
@click.option("--url", help="Send it to a Spojka that runs there: http://127.0.0.1:8000/graphql.")
@click.pass_obj
def import_cdr(open_graph: OpenGraph, file: Path, bridge: str, format_: str, data: Path, url: str | None) -> None:
    """Import the call records in FILE: each good line is taken once, a bad one is kept in quarantine."""
    tally = asyncio.run(_import(open_graph(url, data), file, bridge=bridge, format=FORMATS[format_]))
    for line in _report(tally, file.name):
        click.echo(line)


async def _import(graph: AbstractAsyncContextManager[Graph], file: Path, *, bridge: str, format: str) -> Tally:
    tally = Tally()
    size = os.stat(file).st_size
    async with graph as opened:
        with file.open(encoding="utf-8-sig", errors="replace", newline="\n") as lines, _progress() as progress:
            task = progress.add_task(file.name, total=size)
            for piece in pieces(lines):
                variables = {"bridge": bridge, "format": format, "content": piece.content}
                try:
                    answer = await opened.execute(IMPORT, variables)
                except GraphError as error:
                    raise click.ClickException(_stopped(error, file.name, piece.before)) from error
                tally = tally.with_answer(answer["importCallRecords"], piece)
                progress.advance(task, len(piece.content.encode()))
    return tally


def pieces(lines: TextIO, *, most: int = LINES) -> Iterator[Piece]:
    """The file in pieces of about `most` lines, none of which ends within a quoted field."""
    taken: list[str] = []
    before = quotes = 0
    for line in lines:
        taken.append(line)
        quotes += line.count('"')
        if len(taken) >= 2 * most or (len(taken) >= most and quotes % 2 == 0):
            yield Piece("".join(taken), before)
            before += len(taken)
            taken, quotes = [], 0
    if taken:
        yield Piece("".join(taken), before)


def _progress() -> "Progress":
    # Only this command draws, and a server that never does need not hold 5 MB for it.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _stopped(error: GraphError, name: str, before: int) -> str:
    if before == 0:
        return f"{name}: {error}"
    return f"{name}: {error}; the first {before} lines are taken, so import the file again once that is mended"


def _report(tally: Tally, name: str) -> Iterator[str]:
    yield f"received {tally.received}, duplicates {tally.duplicates}, quarantined {len(tally.quarantined)}"
    for line, reason, message in tally.quarantined[:SHOWN]:
        yield f"  {name}:{line}: {reason}: {message}"
    if len(tally.quarantined) > SHOWN:
        yield f"  and {len(tally.quarantined) - SHOWN} more lines"
    yield f"conferences {len(tally.conferences)}"
    for conference in tally.conferences[:SHOWN]:
        yield f"  {conference}"
    if len(tally.conferences) > SHOWN:
        yield f"  and {len(tally.conferences) - SHOWN} more conferences"
