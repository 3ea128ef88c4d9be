"""`spojka invoice-backlog`: what bridges have that nobody has invoiced, some hundred conferences at a time."""

import asyncio
import contextlib
import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from processes.commands.opening import OpenGraph, data_option, url_option
from processes.graph import Graph, GraphError
from processes.rules.counts import counted

__all__ = ["BACKLOG", "INVOICE_BACKLOG", "invoice_backlog"]

ROLE = "billing-specialist"

BACKLOG = """
query Backlog {
  bridgePositions { bridge position }
  invoicingPositions { bridge lookedTo }
}
"""

INVOICE_BACKLOG = """
mutation InvoiceBacklog($bridge: ID!, $first: Int!, $key: ID!) {
  invoiceBacklog(bridge: $bridge, first: $first, idempotencyKey: $key) {
    __typename
    ... on BacklogInvoiced { charged held settled waiting lookedTo last isThrough }
    ... on Refused { code message }
  }
}
"""

Advance = Callable[[int, int], None]
"""(positions done, positions in all) of the bridge at hand."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Of conferences."""

    charged: int = 0
    held: int = 0
    settled: int = 0
    waiting: int = 0

    def with_answer(self, answer: dict[str, Any]) -> "Sum":
        return Sum(
            self.charged + answer["charged"],
            self.held + answer["held"],
            self.settled + answer["settled"],
            self.waiting + answer["waiting"],
        )

    @property
    def text(self) -> str:
        return (
            f"{counted(self.charged, 'conference')} charged, {self.held} held, {self.settled} settled before, "
            f"{self.waiting} not over yet"
        )


@click.command("invoice-backlog")
@click.argument("bridges", metavar="[BRIDGE]...", nargs=-1)
@click.option(
    "--first", type=click.IntRange(1, 1000), default=1000, show_default=True, help="How many conferences at a time."
)
@data_option
@url_option
@click.pass_obj
def invoice_backlog(open_graph: OpenGraph, bridges: tuple[str, ...], first: int, data: Path, url: str | None) -> None:
    """Charge the conferences of each BRIDGE that nobody has charged yet; without a BRIDGE, those of every bridge.

    It can be stopped at any time (Ctrl+C waits for the conferences at hand): started again, it goes on where it was.
    While `spojka work` runs, the same is done without it.
    """
    is_done = asyncio.run(_catch_up(open_graph(url, data, role=ROLE), bridges, first))
    if not is_done:
        raise click.ClickException("stopped; start it again, and it goes on from here")


async def _catch_up(opening: AbstractAsyncContextManager[Graph], bridges: Sequence[str], first: int) -> bool:
    """Whether all of it is done."""
    async with opening as graph:
        try:
            data = await graph.execute(BACKLOG, {})
            looked = {each["bridge"]: each["lookedTo"] for each in data["invoicingPositions"] or ()}
            known = [each["bridge"] for each in data["bridgePositions"] or ()]
            with stopping() as stop:
                for bridge in bridges or known:
                    with drawn(bridge) as advance:
                        catching_up = CatchingUp(graph, bridge, first, looked.get(bridge, 0))
                        done = await catching_up.run(advance, stop)
                    click.echo(f"{bridge}: {done.text}")
                    if stop.is_set():
                        return False
        except GraphError as error:
            raise click.ClickException(f"{error}; start it again once that is mended, and it goes on") from error
    return True


@dataclass(slots=True)
class CatchingUp:
    """With one bridge; `begun_at` is the position up to which billing had looked before."""

    graph: Graph
    bridge: str
    first: int
    begun_at: int

    async def run(self, advance: Advance, stop: asyncio.Event) -> Sum:
        """Until it is through, or is to stop. What a lost answer did is done: the next run goes on behind it."""
        done = Sum()
        while not stop.is_set():
            answer = await self.step()
            done = done.with_answer(answer)
            self.begun_at = min(self.begun_at, answer["lookedTo"])
            advance(answer["lookedTo"] - self.begun_at, max(answer["last"], answer["lookedTo"]) - self.begun_at)
            if answer["isThrough"]:
                break
        return done

    async def step(self) -> dict[str, Any]:
        variables = {"bridge": self.bridge, "first": self.first, "key": uuid.uuid4().hex}
        answer: dict[str, Any] = (await self.graph.execute(INVOICE_BACKLOG, variables))["invoiceBacklog"]
        if answer["__typename"] == "Refused":
            raise click.ClickException(f"{answer['code']}: {answer['message']}")
        return answer


@contextlib.contextmanager
def stopping() -> Iterator[asyncio.Event]:
    """Set by the first SIGINT; the second one ends the command as it always does."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def first() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        stop.set()
        click.echo("stopping after the conferences at hand", err=True)

    loop.add_signal_handler(signal.SIGINT, first)
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@contextlib.contextmanager
def drawn(bridge: str) -> Iterator[Advance]:
    """A bar in a terminal; elsewhere a line every few seconds."""
    if not sys.stderr.isatty():
        yield _Lines(bridge).advance
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(bridge, total=None, rate="")
        begun = time.monotonic()

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, rate=f"{done / (time.monotonic() - begun):.0f}/s")

        yield advance


class _Lines:
    """`pbx-praha: 1500 of 25000, 230/s, 102 s left`."""

    EVERY = 5.0

    def __init__(self, bridge: str) -> None:
        self.bridge = bridge
        self.begun = self.told = time.monotonic()

    def advance(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self.told < self.EVERY or not done:
            return
        self.told = now
        rate = done / (now - self.begun)
        click.echo(f"{self.bridge}: {done} of {total}, {rate:.0f}/s, {(total - done) / rate:.0f} s left", err=True)
