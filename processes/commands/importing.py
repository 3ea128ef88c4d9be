"""The commands of this room: `import-cdr` hands a bridge's file to the graph, piece by piece.

A piece is some hundred whole records, so that a file of any size passes every limit on the way, and so that a piece
that fails leaves the ones before it taken: the file can simply be given again, what is known is counted as duplicate.
"""

import asyncio
import codecs
import os
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from processes.commands.opening import OpenGraph, data_option, url_option
from processes.graph import Graph, GraphError
from processes.rules.counts import counted

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["FORMATS", "import_cdr", "pieces", "progress", "readable_encoding"]

LINES = 500
"""Lines of a piece. A record may go on over a newline, then the piece does too, up to twice as many lines."""

SHOWN = 20
"""Conferences and quarantined lines that are listed one by one."""

FORMATS = {
    "asterisk-csv": "ASTERISK_CSV",
    "asterisk-table": "ASTERISK_TABLE",
    "freeswitch-xml": "FREESWITCH_CONFERENCE_XML",
    "freeswitch-csv": "FREESWITCH_CSV",
    "freeswitch-json": "FREESWITCH_JSON",
}

WHOLE = "FREESWITCH_CONFERENCE_XML"
"""The format whose file is one record."""

IMPORT = """
mutation ImportCallRecords($bridge: ID!, $format: CallRecordFormat!, $content: String!) {
  importCallRecords(bridge: $bridge, format: $format, content: $content) {
    received
    duplicates
    skipped
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
    skipped: int = 0
    quarantined: tuple[tuple[int, str, str], ...] = ()
    conferences: tuple[str, ...] = ()

    def with_answer(self, answer: dict[str, Any], piece: Piece) -> "Tally":
        lines = ((each["line"] + piece.before, each["reason"], each["message"]) for each in answer["quarantined"])
        conferences = (each["id"] for each in answer["conferences"])
        return Tally(
            self.received + answer["received"],
            self.duplicates + answer["duplicates"],
            self.skipped + answer["skipped"],
            (*self.quarantined, *lines),
            tuple(dict.fromkeys((*self.conferences, *conferences))),
        )


@click.command("import-cdr")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bridge", required=True, help="The bridge that wrote the file, as billing knows it: pbx-praha.")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="asterisk-csv", show_default=True)
@click.option("--encoding", default="utf-8", show_default=True, help="How the file's letters are written: cp1250.")
@data_option
@url_option
@click.pass_obj
def import_cdr(
    open_graph: OpenGraph, file: Path, bridge: str, format_: str, encoding: str, data: Path, url: str | None
) -> None:
    """Import the call records in FILE: each good line is taken once, a bad one is kept in quarantine."""
    letters = readable_encoding(encoding)
    _check_letters(file, letters)
    tally = asyncio.run(_import(open_graph(url, data), file, bridge=bridge, format=FORMATS[format_], encoding=letters))
    for line in _report(tally, file.name):
        click.echo(line)


def readable_encoding(encoding: str) -> str:
    """Python's name of the encoding. Only such as have ASCII's newline, by which the file is cut."""
    try:
        name = codecs.lookup(encoding).name
        fits = "\n".encode(name) == b"\n"
    except LookupError:
        fits = False
    if not fits:
        raise click.UsageError(f"--encoding {encoding}: it can't be read; there are utf-8, cp1250, iso8859-2, ...")
    return "utf-8-sig" if name == "utf-8" else name


def _check_letters(file: Path, encoding: str) -> None:
    """Every line can be read, before the first one is sent: a letter that is replaced would be another record."""
    before = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                place = f"{file.name}:{number}: byte {before + error.start} ({line[error.start]:#04x})"
                raise click.ClickException(
                    f"{place} is not {encoding.removesuffix('-sig')}: nothing was taken; name the file's encoding with "
                    "--encoding, like cp1250"
                ) from error
            before += len(line)


async def _import(
    graph: AbstractAsyncContextManager[Graph], file: Path, *, bridge: str, format: str, encoding: str
) -> Tally:
    tally = Tally()
    size = os.stat(file).st_size
    async with graph as opened:
        with file.open(encoding=encoding, newline="\n") as lines, progress() as bar:
            task = bar.add_task(file.name, total=size)
            for piece in cut(lines, format):
                variables = {"bridge": bridge, "format": format, "content": piece.content}
                try:
                    answer = await opened.execute(IMPORT, variables)
                except GraphError as error:
                    raise click.ClickException(_stopped(error, file.name, piece.before)) from error
                tally = tally.with_answer(answer["importCallRecords"], piece)
                bar.advance(task, len(piece.content.encode(encoding)))
    return tally


def cut(lines: TextIO, format: str) -> Iterator[Piece]:
    """The file in pieces that a parser can read one by one; a whole conference is one."""
    if format == WHOLE:
        yield Piece(lines.read(), 0)
    else:
        yield from pieces(lines)


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


def progress() -> "Progress":
    # Only this command draws, and a server that never does need not hold 5 MB for it.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _stopped(error: GraphError, name: str, before: int) -> str:
    if before == 0:
        return f"{name}: {error}"
    taken = "the first line is" if before == 1 else f"the first {before} lines are"
    return f"{name}: {error}; {taken} taken, so import the file again once that is mended"


def _report(tally: Tally, name: str) -> Iterator[str]:
    counts = f"received {tally.received}, duplicates {tally.duplicates}, quarantined {len(tally.quarantined)}"
    yield f"{counts}, skipped {tally.skipped}"
    for line, reason, message in tally.quarantined[:SHOWN]:
        yield f"  {name}:{line}: {reason}: {message}"
    if len(tally.quarantined) > SHOWN:
        yield f"  and {counted(len(tally.quarantined) - SHOWN, 'more line')}"
    yield f"conferences {len(tally.conferences)}"
    for conference in tally.conferences[:SHOWN]:
        yield f"  {conference}"
    if len(tally.conferences) > SHOWN:
        yield f"  and {counted(len(tally.conferences) - SHOWN, 'more conference')}"
