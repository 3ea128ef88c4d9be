"""Runs the application on uvicorn until it is told to stop; what is in flight is answered first."""

import gc
import signal
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp

__all__ = ["serve_until_stopped"]

_GRACE_SECONDS = 10  # how long what is in flight may take once a stop was asked for


class _Server(uvicorn.Server):
    """Says where it is once it answers, and tells the collector to leave alone what lives as long as the process."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            gc.collect()
            gc.freeze()
            gc.set_threshold(20_000, 20, 20)  # large answers are made of many dicts and no cycles
            self._started()


def serve_until_stopped(app: ASGIApp, listener: socket.socket, *, say: Callable[[str], None]) -> None:
    """Serve on `listener`; ends the process with status 0 after SIGINT or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stopped)  # uvicorn raises the signal again once it has stopped
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    _Server(config, lambda: say(_greeting(listener))).run(sockets=[listener])


def _stopped(*_: object) -> NoReturn:
    sys.exit(0)


def _greeting(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return f"Spojka answers at http://{name}:{port}/graphql, with GraphiQL at http://{name}:{port}/ (Ctrl+C stops it)"
