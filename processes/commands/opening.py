"""How a command comes to the graph: gateway/cli.py hands it in, as no process knows a database."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import click

from processes.graph import Graph

__all__ = ["OpenGraph", "data_option", "url_option"]


class OpenGraph(Protocol):
    """(URL or None for the graph in this process, data directory, what the command does) -> the graph, open."""

    def __call__(
        self, url: str | None, data: Path, *, role: str = "integrator"
    ) -> AbstractAsyncContextManager[Graph]: ...


def data_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--data`, of the graph in this process."""
    return click.option(
        "--data", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="The data directory."
    )(command)


def url_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--url`, of a graph elsewhere."""
    return click.option("--url", help="Ask a Spojka that runs there: http://127.0.0.1:8000/graphql.")(command)
