"""The command `spojka serve`: the company, or any supergraph (`--supergraph`) without any company.

The company's rooms are imported when they are served: without them a supergraph is answered for in half the time.
"""

import importlib
import os
from contextlib import ExitStack
from pathlib import Path

import click

from gateway.commands.beside import simulators_beside, worker_beside
from gateway.commands.listening import check_doors, is_loopback, listening
from gateway.config import CONFIG, ConfigError, read_settings
from gateway.errors import SpojkaError
from gateway.http.serving import serve_until_stopped
from gateway.standalone import Reach, make_standalone_app, open_standalone

__all__ = ["serve"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free port.")
@click.option(
    "--supergraph",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Serve the supergraph in this file instead of the company, and again whenever it changes.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="The directory of the systems' databases; made and filled with a demo company where it is missing.",
)
def serve(host: str, port: int, supergraph: Path | None, data: Path) -> None:
    """Answer GraphQL over HTTP at /graphql, with GraphiQL at /."""
    if supergraph is None:
        _serve_company(host, port, data)
        return
    try:
        _serve_supergraph(supergraph, host, port, data)
    except (ConfigError, SpojkaError) as error:
        raise click.ClickException(str(error)) from error


def _serve_company(host: str, port: int, data: Path) -> None:
    app = importlib.import_module("gateway.app")
    settings_for = importlib.import_module("gateway.commands.reading").settings_for
    simulated_bridges = importlib.import_module("gateway.bridges").simulated_bridges
    settings = settings_for(data)  # a wrong setting is said before anything is opened
    if not is_loopback(host):
        check_doors(host, settings)
    with listening(host, port) as listener:
        application = app.make_app(settings, reach="machine" if is_loopback(host) else "beyond", has_worker=True)
        with ExitStack() as beside:
            beside.enter_context(simulators_beside(data, simulated_bridges(settings)))
            if settings.processes.work == "beside":
                beside.enter_context(worker_beside(data))
            serve_until_stopped(application, listener, say=click.echo)


def _serve_supergraph(file: Path, host: str, port: int, data: Path) -> None:
    settings = read_settings(data, os.environ, systems=None, file=CONFIG if CONFIG.exists() else None)
    reach: Reach = "machine" if is_loopback(host) else "beyond"
    graph = open_standalone(file, settings, reach=reach)
    with listening(host, port) as listener:
        serve_until_stopped(make_standalone_app(graph, settings, reach=reach), listener, say=click.echo)
