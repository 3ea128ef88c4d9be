"""Runs the application on uvicorn until it is told to stop; what is in flight is answered first."""

import gc
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from typing import NoReturn

import uvicorn
from starlette.types import ASGIApp

from gateway.collecting import spare_what_stays
from gateway.subgraphs.settings import Tls

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
            spare_what_stays()
            self._started()


def serve_until_stopped(
    app: ASGIApp,
    listener: socket.socket,
    *,
    say: Callable[[str], None],
    greeting: str = "Spojka answers at {url}/graphql, with GraphiQL at {url}/",
    tls: Tls | None = None,
) -> None:
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
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_ca_certs=str(tls.client_ca) if tls and tls.client_ca else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if tls and tls.client_ca else ssl.CERT_NONE,
    )
    url = f"{'https' if tls else 'http'}://{_address(listener)}"
    _Server(config, lambda: say(f"{greeting.format(url=url)} (Ctrl+C stops it)")).run(sockets=[listener])


def _stopped(*_: object) -> NoReturn:
    sys.exit(0)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
