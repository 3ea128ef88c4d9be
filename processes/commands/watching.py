"""The command `spojka processes`: runs as they are, live in the terminal until it is stopped."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from processes.commands.opening import OpenGraph, data_option, url_option
from processes.graph import Graph, GraphError

__all__ = ["PROCESSES", "processes"]

PROCESSES = """
query RunsToShow($filter: ProcessFilter, $first: Int!) {
  processes(filter: $filter, first: $first) {
    id
    state
    startedAt
    endedAt
    outcome
    error
    message
    waitsFor
    waitsUntil
    attempts
    alarm
    steps { name endedAt }
  }
}
"""

COLUMNS = ("run", "state", "began", "took", "step", "what came of it, or what it waits for")
STYLES = {"SUCCEEDED": "green", "WAITING": "yellow", "RUNNING": "cyan", "FAILED": "red", "CANCELLED": "dim"}


@click.command()
@click.option("--name", help="Runs of this process only: invoice-call.")
@click.option("--state", type=click.Choice([*STYLES, "REFUSED"]), help="Runs in this state only.")
@click.option("--first", type=click.IntRange(1, 100), default=20, show_default=True, help="How many, the latest first.")
@click.option("--once", is_flag=True, help="Print them and end; so it does where the output is no terminal.")
@data_option
@url_option
@click.pass_obj
def processes(
    open_graph: OpenGraph, name: str | None, state: str | None, first: int, once: bool, data: Path, url: str | None
) -> None:
    """Show the latest runs of processes, live."""
    wanted = {"filter": {"name": name, "state": state}, "first": first}
    is_live = not once and sys.stdout.isatty()

    async def show() -> None:
        async with open_graph(url, data, role="manager") as graph:
            await (_live(graph, wanted) if is_live else _printed(graph, wanted))

    try:
        asyncio.run(show())
    except KeyboardInterrupt:
        return
    except GraphError as error:
        raise click.ClickException(str(error)) from error


async def _printed(graph: Graph, wanted: Mapping[str, Any]) -> None:
    for run in (await graph.execute(PROCESSES, wanted))["processes"] or ():
        click.echo("  ".join(cells(run)))


async def _live(graph: Graph, wanted: Mapping[str, Any]) -> None:
    from rich.live import Live
    from rich.table import Table

    with Live(refresh_per_second=4, screen=False) as live:
        while True:
            table = Table(*COLUMNS)
            for run in (await graph.execute(PROCESSES, wanted))["processes"] or ():
                table.add_row(*cells(run), style=STYLES.get(run["state"], ""))
            live.update(table)
            await asyncio.sleep(0.5)


def cells(run: Mapping[str, Any]) -> Sequence[str]:
    """A line: when it began is in UTC, how long it took in seconds."""
    began = datetime.fromisoformat(run["startedAt"])
    ended = datetime.fromisoformat(run["endedAt"]) if run["endedAt"] else None
    steps = run["steps"] or ()
    under_way = next((step["name"] for step in reversed(steps) if step["endedAt"] is None), "")
    told = run["outcome"] or run["message"] or run["error"] or run["waitsFor"] or ""
    if run["message"] and run["outcome"]:
        told = f"{run['outcome']}: {run['message']}"
    if run["waitsUntil"]:
        told += f", until {run['waitsUntil']}"
    if run["attempts"] and run["state"] == "WAITING":
        told += f" ({run['attempts']} attempts)"
    if run["alarm"]:
        told = f"! {run['alarm']}  {told}"
    took = f"{(ended - began).total_seconds():.1f} s" if ended else ""
    return run["id"], run["state"], f"{began:%Y-%m-%d %H:%M:%S}", took, under_way or f"{len(steps)} done", told
