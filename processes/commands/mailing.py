"""`spojka mailing`: a mailing watched until it is over, and its final report as files."""

import asyncio
import base64
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from processes.commands.opening import OpenGraph, data_option, url_option
from processes.graph import Graph, GraphError
from processes.stepping import TRANSIENT

__all__ = ["MAILING_TO_WATCH", "REPORT_CSV", "REPORT_PDF", "mailing"]

ROLE = "mailing"
EVERY = 1.0
"""Seconds between two looks."""
OVER = ("DONE", "CANCELLED")
LETTER_ONLY = "NO_EMAIL"
NOTICES_OVER = ("ACCEPTED", "REFUSED", "BOUNCED", "SKIPPED")

MAILING_TO_WATCH = """
query MailingToWatch($id: ID!) {
  mailing(id: $id) {
    id title state paused waiting notifyAt
    report {
      recipients letters notices exclusions failed open
      lettersByState { name number }
      noticesByState { name number }
      exclusionsByCode { name number }
    }
  }
}
"""

REPORT_CSV = """
query MailingReportCsv($id: ID!) {
  mailing(id: $id) { reportCsvBase64 }
}
"""

REPORT_PDF = """
query MailingReportPdf($id: ID!) {
  mailing(id: $id) { reportPdfBase64 }
}
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """How many of how many have come through a phase."""

    phase: str
    done: int
    total: int

    @property
    def text(self) -> str:
        return f"{self.phase} {self.done}/{self.total}"


@dataclass(frozen=True, slots=True)
class Look:
    """A mailing as it is at this moment."""

    id: str
    title: str
    state: str
    waiting: str | None
    bars: Sequence[Bar]
    sum: str

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def text(self) -> str:
        """A line."""
        bars = ", ".join(bar.text for bar in self.bars)
        return f"{self.id} {self.state}: {bars}" + (f". It waits: {self.waiting}" if self.waiting else "")

    @classmethod
    def at(cls, found: Mapping[str, Any]) -> "Look":
        report = found["report"]
        letters, notices, exclusions = (
            {each["name"]: each["number"] for each in report[name]}
            for name in ("lettersByState", "noticesByState", "exclusionsByCode")
        )
        total = sum(letters.values())
        bars = [
            Bar("letters rendered", total - letters.get("PLANNED", 0), total),
            Bar("letters printed", letters.get("PRINTED", 0), total),
        ]
        if found["notifyAt"]:
            over = sum(notices.get(state, 0) for state in NOTICES_OVER)
            bars.append(Bar("notices sent", over, total - exclusions.get(LETTER_ONLY, 0)))
        parts = ("letters", "notices", "exclusions", "failed", "open")
        told = " + ".join(f"{report[part]} {part}" for part in parts)
        return cls(
            id=found["id"],
            title=found["title"] or "",
            state=found["state"] + (", paused" if found["paused"] else ""),
            waiting=found["waiting"],
            bars=bars,
            sum=f"{told} = {report['recipients']} recipients",
        )


@click.group()
def mailing() -> None:
    """Watch a mailing, or have its report."""


@mailing.command()
@click.argument("id")
@data_option
@url_option
@click.pass_obj
def watch(open_graph: OpenGraph, id: str, data: Path, url: str | None) -> None:
    """Show how far the mailing ID is, and what it waits for, until it is over.

    Ctrl+C ends the watching alone. With --url SPOJKA_TOKEN must be the token of somebody who may see mailings.
    """

    async def show() -> None:
        async with open_graph(url, data, role=ROLE) as graph:
            await (drawn(graph, id) if sys.stdout.isatty() else told(graph, id))

    try:
        asyncio.run(show())
    except KeyboardInterrupt:
        return


async def looked(graph: Graph, id: str) -> Look | str:
    """The mailing, or why it can't be seen at this moment."""
    try:
        found = (await graph.execute(MAILING_TO_WATCH, {"id": id}))["mailing"]
    except GraphError as error:
        if not TRANSIENT.intersection(error.codes):
            raise click.ClickException(str(error)) from error
        return str(error)
    if found is None:
        raise click.ClickException(f"there is no mailing {id}: check its id")
    return Look.at(found)


async def told(graph: Graph, id: str) -> None:
    """A line whenever something has changed."""
    before = None
    while True:
        look = await looked(graph, id)
        text = look if isinstance(look, str) else look.text
        if text != before:
            click.echo(text)
            before = text
        if isinstance(look, Look) and look.is_over:
            click.echo(look.sum)
            return
        await asyncio.sleep(EVERY)


async def drawn(graph: Graph, id: str) -> None:
    from rich.console import Group
    from rich.live import Live
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.text import Text

    progress = Progress(TextColumn("{task.description:<17}"), BarColumn(40), MofNCompleteColumn())
    tasks: dict[str, Any] = {}
    with Live(refresh_per_second=4) as live:
        while True:
            look = await looked(graph, id)
            if isinstance(look, str):
                live.update(Group(progress, Text(look, style="yellow")))
            else:
                for bar in look.bars:
                    if bar.phase not in tasks:
                        tasks[bar.phase] = progress.add_task(bar.phase)
                    progress.update(tasks[bar.phase], completed=bar.done, total=bar.total)
                head = Text(f"{look.id}  {look.title}  {look.state}", style="bold")
                live.update(Group(head, progress, Text(look.waiting or "", style="yellow"), Text(look.sum)))
                if look.is_over:
                    return
            await asyncio.sleep(EVERY)


@mailing.command()
@click.argument("id")
@click.option("--csv", type=click.Path(dir_okay=False, path_type=Path), help="A line for each recipient, UTF-8.")
@click.option("--pdf", type=click.Path(dir_okay=False, path_type=Path), help="The sum, exclusions, failed letters.")
@data_option
@url_option
@click.pass_obj
def report(open_graph: OpenGraph, id: str, csv: Path | None, pdf: Path | None, data: Path, url: str | None) -> None:
    """Print what became of everybody in the mailing ID; with --csv and --pdf, write it to files.

    The files hold names. With --url SPOJKA_TOKEN must be the token of somebody who may see all clients' addresses.
    """
    wanted = [
        (csv, REPORT_CSV, "reportCsvBase64"),
        (pdf, REPORT_PDF, "reportPdfBase64"),
    ]

    async def ask() -> None:
        async with open_graph(url, data, role=ROLE) as graph:
            look = await looked(graph, id)
            if isinstance(look, str):
                raise click.ClickException(look)
            click.echo(f"{look.id} {look.state}: {look.sum}")
            for file, document, field in wanted:
                if file is not None:
                    write(file, base64.b64decode(await asked(graph, document, field, id)))

    asyncio.run(ask())


async def asked(graph: Graph, document: str, field: str, id: str) -> str:
    try:
        answer: str = (await graph.execute(document, {"id": id}))["mailing"][field]
    except GraphError as error:
        raise click.ClickException(str(error)) from error
    return answer


def write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{file}: it can't be written ({error.strerror})") from error
    click.echo(f"{file}: {len(content)} bytes")
