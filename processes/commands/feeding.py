"""`spojka feed`: a switch's folder, read again and again, as its files become whole; nothing that is wrong ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import click

from processes.commands.importing import FORMATS, progress, readable_encoding
from processes.commands.opening import OpenGraph, data_option, url_option
from processes.feeding.feeder import Feed, Feeder, Heard
from processes.feeding.folder import ENDINGS
from processes.graph import Graph, GraphError
from processes.rules.counts import counted

__all__ = ["Listen", "make_feed"]

SHOWN = 20
JSON = "freeswitch-json"
SECRET = "SPOJKA_FEED_SECRET"  # noqa: S105 - the variable's name

Listen = Callable[[str, Path, str | None, bool], AbstractAsyncContextManager[str]]
"""(HOST:PORT, folder, secret) -> records that are posted there become files of the folder; gives where it listens."""


def make_feed(listen: Listen) -> click.Command:
    """The command; how a switch's posts are taken is no process's business, so it is handed in."""

    @click.command("feed")
    @click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option("--bridge", required=True, help="The bridge that writes the folder, as it is known: pbx-praha.")
    @click.option(
        "--format", "format_", type=click.Choice([n for n in FORMATS if FORMATS[n] in ENDINGS]), required=True
    )
    @click.option("--once", is_flag=True, help="Read what is whole now, and end: status 1 where something went wrong.")
    @click.option("--every", type=click.FloatRange(0.1), default=2.0, show_default=True, help="Seconds between looks.")
    @click.option(
        "--settle",
        type=click.FloatRange(0),
        default=60.0,
        show_default=True,
        help="Seconds without a change after which a file that isn't whole is read as it is.",
    )
    @click.option("--encoding", default="utf-8", show_default=True, help="How the files' letters are written: cp1250.")
    @click.option("--columns", help="What freeswitch-csv's template has, by its variables: uuid,answer_stamp,...")
    @click.option(
        "--listen", "address", metavar="HOST:PORT", help=f"Take what mod_json_cdr posts ({SECRET}: its cred)."
    )
    @click.option(
        "--open", "for_all", is_flag=True, help=f"Take it without {SECRET}: on this machine's own addresses only."
    )
    @data_option
    @url_option
    @click.pass_obj
    def feed(
        open_graph: OpenGraph,
        folder: Path,
        bridge: str,
        format_: str,
        once: bool,
        every: float,
        settle: float,
        encoding: str,
        columns: str | None,
        address: str | None,
        for_all: bool,
        data: Path,
        url: str | None,
    ) -> None:
        """Import the call records in FOLDER as a switch writes them, each once; a growing file is followed.

        What is done is known to the bridge, so this can be stopped and started at any time. Nothing in FOLDER is
        changed or taken away.
        """
        if columns is not None and format_ != "freeswitch-csv":
            raise click.UsageError("--columns: only freeswitch-csv has them")
        if address is not None and (format_ != JSON or once):
            raise click.UsageError(f"--listen: it is for --format {JSON}, and not with --once")
        fed = Feed(folder, bridge, FORMATS[format_], readable_encoding(encoding), columns, settle)
        listening: AbstractAsyncContextManager[str] = contextlib.nullcontext("")
        if address is not None:
            listening = listen(address, folder, os.environ.get(SECRET) or None, for_all)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_feed(open_graph(url, data), fed, listening, once=once, every=every))

    return feed


async def _feed(
    opening: AbstractAsyncContextManager[Graph],
    feed: Feed,
    listening: AbstractAsyncContextManager[str],
    *,
    once: bool,
    every: float,
) -> None:
    async with opening as graph, listening as where:
        if where:
            click.echo(f"call records are taken at {where}")
        with progress() as bar:
            task = bar.add_task(feed.folder.name, total=None)
            feeder = Feeder(feed, graph, advance=lambda size: bar.advance(task, size))
            if once:
                total = sum(each.size for each in feeder.files(Heard()))
                bar.update(task, total=total)
                try:
                    heard = await feeder.sweep()
                except GraphError as error:
                    raise click.ClickException(f"{error}; feed it again once that is mended") from error
        if once:
            _end(heard)
        await _follow(feeder, every=every)


def _end(heard: Heard) -> None:
    for line in _report(heard):
        click.echo(line)
    for place in heard.waiting:
        click.echo(f"{place} is not whole yet: it was left", err=True)
    for place, why in heard.troubles.items():
        click.echo(f"{place}: {why}", err=True)
    raise SystemExit(1 if heard.troubles or heard.waiting else 0)


async def _follow(feeder: Feeder, *, every: float) -> None:
    """For ever. A trouble is told when it begins, and when it is another one."""
    told: dict[str, str] = {}
    while True:
        troubles: dict[str, str] = {}
        try:
            heard = await feeder.sweep()
        except Exception as error:  # the edge: a graph that is down, or refuses, is asked again
            troubles["the graph"] = f"{error}; trying again"
        else:
            troubles = heard.troubles
            if heard.received or heard.quarantined or heard.duplicates:
                for line in _report(heard):
                    click.echo(line)
        for place, why in troubles.items():
            if told.get(place) != why:
                click.echo(f"{place}: {why}", err=True)
        told = troubles
        await asyncio.sleep(every)


def _report(heard: Heard) -> Iterator[str]:
    counts = f"received {heard.received}, duplicates {heard.duplicates}, quarantined {len(heard.quarantined)}"
    yield f"{counts}, skipped {heard.skipped}"
    yield from (f"  {line}" for line in heard.quarantined[:SHOWN])
    if len(heard.quarantined) > SHOWN:
        yield f"  and {counted(len(heard.quarantined) - SHOWN, 'more line')}"
