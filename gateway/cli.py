"""The command `spojka`: what the gateway can do, and what the other rooms bring.

    serve       answer over HTTP                 compose     print the supergraph or the API schema
    plan        show how a query is answered     import-cdr  take a bridge's call records (processes/commands.py)
    fetches     show what is sent where for it   token       print a token for a role
    subgraph    serve one subgraph alone         work        carry out the runs of processes
    processes   show these runs, live            bridge-events   keep what a switch posts
    feed        follow a folder of call records
    invoice     write an invoice's document to a file
    bridge-simulator  simulate a bridge, for who has none
    invoice-backlog  charge what nobody has charged
    mailing     watch a mailing, or have its report

Exit status: 0 done, 1 a problem, said in one line, 2 the command was not understood.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from gateway import app, company
from gateway.collecting import sparing_what_stays
from gateway.commands.checking import check
from gateway.commands.composing import compose
from gateway.commands.initializing import init
from gateway.commands.keeping import backup, restore
from gateway.commands.listening import is_loopback, listening
from gateway.commands.mapping import map_
from gateway.commands.planning import fetches, plan
from gateway.commands.posting import records_posted
from gateway.commands.reading import settings_for as _settings
from gateway.commands.receiving import bridge_events
from gateway.commands.serving import serve
from gateway.commands.simulating import bridge_simulator
from gateway.commands.working import work
from gateway.composition import CompositionError
from gateway.config import ConfigError
from gateway.databases import StartError
from gateway.errors import RequestError, SpojkaError
from gateway.graphs import local_graph, remote_graph
from gateway.http.remote import Unreachable
from gateway.http.serving import serve_until_stopped
from processes.commands import import_cdr, invoice, invoice_backlog, link, mailing, make_feed, processes
from processes.graph import Graph

__all__ = ["main"]

_TOKEN = "SPOJKA_TOKEN"  # noqa: S105 - the variable's name: a token on the command line would be seen by everybody


class _Spojka(click.Group):
    """Says what is wrong with input in one line; a fault of ours keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CompositionError as error:
            raise click.ClickException("the subgraphs don't compose:\n" + str(error)) from error
        except RequestError as error:
            raise click.ClickException(_with_causes(error)) from error
        except (ConfigError, SpojkaError, Unreachable, StartError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Spojka, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="spojka")
@click.pass_context
def main(context: click.Context) -> None:
    """One graph over the systems of a business."""
    context.obj = _open_graph


def _with_causes(error: RequestError) -> str:
    """What is wrong with a document, each with its place: `1:3: Cannot query field 'nope' on type 'Query'.`"""
    places = (next(iter(each.locations or ()), None) for each in error.causes)
    lines = [
        f"{place.line}:{place.column}: {each.message}" if place else each.message
        for place, each in zip(places, error.causes, strict=True)
    ]
    return "\n".join([str(error), *lines])


def _data_option(command: Callable[..., None]) -> Callable[..., None]:
    option = click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("data"),
        show_default=True,
        help="The directory of the systems' databases; made and filled with a demo company where it is missing.",
    )
    return option(command)


@main.command()
@click.argument("name", type=click.Choice(sorted(company.SYSTEMS)))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), required=True, help="0 takes any free port.")
@click.option("--open", "for_all", is_flag=True, help="Ask nobody for a secret: on this machine's own addresses only.")
@_data_option
def subgraph(name: str, host: str, port: int, for_all: bool, data: Path) -> None:
    """Answer for the subgraph NAME alone, at /graphql, to any federation gateway.

    The gateway proves itself by the secret of [subgraph] in spojka.toml, or by a certificate. It decides who may see
    what; here nobody is asked again.
    """
    settings = _settings(data)
    if not settings.subgraph.is_closed and not (for_all and is_loopback(host)):
        raise click.UsageError(
            "nothing tells the gateway from others: set [subgraph] secret_env, secret_file or client_ca in "
            "spojka.toml, or give --open on 127.0.0.1"
        )
    if settings.subgraph.is_closed and for_all:
        raise click.UsageError("--open: spojka.toml has a secret or a client_ca for subgraphs: leave out one of them")
    with listening(host, port) as listener:
        serve_until_stopped(
            app.make_subgraph(name, settings),
            listener,
            say=click.echo,
            greeting=f"The subgraph {name} answers at {{url}}/graphql",
            tls=settings.subgraph.tls,
        )


@main.command()
@click.option("--role", required=True, help="What its bearer may do: salesperson, billing-specialist, ...")
@click.option("--subject", metavar="WHO", help="Who its bearer is; a salesperson sees their own clients.")
@click.option("--hours", type=click.IntRange(1, 24 * 366), default=12, show_default=True, help="How long it lasts.")
@_data_option
def token(role: str, subject: str | None, hours: int, data: Path) -> None:
    """Print a token for ROLE, signed by the key in the data directory.

    Send it as `Authorization: Bearer TOKEN`. Whoever has it is its subject until it expires.
    """
    click.echo(app.role_token(_settings(data), role, subject=subject, lasts=timedelta(hours=hours)))


_FEED = make_feed(records_posted)
for each in (
    backup,
    bridge_events,
    bridge_simulator,
    check,
    compose,
    _FEED,
    fetches,
    import_cdr,
    init,
    invoice,
    invoice_backlog,
    link,
    mailing,
    map_,
    plan,
    processes,
    restore,
    serve,
    work,
):
    main.add_command(each)


@asynccontextmanager
async def _open_graph(url: str | None, data: Path, *, role: str = "integrator") -> AsyncIterator[Graph]:
    try:
        opening = (
            remote_graph(url, token=os.environ.get(_TOKEN) or None) if url else local_graph(_settings(data), role=role)
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    async with opening as graph:
        with sparing_what_stays():
            yield graph
